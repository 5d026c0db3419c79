// A VM's life: it is made in an ioctl, closed with the file that it belongs to, and freed with its last reference. Before
// the ioctl returns no other task may know of it, after the last reference nobody may.
import { type Ptr, ptrHex } from '../base/u64.ts';
import { driverOf } from '../drivers/index.ts';
import type { VmEvent, VmEventKind } from '../events/vm_event.ts';
import type { Context, Handlers } from './context.ts';
import type { Evidence } from './fact.ts';
import type { Job } from './job.ts';
import { tell } from './tell.ts';
import type { VmState } from './vm_state.ts';

/** Freed VMs remembered; the oldest are forgotten. */
const MAX_MORTAL = 4096;

/** A VM that is not to be used: by others than its maker, or by anybody. */
export interface Mortal {
  /**
   * made: its ioctl is not over. put: drm_gpuvm_free() was called, the driver's own struct may be there yet. freed: that
   * is gone too.
   */
  readonly state: 'made' | 'put' | 'freed';
  readonly pid: number;
  readonly line: number;
}

/** What needs a live drm_gpuvm, or runs what needs one. Page tables are torn down while it is freed. */
const USES: ReadonlySet<VmEventKind> = new Set<VmEventKind>([
  'sm_request',
  'exec_lock',
  'va_insert',
  'va_remove',
  'va_find',
  'bo_create',
  'bo_obtain',
  'prepare_vm',
  'prepare_objects',
  'gpuvm_exec_lock',
  'lock_pass',
  'job_new',
  'job_submit',
  'apply',
  'run',
  'sched_run',
]);

/** Is there something to ask of such an event? */
export function needsLife(kind: VmEventKind): boolean {
  return USES.has(kind);
}

/** Does the event use a VM that is not there yet, or not any more? */
export function checkAlive(context: Context, event: VmEvent): void {
  if (event.kind === 'run') checkTorn(context, context.world.toRun.get(event.job), event.id);
  else if (event.kind === 'sched_run') checkTorn(context, context.world.scheduled.get(event.fence)?.job, undefined);
  if (!('gpuvm' in event) || event.gpuvm === 0) return;
  const mortal = context.world.mortal.get(event.gpuvm);
  if (mortal === undefined || (mortal.state === 'made' && mortal.pid === context.task.pid)) return;
  tellGone(context, event.gpuvm, mortal);
}

function tellGone(context: Context, gpuvm: Ptr, mortal: Mortal): void {
  const { world, task } = context;
  world.mortal.delete(gpuvm);
  const name = ptrHex(gpuvm);
  const made = mortal.state === 'made';
  const detail = made
    ? `task ${task.pid} uses VM ${name} before the ioctl of task ${mortal.pid} that makes it is over`
    : `VM ${name} is used after it was freed`;
  tell(context, {
    kind: 'vm_gone',
    detail,
    job: undefined,
    vm: world.vms.get(gpuvm),
    evidence: [{ line: mortal.line, text: made ? 'the VM is made here' : 'the VM is freed here' }],
    absence: 'call',
    needs: made ? ['vm_create_ret'] : ['vm_init'],
  });
}

function bury({ world, task, where }: Context, vm: Ptr, state: Mortal['state']): void {
  world.mortal.set(vm, { state, pid: task.pid, line: where.line });
  const [oldest] = world.mortal.keys();
  if (world.mortal.size > MAX_MORTAL && oldest !== undefined) world.mortal.delete(oldest);
}

/** The ioctl in which the task made a VM is over, seen or not. */
export function endMaking({ world, task }: Context): void {
  for (const id of task.making ?? []) {
    const mortal = world.mortal.get(id);
    if (mortal?.state === 'made' && mortal.pid === task.pid) world.mortal.delete(id);
  }
  task.making = undefined;
}

