// A capture with the scheduler's other choices: each job run as early, or as late, as its driver and the kernel let it.
import { bytesOf } from './scheduler_events.ts';

/** begun: it begins as early as it may, and ends when it did. */
export type RunTime = 'early' | 'begun' | 'late';

const HEAD = /^( *\S.*?-(\d+) +)\[\d+\] \S+ +(\d+\.\d+): (\w+): \(?(\w*)/;

/** What two tasks that are at the same one cannot have done in another order. */
const SHARED = /\b(?:job|va)=(0x[0-9a-f]+)/g;
/** Where one of them ends the life of a vm_bo, that its object may get a new one. */
const SHARED_BOS = /\b(?:job|va|vm_bo|obj)=(0x[0-9a-f]+)/g;
const DESTROYS = /destroyed=1| bo_destroy| bo_deferred_cleanup/;
const TOUCHES = /^(?:bo_|obj_|va_|vm_bo|vma_|job_|drv_|lock_pass$|apply$)/;
/** What waits for all runs of a VM, or is done to its tables by others than them. */
const ENDS_VM = /^(?:vm_close|vm_destroy|vm_free|drv_vm_free|file_close|mmu_\w+)$/;
/** Likewise for runs that are walks of the VA space themselves. */
const WALKS = /^sm_(?:un)?map(?:_ret)?$/;
/** Likewise, where neither an ioctl nor a worker does it. */
const TEARDOWN = /^(?:va_remove|va_unlink|obj_free|drv_bo_free)$/;

interface Line {
  readonly text: string;
  /** -1: of the header. */
  readonly pid: number;
  readonly name: string;
  /** The probed function, where it is an entry's. */
  readonly symbol: string;
}

/** A job's run, and what its worker does about it until the next one begins. */
interface Run {
  readonly id: string;
  readonly job: string;
  readonly gpuvm: string;
  readonly from: number;
  readonly ret: number;
  /** The lines from `work` to `work_ret`, and those behind them. */
  readonly run: readonly number[];
  readonly cleanup: readonly number[];
}

interface Held {
  readonly pid: number;
  readonly from: number;
  readonly to: number;
}

class Capture {
  readonly lines: readonly Line[];
  readonly runs: Run[] = [];
  /** By line: where the ioctl begins, or the worker's job, that it is part of; -1 outside of any. */
  readonly frames: number[] = [];
  readonly #held = new Map<string, Held[]>();

  constructor(bytes: Uint8Array) {
    const texts = Buffer.from(bytes).toString('latin1').split('\n');
    this.lines = texts.map((text) => {
      const [, , pid = '-1', , name = '', symbol = ''] = HEAD.exec(text) ?? [];
      return { text, pid: Number(pid), name, symbol };
    });
    const open = new Map<number, number>();
    this.lines.forEach(({ pid, name }, i) => {
      if (name === 'bind' || name === 'work') open.set(pid, i);
      this.frames.push(open.get(pid) ?? -1);
      if (name === 'bind_ret') open.delete(pid);
      if (name === 'work') this.#addRun(i);
      if (name.startsWith('ww_lock')) this.#addLock(i);
    });
  }

  at(index: number): Line {
    return this.lines[index] as Line;
  }

  #addRun(from: number): void {
    const { pid, text } = this.at(from);
    const run: number[] = [];
    const cleanup: number[] = [];
    let ret = -1;
    for (let i = from; i < this.lines.length; i++) {
      const line = this.at(i);
      if (line.pid !== pid) continue;
      if (line.name === 'work' && i > from) break;
      (ret === -1 ? run : cleanup).push(i);
      if (line.name === 'work_ret') ret = i;
    }
    const [id, job, gpuvm] = [word(text, 'id'), word(text, 'job'), word(text, 'gpuvm')];
    if (ret !== -1 && id !== '' && gpuvm !== '') this.runs.push({ id, job, gpuvm, from, ret, run, cleanup });
  }

  #addLock(from: number): void {
    const { pid, text } = this.at(from);
    const resv = word(text, 'resv');
    if (word(text, 'ret') !== '0') return;
    const unlocks = ({ name, text: other, pid: by }: Line) =>
      by === pid && name === 'ww_unlock' && word(other, 'resv') === resv;
    const to = this.lines.findIndex((line, i) => i > from && unlocks(line));
    const all = this.#held.get(resv) ?? [];
    this.#held.set(resv, all);
    all.push({ pid, from, to: to === -1 ? this.lines.length : to });
  }

  /** Can these lines, which take dma_resvs, follow line `to` at once? */
  canRun(moved: readonly number[], to: number): boolean {
    return moved.every((i) => {
      const { name, text, pid } = this.at(i);
      if (!name.startsWith('ww_lock')) return true;
      const held = this.#held.get(word(text, 'resv')) ?? [];
      return !held.some((one) => one.pid !== pid && one.from <= to && to < one.to);
    });
  }

  /** Must line `i` stay on its side of the lines? */
  isBound(run: Run, { lines, shared, pointers }: Moved, i: number): boolean {
    const { name, text, symbol } = this.at(i);
    if (lines.has(i)) return false;
    if (TEARDOWN.test(name) && this.frames[i] === -1) return true;
    const isOfVm = ENDS_VM.test(name) || (WALKS.test(name) && run.run.some((at) => WALKS.test(this.at(at).name)));
    if (isOfVm) return !text.includes('gpuvm=') || word(text, 'gpuvm') === run.gpuvm;
    // A run that fails makes msm refuse what comes after.
    if (symbol === 'msm_ioctl_vm_bind' && run.run.some((at) => / (run_)?ret=-/.test(this.at(at).text))) return true;
    return TOUCHES.test(name) && pointersIn(text, shared).some((pointer) => pointers.has(pointer));
  }

  /** The line behind which the scheduler has the job; -1 where the capture does not tell. */
  pushed({ id, from }: Run): number {
    const { symbol } = this.at(from);
    // panthor_submit_ctx_push_jobs(): one after the other, each right behind its fences.
    if (symbol === 'panthor_vm_bind_run_job')
      return this.#lastOf(this.#indexOf('update_resvs', 'id', id), /^(resv_)?add_fence$/);
    const ret = this.#indexOf('bind_ret', 'job', id);
    // nouveau_job_submit(): armed_submit() adds the fences and drops the locks before it.
    if (symbol === 'nouveau_uvmm_bind_job_run') return this.#lastOf(this.#before(ret, /^exec_fini$/), /^ww_unlock$/);
    // msm_ioctl_vm_bind(): before the locks are dropped.
    return symbol === 'msm_vma_job_run' ? this.#before(ret, /^(add_fence|apply_ret)$/) : -1;
  }

  #indexOf(name: string, key: string, value: string): number {
    return this.lines.findIndex((line) => line.name === name && word(line.text, key) === value);
  }

  #before(index: number, names: RegExp): number {
    for (let i = index - 1; i >= 0; i--) {
      const line = this.at(i);
      if (line.pid !== this.at(index).pid) continue;
      if (names.test(line.name)) return i;
      if (line.name === 'bind') break;
    }
    return -1;
  }

  /** The last of the task's lines of these names that follow line `index`. */
  #lastOf(index: number, names: RegExp): number {
    let last = index;
    for (let i = index + 1; index !== -1 && i < this.lines.length; i++) {
      const line = this.at(i);
      if (line.pid !== this.at(index).pid) continue;
      if (!names.test(line.name)) break;
      last = i;
    }
    return last;
  }
}

