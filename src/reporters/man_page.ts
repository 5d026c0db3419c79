// The command line's shape as a manual page, in roff's man macros.

import type { ArgumentShape, CommandShape, OptionShape, ProgramShape, ValueShape } from './program_shape.ts';
import { wrapped } from './style.ts';

export function manPage(program: ProgramShape): string {
  const { name, version, description, options, commands, more } = program;
  return [
    `.TH ${name.toUpperCase().replaceAll('-', '\\-')} 1 "" "${name} ${version}" "User Commands"`,
    '.SH NAME',
    `${roff(name)} \\- ${roff(description.replace(/\.$/, ''))}`,
    '.SH SYNOPSIS',
    `.B ${roff(name)}`,
    '.RI [ options ]\n.I command\n.RI [ arguments ]',
    '.SH DESCRIPTION',
    ...filled(description),
    '.SH OPTIONS',
    ...options.flatMap(optionLines),
    '.SH COMMANDS',
    ...commands.flatMap(commandLines),
    '.SH NOTES',
    ...preformatted(more).slice(1),
    '.SH SEE ALSO\n.BR trace\\-cmd (1)',
  ]
    .join('\n')
    .concat('\n');
}

function commandLines({ name, description, arguments: all, options, more }: CommandShape): string[] {
  return [
    `.SS ${['"', roff(name), ...all.map((one) => ` ${roff(argumentText(one))}`), '"'].join('')}`,
    ...filled(sentence(description)),
    ...all.flatMap((one) => ['.TP', `.I ${roff(one.name)}`, ...valueLines(one.description, one)]),
    ...options.filter(({ name: option }) => option !== 'help').flatMap(optionLines),
    ...preformatted(more),
  ];
}

function argumentText({ name, isRequired, repeats }: ArgumentShape): string {
  const text = repeats ? `${name}...` : name;
  return isRequired ? `<${text}>` : `[${text}]`;
}

function optionLines({ name, short, description, defaultText, value }: OptionShape): string[] {
  const spelt = short === '' ? `--${name}` : `-${short}, --${name}`;
  const takes = value === undefined ? '' : value.isRequired ? ` <${value.name}>` : ` [${value.name}]`;
  const byDefault = defaultText === '' ? '' : ` (default: ${defaultText})`;
  return ['.TP', `.B "${roff(spelt + takes)}"`, ...valueLines(`${description}${byDefault}`, value)];
}

/** Rules are many, and `rules` lists them. */
function valueLines(description: string, value: ValueShape | undefined): string[] {
  const choices = value?.kind === 'choice' ? value.choices : [];
  return filled([sentence(description), ...(choices.length > 0 ? [`One of: ${choices.join(', ')}.`] : [])].join(' '));
}

function sentence(text: string): string {
  const [first = ''] = text;
  return `${first.toUpperCase()}${text.slice(1)}.`.replace(/\.\.$/, '.');
}

/** Lines of the width that roff's own checkers want. */
function filled(text: string): string[] {
  return wrapped(text, 64, 0).map(roff);
}

/** As it stands in `--help`. */
function preformatted(text: string): string[] {
  if (text === '') return [];
  return ['.PP', '.nf', ...text.split('\n').map((line) => (line === '' ? '.sp' : roff(line))), '.fi'];
}

const NAMES: Readonly<Record<string, string>> = {
  '\\': '\\e',
  '-': '\\-',
  '’': '\\(cq',
  '"': '\\(dq',
  '^': '\\(ha',
  '~': '\\(ti',
};

/** Text that roff takes for nothing else; a period or quote ahead of a line would be a request. */
function roff(text: string): string {
  return text.replace(/[\\\-’"^~]/g, (char) => NAMES[char] ?? char).replace(/^(?=[.'])/, '\\&');
}
