// At the end of a job's table writes: do the tables say what the VA space says, and does the GPU see it?
import { add, hex, ptrHex } from '../../base/u64.ts';
import type { Gpuva } from '../../gpuvm/gpuva.ts';
import { type Fault, faultsIn, isFaultless, pagesOf, placedSpan } from '../../mmu/compare.ts';
import type { PageTable } from '../../mmu/pgtable.ts';
import { type Span, SpanSet } from '../../mmu/span_map.ts';
import type { Context } from '../context.ts';
import type { Evidence } from '../fact.ts';
import type { Job } from '../job.ts';
import { tell } from '../tell.ts';
import type { VmState } from '../vm_state.ts';
import { describeTarget, pagesText, spaceEvidence, walkEvidence } from './evidence.ts';
import { hideEntries, isElsewhere, isSound, knownParts } from './resync.ts';
import type { Changed, JobTables, VmTables } from './vm_tables.ts';

/** Faults reported of one job and kind; the rest is counted in the last. */
const MOST_TOLD = 16;

/** Of more spans sort() is faster. */
const MOST_BY_INSERTION = 64;

/** A job of a driver whose jobs run later; what it writes is over now. */
export interface RunFrame {
  readonly vm: VmState;
  readonly of: JobTables;
  readonly line: number;
  /** The job's fence, where the scheduler's events show the run and not the driver's function. */
  readonly fence?: string;
}

/** The job is closed. Its tables are judged here where they follow at once. */
export function judgeJob(context: Context, job: Job, vm: VmState): void {
  const { tables } = vm;
  const of = tables.jobs.get(job);
  if (of === undefined) return;
  const failed = job.ret !== undefined && job.ret !== 0;
  if (tables.clock === 'run') {
    if (context.task.run?.of === of || !failed) return;
    // It will never run: what it did to the tree stands.
    for (const changed of of.changed) tables.addLoose(changed);
    tables.jobs.delete(job);
  } else if (tables.clock === 'apply') {
    finishJob(context, vm, of);
  }
}

export function judgeRun(context: Context, { vm, of }: RunFrame): void {
  if (of.job !== undefined) context.world.sink.ran?.(of.job, context.where.line);
  finishJob(context, vm, of);
}

function finishJob(context: Context, vm: VmState, of: JobTables): void {
  const { tables } = vm;
  if (of.job !== undefined) tables.jobs.delete(of.job);
  const ranges: Changed[] = [...of.changed];
  hideUnsound(tables, of);
  if (tables.clock === 'apply') {
    // Jobs that were over before the first table call showed which clock it is.
    for (const [other, left] of tables.jobs) {
      if (context.world.openJobs.has(other)) continue;
      ranges.push(...left.changed);
      hideUnsound(tables, left);
      tables.jobs.delete(other);
    }
  }
  // Where not all entries are known, those that nobody's job wrote are not.
  if (tables.complete) ranges.push(...tables.loose);
  tables.loose.length = 0;
  // Of a run whose job is not known, nobody knows which changes came after it.
  const since = of.job === undefined ? 0 : (of.changed[0]?.line ?? 0);
  judge(context, vm, of.job, ranges, since);
  judgeTlb(context, vm, of);
}

/** Whether what a job wrote is what its driver made of the tree is not known. */
function hideUnsound(tables: VmTables, of: JobTables): void {
  if (!tables.complete && !isSound(of)) for (const changed of of.changed) hideEntries(tables, changed);
}

/** since: the line from which on other changes may have taken the place of the job's. */
function judge(context: Context, vm: VmState, job: Job | undefined, ranges: readonly Changed[], since: number): void {
  const { tables } = vm;
  const { table } = tables;
  // Derived tables follow the steps, so only single calls can be wrong.
  if (context.world.mmu === 'derive') return;
  if (table === undefined || ranges.length === 0) return;
  const isWhole = tables.complete && vm.known.unbroken;
  const due = merged(table, ranges);
  const late: Span[] = [];
  for (const pending of tables.jobs.values()) {
    const later = isWhole ? pending.changed.filter(({ line }) => line > since) : pending.changed;
    late.push(...(tables.clock === 'run' ? toWrite(table, later) : merged(table, later)));
  }
  const faults: Fault<Gpuva>[] = [];
  const left = late.length === 0 ? due : without(due, late);
  for (const span of isWhole ? left : knownParts(vm, left)) {
    for (const fault of faultsOf(context, vm, table, span, isWhole)) faults.push(fault);
  }
  tellFaults(context, vm, job, faults, ranges);
}