export const lifeHandlers: Handlers = {
  vm_create(_event, context) {
    endMaking(context);
    context.task.making = [];
  },

  vm_create_ret(_event, context) {
    endMaking(context);
  },

  vm_init(event, context) {
    const { gpuvm: id, ...init } = event;
    const { world, task, where } = context;
    const hasImmediateMode = world.kernel.rely('immediateMode') !== false;
    world.addVm({ id, ...init, hasImmediateMode }, where.line);
    if (task.making === undefined) {
      world.mortal.delete(id);
    } else {
      bury(context, id, 'made');
      if (task.making.length < MAX_MORTAL) task.making.push(id);
    }
  },

  vm_free(event, context) {
    const { world } = context;
    world.watch?.freed(context, world.vms.get(event.gpuvm));
    world.history?.freed(context, world.vms.get(event.gpuvm));
    world.removeVm(event.gpuvm);
    bury(context, event.gpuvm, 'put');
  },

  vm_life(event, context) {
    if (event.at === 'free' && event.gpuvm !== 0) bury(context, event.gpuvm, 'freed');
  },

  vm_worker(event, context) {
    const mortal = context.world.mortal.get(event.gpuvm);
    // What a worker uses is the driver's own struct.
    if (mortal?.state === 'freed') tellGone(context, event.gpuvm, mortal);
  },

  vm_close(event, context) {
    context.task.closing = event.gpuvm;
  },

  vm_close_ret(_event, context) {
    context.task.closing = 0;
  },

  file_close(event, context) {
    for (const vm of context.world.vms.values()) {
      if (event.file !== 0 && vm.file === event.file) checkEmpty(context, vm);
    }
  },
};

/** The file that the VM belongs to is closed. */
function checkEmpty(context: Context, vm: VmState): void {
  // A driver that unlinks mappings when their fences have signalled is not done yet.
  if (driverOf(vm)?.close.is !== 'at once' || !vm.predictable) return;
  const zombies = [...context.world.vmBos.of(vm)].filter((bo) => bo.zombieLine > 0);
  const mapped = [...vm.tree].filter((va) => va !== vm.tree.kernelNode);
  if (zombies.length + mapped.length === 0) return;
  const evidence: Evidence[] = [
    ...zombies.map(({ zombieLine, obj }) => ({
      line: zombieLine,
      text: `the last reference of the vm_bo of ${ptrHex(obj)} goes, to be cleaned up later`,
    })),
    ...mapped.map(({ line, addr }) => ({ line, text: `the mapping at ${ptrHex(addr)} is inserted` })),
  ].slice(0, 8);
  const left = [
    ...(zombies.length === 0 ? [] : [`${plural(zombies.length, 'vm_bo')} to be cleaned up later`]),
    ...(mapped.length === 0 ? [] : [plural(mapped.length, 'mapping')]),
  ];
  tell(context, {
    kind: 'vm_bo_leaked',
    detail: `the file is closed and VM ${ptrHex(vm.id)} is not freed, for it is kept by ${left.join(' and ')}`,
    job: undefined,
    vm,
    obj: zombies[0]?.obj ?? mapped[0]?.obj ?? 0,
    evidence,
    absence: 'call',
    needs: zombies.length === 0 ? ['va_remove'] : ['bo_deferred_cleanup'],
  });
}

function plural(count: number, what: string): string {
  return count === 1 ? `1 ${what}` : `${count} ${what}s`;
}

/** A mapping leaves a VM that is being closed: whatever job was to use it must be over, or must never run. */
export function checkClosing({ task, world, where }: Context, vm: VmState): void {
  if (task.closing !== vm.id || vm.id === 0) return;
  task.closing = 0;
  for (const job of world.toRun.values()) if (job.vm === vm) world.torn.set(job, where.line);
}

/**
 * A job runs after its VM was torn down. That it had not run by then says nothing alone: drm_sched_entity_kill() drops the
 * jobs of a task that is killed.
 */
function checkTorn(context: Context, job: Job | undefined, id: number | undefined): void {
  const line = job && context.world.torn.get(job);
  if (job === undefined || line === undefined) return;
  context.world.torn.delete(job);
  if (job.unknown.size > 0 || (id !== undefined && job.idKnown && id !== job.id)) return;
  tell(context, {
    kind: 'vm_gone',
    detail: `bind job ${job.id} runs after VM ${ptrHex(job.vm?.id ?? 0)} was torn down`,
    job: undefined,
    vm: job.vm,
    evidence: [
      { line: job.line, text: `job ${job.id} is submitted` },
      { line, text: 'the VM is torn down' },
    ],
    absence: 'call',
  });
}
