// Page tables whose beginning the trace does not show: what calls show of them, and what takes that away again.
import { describe, expect, it } from 'vitest';
import type { Ptr } from '../../src/base/u64.ts';
import type { VmDump } from '../../src/events/vm_dump.ts';
import { OP_MAP, OP_UNMAP, type TableCode, type VmEvent } from '../../src/events/vm_event.ts';
import { SZ_2M } from '../../src/mmu/format.ts';
import { lookAt } from '../../src/replay/look.ts';
import { type Mapping, Script, type Vm, vmNumber } from './script.ts';

const VM = vmNumber(1);
const OBJ = 0x50;
const OTHER = 0x60;
const resvOf = (obj: Ptr) => Number(obj) + 8;
const M: Mapping = { va: 0x71, addr: 0x10000, range: 0x4000, obj: OBJ, offset: 0 };
const NEXT: Mapping = { va: 0x72, addr: 0x14000, range: 0x4000, obj: OTHER, offset: 0 };
const ENOMEM = -12;

interface Range {
  readonly addr: number;
  readonly length: number;
}

function rangeOf({ addr, range }: Mapping): Range {
  return { addr: Number(addr), length: Number(range) };
}

/** A driver that writes its tables in its steps, and can leave that out, or do more. */
class Driver extends Script {
  readonly code: TableCode;
  #job = 0;

  /** Of a VM that was there before. */
  constructor(code: TableCode = 'lab') {
    super({ mmu: 'trace' });
    this.code = code;
    for (const obj of [VM.rObj, OBJ, OTHER]) this.obj(obj, obj === VM.rObj ? VM.resv : resvOf(obj));
  }

  call(kind: 'mmu_map' | 'mmu_unmap', { addr, length }: Range, to: { mem: Ptr; offset: number } | undefined): VmEvent {
    const { code } = this;
    const common = { code, gpuvm: VM.gpuvm, table: 0, addr, length, pgsize: code === 'lab' ? 0 : 0x1000 };
    if (kind === 'mmu_unmap') return { kind, ...common, sparse: false };
    const target = to === undefined ? ({ kind: 'null' } as const) : ({ kind: 'mem', ...to } as const);
    return { kind, ...common, prot: undefined, va: 0, to: target };
  }

  tableMap(of: Mapping, { addr, length } = rangeOf(of), offset = Number(of.offset)): this {
    return this.emit(this.call('mmu_map', { addr, length }, { mem: Number(of.obj) + 1, offset }));
  }

  tableUnmap(range: Range): this {
    return this.emit(this.call('mmu_unmap', range, undefined));
  }

  mapped(addr: number, mapped: number, ret = 0): this {
    return this.emit({ kind: 'mmu_map_ret', code: this.code, gpuvm: VM.gpuvm, table: 0, addr, mapped, ret });
  }

  unmapped(addr: number, unmapped: number): this {
    return this.emit({ kind: 'mmu_unmap_ret', code: this.code, gpuvm: VM.gpuvm, table: 0, addr, unmapped });
  }

