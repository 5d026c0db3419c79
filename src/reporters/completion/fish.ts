// The command line's shape as a completion script for fish.
import type { ArgumentShape, OptionShape, ProgramShape, ValueShape } from '../program_shape.ts';

export function fishCompletion({ name, commands, options }: ProgramShape): string {
  const own = `__${name.replaceAll('-', '_')}_command`;
  const within = (command: string) => `complete -c ${name} -n '${own} ${command}'`;
  const valued = options.filter(({ value }) => value !== undefined).map((option) => `--${option.name}`);
  return `# fish completion of ${name}, made by \`${name} completion fish\`
function ${own} --description 'is this the subcommand; none: is there none yet'
  set -l words (commandline -opc)
  set -e words[1]
  while set -q words[1]
    switch $words[1]
      case ${valued.join(' ')}
        set -e words[1]
      case '-*'
      case '*'
        test "$words[1]" = "$argv[1]"
        return
    end
    set -q words[1]; and set -e words[1]
  end
  not set -q argv[1]
end
complete -c ${name} -f
${options.map((option) => `complete -c ${name} ${optionWords(option)}\n`).join('')}${commands
  .flatMap((command) => [
    `complete -c ${name} -n ${own} -a ${command.name} -d ${quoted(command.description)}`,
    ...command.arguments
      .slice(0, 1)
      .flatMap((one) => argumentWords(one).map((words) => `${within(command.name)} ${words}`)),
    ...command.options.map((option) => `${within(command.name)} ${optionWords(option)}`),
  ])
  .join('\n')}
`;
}

function optionWords({ name, short, description, value }: OptionShape): string {
  const spelt = short === '' ? `-l ${name}` : `-s ${short} -l ${name}`;
  return [spelt, ...(value === undefined ? [] : [valueWords(value)]), `-d ${quoted(description)}`].join(' ');
}

function valueWords({ kind, choices, isRequired, repeats }: ValueShape): string {
  if (kind === 'file') return '-r -F';
  if (kind === 'rule' && repeats) return `-x -a ${quoted(`(__fish_append , ${choices.join(' ')})`)}`;
  const words = choices.length === 0 ? [] : [`-a ${quoted(choices.join(' '))}`];
  return [isRequired ? '-x' : '-f', ...words].join(' ');
}

function argumentWords({ kind, choices }: ArgumentShape): string[] {
  if (kind === 'file') return ['-F'];
  return choices.length === 0 ? [] : [`-a ${quoted(choices.join(' '))}`];
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
