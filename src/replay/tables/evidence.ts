// What stands at an address, in a reader's words: the walk level by level, who wrote the entry last, what the VA space says.
import { hex, ptrHex } from '../../base/u64.ts';
import { sizeName } from '../../mmu/format.ts';
import type { Run } from '../../mmu/run.ts';
import { sliceRun } from '../../mmu/run.ts';
import type { WalkStep } from '../../mmu/walk.ts';
import type { Context } from '../context.ts';
import type { Evidence } from '../fact.ts';
import type { VmState } from '../vm_state.ts';
import type { World } from '../world.ts';

export function pagesText(pages: number): string {
  return pages === 1 ? '1 page' : `${pages} pages`;
}

/** `0x... at offset 0x...`, or what else the entry holds. */
export function describeTarget(world: World, { tables }: VmState, { target }: Run): string {
  if (!tables.targetsShown) return 'memory that is not shown';
  if (target.kind === 'null') return 'NULL';
  const place = world.memory.placeOf(target);
  const phys = target.kind === 'phys' ? `physical ${hex(target.addr)}` : '';
  if (place === undefined) {
    return phys !== ''
      ? phys
      : `${target.kind === 'obj' ? ptrHex(target.obj) : ''} at offset ${hex(target.kind === 'obj' ? target.offset : 0)}`;
  }
  const known = `${ptrHex(place.obj)} at offset ${hex(place.offset)}`;
  return phys === '' ? known : `${phys} (${known})`;
}

export function describeRun(context: Context, vm: VmState, run: Run): string {
  return `${hex(run.addr)}+${hex(run.end - run.addr)} -> ${describeTarget(context.world, vm, run)}`;
}

/** One entry of a walk: `level 3 [276] 4K page -> 0x... at offset 0x...`. */
export function describeWalkStep(world: World, vm: VmState, step: WalkStep, at: number): string {
  const place = `level ${step.level} [${step.index}]`;
  if (step.kind === 'table' || step.leaf === undefined) return `${place} ${step.kind}`;
  const run = sliceRun(step.leaf, at, Math.min(at + 4096, step.leaf.end));
  return `${place} ${sizeName(step.end - step.addr)} ${step.kind} -> ${describeTarget(world, vm, run)}`;
}

/** The walk to an address of the table, with the line that wrote or cleared what it ends at. */
export function walkEvidence(context: Context, vm: VmState, at: number): Evidence[] {
  const steps = vm.tables.table?.walk(at) ?? [];
  const last = steps.at(-1);
  if (last === undefined) return [];
  const text = steps.map((step) => describeWalkStep(context.world, vm, step, at)).join(', ');
  const line = last.leaf?.line ?? last.clearedBy ?? 0;
  const by = last.leaf !== undefined ? 'written here' : last.clearedBy === undefined ? 'never written' : 'cleared here';
  return [{ line: line === 0 ? context.where.line : line, text: `walk of ${hex(at)}: ${text}, ${by}` }];
}

/** What the VA space says about an address. */
export function spaceEvidence(context: Context, vm: VmState, at: number): Evidence[] {
  const va = vm.mappingAt(at);
  if (va === undefined) return [{ line: context.where.line, text: `the VA space maps nothing at ${hex(at)}` }];
  const what = va.obj === 0 ? 'NULL' : `${ptrHex(va.obj)} at offset ${hex(va.offset)}`;
  const text = `the VA space maps ${hex(va.addr)}+${hex(va.range)} to ${what}`;
  return [{ line: va.line === 0 ? context.where.line : va.line, text }];
}
