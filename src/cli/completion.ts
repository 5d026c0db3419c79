// `completion`: scripts that let a shell complete subcommands, options and their values, made of the program itself.
import { Argument, Command } from 'commander';
import { type CommandWords, type OptionWords, wordsOf } from './command_words.ts';
import { outputOption } from './options.ts';
import { emit } from './output.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

const WRITERS: Readonly<Record<Shell, (commands: readonly CommandWords[]) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

/** program: the whole of it, asked for only when it is needed. */
export function completionCommand(program: () => Promise<Command>): Command {
  return new Command('completion')
    .description('print a script with which a shell completes this program’s words')
    .addArgument(new Argument('<shell>', 'which shell').choices(SHELLS))
    .addOption(outputOption())
    .addHelpText(
      'after',
      `
Where it belongs:
  gpuvm-trace completion bash > /etc/bash_completion.d/gpuvm-trace    or ~/.local/share/bash-completion/completions/
  gpuvm-trace completion zsh > /usr/local/share/zsh/site-functions/_gpuvm-trace    or any folder of $fpath
  gpuvm-trace completion fish > ~/.config/fish/completions/gpuvm-trace.fish`,
    )
    .action(async (shell: Shell, options) => emit(WRITERS[shell](wordsOf(await program())), options));
}

/** In single quotes, as all three shells take them but for the quote itself. */
function quoted(text: string, quote = "'\\''"): string {
  return `'${text.replaceAll("'", quote)}'`;
}

function bashCompletion(commands: readonly CommandWords[]): string {
  const values = commands.flatMap(({ name, options }) =>
    options
      .filter(({ choices }) => choices.length > 0)
      .map(({ names, choices }) => {
        const cases = names.map((option) => quoted(`${name} ${option}`)).join('|');
        return `    ${cases}) words=${quoted(choices.join(' '))} ;;\n`;
      }),
  );
  const rest = commands.map(({ name, options, choices }) => {
    const flags = options.flatMap(({ names }) => names);
    const words = choices.length === 0 ? '' : `; else words=${quoted(choices.join(' '))}`;
    return `      ${name}) if [[ $cur == -* ]]; then words=${quoted(flags.join(' '))}${words}; fi ;;\n`;
  });
  return `# bash completion of gpuvm-trace, printed by \`gpuvm-trace completion bash\`
_gpuvm_trace() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} command=\${COMP_WORDS[1]} words=
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    words=${quoted([...commands.map(({ name }) => name), '--help', '--version'].join(' '))}
  else
    case "$command $prev" in
${values.join('').replaceAll(/^ {2}/gm, '    ')}      *) case $command in
${rest.join('').replaceAll(/^ {4}/gm, '      ')}      esac ;;
    esac
  fi
  # Where nothing fits, -o default completes files.
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -o default -F _gpuvm_trace gpuvm-trace
`;
}

function zshCompletion(commands: readonly CommandWords[]): string {
  const plain = (text: string) => text.replaceAll(/[[\]:\\]/g, '\\$&');
  const valueSpec = ({ value, isValueOptional, choices }: OptionWords): string => {
    if (value === undefined) return '';
    const list = choices.length === 0 ? '_files' : `(${choices.join(' ')})`;
    return `${isValueOptional ? '::' : ':'}${plain(value)}:${list}`;
  };
  const spec = (option: OptionWords): string[] =>
    option.names.map((name) => {
      const others = option.isRepeatable ? '*' : `(${option.names.join(' ')})`;
      return quoted(`${others}${name}[${plain(option.description)}]${valueSpec(option)}`);
    });
  const cases = commands.map(({ name, options, choices, takesFiles }) => {
    const rest = choices.length > 0 ? `*:argument:(${choices.join(' ')})` : takesFiles ? '*:file:_files' : '';
    const specs = [...options.flatMap(spec), ...(rest === '' ? [] : [quoted(rest)])];
    return `    ${name})\n      _arguments ${specs.join(' \\\n        ')}\n      ;;\n`;
  });
  const names = commands.map(({ name, description }) => `    ${quoted(`${name}:${description}`)}\n`);
  return `#compdef gpuvm-trace
# zsh completion of gpuvm-trace, printed by \`gpuvm-trace completion zsh\`
local -a commands
if (( CURRENT == 2 )); then
  commands=(
${names.join('')}  )
  _describe command commands
else
  shift words
  (( CURRENT-- ))
  case $words[1] in
${cases.join('')}  esac
fi
`;
}

function fishCompletion(commands: readonly CommandWords[]): string {
  const inFish = (text: string) => quoted(text.replaceAll('\\', '\\\\'), "\\'");
  const lines = ['complete -c gpuvm-trace -f -n __fish_use_subcommand -l version -s V'];
  for (const { name, description, options, choices } of commands) {
    lines.push(`complete -c gpuvm-trace -f -n __fish_use_subcommand -a ${name} -d ${inFish(description)}`);
    const within = `complete -c gpuvm-trace -n ${inFish(`__fish_seen_subcommand_from ${name}`)}`;
    if (choices.length > 0) lines.push(`${within} -f -a ${inFish(choices.join(' '))}`);
    for (const option of options) {
      const flags = option.names.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
      const list = option.choices.length === 0 ? '-r' : `-x -a ${inFish(option.choices.join(' '))}`;
      const value = option.value === undefined || option.isValueOptional ? '' : ` ${list}`;
      lines.push(`${within} ${flags.join(' ')}${value} -d ${inFish(option.description)}`);
    }
  }
  return `# fish completion of gpuvm-trace, printed by \`gpuvm-trace completion fish\`\n${lines.join('\n')}\n`;
}
