// A scenario for people: what to do, in which order, and how the driver locks meanwhile.
import { hex } from '../base/u64.ts';
import type { OpLocking, Request, Scenario, ScenarioJob, ScenarioOp } from '../reduce/scenario.ts';
import { counted } from './style.ts';

const KIND_WIDTH = 'MAP_NULL'.length;

/** One line a job, op and object. */
export function scenarioText({ driver, vm, objects, jobs, target }: Scenario): string {
  const ops = jobs.reduce((sum, job) => sum + job.ops.length, 0);
  const seen = target.step === undefined ? '' : ` at its ${target.step.toUpperCase()} step`;
  const lines = [
    `${target.rule}: ${counted(ops, 'op')} in ${counted(jobs.length, 'job')}, 1 VM, ${counted(objects.length, 'object')}${driver === undefined ? '' : `, as ${driver} does it`}`,
    '',
    `VM       ${hex(vm.start)}+${hex(vm.range)}${vm.kernelRange === 0 ? '' : `, reserved ${hex(vm.kernelStart)}+${hex(vm.kernelRange)}`}`,
    ...objects.map(({ number, isPrivate }) => `object ${number} ${isPrivate ? 'private to the VM' : 'shared'}`),
  ];
  for (const [index, job] of jobs.entries()) {
    lines.push('', `job ${index + 1}    ${lockText(job)}`);
    for (const op of job.ops)
      lines.push(`  ${opText(op, KIND_WIDTH)}${locksText(op)}${op.isTarget ? `  <- ${target.rule}${seen}` : ''}`);
    if (job.isTarget && !job.ops.some((op) => op.isTarget)) lines.push(`  <- ${target.rule}`);
  }
  return `${lines.join('\n')}\n`;
}

function lockText({ id, locksVm, also, dropsLocks, isTarget }: ScenarioJob): string {
  const parts = [`(job ${id} of the trace)`];
  if (!isTarget) return parts.join('');
  if (!locksVm) parts.push('the VM’s own dma_resv is not locked');
  if (also.length > 0) parts.push(`locks also ${also.map((number) => `object ${number}`).join(', ')}`);
  if (dropsLocks) parts.push('drops all locks before the apply');
  return parts.join('  ');
}

function opText({ kind, addr, range, obj, offset }: Request & Pick<ScenarioOp, 'kind'>, width = 0): string {
  const of = kind === 'map' ? ` of object ${obj} at offset ${hex(offset)}` : '';
  return `${kind.toUpperCase().padEnd(width)} ${hex(addr)}+${hex(range)}${of}`;
}

/** Where the driver does not lock as the kernel's helpers would for this very op. */
function locksText(op: ScenarioOp): string {
  const parts: string[] = [];
  const { locking, mistakes } = op;
  if (locking.how === 'ask' && !isOwn(locking, op))
    parts.push(`lock pass asks for ${opText({ ...locking.request, kind: op.kind })}`);
  if (locking.how === 'listed') parts.push(op.obj === 0 ? 'nothing locked for it' : 'locks its own object only');
  if (locking.how === 'nothing') parts.push('nothing locked for it');
  return [...parts, ...mistakes].map((part) => `, ${part}`).join('');
}

/** Does the lock pass ask for the op that is then applied? */
export function isOwn(locking: OpLocking, { addr, range, obj, offset }: Request): boolean {
  if (locking.how !== 'ask') return false;
  const { request } = locking;
  return request.addr === addr && request.range === range && request.obj === obj && request.offset === offset;
}
