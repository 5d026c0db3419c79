// A trace on a time line: what tasks, VMs, locks and bind queues did, and when.
import type { AnalyzeOptions, Report } from '../analyze.ts';
import { hex, type Ptr, ptrHex } from '../base/u64.ts';
import type { Finding } from '../findings/finding.ts';
import type { Gpuva } from '../gpuvm/gpuva.ts';
import type { Context } from '../replay/context.ts';
import type { Job, OpRun } from '../replay/job.ts';
import type { Moment } from '../replay/job_times.ts';
import type { Change, VmState } from '../replay/vm_state.ts';
import { vmTitle } from '../reporters/vm_title.ts';
import { LineTimes, ticks } from './line_times.ts';
import { type Round, releaseLine, roundsOf } from './locks_table.ts';
import { type Pin, type Slice, TraceJson } from './trace_json.ts';

const TASKS = 'tasks';
const VMS = 'VMs';
const RESVS = 'dma_resv';
const QUEUES = 'bind queues';

/** Jobs whose fences are still to be signalled. */
const MAX_AWAITED = 4096;

/** What is mapped in a VM, as far as it was counted. */
interface Mapped {
  readonly count: number;
  readonly bytes: number;
}

export class Timeline {
  readonly #json: TraceJson;
  readonly #times = new LineTimes(ticks);
  readonly #mapped = new Map<VmState, Mapped>();
  /** Over, but for their runs, with what their arrows come from. */
  readonly #awaited = new Map<Job, readonly Pin[]>();

  constructor(write: (text: string) => void) {
    this.#json = new TraceJson(write);
  }

  get hooks(): Required<Pick<AnalyzeOptions, 'onJob' | 'onChange' | 'until'>> {
    return {
      until: (where) => this.#times.note(where),
      onJob: (job) => this.#job(job),
      onChange: (vm, change, context) => this.#change(vm, change, context),
    };
  }

