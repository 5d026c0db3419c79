// The reporters' styles in chalk's colours, where there are to be any.
import { plainStyle, type Style } from '../reporters/style.ts';
import { linked } from './hyperlink.ts';
import { isColored, type OutputOptions } from './output.ts';

export async function styleFor(options: OutputOptions, links = false): Promise<Style> {
  return styleOf(isColored(options), links);
}

export async function styleOf(colors: boolean, links: boolean): Promise<Style> {
  const style = colors ? await chalkStyle() : plainStyle;
  return links ? { ...style, link: linked } : style;
}

async function chalkStyle(): Promise<Style> {
  const { Chalk } = await import('chalk');
  const chalk = new Chalk({ level: 1 });
  // chalk prints every argument that it is given; a style takes one text, also as a callback of map().
  const only = (paint: (text: string) => string) => (text: string) => paint(text);
  return {
    error: only(chalk.red.bold),
    warning: only(chalk.yellow),
    note: only(chalk.cyan),
    good: only(chalk.green),
    dim: only(chalk.dim),
    bold: only(chalk.bold),
  };
}