function word(text: string, key: string): string {
  return new RegExp(`[ (]${key}=(-?\\w+)`).exec(text)?.[1] ?? '';
}

/** Lines that move, and what they share with others. */
interface Moved {
  readonly lines: ReadonlySet<number>;
  readonly shared: RegExp;
  readonly pointers: ReadonlySet<string>;
}

function movedLines(capture: Capture, lines: readonly number[]): Moved {
  const texts = lines.map((i) => capture.at(i).text);
  const shared = texts.some((text) => DESTROYS.test(text)) ? SHARED_BOS : SHARED;
  return { lines: new Set(lines), shared, pointers: new Set(texts.flatMap((text) => pointersIn(text, shared))) };
}

function pointersIn(text: string, shared: RegExp): string[] {
  return [...text.matchAll(shared)].map(([, pointer = '']) => pointer).filter((pointer) => pointer !== '0x0');
}

/** The line that the run may follow at the earliest; undefined where that is where it is. */
function earliest(capture: Capture, run: Run, lines: readonly number[], previous: number): number | undefined {
  const pushed = capture.pushed(run);
  if (pushed === -1) return undefined;
  const moved = movedLines(capture, lines);
  let to = Math.max(pushed, previous);
  for (let i = run.from - 1; i > to; i--) if (capture.isBound(run, moved, i)) to = i;
  while (to < run.from && !capture.canRun(lines, to)) to++;
  return to < run.from - 1 ? to : undefined;
}

