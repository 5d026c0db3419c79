// Where no step callback is seen, since the driver carries out ops lists (nouveau, xe) or its callbacks are not probed: what
// it locks is asked where it links and unlinks mappings, which is where drm_gpuvm.c wants the object's dma_resv.
import type { Ptr, U64 } from '../base/u64.ts';
import { type CoreStep, OP_MAP, OP_REMAP, OP_UNMAP } from '../events/vm_event.ts';
import type { Step } from '../gpuvm/sm_map.ts';
import type { Context } from './context.ts';
import type { Job, ListedStep, OpRun } from './job.ts';
import { checkMapped } from './map_checks.ts';
import { keepNeed } from './pass_record.ts';
import { lockEvidence, VM_UNKNOWN } from './step_locks.ts';
import { tell } from './tell.ts';

interface Linked {
  readonly va: Ptr;
  readonly obj: Ptr;
  readonly addr: U64;
}

/** No callback shows the steps of drm_gpuvm_sm_map() or drm_gpuvm_sm_unmap(): those that the VM gives stand for them. */
export function expectSteps(context: Context, job: Job, op: OpRun): void {
  const { seen } = context.world;
  if (seen.has('step') || op.request?.list !== false || op.expected === undefined) return;
  seen.add('listed step');
  for (const [index, step] of op.expected.steps.entries()) {
    const event = asEvent(step);
    const { va, keep, addr, range, obj, offset } = event;
    const view = { line: op.requestLine, index, type: step.kind, va, keep, addr, range, obj, offset };
    job.listed.push({ event, view, op, linked: new Set(), unlocked: false });
  }
}

/** The op is over and showed no callback: what it maps was not asked yet. */
export function checkExpectedMaps(context: Context, job: Job, op: OpRun): void {
  for (let i = job.listed.length - 1; i >= 0; i--) {
    const listed = job.listed[i];
    if (listed?.op !== op) break;
    checkMapped(context, job.vm, listed.event, listed.view, op);
  }
}

function asEvent(step: Step): CoreStep {
  const common = { kind: 'core_step', by: 'list', op: 0, priv: 0, gpuvm: 0, prev: undefined, next: undefined } as const;
  if (step.kind === 'map') {
    const { addr, range, obj, offset } = step;
    return { ...common, type: OP_MAP, va: 0, keep: false, addr, range, obj, offset };
  }
  const { id: va, addr, range, obj, offset } = step.va;
  if (step.kind === 'unmap') return { ...common, type: OP_UNMAP, va, keep: step.keep, addr, range, obj, offset };
  const { keep, prev, next } = step;
  return { ...common, type: OP_REMAP, va, keep, addr, range, obj, offset, prev, next };
}

/** drm_gpuva_link(), or drm_gpuva_unlink(). */
export function checkLinkLocked(context: Context, linked: Linked, how: 'link' | 'unlink'): void {
  const { task, world } = context;
  const { job } = task;
  // Where callbacks are seen they have been judged already.
  if (job === undefined || linked.obj === 0 || task.step !== undefined || world.seen.has('step')) return;
  const { vm } = job;
  if (vm === undefined || vm.ownListLock) return;
  const step = how === 'link' ? linkedStep(job, linked) : unlinkedStep(job, linked.va);
  if (step === undefined) return;
  if (how === 'link') step.linked.add(linked.va);
  keepNeed(context, job, linked.obj, step);
  const resv = world.resvOf(linked.obj);
  if (resv === 0) {
    job.unknown.add('the dma_resv of an object that it uses is not known');
    return;
  }
  // A driver that takes no locks through drm_exec takes them where no probe shows it.
  const locks = task.contexts.length > 0 || job.lockVersion >= 0;
  if (!locks || step.unlocked || task.holds(resv)) return;
  step.unlocked = true;
  if (!vm.initKnown) {
    job.unknown.add(VM_UNKNOWN);
    return;
  }
  job.counts.missing++;
  const { addr, range } = step.view;
  const evidence = [
    {
      line: step.view.line,
      text: `the step is asked for here; its mapping is ${how}ed at ${context.world.lines.name(context.where.line)}`,
    },
    ...lockEvidence(context, job, resv),
  ];
  tell(context, {
    kind: 'step_unlocked',
    insideExec: true,
    op: step.op,
    step: step.view,
    obj: linked.obj,
    resv,
    vm,
    span: addr === undefined || range === undefined ? undefined : { addr, range },
    evidence,
  });
}

/** The step that a new mapping is linked for: the MAP that begins there, or the REMAP whose old mapping held the place. */
function linkedStep({ listed }: Job, { addr }: Linked): ListedStep | undefined {
  const map = listed.findLast(({ event }) => event.type === OP_MAP && event.addr === addr);
  return map ?? listed.findLast(({ event }) => event.type === OP_REMAP && holds(event, addr));
}

function unlinkedStep({ listed }: Job, va: Ptr): ListedStep | undefined {
  const old = listed.findLast(({ event }) => event.type !== OP_MAP && event.va === va);
  return old ?? listed.findLast(({ linked }) => linked.has(va));
}

function holds({ addr, range }: ListedStep['event'], at: U64): boolean {
  if (addr === undefined || range === undefined || at < addr) return false;
  return BigInt(at) < BigInt(addr) + BigInt(range);
}
