// What happens to traces: they are cut off, lines get lost, the ring buffer drops pages; and what may not come of it.
import type { Report } from '../../src/analyze.ts';
import { type Finding, plainFinding } from '../../src/findings/finding.ts';

const LF = 10;
const HASH = 35;

/** mulberry32: the same numbers for the same seed, from 0 to below 1. */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** A trace as its lines, each with its line break. */
export class Lines {
  readonly #bytes: Uint8Array;
  readonly #starts: number[] = [0];

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    for (let lf = bytes.indexOf(LF); lf >= 0; lf = bytes.indexOf(LF, lf + 1)) this.#starts.push(lf + 1);
    if (this.#starts.at(-1) !== bytes.length) this.#starts.push(bytes.length);
  }

  get count(): number {
    return this.#starts.length - 1;
  }

  text(index: number): string {
    return Buffer.from(this.#bytes.subarray(this.#starts[index], this.#starts[index + 1])).toString('latin1');
  }

  /** Is it one of the tracer's header, or between the entries what looks like it? */
  isComment(index: number): boolean {
    return this.#bytes[this.#starts[index] ?? 0] === HASH;
  }

  /** The lines that `keep` wants, as bytes. */
  where(keep: (index: number) => boolean): Uint8Array {
    const out = new Uint8Array(this.#bytes.length);
    let size = 0;
    for (let from = 0, to = 0; from < this.count; from = to + 1) {
      for (to = from; to < this.count && keep(to); ) to++;
      const run = this.#bytes.subarray(this.#starts[from], this.#starts[to]);
      out.set(run, size);
      size += run.length;
    }
    return out.subarray(0, size);
  }
}

/** Takes the line out that counts the entries, as trace_pipe and trace-cmd's report have none. */
export function uncounted(bytes: Uint8Array): Uint8Array {
  const lines = new Lines(bytes);
  return lines.where((i) => !lines.isComment(i) || !/^# (entries-in-buffer|latency:)/.test(lines.text(i)));
}

export function truncated(bytes: Uint8Array, draw: () => number): Uint8Array {
  return bytes.subarray(0, Math.floor(draw() * bytes.length));
}

/** Every line is lost with the same chance. */
export function thinned(bytes: Uint8Array, chance: number, draw: () => number): Uint8Array {
  return new Lines(bytes).where(() => draw() >= chance);
}

/** A run of lines is gone, as when the ring buffer drops a page. */
export function holed(bytes: Uint8Array, longest: number, draw: () => number): Uint8Array {
  const lines = new Lines(bytes);
  const size = 1 + Math.floor(draw() * longest);
  const from = Math.floor(draw() * lines.count);
  return lines.where((i) => i < from || i >= from + size);
}

/** The same finding on whatever line it stands, and whichever step of its op it is: a lost step moves those behind it. */
export function identity({ rule, job, op, obj, message }: Finding, named = true): string {
  return [rule, (named && job) || '-', op ?? '-', obj, message.replace(/ step \d+ /, ' step ')].join(' | ');
}

/** Without a job that is not known, and without what steps add that only a VM known whole foretells. */
function core(one: Finding): string {
  // That no page is left is seen in one call, how many there were in others.
  if (one.rule === 'pt-prealloc-short') return one.rule;
  const message = one.message.replace(/, which leaves out .*/, '');
  return one.job === undefined ? [one.rule, one.obj, message].join(' | ') : identity({ ...plainFinding(one), message });
}

/** Of these, damage must not give a single one that is not marked inconclusive; others must not call themselves certain. */
const STRICT = /^(missing-lock|redundant-lock|misapplied-step|pte-.*|partial-block-unmap|transient-unmap|tlb-stale)$/;

/** Findings that are stated although the whole trace does not have them; `named`: jobs are told by more than one line. */
export function invented(whole: Report, damaged: Report, named = true): Finding[] {
  const real = new Set(whole.findings.map((one) => identity(one, named)));
  return stated(damaged).filter((one) => !real.has(identity(one, named)));
}

function stated({ findings }: Report): Finding[] {
  return findings.filter(
    ({ rule, confidence }) => confidence === 'certain' || (confidence === 'likely' && STRICT.test(rule)),
  );
}

/** The same where much of a job and of its VM's past is gone: what is found need not be told as fully as in the whole. */
export function inventedBeside(whole: Report, damaged: Report): Finding[] {
  const real = whole.findings.flatMap((one) => [core(one), core({ ...plainFinding(one), job: undefined })]);
  return stated(damaged).filter((one) => !real.includes(core(one)));
}

const CPU = /^.{16,40}? +\[(\d{3})\] /;

interface CpuLoss {
  readonly cpu: number;
  readonly gone: ReadonlySet<number>;
  /** The next line of that CPU; undefined where there is none. */
  readonly next: number | undefined;
}

/** The events of one CPU in a row. */
function cpuLoss(lines: Lines, longest: number, draw: () => number): CpuLoss {
  const cpus = Array.from({ length: lines.count }, (_, i) => CPU.exec(lines.text(i))?.[1]);
  const seen = [...new Set(cpus)].filter((cpu) => cpu !== undefined);
  const cpu = seen[Math.floor(draw() * seen.length)];
  const own = cpus.flatMap((one, i) => (one === cpu ? [i] : []));
  const size = 1 + Math.floor(draw() * longest);
  const from = Math.floor(draw() * Math.max(1, own.length - size));
  return { cpu: Number(cpu), gone: new Set(own.slice(from, from + size)), next: own[from + size] };
}

/** They are lost, and told of in front of the next one of that CPU, as trace_pipe does it. */
export function dropped(bytes: Uint8Array, longest: number, draw: () => number): Uint8Array {
  const lines = new Lines(bytes);
  const { cpu, gone, next } = cpuLoss(lines, longest, draw);
  const out: string[] = [];
  for (let i = 0; i < lines.count; i++) {
    if (i === next) out.push(`CPU:${cpu} [LOST ${gone.size} EVENTS]\n`);
    if (!gone.has(i)) out.push(lines.text(i));
  }
  return Buffer.from(out.join(''), 'latin1');
}

/** The same, with all other lines where they were, and the line that tells of the loss. */
export function droppedInPlace(bytes: Uint8Array, longest: number, draw: () => number) {
  const lines = new Lines(bytes);
  const { cpu, gone, next } = cpuLoss(lines, longest, draw);
  const told = next === undefined ? -1 : Math.max(...gone);
  const out: string[] = [];
  for (let i = 0; i < lines.count; i++) {
    if (i === told) out.push(`CPU:${cpu} [LOST ${gone.size} EVENTS]\n`);
    else out.push(gone.has(i) ? '#\n' : lines.text(i));
  }
  return { damaged: Buffer.from(out.join(''), 'latin1'), told: told + 1 };
}
