// `man`: the manual page, made of the program itself.
import { Command } from 'commander';
import { manPage } from '../reporters/man_page.ts';
import { emit } from './output.ts';
import { programShape } from './program_shape.ts';

export function manCommand(program: () => Promise<Command>): Command {
  return new Command('man')
    .description('print the manual page, in roff')
    .addHelpText(
      'after',
      '\nExamples:\n  gpuvm-trace man | man -l -\n  gpuvm-trace man > ~/.local/share/man/man1/gpuvm-trace.1',
    )
    .action(async () => emit(manPage(programShape(await program())), {}));
}
