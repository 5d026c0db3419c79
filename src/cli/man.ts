// `man`: the manual page in roff, made of the program itself.
import { Command } from 'commander';
import { type CommandWords, commandWords, wordsOf } from './command_words.ts';
import { outputOption } from './options.ts';
import { emit } from './output.ts';
import { VERSION } from './version.ts';

/** program: the whole of it, asked for only when it is needed. */
export function manCommand(program: () => Promise<Command>): Command {
  return new Command('man')
    .description('print the manual page of this program, in roff')
    .addOption(outputOption())
    .addHelpText('after', '\nExample:\n  gpuvm-trace man | man -l -')
    .action(async (options) => emit(manual(await program()), options));
}

function manual(program: Command): string {
  const { description, after } = commandWords(program);
  const commands = wordsOf(program);
  return [
    `.TH GPUVM-TRACE 1 "" "gpuvm-trace ${VERSION}" "User Commands"`,
    '.SH NAME',
    `gpuvm-trace \\- ${line('analyzer of ftrace logs of GPU VM_BIND jobs')}`,
    '.SH SYNOPSIS',
    ...commands.flatMap(({ name, usage }, i) => [
      ...(i === 0 ? [] : ['.br']),
      `.B gpuvm-trace ${line(name)}`,
      line(usage),
    ]),
    '.SH DESCRIPTION',
    line(description),
    '.PP',
    ...verbatim(after),
    '.SH COMMANDS',
    ...commands.flatMap(commandSection),
    '',
  ].join('\n');
}

function commandSection({ name, usage, description, options, after }: CommandWords): string[] {
  return [
    `.SS ${line(name)}`,
    `.B gpuvm-trace ${line(name)}`,
    line(usage),
    '.PP',
    line(description),
    ...options.flatMap(({ names, value, isValueOptional, choices, description: text }) => {
      const shown = value === undefined ? '' : isValueOptional ? ` [${value}]` : ` <${value}>`;
      const of = choices.length === 0 ? '' : ` (${choices.join(', ')})`;
      return ['.TP', `.B ${line(names.join(', '))}${line(shown)}`, line(text + of)];
    }),
    '.PP',
    ...verbatim(after),
  ];
}

/** As it stands, line by line. */
function verbatim(text: string): string[] {
  return text === '' ? [] : ['.nf', ...text.split('\n').map(line), '.fi'];
}

/** No character of it is a request, an escape or a hyphen that may be broken. */
function line(text: string): string {
  const escaped = text.replaceAll('\\', '\\e').replaceAll('-', '\\-').replaceAll('’', '\\(cq');
  return /^[.']/.test(escaped) ? `\\&${escaped}` : escaped;
}
