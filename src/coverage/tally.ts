// Counts which cases the jobs of captures exercise.
import { add } from '../base/u64.ts';
import type { ExecEntry } from '../exec/exec.ts';
import { rowOfMap, rowOfUnmap } from '../gpuvm/sm_map.ts';
import { STEP_TYPES } from '../replay/describe.ts';
import type { Span, StepView } from '../replay/fact.ts';
import type { Job, LockAttempt, OpRun } from '../replay/job.ts';
import { type Group, mapCase } from './cases.ts';

type Walked = Pick<StepView, 'type' | 'keep' | 'addr' | 'range' | 'obj'>;

export class Tally {
  readonly #counts = new Map<string, number>();

  count(group: Group, name: string): number {
    return this.#counts.get(`${group} ${name}`) ?? 0;
  }

  add(group: Group, name: string, by = 1): void {
    this.#counts.set(`${group} ${name}`, this.count(group, name) + by);
  }

  /** Takes a job when it is over, with its detail. */
  job(job: Job): void {
    for (const op of job.ops) this.#op(op);
    for (const request of [...job.ops, ...job.asks])
      if (meetsReserved(job, request)) this.add('objects', 'reserved node');
    for (const ask of job.asks) if (!ask.helper) this.add('ops list', ask.call);
    this.#locks(job);
  }

  #op(op: OpRun): void {
    if (op.request?.list) this.add('ops list', op.request.call);
    const steps = op.steps.length > 0 ? op.steps : op.list.map(listedStep);
    for (const step of steps) {
      if (step.obj === 0 && step.type !== 'prefetch') this.add('objects', `${step.type.toUpperCase()} of NULL`);
      this.#row(op, step);
    }
  }

  #row(op: OpRun, step: Walked): void {
    if (step.type !== 'remap' && step.type !== 'unmap') return;
    const { request } = op;
    const [place, asked] = [spanOf(step), spanOf(op)];
    if (place === undefined || asked === undefined) return;
    const end = add(asked.addr, asked.range);
    if (request?.call === 'map') this.add('sm_map', mapCase(rowOfMap(place, asked.addr, end), step.keep));
    else if (request?.call === 'unmap') this.add('sm_unmap', rowOfUnmap(place, asked.addr, end));
  }

  #locks(job: Job): void {
    const attempts = job.detail?.attempts ?? [];
    const contexts = new Map<number, LockAttempt[]>();
    for (const attempt of attempts) contexts.set(attempt.init, [...(contexts.get(attempt.init) ?? []), attempt]);
    for (const passes of contexts.values()) {
      const entries = passes.at(-1)?.attempt.entries ?? [];
      const failed = job.lockVersion < 0 || entries.some(({ via }) => via === 'failed' || via === 'interrupted');
      if (failed) this.add('lock pass', 'error');
      if (passes.length > 1) this.add('lock pass', 'retry');
      else if (!failed) this.add('lock pass', 'first try');
    }
    for (const { attempt } of attempts) this.#duplicates(attempt.entries);
  }

  #duplicates(entries: readonly ExecEntry[]): void {
    for (const { obj, resv, via } of entries) {
      if (via !== 'duplicate') continue;
      const holder = entries.find((entry) => entry.resv === resv && (entry.via === 'lock' || entry.via === 'slow'));
      this.add('lock pass', holder?.obj === obj ? 'duplicate' : 'shared resv');
    }
  }
}

function listedStep({ type, keep, addr, range, obj }: OpRun['list'][number]): Walked {
  return { type: STEP_TYPES[type] ?? 'prefetch', keep, addr, range, obj };
}

function spanOf({ addr, range }: Pick<Walked, 'addr' | 'range'>): Span | undefined {
  return addr === undefined || range === undefined ? undefined : { addr, range };
}

function meetsReserved({ vm }: Job, request: Pick<Walked, 'addr' | 'range'>): boolean {
  const span = spanOf(request);
  if (span === undefined || vm === undefined || !vm.initKnown || vm.init.kernelRange === 0) return false;
  const { kernelStart, kernelRange } = vm.init;
  return span.addr < add(kernelStart, kernelRange) && kernelStart < add(span.addr, span.range);
}
