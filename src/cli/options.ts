// Options that several subcommands have, and how the values of options are read.
import { InvalidArgumentError, Option } from 'commander';
import { MMU_MODES } from '../replay/world.ts';
import { FORMATS } from '../reporters/formats.ts';
import { parseMoment } from './moment.ts';

/** which: what the moment is of, where it is not that of the whole output. */
export function atOption(which = ''): Option {
  return new Option('--at <moment>', `${which}a time stamp, line:N, job:ID (when it ends), last-job, or end`)
    .argParser(parseMoment)
    .default({ kind: 'end' }, 'end');
}

export function vmOption(): Option {
  return new Option(
    '--vm <vm>',
    'only this VM: its pointer, its name, or #N for the Nth of the trace (repeatable)',
  ).argParser(list);
}

export function probesOption(): Option {
  return new Option('--probes <file>', 'a saved tracefs dynamic_events, for traces without symbols');
}

export function initialStateOption(): Option {
  const text =
    'the mappings before the trace, for one that starts late: debugfs gpuvas, msm’s devcoredump, or what `state` prints';
  return new Option('--initial-state <file>', text);
}

export function mmuOption(): Option {
  const text = 'page tables as the trace shows them written, as its steps call for them, or none';
  return new Option('--mmu <mode>', text).choices(MMU_MODES).default('trace');
}

export function formatOption(): Option {
  return new Option('--format <format>', 'output format').choices(FORMATS).default('text');
}

export function explainOption(): Option {
  return new Option('--explain', 'behind the text: each rule that fired, as `explain` tells it');
}

export function outputOption(): Option {
  return new Option('-o, --output <file>', 'write there instead of standard output');
}

/** Values may be given several times and separated by commas. */
export function list(value: string, before: readonly string[] = []): string[] {
  return [...before, ...value.split(',').filter((one) => one !== '')];
}

export function integer(value: string): number {
  if (!/^-?\d+$/.test(value)) throw new InvalidArgumentError('a whole number is expected.');
  return Number(value);
}

export function positive(value: string): number {
  const number = integer(value);
  if (number < 1) throw new InvalidArgumentError('1 or more is expected.');
  return number;
}

export function seconds(value: string): number {
  if (!/^\d+(\.\d+)?$/.test(value))
    throw new InvalidArgumentError('a time stamp as in the trace is expected, such as 48.910380.');
  return Number(value);
}