/** What a job will write when it runs: nothing where a mapping came back as it was. */
function toWrite(table: PageTable, changed: readonly Changed[]): Span[] {
  return changed
    .filter(({ isBack }) => !isBack)
    .flatMap((one) => [...without(merged(table, [one]), merged(table, one.back ?? []))]);
}

/** The ranges as the table keeps them, in order and without overlaps. */
function merged(table: PageTable, ranges: readonly Changed[]): Span[] {
  const spans: { addr: number; end: number }[] = [];
  let before: Span | undefined;
  let isSorted = true;
  for (const { addr, range } of ranges) {
    const span = placedSpan(table, addr, range);
    // A mapping that leaves the tree, its entries, and what takes their place are often the same range.
    if (span === undefined || (before !== undefined && before.addr <= span.addr && span.end <= before.end)) continue;
    if (before !== undefined && span.addr < before.addr) isSorted = false;
    spans.push(span);
    before = span;
  }
  if (!isSorted) sortByAddress(spans);
  let kept = 0;
  for (const span of spans) {
    const last = spans[kept - 1];
    if (last !== undefined && span.addr <= last.end) last.end = Math.max(last.end, span.end);
    else spans[kept++] = span;
  }
  spans.length = kept;
  return spans;
}

/** Those of a job are few, and in runs that ascend. */
function sortByAddress(spans: { addr: number; end: number }[]): void {
  if (spans.length > MOST_BY_INSERTION) {
    spans.sort((a, b) => a.addr - b.addr);
    return;
  }
  for (let i = 1; i < spans.length; i++) {
    const span = spans[i] as Span;
    let at = i - 1;
    for (; at >= 0 && (spans[at] as Span).addr > span.addr; at--) spans[at + 1] = spans[at] as Span;
    spans[at + 1] = span;
  }
}

function without(spans: readonly Span[], taken: readonly Span[]): Iterable<Span> {
  const left = new SpanSet();
  for (const { addr, end } of spans) left.add(addr, end);
  for (const { addr, end } of taken) left.remove(addr, end);
  return left;
}

/** What is wrong in the span and was not said before. */
function faultsOf(context: Context, vm: VmState, table: PageTable, span: Span, isWhole: boolean): Fault<Gpuva>[] {
  const { tables } = vm;
  const { placeOf } = context.world;
  const vas = vm.mappingsIn(span.addr, span.end - span.addr);
  const told = tables.told.clear(span.addr, span.end);
  if (tables.invalid.size === 0 && isFaultless(vas, table, span.addr, span.end, placeOf)) return [];
  const found: Fault<Gpuva>[] = [];
  const faults = faultsIn(vas, table, span.addr, span.end, placeOf);
  for (const fault of faults) {
    if (fault.kind === 'missing' && isEvicted(tables, fault)) continue;
    if (fault.kind === 'wrong' && !(isWhole ? tables.targetsShown : isElsewhere(fault, placeOf))) continue;
    const { kind, addr, end } = fault;
    tables.told.put({ kind, addr, end });
    const before = told.some((one) => one.kind === kind && one.addr <= addr && end <= one.end);
    if (!before) found.push(fault);
  }
  for (const { addr, end } of tables.invalid.overlaps(span.addr, span.end)) {
    const from = Math.max(addr, span.addr);
    const to = Math.min(end, span.end);
    if (vm.mappingsIn(from, to - from).length > 0) continue;
    if (told.some((one) => one.kind === 'missing' && one.addr <= from && to <= one.end)) continue;
    const line = table.clearedBy(from)?.line;
    found.push({ kind: 'missing', addr: from, end: to, va: undefined, found: undefined, line });
    tables.told.drop(from, to);
    tables.told.put({ kind: 'missing', addr: from, end: to });
  }
  return found;
}

function isEvicted(tables: VmTables, { addr, end }: Span): boolean {
  return tables.evicted.covered(addr, end) === end - addr;
}

const KINDS = ['stale', 'missing', 'wrong'] as const;
const TABLE_CALLS = ['mmu_map', 'mmu_unmap'] as const;
/** Where no step callback tells what becomes of the tree. */
const TABLE_AND_TREE_CALLS = [...TABLE_CALLS, 'va_insert', 'va_remove'] as const;

function tellFaults(
  context: Context,
  vm: VmState,
  job: Job | undefined,
  faults: readonly Fault<Gpuva>[],
  ranges: readonly Changed[],
): void {
  for (const kind of KINDS) {
    const all = faults.filter((fault) => fault.kind === kind);
    const shown = all.slice(0, MOST_TOLD);
    const rest = all.slice(MOST_TOLD);
    for (const [index, fault] of shown.entries()) {
      const more = index === shown.length - 1 ? rest : [];
      tellFault(context, vm, job, fault, more, madeBy(fault, ranges));
    }
  }
}

