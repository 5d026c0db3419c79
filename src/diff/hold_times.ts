// How long jobs held their locks in both traces, and whether that is more than noise.
import type { JobPair } from './pairing.ts';

export interface HoldTimes {
  /** Pairs of jobs of which both show it. */
  readonly jobs: number;
  /** Medians, in seconds. */
  readonly before: number;
  readonly after: number;
  /** `after` by `before`, less what all else became slower or faster by: another machine or clock changes nothing. */
  readonly ratio: number;
  readonly isNoise: boolean;
}

/** Fewer pairs tell nothing. */
const MIN_JOBS = 10;
/** Medians that are nearer to each other are called equal: in ratio, and in seconds (traces count microseconds). */
const MIN_RATIO = 1.5;
const MIN_SECONDS = 10e-6;
/** In standard deviations of a fair coin: so many more of the pairs must have moved one way than the other. */
const MIN_SIGMAS = 3;

/** Undefined where no pair shows it. */
export function holdTimes(pairs: readonly JobPair[]): HoldTimes | undefined {
  const timed = pairs.flatMap(({ before, after }) =>
    before.held === undefined || after.held === undefined
      ? []
      : [{ before: before.held, after: after.held, outside: [before.outside ?? 0, after.outside ?? 0] as const }],
  );
  if (timed.length === 0) return undefined;
  const before = median(timed.map((one) => one.before));
  const after = median(timed.map((one) => one.after));
  const idle = [0, 1].map((side) => median(timed.map(({ outside }) => outside[side] ?? 0)));
  const pace = idle[0] && idle[1] ? idle[1] / idle[0] : undefined;
  const ratio = pace === undefined || before === 0 ? 1 : after / before / pace;
  const moved = timed.reduce((sum, one) => sum + Math.sign(one.after - one.before * (pace ?? 1)), 0);
  const isFar = Math.max(ratio, 1 / ratio) >= MIN_RATIO && Math.abs(after - before * (pace ?? 1)) >= MIN_SECONDS;
  const isSure = timed.length >= MIN_JOBS && Math.abs(moved) >= MIN_SIGMAS * Math.sqrt(timed.length);
  return { jobs: timed.length, before, after, ratio, isNoise: !(isFar && isSure) };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? 0)) / 2;
}
