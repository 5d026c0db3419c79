// Which `.gpuvm-trace.json` counts here: the one that is named, or the first upward from the working directory.
import { findUpward } from '../io/find_upward.ts';

export const CONFIG_NAME = '.gpuvm-trace.json';

/** `--config FILE`, `--no-config` (false), or neither. */
export type ConfigChoice = string | boolean | undefined;

/** The file that counts here: undefined where there is none, or none is wanted. */
export function findConfig(choice: ConfigChoice): string | undefined {
  if (choice === false) return undefined;
  return typeof choice === 'string' ? choice : findUpward(CONFIG_NAME, process.cwd());
}
