// `completion`: a script that a shell reads, made of the program itself.
import { Argument, Command } from 'commander';
import { bashCompletion } from '../reporters/completion/bash.ts';
import { fishCompletion } from '../reporters/completion/fish.ts';
import { zshCompletion } from '../reporters/completion/zsh.ts';
import { emit } from './output.ts';
import { programShape } from './program_shape.ts';

const SHELLS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;

export function completionCommand(program: () => Promise<Command>): Command {
  return new Command('completion')
    .description('print a script by which a shell completes subcommands, options, their values, files and rules')
    .addArgument(new Argument('<shell>', 'for which shell').choices(Object.keys(SHELLS)))
    .addHelpText(
      'after',
      `
Examples:
  gpuvm-trace completion bash > ~/.local/share/bash-completion/completions/gpuvm-trace
  gpuvm-trace completion zsh > "\${fpath[1]}/_gpuvm-trace"
  gpuvm-trace completion fish > ~/.config/fish/completions/gpuvm-trace.fish`,
    )
    .action(async (shell: keyof typeof SHELLS) => emit(SHELLS[shell](programShape(await program())), {}));
}
