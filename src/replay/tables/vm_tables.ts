// The page tables of one VM as the trace shows them written, and what is still to be judged about them.
import { add, type Ptr, type U64 } from '../../base/u64.ts';
import type { DriverTables } from '../../drivers/driver.ts';
import { TABLE_CODES } from '../../drivers/index.ts';
import type { TableCode, TableUnmap } from '../../events/vm_event.ts';
import type { GpuvmInit } from '../../gpuvm/gpuvm.ts';
import type { KernelKnowledge } from '../../kernels/index.ts';
import type { Place } from '../../mmu/compare.ts';
import { PageTable } from '../../mmu/pgtable.ts';
import type { Run } from '../../mmu/run.ts';
import { type Span, SpanMap, SpanSet } from '../../mmu/span_map.ts';
import { Tlb } from '../../mmu/tlb.ts';
import type { OpView, StepView } from '../fact.ts';
import type { Job } from '../job.ts';
import { KnownEntries } from './known_entries.ts';

/*
 * DOC: two clocks
 *
 * A driver changes the VA space and the page tables at two times, and which they are is the driver's choice:
 *
 *              ioctl of job 1      ioctl of job 2        job 1 runs            job 2 runs
 *   tree       1                   1+2                   1+2                   1+2
 *   tables     -                   -                     1                     1+2          <- msm, nouveau: clock 'run'
 *   tables     1                   1+2                                                      <- xe, pvr, panthor: 'apply'
 *
 * An entry is late, not wrong, as long as a job that changed the tree there has not written its tables. So what a job
 * changed is judged when its writes are over, less what later jobs have changed since and not written yet. They write
 * nothing where a REMAP left a mapping as it was: its prev and next are another's to be judged by. Which clock a driver has
 * shows in where its table calls are made; until one was seen, nothing is judged.
 */

/** A step of a job, as far as it says what may be written to the tables. */
export interface TableStep {
  readonly view: StepView;
  readonly op: OpView | undefined;
  /** Its map call was seen. */
  mapped: boolean;
}

/** A leaf that a job tore down. */
export interface Gone extends Span {
  readonly run: Run;
  /** The unmap call, and the step callback that it was made in, where it was made in one. */
  readonly call: TableUnmap;
  readonly step: TableStep | undefined;
  readonly line: number;
  /** Accesses of the GPU were locked out. */
  readonly locked: boolean;
}

/** A range that something was done to. */
export interface Changed {
  readonly addr: U64;
  readonly range: U64;
  readonly line: number;
  /** Undefined: by none, or by one that is not known. */
  readonly job: Job | undefined;
  /** Where a mapping led that left the VA space, and the parts of it that came back as they were. */
  readonly was: Place | undefined;
  readonly back: Changed[] | undefined;
  /** It is such a part. */
  readonly isBack: boolean;
}

/** Of which no mapping is known that left it or came back. */
export function rangeChanged(addr: U64, range: U64, line: number, job: Job | undefined): Changed {
  return { addr, range, line, job, was: undefined, back: undefined, isBack: false };
}

/** What one job has to do with its VM's tables, until it is judged. */
export class JobTables {
  /** Undefined where the trace does not show which. */
  readonly job: Job | undefined;
  /** Ranges of its tree changes and table writes. */
  readonly changed: Changed[] = [];
  readonly steps: TableStep[] = [];
  /** One of them says keep. */
  keeps = false;
  #gone: SpanMap<Gone> | undefined;
  /** A map call was refused: what its driver then takes back is its own. */
  refused = false;
  /** Pages set aside for tables, where shown, and those that its maps took. */
  prealloc: number | undefined;
  allocated = 0;
  shortTold = false;
  /** A transient teardown was reported. */
  readonly torn = new Set<TableStep | undefined>();

  constructor(job: Job | undefined) {
    this.job = job;
  }

  /** The leaves that it tore down and that nothing was mapped in the place of yet. */
  get gone(): SpanMap<Gone> {
    this.#gone ??= new SpanMap<Gone>(
      ({ run, call, step, line, locked }, addr, end) => ({ addr, end, run, call, step, line, locked }),
      () => false,
    );
    return this.#gone;
  }

  /** Is the job to write there when it runs? */
  writesAt(addr: U64): boolean {
    const covers = (one: Changed) => one.addr <= addr && addr < add(one.addr, one.range);
    return this.changed.some((one) => !one.isBack && covers(one) && one.back?.some(covers) !== true);
  }

  get hasGone(): boolean {
    return this.#gone !== undefined && this.#gone.size > 0;
  }
}

