// `--report FORMAT=FILE`: a report beside the one of --format.
import { InvalidArgumentError, Option } from 'commander';
import { CHECK_FORMATS, type CheckFormat } from './check_formats.ts';

export interface Target {
  readonly format: CheckFormat;
  readonly output: string;
  readonly color: 'never';
}

export function reportOption(): Option {
  return new Option('--report <format=file>', 'write this report as well (repeatable)').argParser(targets);
}

function targets(value: string, before: readonly Target[] = []): Target[] {
  const [, name, output] = /^([^=]*)=(.+)$/s.exec(value) ?? [];
  const format = CHECK_FORMATS.find((one) => one === name);
  if (format === undefined || output === undefined)
    throw new InvalidArgumentError(`expected FORMAT=FILE, with one of ${CHECK_FORMATS.join(', ')}.`);
  return [...before, { format, output, color: 'never' }];
}
