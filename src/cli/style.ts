// The reporters' styles in chalk's colours.
import type { ChalkInstance } from 'chalk';
import type { Style } from '../reporters/style.ts';

export function chalkStyle(chalk: ChalkInstance): Style {
  return {
    error: chalk.red.bold,
    warning: chalk.yellow,
    note: chalk.cyan,
    good: chalk.green,
    dim: chalk.dim,
    bold: chalk.bold,
  };
}
