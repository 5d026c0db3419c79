// `formats`: what traces can come as, and how each is recognised.
import { Command } from 'commander';
import { formats } from '../ftrace/formats/index.ts';
import type { Format } from '../reporters/formats.ts';
import { type Column, toFormat } from '../reporters/table.ts';
import { formatOption, outputOption } from './options.ts';
import { emit } from './output.ts';

interface FormatsOptions {
  readonly format: Format;
  readonly output?: string;
}

const columns: readonly Column<(typeof formats)[number]>[] = [
  { name: 'format', kind: 'text', cell: ({ name }) => name },
  { name: 'what', kind: 'text', cell: ({ what }) => what },
  { name: 'recognised_by', kind: 'text', cell: ({ sign }) => sign },
];

export function formatsCommand(): Command {
  return new Command('formats')
    .description('list the formats that traces are read in, and how each is recognised')
    .addOption(formatOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      `
A format is told by the content, never by a file's name; --input of every command that reads traces
forces one. Each may be compressed by gzip or zstd (by the magic bytes).

csv: the columns are ts, cpu, pid (or tid), comm, name, args; --map gives other names. Arguments are columns
of their own, key=value words in args, or there as the tracer prints them. A ts without a point counts
nanoseconds. Rows are sorted by ts; a last row without a line break counts as cut off.
perf, csv, babeltrace and perfetto show addresses instead of functions: events are known by the names that
the definitions of \`probes\` have, or by a saved dynamic_events that --probes names.

Examples:
  gpuvm-trace formats
  perf script | gpuvm-trace check -
  gpuvm-trace check export.csv --map name=Event --map pid="Thread ID"
  gpuvm-trace check odd.txt --input ftrace`,
    )
    .action((options: FormatsOptions) => {
      const { format } = options;
      emit(format === 'text' ? text() : toFormat(format, columns, formats, { all: 'formats', one: 'format' }), options);
    });
}

function text(): string {
  return formats.map(({ name, what, sign }) => `${name.padEnd(14)} ${what}\n${' '.repeat(15)}by ${sign}\n`).join('');
}
