// A time stamp as numbers that can be compared, whatever clock it is of.

export interface Stamp {
  readonly sec: number;
  /** Billionths; of a clock that counts something else, its count is split likewise. */
  readonly nsec: number;
  /** Seconds, or a bare count (trace_clock counter, x86-tsc, uptime). */
  readonly unit: 'seconds' | 'count';
  /** Billionths that the last digit stands for. */
  readonly step: number;
}

const STAMP = /^(\d{1,20})(?:\.(\d{1,9})\d*)?$/;

/** Undefined where it is none. */
export function stampOf(text: string): Stamp | undefined {
  const [, whole, part] = STAMP.exec(text) ?? [];
  if (whole === undefined) return undefined;
  if (part !== undefined)
    return { sec: Number(whole), nsec: Number(part.padEnd(9, '0')), unit: 'seconds', step: 10 ** (9 - part.length) };
  const sec = whole.length > 9 ? Number(whole.slice(0, -9)) : 0;
  return { sec, nsec: Number(whole.slice(-9)), unit: 'count', step: 1 };
}

/** Below 0: a is earlier. */
export function compareStamps(a: Stamp, b: Stamp): number {
  return a.sec - b.sec || a.nsec - b.nsec;
}

/** Do both lie in the same `step` billionths, so that their order is not known? */
export function areTied(a: Stamp, b: Stamp, step: number): boolean {
  return a.sec === b.sec && Math.floor(a.nsec / step) === Math.floor(b.nsec / step);
}
