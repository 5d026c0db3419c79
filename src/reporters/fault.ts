// A GPU fault at an address and a time: what the VA space, the page table and the TLB said then, and how it came to that.
import { hex, ptrHex, type U64 } from '../base/u64.ts';
import type { LineNames } from '../events/lines.ts';
import type { Look } from '../replay/look.ts';
import type { VmState } from '../replay/vm_state.ts';
import type { WatchEntry } from '../replay/watch.ts';
import { placeText } from './walk.ts';

/**
 * mapped: page table and VA space agree, so that the fault has another reason. late: a job had bound it, and its table
 * writes were to come; missing: nobody's were. evicted: its entry was cleared outside of any job. unmapped: it was mapped
 * before. never mapped: it was not. stale: only the page table still translated it. wrong: it led elsewhere. sparse: read
 * as zero. space only: mapped as far as the VA space goes, no table call is shown.
 */
export type FaultWord =
  | 'mapped'
  | 'late'
  | 'missing'
  | 'evicted'
  | 'unmapped'
  | 'never mapped'
  | 'stale'
  | 'wrong'
  | 'sparse'
  | 'space only'
  | 'not known'
  | 'no VM';

export interface Fault {
  readonly addr: U64;
  /** As the user gave it, in the unit of the trace's time stamps. */
  readonly time: string;
}

export interface FaultVerdict extends Fault {
  readonly vm: VmState | undefined;
  readonly word: FaultWord;
  /** One sentence. */
  readonly head: string;
  /** What it rests on and what came before and after. */
  readonly lines: readonly string[];
}

/** The events of one VM at the address, and whether older ones were given up. */
export interface History {
  readonly entries: readonly WatchEntry[];
  readonly dropped: number;
  readonly lines: LineNames;
}

/** Times count as the trace prints them; what happens at the fault's very time is before it. */
export function isBefore(entry: WatchEntry, { time }: Fault): boolean {
  return Number(entry.time) <= Number(time);
}

/** Nobody's VM covered the address then. `why`: what the trace shows of those that cover it at another time. */
export function verdictWithoutVm(fault: Fault, why: string): FaultVerdict {
  return { ...fault, vm: undefined, word: 'no VM', head: `no VM covered the address then: ${why}`, lines: [] };
}

/** look: how the address stood at the time of the fault. */
export function verdictOf(fault: Fault, look: Look, history: History): FaultVerdict {
  const before = history.entries.filter((entry) => isBefore(entry, fault));
  const after = history.entries.filter((entry) => !isBefore(entry, fault));
  const gone = look.va === undefined ? before.findLast(unmaps) : undefined;
  const names = history.lines;
  const word = wordOf(look, gone, before, history.dropped);
  const lines = [
    ...laterOf(fault, look, after, names),
    `VA space: ${spaceText(look, before, names)}`,
    `page table: ${tableText(fault, look, before, names)}`,
    ...look.held.map(
      ({ held, place }) =>
        `TLB: may still lead to ${placeText(place)}; changed at ${lineText(fault, held.line, before, names)}`,
    ),
    ...(gone === undefined ? [] : goneLines(fault, gone, before, names)),
  ];
  if (look.locked) lines.push('the GPU was locked out of the address then: its accesses wait');
  if (look.invalid) lines.push('it lies in a sparse region, but its entry was made invalid: an access faults');
  if (look.reserved) lines.push('it lies in the range that the kernel keeps for itself');
  if (!look.spaceKnown) lines.push('not all of the VM’s history is in the trace: mappings may be missing here');
  else if (!look.tableKnown && look.agreement !== 'unknown')
    lines.push('not all of its page table’s history is in the trace');
  const head = headOf(word, fault, look, gone);
  return { ...fault, vm: look.vm, word, head, lines };
}

/** Events after which the VA space does not map the address. */
function unmaps({ kind, vm, fate }: WatchEntry): boolean {
  return kind === 'remove' || (!vm.treeShown && kind === 'step' && fate === 'unmapped');
}

