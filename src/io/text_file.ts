// Reads a small text file that the user named.
import { readFileSync as read } from 'node:fs';
import { UserError } from '../base/user_error.ts';

export function readFileSync(file: string): string {
  try {
    return read(file, 'latin1');
  } catch (error) {
    throw new UserError(
      `${file}: ${error instanceof Error ? error.message.replace(/^\w+: /, '').replace(/,.*/s, '') : String(error)}`,
    );
  }
}