/** A range about which something was reported: not to be said again by each job that comes by. */
export interface Told extends Span {
  readonly kind: 'missing' | 'wrong' | 'stale';
}

/** Jobs whose writes are awaited; beyond it the oldest are given up, for their run may not be probed. */
const MAX_PENDING = 1024;
/** The same before any table call was seen: there may be none in the trace. */
const MAX_UNSEEN = 64;
/** Changes outside of any job that wait to be judged with the next one. */
const MAX_LOOSE = 4096;

export class VmTables {
  /** Undefined until a table call was seen. */
  table: PageTable | undefined;
  code: TableCode | undefined;
  /** What stands for it in the driver, a pointer for each layer of calls. */
  readonly pointers: Ptr[] = [];
  /** When the driver writes its tables; undefined until a table call was seen in a job. */
  clock: 'run' | 'apply' | undefined;
  readonly known: KnownEntries;
  /** False: the map calls do not show what they point to. */
  targetsShown = true;
  /** The map calls show which accesses they allow. */
  rightsShown = false;
  /** In the order of their tree changes. */
  readonly jobs = new Map<Job, JobTables>();
  /** Changed by nobody whose writes could be awaited. */
  readonly loose: Changed[] = [];
  readonly told = new SpanMap<Told>(
    (told, addr, end) => ({ ...told, addr, end }),
    (a, b) => a.kind === b.kind,
  );
  /** Torn down outside of any job: eviction, or a VM that is closed. */
  readonly evicted = new SpanSet();
  /** Regions that read as zero where nothing is mapped, and the parts of them that were made to fault. */
  readonly sparse = new SpanSet();
  readonly invalid = new SpanSet();
  /** The range that the GPU is locked out of; undefined: none now. */
  region: Span | undefined;
  /** The driver does lock the GPU out. */
  locksRegions = false;
  tlb: Tlb | undefined;
  /** The call that its flush belongs to was seen at least once: its absence says something. */
  flushes = false;

  /** known: all of it is, from the beginning on. */
  constructor(known: boolean) {
    this.known = new KnownEntries(known);
  }

  /** False: entries may have been written that the trace did not show. */
  get complete(): boolean {
    return this.known.whole;
  }

  /** What is kept of it, in ranges. */
  get size(): number {
    const { told, evicted, sparse, invalid, known, tlb, table } = this;
    const marked = told.size + evicted.size + sparse.size + invalid.size + known.size;
    return (table?.size ?? 0) + (tlb?.size ?? 0) + marked;
  }

  get traits(): DriverTables | undefined {
    return this.code === undefined ? undefined : TABLE_CODES[this.code];
  }

  /** The table, made at the first call. */
  open(code: TableCode, init: GpuvmInit, kernel: KernelKnowledge): PageTable {
    this.code ??= code;
    if (this.table !== undefined) return this.table;
    const { format, isIoPgtable } = TABLE_CODES[this.code];
    this.table = new PageTable(format(init));
    if (isIoPgtable === true && kernel.get('splitsBlocks') === true) this.table.learnSplit();
    return this.table;
  }

  of(job: Job): JobTables {
    let tables = this.jobs.get(job);
    if (tables === undefined) {
      tables = new JobTables(job);
      this.jobs.set(job, tables);
      if (this.jobs.size > (this.table === undefined ? MAX_UNSEEN : MAX_PENDING)) this.#forgetOldest();
    }
    return tables;
  }

  #forgetOldest(): void {
    const [oldest] = this.jobs.keys();
    if (oldest !== undefined) this.jobs.delete(oldest);
    if (this.table !== undefined) this.known.forget();
  }

  /** A change that nobody's writes are awaited for; where no job ends to judge them, the oldest are given up. */
  addLoose(changed: Changed): void {
    this.loose.push(changed);
    if (this.loose.length > MAX_LOOSE) this.loose.splice(0, MAX_LOOSE / 2);
  }

  /** Events are missing: what the tables hold is not known any more. */
  doubt(): void {
    this.known.forget();
    this.region = undefined;
    this.tlb?.flush();
  }

  /** Leaves that were written over or cleared may still be in use. */
  changed(gone: readonly Run[], line: number): void {
    if (this.flushes) this.tlb?.changed(gone, line);
  }

  /** The driver flushes: from here on what is not flushed is held. */
  flushed(addr: U64 | undefined, size: U64 | undefined): void {
    this.flushes = true;
    if (this.table === undefined) return;
    this.tlb ??= new Tlb(this.table);
    if (addr === undefined || size === undefined) this.tlb.flush();
    else this.tlb.flushRange(addr, size);
  }
}
