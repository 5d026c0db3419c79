// A capture with the scheduler's events in the place of the probe on the driver's run function: the module has a workqueue
// instead of a scheduler, so they are put where sched_main.c and sched_entity.c emit them, in the text of gpu_scheduler_trace.h.

/** signals: dma_fence's events tell the end. */
export type SchedulerForm = 'ids' | 'pointers' | 'signals';

const PREFIX = /^ *\S.*?-\d+ +\[\d+\] \S+ +/;

interface Texts {
  readonly queue: (n: number) => string;
  readonly run: (n: number) => string;
  readonly done: (n: number) => string;
}

const pointer = (n: number) => `00000000${(0x5eed0000 + n).toString(16)}`;

const STARTS = {
  queue: (n: number) => `drm_sched_job_queue: ${job(n)}, job count:0, hw job count:0, client_id:7`,
  run: (n: number) => `drm_sched_job_run: ${job(n)}, job count:1, hw job count:0, client_id:7`,
};

const TEXTS: Readonly<Record<SchedulerForm, Texts>> = {
  ids: {
    ...STARTS,
    done: (n) => `drm_sched_job_done: fence=184:${n} signaled`,
  },
  signals: { ...STARTS, done: (n) => signalled(n) },
  // Up to 6.15, with hashed pointers.
  pointers: {
    queue: (n) => `drm_sched_job: ${oldJob(n)}, job count:0, hw job count:0`,
    run: (n) => `drm_run_job: ${oldJob(n)}, job count:1, hw job count:0`,
    done: (n) => `drm_sched_process_job: fence=${pointer(n)} signaled`,
  },
};

/** By drm_sched_fence_finished(), right behind drm_sched_job_done. */
export function signalled(n: number, context = 184): string {
  return `dma_fence_signaled: driver=drm_sched timeline=msm-vm-bind context=${context} seqno=${n}`;
}

function job(n: number): string {
  return `dev=5000000.gpu, fence=184:${n}, ring=msm-vm-bind`;
}

function oldJob(n: number): string {
  return `entity=00000000c0ffee11, id=${n}, fence=${pointer(n)}, ring=msm-vm-bind`;
}

/** The trace without `work` and `work_ret`; with `form` undefined, with nothing in their place. */
export function schedulerEvents(bytes: Uint8Array, form: SchedulerForm | undefined): Uint8Array {
  const lines = Buffer.from(bytes).toString('latin1').split('\n');
  const texts = form === undefined ? undefined : TEXTS[form];
  const ran = new Set(lines.map((line) => / work: .* id=(\d+)/.exec(line)?.[1]).filter((id) => id !== undefined));
  const returns = new Map(
    lines.flatMap((line) => {
      const id = / bind_ret: .* job=(\d+)/.exec(line)?.[1];
      return id === undefined ? [] : [[id, line] as const];
    }),
  );
  const queued = new Set<string>();
  const running = new Map<string, string>();
  let number = 0;
  const numbers = new Map<string, number>();
  const out: string[] = [];
  /** drm_sched_entity_push_job() of the ioctl that returns with this job, at the latest here. */
  const queue = (id: string, at: string) => {
    if (texts === undefined || queued.has(id) || !ran.has(id)) return;
    queued.add(id);
    numbers.set(id, ++number);
    const prefix = PREFIX.exec(returns.get(id) ?? '')?.[0];
    if (prefix !== undefined) out.push(`${prefix}${timeOf(at)}: ${texts.queue(number)}`);
  };
  for (const line of lines) {
    const [, name, ptr = '', id = ''] = / (work|work_ret): .* job=0x(\w+)(?: id=(\d+))?/.exec(line) ?? [];
    const [, returning] = / bind_ret: .* job=(\d+)/.exec(line) ?? [];
    if (returning !== undefined) queue(returning, line);
    if (name === undefined) {
      out.push(line);
      continue;
    }
    if (name === 'work') {
      queue(id, line);
      running.set(ptr, id);
    }
    const n = numbers.get(running.get(ptr) ?? '');
    if (texts === undefined || n === undefined) continue;
    const prefix = PREFIX.exec(line)?.[0] ?? '';
    out.push(`${prefix}${timeOf(line)}: ${name === 'work' ? texts.run(n) : texts.done(n)}`);
  }
  return bytesOf(out);
}

export function timeOf(line: string): string {
  return / (\d+\.\d+): /.exec(line)?.[1] ?? '0.000000';
}

/** The lines as a trace whose header counts them. */
export function bytesOf(lines: readonly string[]): Uint8Array {
  const entries = lines.filter((line) => PREFIX.test(line)).length;
  const text = lines.join('\n').replace(/(entries-in-buffer\/entries-written: )\d+\/\d+/, `$1${entries}/${entries}`);
  return Buffer.from(text, 'latin1');
}
