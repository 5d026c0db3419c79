// What the sections of `show` share: the job, its letters for objects, and how it writes small things.
import { hex, type Ptr, ptrHex, type U64 } from '../base/u64.ts';
import type { LineNames } from '../events/lines.ts';
import type { Finding } from '../findings/finding.ts';
import type { Job, JobDetail } from '../replay/job.ts';
import type { JobRow } from '../replay/job_row.ts';
import type { Style } from './style.ts';

export interface View {
  readonly job: Job;
  readonly detail: JobDetail;
  readonly row: JobRow;
  /** Those of this job. */
  readonly findings: readonly Finding[];
  readonly file: string;
  readonly lines: LineNames;
  readonly style: Style;
  readonly width: number;
  readonly letters: Letters;
}

/** Short names for objects, in the order in which a reader meets them: a, b, ... z, aa, ab; VM for the VM's own one. */
export class Letters {
  readonly #names = new Map<Ptr, string>();
  readonly #own: Ptr;

  constructor(job: Job, detail: JobDetail) {
    this.#own = job.vm?.init.rObj ?? 0;
    for (const op of detail.ops) this.#name(op.obj);
    for (const ask of detail.asks) this.#name(ask.obj);
    for (const { attempt } of detail.attempts) for (const entry of attempt.entries) this.#name(entry.obj);
    for (const op of detail.ops) for (const step of op.steps) this.#name(step.obj ?? 0);
    for (const vas of [detail.atLock, detail.before, detail.after]) for (const va of vas ?? []) this.#name(va.obj);
  }

  #name(obj: Ptr): void {
    if (obj === 0 || obj === this.#own || this.#names.has(obj)) return;
    let name = '';
    for (let n = this.#names.size; n >= 0; n = Math.floor(n / 26) - 1) name = String.fromCharCode(97 + (n % 26)) + name;
    this.#names.set(obj, name);
  }

  of(obj: Ptr | undefined): string {
    if (obj === undefined) return '?';
    if (obj === 0) return 'NULL';
    return obj === this.#own ? 'VM' : (this.#names.get(obj) ?? ptrHex(obj));
  }

  /** All with a letter; the VM's own object, where known, comes first. */
  get all(): readonly Ptr[] {
    return this.#own === 0 ? [...this.#names.keys()] : [this.#own, ...this.#names.keys()];
  }
}

export function spanText(addr: U64 | undefined, range: U64 | undefined): string {
  return addr === undefined || range === undefined ? '(address not probed)' : `${hex(addr)}+${hex(range)}`;
}

const ERRNO: Readonly<Record<number, string>> = {
  2: 'ENOENT',
  4: 'EINTR',
  11: 'EAGAIN',
  12: 'ENOMEM',
  14: 'EFAULT',
  17: 'EEXIST',
  22: 'EINVAL',
  28: 'ENOSPC',
  35: 'EDEADLK',
  75: 'EOVERFLOW',
  114: 'EALREADY',
  125: 'ECANCELED',
  512: 'ERESTARTSYS',
};

export function retText(ret: number | undefined): string {
  if (ret === undefined) return 'no return value in the trace';
  const name = ret < 0 ? ERRNO[-ret] : undefined;
  return `returned ${ret}${name === undefined ? '' : ` (-${name})`}`;
}

/** Rows longer than this are shown by their ends. */
const LONG = 40;
const HEAD = 24;
const TAIL = 8;

/** `what` names the rows that are left out. */
export function ends(lines: readonly string[], what: string, indent = 2): string[] {
  if (lines.length <= LONG) return [...lines];
  const omitted = `${' '.repeat(indent)}... ${lines.length - HEAD - TAIL} more ${what} ...`;
  return [...lines.slice(0, HEAD), omitted, ...lines.slice(-TAIL)];
}

/** Cells under one another; `right` are the columns to align to the right. Lines have no trailing spaces. */
export function aligned(rows: readonly (readonly string[])[], right: readonly number[] = [], indent = 2): string[] {
  const widths: number[] = [];
  for (const row of rows) for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  return rows.map((row) => {
    const cells = row.map((cell, i) =>
      right.includes(i) ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0),
    );
    return (' '.repeat(indent) + cells.join('  ')).trimEnd();
  });
}
