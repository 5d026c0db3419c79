// `--snapshot FILE@MOMENT`: a dump that was taken while the trace was.
import { InvalidArgumentError, Option } from 'commander';
import { type PlainMoment, parseMoment } from './moment.ts';

export interface SnapshotChoice {
  readonly file: string;
  readonly at: PlainMoment;
}

export function snapshotOption(): Option {
  const text =
    'the mappings at a time stamp or line:N of the trace, from which on VMs are known again that lost events hide: as for --initial-state (repeatable)';
  return new Option('--snapshot <file@moment>', text).argParser(snapshot);
}

/** A file's name may hold the sign too. */
function snapshot(value: string, before: readonly SnapshotChoice[] = []): SnapshotChoice[] {
  const [, file, when = ''] = /^(.+)@([^@]*)$/s.exec(value) ?? [];
  const at = /^(?:line:)?\d/.test(when) ? parseMoment(when) : undefined;
  if (file === undefined || (at?.kind !== 'time' && at?.kind !== 'line'))
    throw new InvalidArgumentError('expected FILE@MOMENT, where the moment is a time stamp or line:N.');
  return [...before, { file, at }];
}
