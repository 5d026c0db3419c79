// Where the tables of a capture lie: folders by driver, kernel and capture, named as Hive does it.
import { UserError } from '../base/user_error.ts';

export interface Partition {
  readonly driver: string;
  readonly kernel: string;
  readonly capture: string;
}

/** What Hive escapes in the value of a partition, and whatever moves a terminal. */
const ESCAPED = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}"#%'*/:=?\\{}[\]^]/gu;

/** The longest name that file systems take, in bytes. */
const LONGEST = 255;

/** Below the folder of the export: no part of it is `.` or `..`, none holds a separator. */
export function partitionPath(table: string, { driver, kernel, capture }: Partition): string {
  const parts = Object.entries({ driver, kernel, capture }).map(([key, value]) => partitionName(key, value));
  return [table, ...parts, 'part-0.parquet'].join('/');
}

function partitionName(key: string, value: string): string {
  if (value === '') throw new UserError(`the ${key} of an export must have a name`);
  const escaped = value
    .replace(/\p{Cs}/gu, '\ufffd')
    .replace(ESCAPED, (char) => encodeURIComponent(char).replace(/[*']/, (one) => (one === '*' ? '%2A' : '%27')));
  const name = `${key}=${escaped}`;
  if (new TextEncoder().encode(name).length <= LONGEST) return name;
  throw new UserError(`${key} ${value.slice(0, 40)}...: too long for the name of a folder; --capture gives another`);
}