/** The line that the run may follow at the latest. */
function latest(capture: Capture, run: Run, lines: readonly number[], next: number): number | undefined {
  const moved = movedLines(capture, lines);
  const last = lines.at(-1) ?? run.ret;
  let to = next;
  for (let i = run.from + 1; i <= to; i++) {
    if (!capture.isBound(run, moved, i)) continue;
    const frame = capture.frames[i] ?? -1;
    to = (frame === -1 ? i : frame) - 1;
  }
  while (to > last && !capture.canRun(lines, to)) to--;
  return to > last ? to : undefined;
}

/** The capture with its runs at other times, and how many they are. */
export function runTimes(bytes: Uint8Array, time: RunTime): { readonly bytes: Uint8Array; readonly moved: number } {
  const capture = new Capture(bytes);
  const queues = [...new Set(capture.runs.map(({ gpuvm }) => gpuvm))];
  /** The end of the run before, or the line before the run behind, by queue: runs of one do not overtake each other. */
  const bounds = new Map<string, number>();
  const follow = new Map<number, number[]>();
  const gone = new Set<number>();
  let count = 0;
  for (const run of time === 'late' ? capture.runs.toReversed() : capture.runs) {
    const bound = bounds.get(run.gpuvm);
    const lines = { early: run.run, begun: [run.from], late: [...run.run, ...run.cleanup] }[time];
    const to =
      time === 'late'
        ? latest(capture, run, lines, bound ?? lastLine(capture))
        : earliest(capture, run, lines, bound ?? -1);
    bounds.set(run.gpuvm, time === 'late' ? (to ?? run.from - 1) : time === 'begun' ? run.ret : (to ?? run.ret));
    if (to === undefined) continue;
    const others = follow.get(to) ?? [];
    follow.set(to, time === 'late' ? [...lines, ...others] : [...others, ...lines]);
    for (const i of lines) gone.add(i);
    count++;
  }
  const workers = new Map<number, string>();
  for (const { gpuvm, run, cleanup } of capture.runs) {
    // A worker for the runs of each queue and one for what comes after them, as they need not wait for each other.
    const number = queues.indexOf(gpuvm);
    for (const i of run) workers.set(i, `kworker/u9:${number}-${90000 + number}`);
    for (const i of cleanup) workers.set(i, `kworker/u9:${number}-${91000 + number}`);
  }
  const textOf = (i: number, at = i): string => {
    const { text } = capture.at(i);
    const stamp = HEAD.exec(capture.at(at).text)?.[3] ?? '';
    const worker = workers.get(i);
    const named = worker === undefined ? text : text.replace(/^ *\S.*?-\d+ +(?=\[)/, `${worker.padStart(24)} `);
    return at === i ? named : named.replace(/ \d+\.\d+: /, ` ${stamp}: `);
  };
  const out = capture.lines.flatMap((_, i) => [
    ...(gone.has(i) ? [] : [textOf(i)]),
    ...(follow.get(i) ?? []).map((one) => textOf(one, i)),
  ]);
  return { bytes: bytesOf(out), moved: count };
}

function lastLine(capture: Capture): number {
  return capture.lines.findLastIndex(({ pid }) => pid !== -1);
}