/** Events after which it does. */
function maps({ kind, vm, fate, ret }: WatchEntry): boolean {
  return (kind === 'insert' && (ret ?? 0) === 0) || (!vm.treeShown && kind === 'step' && fate === 'mapped');
}

function writes({ kind, result }: WatchEntry): boolean {
  return kind === 'table map' && result?.reached === true;
}

function wordOf(look: Look, gone: WatchEntry | undefined, before: readonly WatchEntry[], dropped: number): FaultWord {
  const { agreement, va, late, evicted, sparse, invalid } = look;
  if (agreement === 'stale' || agreement === 'wrong') return late.length > 0 ? 'late' : agreement;
  if (va === undefined) {
    if (sparse && !invalid) return 'sparse';
    if (gone !== undefined) return 'unmapped';
    return look.spaceKnown && dropped === 0 && !before.some(maps) ? 'never mapped' : 'not known';
  }
  if (agreement === 'unknown') return 'space only';
  if (agreement === 'both') return 'mapped';
  if (late.length > 0) return 'late';
  return evicted ? 'evicted' : 'missing';
}

function headOf(word: FaultWord, fault: Fault, look: Look, gone: WatchEntry | undefined): string {
  const [job] = look.late;
  const pending = `the table writes of ${job === undefined ? 'its job' : `job ${job.id}`} were not over`;
  switch (word) {
    case 'mapped':
      return 'mapped, in the VA space and in the page table: the fault has another reason';
    case 'late':
      return look.va === undefined
        ? `unbound, but still in the page table: ${pending}`
        : look.agreement === 'wrong'
          ? `bound, but the page table still leads elsewhere: ${pending}`
          : `bound, but not in the page table yet: ${pending}`;
    case 'missing':
      return 'bound, but without an entry in the page table, and no job was about to write it';
    case 'evicted':
      return 'bound, but its entry was cleared outside of any job (eviction or teardown)';
    case 'unmapped':
      return `not mapped: unmapped ${gone === undefined ? 'before' : distance(fault, gone)} by ${doer(gone)}`;
    case 'never mapped':
      return 'not mapped, and never was before';
    case 'stale':
      return 'not mapped in the VA space, but still in the page table';
    case 'wrong':
      return 'mapped, but the page table leads to another place than the VA space';
    case 'sparse':
      return 'not mapped, in a sparse region that reads zero';
    case 'space only':
      return 'mapped in the VA space; the trace shows no page table call';
    case 'not known':
      return 'not mapped as far as the trace shows, which is not all of the VM’s history';
    case 'no VM':
      return 'no VM covered the address then';
  }
}

function spaceText({ va, place }: Look, before: readonly WatchEntry[], names: LineNames): string {
  if (va === undefined) return 'maps nothing';
  const last = before.findLast(maps);
  const by = last?.line === va.line || last?.endLine === va.line ? last : undefined;
  const made =
    va.line === 0 ? '' : `, inserted by ${by === undefined ? 'whoever was' : doer(by)} at ${names.name(va.line)}`;
  return `maps ${hex(va.addr)}+${hex(va.range)} to ${placeText(place)}${made}`;
}

function tableText(fault: Fault, look: Look, before: readonly WatchEntry[], names: LineNames): string {
  const last = look.steps.at(-1);
  if (last === undefined) return look.agreement === 'unknown' ? 'no call in the trace' : 'nothing was ever written';
  const { step, place } = last;
  const where = `${step.kind} at level ${step.level}`;
  if (step.leaf !== undefined)
    return `${where}, leads to ${placeText(place)}; ${lineText(fault, step.leaf.line, before, names)}`;
  return `${where}, ${step.clearedBy === undefined ? 'never written' : `cleared; ${lineText(fault, step.clearedBy, before, names)}`}`;
}

