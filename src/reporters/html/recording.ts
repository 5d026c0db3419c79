// What is kept of a trace while it is read, for a report that shows more than findings.
import type { AnalyzeOptions } from '../../analyze.ts';
import type { Fact } from '../../replay/fact.ts';
import type { Job } from '../../replay/job.ts';
import { type LineTime, LineTimes } from './line_times.ts';

/** Jobs kept in full: those in which something is wrong, the first and the last of the others. */
const MAX_BROKEN = 1000;
const FIRST_OTHERS = 100;
const LAST_OTHERS = 200;

/** Where a job did what, in lines; -1: it was not seen. */
export interface JobPlaces {
  readonly lockFrom: number;
  readonly lockTo: number;
  readonly holdFrom: number;
  readonly holdTo: number;
  readonly applyFrom: number;
  readonly applyTo: number;
  readonly retries: readonly number[];
}

export class TraceRecording {
  /** In the order of the report's jobs. */
  readonly places: JobPlaces[] = [];
  /** The tasks that apply the jobs. */
  readonly appliers: (LineTime | undefined)[] = [];
  /** By the same order: jobs kept in full. */
  readonly kept = new Map<number, Job>();
  /** When the lines of `places` were, and others that were asked for. */
  readonly times = new Map<number, string>();
  readonly #recent = new LineTimes();
  readonly #lastOthers: number[] = [];
  #broken = 0;

  /** For the analysis that is recorded. */
  get options(): Pick<AnalyzeOptions, 'onJob' | 'passes' | 'history' | 'until'> {
    return {
      passes: true,
      history: true,
      onJob: (job) => this.#end(job),
      until: (where) => {
        this.#recent.note(where);
        return true;
      },
    };
  }

  #end(job: Job): void {
    const places = placesOf(job);
    const { lockFrom, lockTo, holdFrom, holdTo, applyFrom, applyTo, retries } = places;
    this.times.set(job.line, job.start);
    if (job.endLine > 0) this.times.set(job.endLine, job.end);
    for (const line of [lockFrom, lockTo, holdFrom, holdTo, applyFrom, applyTo, ...retries]) this.#know(line);
    this.appliers.push(applyFrom < 0 ? undefined : this.#recent.at(applyFrom));
    this.#keep(job, this.places.push(places) - 1);
  }

  #know(line: number): void {
    if (line < 0 || this.times.has(line)) return;
    const known = this.#recent.at(line);
    if (known !== undefined) this.times.set(line, known.time);
  }

  /** A finding may still come where a job without one has ended: the last ones are kept for that. */
  #keep(job: Job, row: number): void {
    if (job.facts.some(isWrong)) {
      if (this.#broken++ < MAX_BROKEN) this.kept.set(row, job);
      return;
    }
    this.kept.set(row, job);
    if (row < FIRST_OTHERS) return;
    this.#lastOthers.push(row);
    const oldest = this.#lastOthers.length > LAST_OTHERS ? this.#lastOthers.shift() : undefined;
    if (oldest !== undefined) this.kept.delete(oldest);
  }
}

/** Not only a difference that has its reason. */
function isWrong(fact: Fact): boolean {
  return fact.kind !== 'plan_diverged' || (fact.safeCase === undefined && !fact.immediate);
}

function placesOf(job: Job): JobPlaces {
  const attempts = job.detail?.attempts ?? [];
  const first = attempts[0];
  const last = attempts.at(-1);
  const held = last?.attempt.entries.find(({ via }) => via === 'lock' || via === 'slow');
  const fini = last?.fini ?? 0;
  const op = job.ops[0];
  const end = job.endLine > 0 ? job.endLine : -1;
  const steps = job.ops.flatMap((one) => one.steps.map(({ line }) => line));
  const applyTo = Math.max(-1, ...job.ops.map(({ line }) => line), ...steps.slice(-1));
  return {
    lockFrom: first?.init ?? -1,
    lockTo: job.lockEndLine > 0 ? job.lockEndLine : fini > 0 ? fini : first === undefined ? -1 : end,
    holdFrom: held?.line ?? -1,
    holdTo: held === undefined ? -1 : fini > 0 ? fini : end,
    applyFrom: op?.line ?? -1,
    applyTo,
    retries: attempts
      .filter(({ init, attempt }, i) => init === attempts[i - 1]?.init && attempt.line > 0)
      .map(({ attempt }) => attempt.line),
  };
}
