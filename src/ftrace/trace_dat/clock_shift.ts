// Time stamps as trace-cmd corrects them on reading (trace-input.c, timestamp_calc): guest to host, TSC to ns, offset.
import type { Cursor } from './byte_source.ts';

interface Sample {
  readonly time: bigint;
  readonly offset: bigint;
  readonly scaling: bigint;
  fraction: bigint;
}

export interface TimeSync {
  readonly interpolate: boolean;
  /** Per CPU of the guest, in the order of time. */
  readonly cpus: readonly (readonly Sample[])[];
}

export interface ClockShift {
  /** Nanoseconds added to every stamp: the DATE and OFFSET options. */
  offset: bigint;
  tsc: { readonly mult: bigint; readonly shift: bigint } | undefined;
  sync: TimeSync | undefined;
}

const FLAG_INTERPOLATE = 1;

export function isShifted(shift: ClockShift): boolean {
  return shift.offset !== 0n || shift.tsc !== undefined || shift.sync !== undefined;
}

export function shiftTime(shift: ClockShift, cpu: number, raw: bigint): bigint {
  let time = raw;
  const samples = shift.sync?.cpus[cpu];
  if (samples !== undefined && samples.length > 0) time = synchronised(time, samples, shift.sync?.interpolate === true);
  if (shift.tsc !== undefined && shift.tsc.mult !== 0n) time = (time * shift.tsc.mult) >> shift.tsc.shift;
  time += shift.offset;
  return time < 0n ? 0n : time;
}

/** TIME_SHIFT: u64 peer, u32 flags, u32 CPUs; per CPU a count and three arrays; then, since 2021, fractions. */
export function readTimeSync(body: Cursor): TimeSync {
  body.skip(8);
  const flags = body.u32();
  const count = body.u32();
  const cpus: Sample[][] = [];
  for (let i = 0; i < count && !body.short; i++) cpus.push(readSamples(body));
  for (const samples of cpus) {
    if (body.left >= 8 * samples.length) for (const sample of samples) sample.fraction = body.i64() & 63n;
  }
  return { interpolate: (flags & FLAG_INTERPOLATE) !== 0, cpus };
}

function readSamples(body: Cursor): Sample[] {
  const count = body.u32();
  const column = (): bigint[] => {
    const values: bigint[] = [];
    for (let i = 0; i < count && !body.short; i++) values.push(body.i64());
    return values;
  };
  const times = column();
  const offsets = column();
  const scalings = column();
  return times.map((time, i) => ({ time, offset: offsets[i] ?? 0n, scaling: scalings[i] ?? 1n, fraction: 0n }));
}

function synchronised(time: bigint, samples: readonly Sample[], interpolate: boolean): bigint {
  const [first] = samples;
  if (first === undefined) return time;
  if (samples.length === 1) return time + first.offset;
  let at = samples.findLastIndex((sample) => sample.time <= time);
  at = Math.min(Math.max(at, 0), samples.length - 2);
  const min = samples[at] ?? first;
  const max = samples[at + 1] ?? first;
  const delta = max.time - min.time;
  let correction = min.offset;
  if (interpolate && delta > 0n) correction += ((time - min.time) * (max.offset - min.offset) + delta / 2n) / delta;
  return ((time * min.scaling) >> min.fraction) + correction;
}
