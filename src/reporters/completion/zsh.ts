// The command line's shape as a completion script for zsh.
import type { ArgumentShape, CommandShape, OptionShape, ProgramShape, ValueShape } from '../program_shape.ts';

export function zshCompletion({ name, commands, options }: ProgramShape): string {
  const own = `_${name}`;
  const described = commands.map((command) => quoted(`${command.name}:${command.description}`));
  return `#compdef ${name}
# zsh completion of ${name}, made by \`${name} completion zsh\`
${own}() {
  local curcontext=$curcontext state ret=1
  local -a commands line
  local -A opt_args
  _arguments -C ${options.flatMap(optionSpecs).join(' ')} '1:command:->command' '*::argument:->argument' && ret=0
  case $state in
    command)
      commands=(${described.join(' ')})
      _describe command commands && ret=0 ;;
    argument)
      case $words[1] in
${commands.map(commandCase).join('\n')}
      esac ;;
  esac
  return ret
}
if [[ $funcstack[1] == ${own} ]]; then ${own} "$@"; else compdef ${own} ${name}; fi
`;
}

function commandCase({ name, options, arguments: all }: CommandShape): string {
  const specs = [...options.flatMap(optionSpecs), ...all.map(argumentSpec)];
  return `        ${name})\n          _arguments ${specs.join(' ')} && ret=0 ;;`;
}

/** One for each spelling; the one rules out the other, unless it may be given again. */
function optionSpecs({ name, short, description, value }: OptionShape): string[] {
  const text = `[${description.replace(/[\\[\]:]/g, '\\$&')}]`;
  const both = short === '' ? [`--${name}`] : [`-${short}`, `--${name}`];
  const before = value?.repeats ? '*' : `(${both.join(' ')})`;
  return both.map((spelling) => {
    if (value === undefined) return quoted(`${before}${spelling}${text}`);
    const takes = spelling.startsWith('--') ? '=' : '+';
    const message = value.isRequired ? `:${value.name}` : `::${value.name}`;
    const joined = value.isRequired ? takes : `${takes}-`.replace('+-', '-');
    return quoted(`${before}${spelling}${joined}${text}${message}:${action(value, value.repeats)}`);
  });
}

function argumentSpec(argument: ArgumentShape): string {
  const { name, repeats, isRequired } = argument;
  const place = repeats ? '*:' : isRequired ? ':' : '::';
  return quoted(`${place}${name}:${action(argument, false)}`);
}

function action({ kind, choices }: ValueShape, isList: boolean): string {
  if (kind === 'rule' && isList) return `_sequence compadd - ${choices.join(' ')}`;
  if (kind === 'choice' || kind === 'rule') return `(${choices.join(' ')})`;
  return kind === 'file' ? '_files' : ' ';
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
