// The command line's beginning and end: what needs no more is answered without loading what reads command lines; exit codes
// 0 clean, 1 findings, 2 could not do the job, 3 inconclusive.
import { UserError } from '../base/user_error.ts';
import { printable } from '../reporters/escape.ts';
import { VERSION } from './version.ts';

function isVersion(name: string | undefined): boolean {
  return name === '--version' || name === '-V';
}

/** Returns the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0); // `| head` has seen enough
    throw error;
  });
  process.exitCode = 0;
  if (isVersion(argv[2])) {
    console.log(VERSION);
    return 0;
  }
  try {
    return await (await import('./program.ts')).runProgram(argv);
  } catch (error) {
    if (error instanceof UserError) {
      console.error(`gpuvm-trace: ${printable(error.message)}`);
      return 2;
    }
    console.error(error instanceof Error ? error.stack : error);
    console.error('gpuvm-trace: this is a bug; please report it with the stack above and, if you can, the trace');
    return 2;
  }
}
