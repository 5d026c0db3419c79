// Drivers that carry out ops lists (nouveau, xe) show no step callbacks: what they lock is asked where they link and unlink
// the mappings of a list, which is where drm_gpuvm.c wants the object's dma_resv.
import type { Ptr, U64 } from '../base/u64.ts';
import { OP_MAP, OP_REMAP } from '../events/vm_event.ts';
import type { Context } from './context.ts';
import type { Job, ListedStep } from './job.ts';
import { keepNeed } from './pass_record.ts';
import { lockEvidence } from './step_locks.ts';
import { tell } from './tell.ts';

interface Linked {
  readonly va: Ptr;
  readonly obj: Ptr;
  readonly addr: U64;
}

/** drm_gpuva_link(), or drm_gpuva_unlink(). */
export function checkLinkLocked(context: Context, linked: Linked, how: 'link' | 'unlink'): void {
  const { task, world } = context;
  const { job } = task;
  // Where callbacks are seen they have been judged already.
  if (job === undefined || linked.obj === 0 || task.step !== undefined || world.seen.has('step')) return;
  const { vm } = job;
  if (vm === undefined || !vm.initKnown || vm.tree.isImmediate) return;
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
  job.counts.missing++;
  const { addr, range } = step.view;
  const evidence = [
    {
      line: step.view.line,
      text: `the step is put on its list here; its mapping is ${how}ed at line ${context.where.line}`,
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
