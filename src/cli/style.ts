// The reporters' styles in chalk's colours.
import type { ChalkInstance } from 'chalk';
import type { Style } from '../reporters/style.ts';
import { linked } from './hyperlink.ts';

export function chalkStyle(chalk: ChalkInstance, links = false): Style {
  // chalk prints every argument that it is given; a style takes one text, also as a callback of map().
  const only = (paint: (text: string) => string) => (text: string) => paint(text);
  return {
    error: only(chalk.red.bold),
    warning: only(chalk.yellow),
    note: only(chalk.cyan),
    good: only(chalk.green),
    dim: only(chalk.dim),
    bold: only(chalk.bold),
    ...(links ? { link: linked } : {}),
  };
}