  finish(report: Report): void {
    for (const job of this.#awaited.keys()) this.#run(job);
    for (const finding of report.findings) this.#finding(finding);
    const left = new Set(report.world.vms.values());
    for (const vm of [...this.#mapped.keys()].filter((one) => !left.has(one))) this.#count(vm, { count: 0, bytes: 0 });
    for (const vm of left) this.#count(vm, mapped(report.world.mappingsOf(vm)));
    this.#json.finish({ trace: report.file, clock: 'that of the trace' });
  }

  #job(job: Job): void {
    const rounds = roundsOf(job);
    const from = ticks(job.start);
    if (from === undefined) return;
    const pass = this.#lockPass(job, rounds);
    const apply = this.#apply(job);
    const pins: Pin[] = [];
    const own = (slice: Slice | undefined, pid: number | undefined) => pid === job.pid && slice !== undefined;
    const inner = [pass, own(apply?.slice, apply?.pid) ? apply?.slice : undefined].filter((one) => one !== undefined);
    const end = apply !== undefined && apply.pid !== job.pid ? inner.at(-1)?.to : ticks(job.end);
    const to = end === undefined || end < from ? from : end;
    const args = { job: job.id, line: job.line, ops: job.opCount, ret: job.ret, attempts: job.attempts };
    const track = this.#json.slice(TASKS, this.#times.nameOf(job.pid), {
      name: `job ${job.id}`,
      from,
      to,
      args,
      inner,
    });
    if (pass !== undefined && pass.from >= from && pass.from <= to) pins.push({ ...track, at: pass.from });
    if (apply !== undefined) {
      const { slice, pid } = apply;
      if (pid !== job.pid) pins.push({ ...this.#json.slice(TASKS, this.#times.nameOf(pid), slice), at: slice.from });
      else if (slice.from >= from && slice.from <= to) pins.push({ ...track, at: slice.from });
    }
    this.#ops(job);
    for (const round of rounds) this.#held(job, round);
    this.#awaited.set(job, pins);
    for (const one of this.#awaited.keys()) {
      const { times } = one;
      const over = times === undefined ? !one.queued && !one.deferred : times.signalled !== undefined;
      if (over || this.#awaited.size > MAX_AWAITED) this.#run(one);
    }
  }

  /** From drm_exec_init() to the end of its loop, with the attempts, with the waits. */
  #lockPass(job: Job, rounds: readonly Round[]): Slice | undefined {
    const own = rounds.filter(({ one }) => one.task === job.pid && one.attempt.line > 0);
    const [first] = own;
    const from = first && this.#times.timeAt(first.one.init);
    if (first === undefined || from === undefined) return undefined;
    const inner = own.flatMap((round) => this.#attempt(job, round) ?? []);
    const ends = inner.map(({ to }) => to);
    const to = this.#times.timeAt(job.lockEndLine) ?? ends.at(-1) ?? from;
    return { name: 'lock pass', from, to: to < from ? from : to, inner };
  }

  #attempt(job: Job, { one, number, retried, endLine }: Round): Slice | undefined {
    const { entries, line } = one.attempt;
    const last = retried ? endLine : Math.max(job.lockEndLine, entries.at(-1)?.line ?? 0, line);
    const from = this.#times.timeAt(line);
    const to = this.#times.timeAt(last);
    if (from === undefined || to === undefined) return undefined;
    const inner = one.waits.flatMap((wait): Slice[] => {
      const since = wait.line >= line && wait.endLine <= last ? this.#times.timeAt(wait.line) : undefined;
      const until = this.#times.timeAt(wait.endLine);
      if (since === undefined || until === undefined) return [];
      const args = { resv: ptrHex(wait.resv), holder: wait.holder && this.#times.nameOf(wait.holder.pid) };
      return [{ name: 'waits for a dma_resv', from: since, to: until, args }];
    });
    const args = { locks: entries.length, retried };
    return { name: `attempt ${number}`, from, to, args, inner };
  }

  /** The task that carries the ops out may be another one. */
  #apply(job: Job): { readonly slice: Slice; readonly pid: number } | undefined {
    const lines = (job.detail?.ops ?? []).flatMap((op) => [op.requestLine || op.line, lastLine(op)]);
    const begin = job.applyLine || Math.min(...lines.filter((line) => line > 0));
    const from = this.#times.timeAt(begin);
    const pid = this.#times.pidAt(begin);
    if (from === undefined || pid === undefined) return undefined;
    const to = this.#times.timeAt(Math.max(begin, ...lines)) ?? from;
    return { slice: { name: `apply of job ${job.id}`, from, to: to < from ? from : to }, pid };
  }

  #ops(job: Job): void {
    const { vm } = job;
    if (vm === undefined) return;
    for (const op of job.detail?.ops ?? []) {
      const from = this.#times.timeAt(op.requestLine || op.line);
      const to = this.#times.timeAt(lastLine(op));
      if (from === undefined || to === undefined || to < from) continue;
      const span = op.addr === undefined || op.range === undefined ? '' : ` ${hex(op.addr)}+${hex(op.range)}`;
      const name = `${op.kind.toUpperCase()}${span}`;
      const args = { job: job.id, op: op.index, obj: op.obj === 0 ? undefined : ptrHex(op.obj), steps: op.count };
      this.#json.slice(VMS, vmTitle(vm), { name, from, to, args });
    }
  }

  /** Who had which lock, and how many the task had. */
  #held(job: Job, round: Round): void {
    const { one } = round;
    const task = this.#times.nameOf(one.task);
    const changes: { readonly at: bigint; readonly by: 1 | -1 }[] = [];
    for (const entry of one.attempt.entries) {
      const until = releaseLine(round, entry);
      const from = this.#times.timeAt(entry.line);
      const to = until === undefined ? undefined : (this.#times.timeAt(until) ?? ticks(job.end));
      if (from === undefined || to === undefined || to < from) continue;
      const args = { job: job.id, obj: ptrHex(entry.obj), via: entry.via };
      this.#json.slice(RESVS, resvName(job, entry.resv), { name: task, from, to, args });
      changes.push({ at: from, by: 1 }, { at: to, by: -1 });
    }
    let held = 0;
    for (const { at, by } of changes.sort((a, b) => Number(a.at - b.at))) {
      held += by;
      this.#json.counter(TASKS, `held locks of ${task}`, at, held);
    }
  }

  /** What the scheduler made of it, when that is over. */
  #run(job: Job): void {
    const pins = [...(this.#awaited.get(job) ?? [])];
    this.#awaited.delete(job);
    const { times, vm } = job;
    const moments = [times?.queued, times?.run, times?.runEnd, times?.signalled].map(timeOf);
    const [queued, run, runEnd, signalled] = moments;
    const known = moments.filter((moment) => moment !== undefined);
    const from = known[0];
    const to = known.at(-1);
    if (from !== undefined && to !== undefined && to >= from) {
      const inner = [
        piece('queued', queued, run),
        piece('run', run, runEnd),
        piece('until its fence is signalled', runEnd ?? run, signalled),
      ].filter((one) => one !== undefined);
      const name = vm === undefined ? 'VM not known' : vmTitle(vm);
      const track = this.#json.slice(QUEUES, name, { name: `job ${job.id}`, from, to, inner });
      pins.push({ ...track, at: run ?? from });
    }
    this.#json.flow(`job ${job.id}`, pins);
  }

  #finding({ rule, message, severity, confidence, line, time, pid, job }: Finding): void {
    const at = ticks(time);
    const task = pid === undefined ? 'task not known' : this.#times.nameOf(pid);
    if (at !== undefined) this.#json.instant(TASKS, task, at, rule, { message, severity, confidence, line, job });
  }

  #change(vm: VmState, { inserted, va }: Change, { where }: Context): void {
    const by = inserted ? 1 : -1;
    const { count, bytes } = this.#mapped.get(vm) ?? { count: -1, bytes: 0 };
    const changed = { count: count + by, bytes: bytes + by * Number(va.range) };
    const at = ticks(where.time());
    // Where the trace contradicts itself, the tree loses mappings of which no change tells.
    if (at !== undefined) this.#count(vm, changed.count === vm.tree.size ? changed : mapped(vm.tree), at);
  }

  #count(vm: VmState, now: Mapped, at = this.#times.last): void {
    this.#mapped.set(vm, now);
    this.#json.counter(VMS, `mappings of ${vmTitle(vm)}`, at, now.count);
    this.#json.counter(VMS, `bytes mapped in ${vmTitle(vm)}`, at, now.bytes);
  }
}

function mapped(vas: Iterable<Gpuva>): Mapped {
  let count = 0;
  let bytes = 0;
  for (const { range } of vas) {
    count++;
    bytes += Number(range);
  }
  return { count, bytes };
}

function lastLine({ steps, requestLine, line }: OpRun): number {
  return Math.max(steps.at(-1)?.line ?? 0, requestLine, line);
}

function resvName({ vm }: Job, resv: Ptr): string {
  return `${ptrHex(resv)}${vm !== undefined && vm.resv === resv ? ` of VM ${vm.ordinal}` : ''}`;
}

function timeOf(moment: Moment | undefined): bigint | undefined {
  return moment === undefined ? undefined : ticks(moment.time);
}

function piece(name: string, from: bigint | undefined, to: bigint | undefined): Slice | undefined {
  return from === undefined || to === undefined || to < from ? undefined : { name, from, to };
}
