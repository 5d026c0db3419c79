// The command line's shape as a completion script for bash.
import type { ArgumentShape, CommandShape, OptionShape, ProgramShape, ValueShape } from '../program_shape.ts';

export function bashCompletion(program: ProgramShape): string {
  const { name, commands } = program;
  const own = name.replaceAll('-', '_');
  return `# bash completion of ${name}, made by \`${name} completion bash\`
_${own}() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]}
  local command= options= words= list= files= head= i
  # bash cuts --option=value at its =
  if [[ $cur == = ]]; then cur=
  elif [[ $prev == = ]]; then prev=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
      ${valued(program).join('|')}) [[ \${COMP_WORDS[i + 1]} == = ]] && ((i++)); ((i++)) ;;
      -*) ;;
      *) command=\${COMP_WORDS[i]}; break ;;
    esac
  done
  case $command in
${[{ ...program, name: "''", arguments: [subcommand(commands)] }, ...commands].map(commandCase).join('\n')}
  esac
  COMPREPLY=()
  if [[ $cur == -* && -n $options ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
  elif [[ -n $list ]]; then
    [[ $cur == *,* ]] && head=\${cur%,*},
    mapfile -t COMPREPLY < <(compgen -P "$head" -W "$list" -- "\${cur##*,}")
  elif [[ -n $words ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
  elif [[ -n $files ]]; then
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$cur")
  fi
}
complete -F _${own} ${name}
`;
}

function subcommand(commands: readonly CommandShape[]): ArgumentShape {
  const choices = commands.map((command) => command.name);
  return { name: 'command', description: '', kind: 'choice', choices, isRequired: true, repeats: false };
}

function spellings({ name, short }: OptionShape): string[] {
  return short === '' ? [`--${name}`] : [`-${short}`, `--${name}`];
}

function valued({ options }: CommandShape): string[] {
  return options.filter(({ value }) => value !== undefined).flatMap(spellings);
}

function commandCase({ name, options, arguments: [first] }: CommandShape): string {
  const byWhat = new Map<string, string[]>();
  for (const option of options) {
    if (option.value === undefined) continue;
    const what = assignment(option.value, option.value.repeats);
    byWhat.set(what, [...(byWhat.get(what) ?? []), ...spellings(option)]);
  }
  const values = [...byWhat].map(([what, names]) => `        ${names.join('|')}) ${what} ;;\n`).join('');
  const all = options.flatMap(spellings).join(' ');
  const rest = first === undefined ? '' : `; ${assignment(first, false)}`;
  return `    ${name})\n      case $prev in\n${values}        *) options='${all}'${rest} ;;\n      esac ;;`;
}

/** What fills the word. Names of choices and rules hold nothing that a shell would change. */
function assignment({ kind, choices }: ValueShape, isList: boolean): string {
  if (kind === 'rule' && isList) return `list='${choices.join(' ')}'`;
  if (kind === 'choice' || kind === 'rule') return `words='${choices.join(' ')}'`;
  return kind === 'file' ? 'files=1' : ':';
}
