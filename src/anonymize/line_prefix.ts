// What stands before an event: task, CPU and time in the tracer's default layout, or the time of a line of the kernel's log.
import type { Where } from '../events/vm_event.ts';
import { profileOf } from '../kernels/index.ts';
import type { Renaming } from './renaming.ts';

const COMM_COLUMNS = 16;
/** In front of the first, as times need not be in order. */
const SHIFTED_BEGIN = 1000;

export class LinePrefix {
  readonly #renaming: Renaming;
  readonly #shifts: boolean;
  #first: number | undefined;

  constructor(renaming: Renaming, shifts: boolean) {
    this.#renaming = renaming;
    this.#shifts = shifts;
  }

  /** `isMessage`: what follows is no probe's, which alone is known without its task. */
  of(where: Pick<Where, 'pid' | 'cpu' | 'time' | 'comm'>, isMessage: boolean): string {
    const { pid, cpu } = where;
    if (pid === -1 && !isMessage) return '';
    const comm = where.comm();
    const task = comm === '' ? '<...>' : this.#renaming.task(comm);
    const named = `${this.#renaming.pid(pid === -1 ? 0 : pid)}`;
    const time = this.#time(where.time()) || '0.000000';
    return `${task.padStart(COMM_COLUMNS)}-${named.padEnd(7)} [${`${Math.max(cpu, 0)}`.padStart(3, '0')}] ..... ${time.padStart(12)}: `;
  }

  /** Of an event that has no place of its own. */
  get nowhere(): string {
    return this.of({ pid: 0, cpu: 0, time: () => '', comm: () => '' }, false);
  }

  ofLog({ pid, time }: Pick<Where, 'pid' | 'time'>): string {
    const at = this.#time(time());
    const stamp = at === '' ? '<6>' : `[${at.padStart(12)}]`;
    return pid < 0 ? `${stamp} ` : `${stamp}[${`T${this.#renaming.pid(pid)}`.padStart(6)}] `;
  }

  /** Empty where it is none that the tracer prints. */
  #time(text: string): string {
    const [, whole = '', rest = ''] = /^(\d+)(\.\d+)?$/.exec(text) ?? [];
    if (whole === '' || !this.#shifts) return whole + rest;
    this.#first ??= Number(whole);
    return `${Math.max(0, Number(whole) - this.#first + SHIFTED_BEGIN)}${rest}`;
  }
}

/** The version alone: what a vendor or a builder put behind it decides nothing here. */
export function releaseText(release: string | undefined): string {
  const version = /^\d+\.\d+(?:\.\d+)?(?:-rc\d+)?/.exec(release ?? '')?.[0];
  return version === undefined || profileOf(version) === undefined ? '#' : `# nop latency trace v1.1.5 on ${version}`;
}

/** How the tracer tells of lost events; where no CPU is known, as bpftrace does, which says no more. */
export function lossText(cpu: number, count: number | undefined): string {
  if (cpu < 0) return `Lost ${count ?? 1} events`;
  return `CPU:${cpu} [LOST ${count === undefined ? '' : `${count} `}EVENTS]`;
}
