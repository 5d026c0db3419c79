// Drivers that undo a bind that fails (nouveau, xe): the VA space must be as it was before.
import { hex, ptrHex } from '../base/u64.ts';
import { driverOf } from '../drivers/index.ts';
import type { Gpuva } from '../gpuvm/gpuva.ts';
import type { Context } from './context.ts';
import type { Job } from './job.ts';
import { tell } from './tell.ts';

type Mapped = Pick<Gpuva, 'addr' | 'range' | 'obj' | 'offset' | 'line'>;

/** What a job did to the tree in sum: a mapping that went and came back counts for nothing. */
export class NetChanges {
  readonly #left = new Map<string, { count: number; va: Mapped }>();

  get size(): number {
    return this.#left.size;
  }

  note(va: Mapped, by: 1 | -1): void {
    const key = `${va.addr} ${va.range} ${va.obj} ${va.obj === 0 ? '' : va.offset}`;
    const known = this.#left.get(key);
    const count = (known?.count ?? 0) + by;
    if (count === 0) this.#left.delete(key);
    else this.#left.set(key, { count, va });
  }

  get gone(): Mapped[] {
    return [...this.#left.values()].filter(({ count }) => count < 0).map(({ va }) => va);
  }

  get come(): Mapped[] {
    return [...this.#left.values()].filter(({ count }) => count > 0).map(({ va }) => va);
  }
}

export function undoes(job: Job | undefined): job is Job {
  return driverOf(job)?.rollback.is === 'undone';
}

/** The job is over. */
export function checkRollback(context: Context, job: Job): void {
  if (job.ret === undefined || job.ret >= 0 || job.vm === undefined) return;
  const { gone, come } = job.net;
  const [first] = [...gone, ...come];
  if (first === undefined) return;
  const evidence = [...gone, ...come].slice(0, 8).map((va) => ({
    line: va.line,
    text: `${hex(va.addr)}+${hex(va.range)}${va.obj === 0 ? '' : ` of ${ptrHex(va.obj)}`} ${gone.includes(va) ? 'is gone' : 'was not there before'}`,
  }));
  tell(context, {
    kind: 'bad_rollback',
    job,
    op: undefined,
    step: undefined,
    detail: `the bind returned ${job.ret}, and ${gone.length === 1 ? '1 mapping is' : `${gone.length} mappings are`} gone and ${come.length} have come that were not there before`,
    obj: first.obj,
    span: { addr: first.addr, range: first.range },
    evidence,
    absence: 'call',
    needs: ['va_insert', 'va_remove'],
  });
}