  /** A whole job of one op; inside: what its step does. */
  one(of: Mapping, what: 'map' | 'unmap', inside: () => void, ret = 0): this {
    const [id, job, exec] = [++this.#job, 0x100 * this.#job, 0x900 + this.pid];
    this.begin(id, job, VM, exec).lock(exec, VM.rObj, VM.resv).lock(exec, of.obj, resvOf(of.obj)).locked(job, exec);
    const { addr, range, obj, offset } = what === 'map' ? of : { ...of, obj: 0, offset: 0 };
    this.apply(id, job, VM).emit(
      { kind: 'apply_op', job, gpuvm: VM.gpuvm, index: 0, op: what, addr, range, obj, offset },
      { kind: 'sm_request', gpuvm: VM.gpuvm, call: what, list: false, addr, range, obj, offset },
      this.step(what === 'map' ? OP_MAP : OP_UNMAP, VM, what === 'map' ? { ...of, va: 0 } : of),
    );
    inside();
    this.emit({ kind: 'step_ret', op: this.op, ret }, { kind: 'sm_ret', gpuvm: VM.gpuvm, ret });
    return this.applied(job, ret).unlocked(exec, 2).returned(id, ret);
  }

  inserts(of: Mapping): this {
    return this.emit({ kind: 'va_insert', gpuvm: VM.gpuvm, ...of, flags: 0, ret: 0 });
  }

  removes({ va, addr, range, obj }: Mapping): this {
    return this.emit({ kind: 'va_remove', gpuvm: VM.gpuvm, va, addr, range, obj });
  }

  maps(of: Mapping): this {
    return this.one(of, 'map', () => this.tableMap(of).inserts(of));
  }

  unmaps(of: Mapping, range = rangeOf(of)): this {
    return this.one(of, 'unmap', () => this.tableUnmap(range).removes(of));
  }

  /** The tree is changed and the table is not. */
  forgets(of: Mapping): this {
    return this.one(of, 'unmap', () => this.removes(of));
  }

  get faults(): string[] {
    const faults = this.facts.filter(({ kind }) => /^pte_(stale|missing|wrong)$/.test(kind));
    return faults.map(
      ({ kind, job, span }) => `${kind} ${span?.addr.toString(16)}+${span?.range.toString(16)} ${job?.id}`,
    );
  }
}

/** The VM is seen made. */
function whole(): Driver {
  const driver = new Driver();
  driver.vm(VM as Vm);
  return driver;
}

describe('entries that a job writes are known', () => {
  it('and those that outlive their mapping are stale', () => {
    expect(new Driver().maps(M).forgets(M).faults).toEqual(['pte_stale 10000+4000 2']);
  });

  it('and those that are cleared too early are missing', () => {
    const beyond = { addr: 0x10000, length: 0x6000 };
    expect(new Driver().maps(M).maps(NEXT).unmaps(M, beyond).faults).toEqual(['pte_missing 14000+2000 3']);
  });

  it('and an offset that is another is wrong', () => {
    const driver = new Driver().maps(M);
    expect(driver.one(NEXT, 'map', () => driver.tableMap(NEXT, undefined, 0x1000).inserts(NEXT)).faults).toEqual([
      'pte_wrong 14000+4000 2',
    ]);
  });

  it('but not which object they lead to: the first mapping of it that is seen may be the wrong one', () => {
    const asOther = { ...M, obj: OTHER };
    const driver = new Driver();
    driver.one(M, 'map', () => driver.tableMap(asOther).inserts(M)).maps(NEXT);
    expect(driver.faults).toEqual([]);
  });

  it('and the tables of a VM behind a gap likewise', () => {
    const driver = whole().maps(M);
    driver.machine.loss();
    expect(driver.forgets(M).faults).toEqual([]);
    expect(driver.maps(M).forgets(M).faults).toEqual(['pte_stale 10000+4000 4']);
  });
});

describe('nothing is known', () => {
  it('of what was written before', () => {
    expect(new Driver().forgets(M).unmaps(NEXT, { addr: 0x10000, length: 0x8000 }).faults).toEqual([]);
  });

  it('of what a job writes that fails', () => {
    const driver = new Driver();
    driver.one(M, 'map', () => driver.tableMap(M), ENOMEM).one(M, 'map', () => driver.inserts(M));
    expect(driver.forgets(M).faults).toEqual([]);
  });

  it('of what a job writes that was not seen whole', () => {
    const driver = new Driver().maps(NEXT);
    driver.one(M, 'map', () => {
      driver.machine.loss();
      driver.tableMap(M).inserts(M);
    });
    expect(driver.forgets(M).faults).toEqual([]);
  });

  it('of what is written outside of any job', () => {
    expect(new Driver().maps(NEXT).tableMap(M).inserts(M).forgets(M).faults).toEqual([]);
    expect(new Driver().maps(M).tableMap(M).forgets(M).faults).toEqual([]);
  });

  it('where the tree is changed outside of any job: its table may follow later', () => {
    const driver = new Driver().maps(M).removes(M);
    driver.one(M, 'map', () => driver.inserts(M)).forgets(M);
    expect(driver.faults).toEqual([]);
  });

  it('of pages that a call reaches in part', () => {
    const odd = { ...M, addr: 0x10800, range: 0x4000 };
    expect(new Driver().maps(odd).forgets(odd).faults).toEqual([]);
  });

  it('while another job has done a part of its work there', () => {
    const driver = new Driver().maps(M).maps(NEXT);
    driver.one(M, 'unmap', () => {
      driver.tableUnmap(rangeOf(M)).as(2).unmaps(NEXT, { addr: 0x10000, length: 0x8000 }).as(1).removes(M);
    });
    expect(driver.faults).toEqual([]);
  });

  it('where the table reaches further than what is known of the tree', () => {
    const driver = new Driver();
    driver.one(M, 'map', () => driver.tableMap(M, { addr: 0x10000, length: 0x8000 }).inserts(M));
    expect(driver.faults).toEqual([]);
  });

  it('where the tree is not what was followed: events are missing', () => {
    for (const driver of [new Driver(), whole()]) {
      driver.maps(M).maps(M).maps(NEXT);
      expect(driver.forgets(NEXT).forgets(M).faults).toEqual([]);
    }
  });
});

it('what a job wrote is told of that job, whatever was done there before', () => {
  const driver = new Driver().maps(NEXT).tableMap(M).inserts(M);
  const { line } = driver;
  driver.one(M, 'unmap', () => driver.tableMap(M).removes(M));
  expect(driver.faults).toEqual(['pte_stale 10000+4000 2']);
  expect(driver.facts.find(({ kind }) => kind === 'pte_stale')?.line).toBeGreaterThan(line);
});

describe('io-pgtable', () => {
  const block = { addr: SZ_2M, length: 0x4000 };
  const B: Mapping = { va: 0x73, addr: SZ_2M, range: 0x4000, obj: OBJ, offset: 0 };
  const driver = () => new Driver('io-pgtable');
  const C = { ...B, va: 0x74, addr: 0x300000 };
  const bound = (of: Driver, what = B) =>
    of.one(what, 'map', () => of.tableMap(what).mapped(Number(what.addr), 0x4000).inserts(what));

  it('an unmap clears what it says, whatever was there', () => {
    const of = bound(driver());
    of.one(NEXT, 'unmap', () => of.tableUnmap(block).unmapped(SZ_2M, 0x4000).removes(NEXT));
    expect(of.faults).toEqual(['pte_missing 200000+4000 2']);
    const late = driver();
    late.one(B, 'map', () => late.tableUnmap(block).unmapped(SZ_2M, 0x4000).inserts(B));
    expect(late.faults).toEqual(['pte_missing 200000+4000 1']);
  });

  it('one that falls short leaves nothing known', () => {
    const of = driver();
    of.one(B, 'map', () => of.tableUnmap(block).unmapped(SZ_2M, 0x2000).inserts(B));
    expect(of.faults).toEqual([]);
  });

  it('a map that falls short, likewise', () => {
    const of = driver();
    of.one(B, 'map', () => of.tableMap(B).mapped(SZ_2M, 0x2000).inserts(B));
    expect(of.faults).toEqual([]);
  });

  it('calls that find other entries than those known end it, until events go missing', () => {
    const of = bound(driver()).forgets(B);
    const stale = ['pte_stale 200000+4000 2'];
    expect(of.faults).toEqual(stale);
    // It would be refused, had nobody cleared these entries meanwhile.
    bound(of);
    expect(bound(of, C).forgets(C).faults).toEqual(stale);
    of.machine.loss();
    expect(bound(of, C).forgets(C).faults).toEqual([...stale, 'pte_stale 300000+4000 7']);
  });

  it('the IOMMU core’s tracepoints, which name no VM, show nothing', () => {
    const of = new Driver('iommu');
    expect(of.maps(M).forgets(M).faults).toEqual([]);
  });
});

it('an initial state is one of the mappings: the entries are known by calls alone', () => {
  const mapping = { va: M.va, addr: M.addr, range: M.range, obj: M.obj, offset: M.offset, resv: 0, flags: 0 };
  const dump = { line: 1, gpuvm: VM.gpuvm, name: 'vm', bounds: undefined, flags: 0, resv: VM.resv, whole: true };
  const late = new Driver();
  late.machine.world.addDumpedVm(VM.gpuvm, { ...dump, mappings: [mapping] } as VmDump);
  expect(late.maps(NEXT).forgets(M).faults).toEqual([]);
  const cleared = new Driver();
  cleared.machine.world.addDumpedVm(VM.gpuvm, { ...dump, mappings: [mapping] } as VmDump);
  expect(cleared.maps(NEXT).unmaps(NEXT, { addr: 0x12000, length: 0x6000 }).faults).toEqual([
    'pte_missing 12000+2000 2',
  ]);
});

it('an address says whether its entry is known', () => {
  const driver = new Driver().maps(M);
  const vm = driver.machine.world.vm(VM.gpuvm);
  if (vm === undefined) throw new Error('no VM');
  const look = (addr: number) => lookAt(driver.machine.world, vm, addr);
  expect(look(0x10000)).toMatchObject({ agreement: 'both', spaceKnown: true, tableKnown: true });
  expect(look(0x14000)).toMatchObject({ spaceKnown: false, tableKnown: false });
  driver.tableUnmap(rangeOf(M));
  expect(look(0x10000)).toMatchObject({ spaceKnown: true, tableKnown: false });
});