function tellFault(
  context: Context,
  vm: VmState,
  job: Job | undefined,
  fault: Fault<Gpuva>,
  more: readonly Fault<Gpuva>[],
  made: Changed | undefined,
): void {
  const { kind, addr, end, va } = fault;
  const pages = pagesOf([fault]);
  const others = more.length === 0 ? '' : `; and ${pagesText(pagesOf(more))} in ${more.length} more ranges`;
  const detail = `${hex(addr)}+${hex(end - addr)} (${pagesText(pages)}) ${whatIs(context, vm, fault)}${others}`;
  const evidence: Evidence[] = [...walkEvidence(context, vm, addr), ...spaceEvidence(context, vm, addr)];
  const said = {
    // A job that failed never runs: what it left behind is met by the next one that does.
    job: made?.job !== undefined && !job?.unknown.size ? made.job : job,
    vm,
    op: undefined,
    step: undefined,
    line: made?.line ?? fault.line ?? context.where.line,
    time: context.where.time(),
    detail,
    pages: pagesOf([fault, ...more]),
    obj: va?.obj ?? 0,
    span: { addr, range: end - addr },
    evidence,
    needs: context.world.seen.has('step') && vm.known.unbroken ? TABLE_CALLS : TABLE_AND_TREE_CALLS,
  };
  if (kind === 'wrong') tell(context, { kind: 'pte_wrong', ...said, absence: 'call' });
  else if (kind === 'stale') tell(context, { kind: 'pte_stale', ...said, absence: 'call' });
  else tell(context, { kind: 'pte_missing', ...said, absence: 'call' });
}

/** The last change that the fault can come from. */
function madeBy({ addr }: Span, ranges: readonly Changed[]): Changed | undefined {
  return ranges.findLast((one) => one.line > 0 && one.addr <= addr && addr < add(one.addr, one.range));
}

function whatIs({ world }: Context, vm: VmState, { kind, va, found }: Fault<Gpuva>): string {
  if (kind === 'stale') {
    const what = found === undefined ? '' : `: it still leads to ${describeTarget(world, vm, found)}`;
    return `is not mapped in the VA space but has live entries${what}`;
  }
  if (kind === 'missing') {
    if (va === undefined)
      return 'lies in a sparse region, but its entries are invalid: an access faults instead of reading zero';
    return `is mapped to ${va.obj === 0 ? 'NULL' : ptrHex(va.obj)} but has no entries`;
  }
  const what = found === undefined ? '' : describeTarget(world, vm, found);
  const wanted = va === undefined ? '' : va.obj === 0 ? 'NULL' : `${ptrHex(va.obj)}`;
  return `leads to ${what} instead of its mapping's ${wanted}`;
}

/** The job's writes are over and translations that it changed were not flushed. */
function judgeTlb(context: Context, vm: VmState, of: JobTables): void {
  const { tables } = vm;
  const { table } = tables;
  if (!tables.flushes || tables.tlb === undefined || table === undefined || !tables.complete) return;
  // Without the driver's frame the job seems to end before its flush.
  if (of.job?.implicit) return;
  // What other jobs are still changing they have yet to flush.
  const theirs = [...tables.jobs.values()].flatMap(({ changed }) => merged(table, changed));
  const isTheirs = ({ addr, end }: Span) => theirs.some((span) => span.addr < end && addr < span.end);
  const held = [...tables.tlb.staleRanges()].filter((span) => !isTheirs(span));
  if (held.length === 0) return;
  // Once said, it is not said again.
  for (const { addr, end } of held) tables.tlb.flushRange(addr, end - addr);
  const [first] = held;
  const was = first?.held.at(-1);
  if (first === undefined || was === undefined) return;
  const pages = pagesOf(held);
  const detail = `${pagesText(pages)} from ${hex(first.addr)} on were changed without a TLB flush: the GPU may still use ${describeTarget(context.world, vm, was.was)}`;
  tell(context, {
    kind: 'tlb_stale',
    job: of.job,
    vm,
    op: undefined,
    step: undefined,
    line: was.line,
    detail,
    span: { addr: first.addr, range: first.end - first.addr },
    evidence: [
      { line: was.line, text: 'the entries are changed here' },
      ...walkEvidence(context, vm, first.addr),
      { line: context.where.line, text: 'the job is over here, without a flush of that range' },
    ],
    absence: 'call',
  });
}
