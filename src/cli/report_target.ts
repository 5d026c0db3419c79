// `--report FORMAT=FILE`: a report beside the one of --format.
import { InvalidArgumentError, Option } from 'commander';
import type { CheckFormat } from './format_names.ts';

export interface Target<F extends CheckFormat = CheckFormat> {
  readonly format: F;
  readonly output: string;
  readonly color: 'never';
}

export function reportOption<F extends CheckFormat>(formats: readonly F[]): Option {
  const targets = (value: string, before: readonly Target<F>[] = []): Target<F>[] => {
    const [, name, output] = /^([^=]*)=(.+)$/s.exec(value) ?? [];
    const format = formats.find((one) => one === name);
    if (format === undefined || output === undefined)
      throw new InvalidArgumentError(`expected FORMAT=FILE, with one of ${formats.join(', ')}.`);
    return [...before, { format, output, color: 'never' }];
  };
  return new Option('--report <format=file>', 'write this report as well (repeatable)').argParser(targets);
}