function lineText(fault: Fault, line: number, before: readonly WatchEntry[], names: LineNames): string {
  const by = before.findLast((entry) => entry.line === line);
  return by === undefined ? names.name(line) : `${names.name(line)}, ${distance(fault, by)}, by ${doer(by)}`;
}

/** The job and the task, or that there was no job. */
export function doer(entry: WatchEntry | undefined): string {
  if (entry === undefined) return 'an unknown task';
  const task = taskText(entry);
  return entry.job === undefined ? `${task}, outside of any job` : `job ${entry.job.id} (${task})`;
}

export function taskText({ comm, pid }: Pick<WatchEntry, 'comm' | 'pid'>): string {
  return pid < 0 ? comm : `${comm}-${pid}`;
}

/** When, by which op and step, under which locks. */
function goneLines(fault: Fault, gone: WatchEntry, before: readonly WatchEntry[], names: LineNames): string[] {
  const { op, step, place } = gone;
  const asked = op?.addr === undefined || op.range === undefined ? '' : ` ${hex(op.addr)}+${hex(op.range)}`;
  const by = [doer(gone)];
  if (op !== undefined) by.push(`op ${op.index} (${op.kind}${asked})`);
  if (step !== undefined) by.push(`step ${step.index} (${step.type})`);
  const lines = [
    `last unmapped at ${gone.time}, ${distance(fault, gone)}, ${names.name(gone.line)}: by ${by.join(', ')}; it led to ${placeText(place)}`,
    `locks then: ${lockSentence(gone)}`,
  ];
  const kept = before.findLast(
    (one) =>
      (one.kind === 'step' || one.kind === 'listed') &&
      one.job === gone.job &&
      one.op === gone.op &&
      one.step?.index === step?.index,
  );
  if (kept?.fate === 'kept in prev' || kept?.fate === 'kept in next') {
    const piece = kept.fate === 'kept in prev' ? kept.prev : kept.next;
    const span = piece === undefined ? '' : ` ${hex(piece.addr)}+${hex(piece.range)}`;
    lines.push(
      `that step (${names.name(kept.line)}) was to leave it in ${kept.fate.slice(8)}${span}, and no insert brought it back`,
    );
  }
  return lines;
}

function lockSentence({ locks }: WatchEntry): string {
  if (locks?.own === 'list lock') return 'none needed, for the object’s list has a lock of its own';
  const held = (locks?.held ?? []).map(({ obj }) => ptrHex(obj));
  if (locks !== undefined && locks.more > 0) held.push(`${locks.more} more`);
  const all = held.length === 0 ? 'no drm_exec lock' : `held ${held.join(', ')}`;
  if (locks?.own === undefined) return all;
  return `${all}; the dma_resv of its object was ${locks.own ? 'held' : 'NOT held'}`;
}

/** What came after the fault. */
function laterOf(fault: Fault, look: Look, after: readonly WatchEntry[], names: LineNames): string[] {
  const write = after.find(writes);
  if (look.va !== undefined) {
    if (look.agreement !== 'missing' && look.agreement !== 'wrong') return [];
    if (write === undefined) return ['no later table write of the address is in the trace'];
    return [`written to the page table ${distance(fault, write)} by ${doer(write)}, ${names.name(write.line)}`];
  }
  const again = after.find(maps);
  if (again === undefined) return look.agreement === 'stale' ? [] : ['not mapped later either'];
  const lines = [
    `mapped ${distance(fault, again)} by ${doer(again)}, ${names.name(again.line)}, to ${placeText(again.place)}`,
  ];
  if (write !== undefined) lines.push(`in the page table ${distance(fault, write)}, ${names.name(write.line)}`);
  return lines;
}

/** `0.000123 s before`, in the unit of the trace's clock. */
function distance({ time }: Fault, entry: WatchEntry): string {
  const digits = (entry.time.split('.')[1] ?? '').length;
  const apart = Number(entry.time) - Number(time);
  return `${Math.abs(apart).toFixed(digits)}${digits > 0 ? ' s' : ''} ${apart <= 0 ? 'before' : 'after'}`;
}
