// The watched address, on a driver's doings as events.
import { describe, expect, it } from 'vitest';
import type { VmEvent } from '../../src/events/vm_event.ts';
import type { Watch, WatchOptions } from '../../src/replay/watch.ts';
import { type Mapping, Script, type Vm, vmNumber } from './script.ts';

const ONE = vmNumber(1);
const TWO = vmNumber(2);
const OBJ = 0x50000;
const RESV = 0x50010;
const [JOB, EXEC] = [0x70000, 0x80000];

function script(watch: WatchOptions): { script: Script; watch: Watch } {
  const made = new Script({ mmu: 'trace', watch });
  const kept = made.machine.world.watch;
  if (kept === undefined) throw new Error('a watch was asked for');
  return { script: made, watch: kept };
}

function mapping(n: number): Mapping {
  return { va: 0x90000 + n, addr: 0x10000 * n, range: 0x10000, obj: OBJ, offset: 0x3000 };
}

function tableMap(vm: Vm, addr: number): VmEvent {
  const call = { code: 'lab', gpuvm: vm.gpuvm, table: 0, addr } as const;
  return { kind: 'mmu_map', ...call, length: 0x1000, pgsize: 0, prot: undefined, va: 0, to: { kind: 'null' } };
}

const flush = (vm: Vm): VmEvent => ({ kind: 'tlb_flush', gpuvm: vm.gpuvm, addr: undefined, size: undefined });

it('costs nothing where no address is watched', () => {
  expect(new Script().machine.world.watch).toBeUndefined();
});

describe('a watch', () => {
  it('keeps what holds the address, ends excluded', () => {
    for (const [addr, count] of [
      [0x1ffff, 0],
      [0x20000, 3],
      [0x2ffff, 3],
      [0x30000, 0],
    ] as const) {
      const { script: own, watch } = script({ addr });
      own
        .vm(ONE)
        .obj(OBJ, RESV)
        .mapJob(1, JOB, ONE, EXEC, mapping(2), [[OBJ, RESV]]);
      expect(watch.entries.map(({ kind }) => kind)).toEqual(['request', 'step', 'insert'].slice(0, count));
      if (count > 0) expect(watch.entries.at(-1)?.place).toMatchObject({ obj: OBJ, offset: 0x3000 + addr - 0x20000 });
    }
  });

  it('tells an op once, though the driver and drm_gpuvm both show it', () => {
    const { script: own, watch } = script({ addr: 0x20000 });
    own
      .vm(ONE)
      .obj(OBJ, RESV)
      .mapJob(1, JOB, ONE, EXEC, mapping(2), [[OBJ, RESV]]);
    expect(watch.entries.filter(({ kind }) => kind === 'request')).toHaveLength(1);
  });

  it('names the locks and whether the object’s own is held', () => {
    for (const held of [true, false]) {
      const { script: own, watch } = script({ addr: 0x20000 });
      own
        .vm(ONE)
        .obj(OBJ, RESV)
        .mapJob(1, JOB, ONE, EXEC, mapping(2), held ? [[OBJ, RESV]] : []);
      const step = watch.entries.find(({ kind }) => kind === 'step');
      expect(step?.locks?.own).toBe(held);
      expect(step?.locks?.held.map(({ resv }) => resv)).toEqual(held ? [ONE.resv, RESV] : [ONE.resv]);
    }
  });

  it('counts the locks that it does not name', () => {
    const { script: own, watch } = script({ addr: 0x20000 });
    const locks = Array.from({ length: 40 }, (_, n) => [0x600000 + n * 0x100, 0x610000 + n * 0x100] as const);
    own.vm(ONE).obj(OBJ, RESV);
    for (const [obj, resv] of locks) own.obj(obj, resv);
    own.mapJob(1, JOB, ONE, EXEC, mapping(2), locks);
    const step = watch.entries.find(({ kind }) => kind === 'step');
    expect((step?.locks?.held.length ?? 0) + (step?.locks?.more ?? 0)).toBe(41);
    expect(step?.locks?.more).toBeGreaterThan(0);
  });

  it('keeps the events of the wanted VMs only', () => {
    const { script: own, watch } = script({ addr: 0x20000, vm: (vm) => vm.id === TWO.gpuvm });
    own.vm(ONE).vm(TWO).obj(OBJ, RESV);
    own.mapJob(1, JOB, ONE, EXEC, mapping(2), [[OBJ, RESV]]);
    own.mapJob(2, JOB + 8, TWO, EXEC + 8, mapping(2), [[OBJ, RESV]]);
    expect(new Set(watch.entries.map(({ vm }) => vm.id))).toEqual(new Set([TWO.gpuvm]));
    expect(watch.entries).toHaveLength(3);
    expect(watch.vms.map(({ id }) => id)).toEqual([TWO.gpuvm]);
  });

  it('gives the oldest events up and counts them', () => {
    const { script: own, watch } = script({ addr: 0x20000, most: 50 });
    own.vm(ONE).obj(OBJ, RESV);
    for (let n = 0; n < 200; n++) own.emit(tableMap(ONE, 0x20000));
    expect(watch.entries.length).toBeLessThanOrEqual(50);
    expect(watch.entries.length + watch.dropped).toBe(200);
    expect(watch.entries.at(-1)?.line).toBe(own.line);
    expect(watch.entries[0]?.line).toBe(own.line - watch.entries.length + 1);
  });

  it('lists a flush of everything only where the entry was changed since the last one', () => {
    const { script: own, watch } = script({ addr: 0x20000 });
    own.vm(ONE).emit(flush(ONE), tableMap(ONE, 0x90000), flush(ONE), tableMap(ONE, 0x20000), flush(ONE), flush(ONE));
    expect(watch.entries.map(({ kind, line }) => [kind, line])).toEqual([
      ['table map', 6],
      ['flush', 7],
    ]);
  });

  it('takes a table call for done as its return says', () => {
    const { script: own, watch } = script({ addr: 0x20000 });
    const call = { code: 'lab', gpuvm: ONE.gpuvm, table: 0, addr: 0x20000 } as const;
    own.vm(ONE).emit(tableMap(ONE, 0x20000), { kind: 'mmu_map_ret', ...call, mapped: 0, ret: -12 });
    const [entry] = watch.entries;
    expect(entry?.result).toEqual({ ret: -12, done: 0, reached: false, shown: true });
    expect(entry?.endLine).toBe((entry?.line ?? 0) + 1);
  });

  it('tells of an eviction of what is mapped there, and of no other', () => {
    const { script: own, watch } = script({ addr: 0x20000 });
    const vmBo = 0x55000;
    own
      .vm(ONE)
      .obj(OBJ, RESV)
      .mapJob(1, JOB, ONE, EXEC, mapping(2), [[OBJ, RESV]]);
    const va = own.machine.world.vms.get(ONE.gpuvm)?.mappingAt(0x20000);
    if (va !== undefined) va.vmBo = vmBo;
    own.emit({ kind: 'bo_evict', vmBo: vmBo + 8, evict: true }, { kind: 'bo_evict', vmBo, evict: true });
    own.emit({ kind: 'bo_evict', vmBo, evict: false });
    expect(watch.entries.slice(3).map(({ kind, line }) => [kind, line])).toEqual([
      ['evict', own.line - 1],
      ['validate', own.line],
    ]);
  });
});
