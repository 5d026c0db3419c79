// The generated definitions: they bind to what the dialects want, and name what real kernels have.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { probes as specs } from '../../src/dialects/index.ts';
import { parseArgSpec } from '../../src/events/probe.ts';
import { parseDynamicEvents } from '../../src/ftrace/dynamic_events.ts';
import { kernels } from '../../src/kernels/index.ts';
import { kindOf, makeProbeTable } from '../../src/probe_set.ts';
import { fprobeLine } from '../../src/probes/fprobe.ts';
import type { Probe, Value } from '../../src/probes/function.ts';
import { kprobeLine } from '../../src/probes/kprobe.ts';
import { listing, type ProbeMode, TRACEFS_MODES } from '../../src/probes/listing.ts';
import { PROBED_DRIVERS, type ProbedDriver, probeList } from '../../src/probes/probe_list.ts';
import { FIXTURES, run } from '../support/run.ts';
import { kernelOf } from './kernel.ts';

/** msm binds since 6.17. */
function driversIn(version: string): ProbedDriver[] {
  const [, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  return PROBED_DRIVERS.filter((driver) => driver !== 'msm' || minor >= 17);
}

function listOf(version: string, driver: ProbedDriver, minimal = false): Probe[] {
  const kernel = kernelOf(version);
  if (kernel === undefined) throw new Error(version);
  return probeList({ kernel, driver, minimal });
}

function printed(version: string, driver: ProbedDriver, mode: ProbeMode, minimal = false): string {
  const kernel = kernelOf(version);
  if (kernel === undefined) throw new Error(version);
  return listing({ kernel, driver, mode, minimal, arch: 'arm64' });
}

/** What no probe of ours shows, and why. */
const NOT_PROBED: Readonly<Record<string, string>> = {
  'drm_gpuvm_bo_put.part.0 return': 'its event means nothing',
  'drm_gpuvm_init entry': 'the return shows the VM as it was made',
  'drm_gpuva_insert entry': 'the return shows the same, and how it ended',
  'xe_vma_bind entry': 'a tracepoint in the real driver',
  'xe_vma_unbind entry': 'a tracepoint in the real driver',
};

/** Arguments that an event does without, since the kernel's function does not know them. */
const NOT_FETCHED: Readonly<Record<string, readonly string[]>> = {
  step_map: ['va', 'keep', 'gpuvm', 'prev', 'next', 'prev_', 'next_'],
  step_unmap: ['prev', 'next', 'prev_', 'next_'],
  core_step: ['exec'],
  // The lock of the driver's tree lies somewhere around struct drm_gpuvm: only a driver's own probe could say where.
  va_insert: ['vm_lock'],
  va_remove: ['vm_lock'],
  // It takes the lock itself.
  va_unlink_defer: ['gpuva_lock'],
};

describe('generated definitions', () => {
  const everywhere = kernels.flatMap(({ name: version }) => driversIn(version).map((driver) => ({ version, driver })));

  it.each(everywhere)('$version $driver: each line is one event that is understood', ({ version, driver }) => {
    for (const mode of version === '6.7' ? (['fprobe'] as const) : TRACEFS_MODES) {
      const text = printed(version, driver, mode);
      const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
      const parsed = parseDynamicEvents(text);
      expect(parsed).toHaveLength(lines.length);
      expect(new Set(parsed.map(({ event }) => event)).size).toBe(parsed.length);
      const table = makeProbeTable({ definitions: parsed });
      for (const { event, symbol, at } of parsed) {
        const spec = table.bySymbol(symbol, at)?.spec;
        expect(spec && kindOf(spec), `${symbol} ${at}`).toBeDefined();
        expect(table.byEventName(event, at)?.spec.symbol, event).toBe(symbol);
      }
    }
  });

  it('shows of each function what its event is read for', () => {
    for (const driver of PROBED_DRIVERS) {
      for (const probe of listOf('6.18', driver)) {
        const spec = specs.find(({ symbol, at }) => symbol === probe.symbol && at === probe.at);
        const wanted = (spec?.args ?? []).map((arg) => parseArgSpec(arg).names);
        for (const { name } of probe.fetches) {
          const known = wanted.some((names) => names.includes(name));
          expect(known || name === 'num_fences' || name === 'len', `${probe.symbol} fetches ${name}`).toBe(true);
        }
        if (isDriversOwn(probe.symbol)) continue;
        const missing = wanted.filter((names) => !probe.fetches.some(({ name }) => names.includes(name)));
        const excused = NOT_FETCHED[probe.event] ?? [];
        const left = missing.filter(([name = '']) => !excused.some((one) => name === one || name.startsWith(`${one}`)));
        expect(left, `${probe.symbol} ${probe.at}`).toEqual([]);
      }
    }
  });

  it('leaves out no function that the dialects know', () => {
    const made = new Set(
      ['6.12', '6.19', '7.0']
        .flatMap((version) => driversIn(version).flatMap((driver) => listOf(version, driver)))
        .map(({ symbol, at }) => `${symbol} ${at}`),
    );
    const known = specs.filter(({ at }) => at !== 'tracepoint').map(({ symbol, at }) => `${symbol} ${at}`);
    expect(known.filter((one) => !made.has(one) && !(one in NOT_PROBED))).toEqual([]);
    expect(Object.keys(NOT_PROBED).filter((one) => !known.includes(one) || made.has(one))).toEqual([]);
  });

  it('knows no offsets of a kernel that has no vm_bo', () => {
    expect(() => printed('6.7', 'none', 'kprobe')).toThrow('offsets of Linux 6.7 are not known');
  });

  it('knows none for a driver that has no VM_BIND yet', () => {
    expect(() => listOf('6.16', 'msm')).toThrow('msm has no VM_BIND in Linux 6.16');
  });

  it('takes few functions for missing locks, none of them one that a compiler can inline', () => {
    for (const driver of PROBED_DRIVERS) {
      const few = listOf('6.18', driver, true);
      expect(few.length).toBeLessThan(listOf('6.18', driver).length / 2);
      for (const { symbol, linkage } of few)
        if (linkage === 'static') expect(symbol).toMatch(/^((lab|panthor|pvr)_|drm_gpuva_sm_step$)/);
    }
  });
});

/** Functions that a driver names and shapes as it likes: what they know of job and table differs. */
function isDriversOwn(symbol: string): boolean {
  return !/^(drm_|dma_resv_|ww_mutex_|lab_sm_)/.test(symbol) && !/_(sm_step|gpuva)_(un|re)?map$/.test(symbol);
}

describe('6.12 and 6.18 take a mapping request differently', () => {
  const lineOf = (version: string, event: string) => {
    const probe = listOf(version, 'none').find((one) => one.event === event);
    return probe && { fprobe: fprobeLine(probe), x86: kprobeLine(probe, 'x86_64'), arm: kprobeLine(probe, 'arm64') };
  };

  it('as scalars', () => {
    expect(lineOf('6.12', 'sm_map')).toEqual({
      fprobe:
        'f:gpuvm/sm_map drm_gpuvm_sm_map gpuvm=gpuvm addr=req_addr:x64 range=req_range:x64 obj=req_obj offset=req_offset:x64',
      x86: 'p:gpuvm/sm_map drm_gpuvm_sm_map gpuvm=%di:x64 addr=%dx:x64 range=%cx:x64 obj=%r8:x64 offset=%r9:x64',
      arm: 'p:gpuvm/sm_map drm_gpuvm_sm_map gpuvm=%x0:x64 addr=%x2:x64 range=%x3:x64 obj=%x4:x64 offset=%x5:x64',
    });
    expect(lineOf('6.12', 'map_exec_lock')).toBeUndefined();
  });

  it('as scalars of which the last is on the stack', () => {
    expect(lineOf('6.17', 'map_exec_lock')?.x86).toMatch(/num_fences=%dx:u32 .*obj=%r9:x64 offset=\$stack1:x64$/);
    expect(lineOf('6.17', 'map_exec_lock')?.arm).toMatch(/obj=%x5:x64 offset=%x6:x64$/);
  });

  it('as a struct', () => {
    expect(lineOf('6.18', 'sm_map')).toEqual({
      fprobe:
        'f:gpuvm/sm_map drm_gpuvm_sm_map gpuvm=gpuvm addr=req->map.va.addr:x64 range=req->map.va.range:x64 obj=req->map.gem.obj offset=req->map.gem.offset:x64',
      x86: 'p:gpuvm/sm_map drm_gpuvm_sm_map gpuvm=%di:x64 addr=+0(%dx):x64 range=+0x8(%dx):x64 obj=+0x18(%dx):x64 offset=+0x10(%dx):x64',
      arm: 'p:gpuvm/sm_map drm_gpuvm_sm_map gpuvm=%x0:x64 addr=+0(%x2):x64 range=+0x8(%x2):x64 obj=+0x18(%x2):x64 offset=+0x10(%x2):x64',
    });
  });

  it('and the lock of an object’s list, where the object has it itself', () => {
    expect(lineOf('6.18', 'va_unlink')?.fprobe).toMatch(/ gpuva_lock=va->gem\.obj->gpuva\.lock\.owner\.counter:x64$/);
    expect(lineOf('6.18', 'bo_destroy')).toEqual({
      fprobe: 'f:gpuvm/bo_destroy drm_gpuvm_bo_destroy kref=kref gpuva_lock=+320(-12(kref)):x64',
      x86: 'p:gpuvm/bo_destroy drm_gpuvm_bo_destroy kref=%di:x64 gpuva_lock=+0x140(-0xc(%di)):x64',
      arm: 'p:gpuvm/bo_destroy drm_gpuvm_bo_destroy kref=%x0:x64 gpuva_lock=+0x140(-0xc(%x0)):x64',
    });
    expect(lineOf('7.3', 'bo_destroy')?.x86).toContain('gpuva_lock=+0x138(-0xc(%di)):x64');
    expect(lineOf('7.3', 'va_unlink')?.x86).toContain('+0x138(');
    expect(lineOf('6.12', 'va_unlink')?.fprobe).not.toContain('gpuva_lock');
    expect(lineOf('6.12', 'bo_destroy')?.fprobe).toBe('f:gpuvm/bo_destroy drm_gpuvm_bo_destroy kref=kref');
  });

  it('and leaves out an event that would mislead without what has no fixed place', () => {
    const kprobes = printed('6.12', 'lab', 'kprobe');
    expect(printed('6.12', 'lab', 'fprobe')).toContain('lab_apply_op job=job');
    expect(kprobes).not.toContain('lab_apply_op');
    expect(kprobes).toContain('p:gpuvm/lock_pass lab_lock_pass job=%x0:x64 exec=%x1:x64\n');
  });
});

describe('what later versions of a stable series have', () => {
  const asked = (kernel: string, ...more: string[]) => run(['probes', '--kernel', kernel, ...more]).out;
  const symbols = (text: string) => parseDynamicEvents(text).map(({ symbol }) => symbol);
  const DEFERRED = ['drm_gpuvm_bo_into_zombie', 'drm_gpuvm_bo_deferred_cleanup', 'drm_gpuva_unlink_defer'];

  it('is offered, marked, behind what is certain', () => {
    const [certain = '', uncertain = ''] = asked('6.18.20').split('# Functions of later stable versions');
    expect(symbols(certain)).not.toContain(DEFERRED[2]);
    expect([...new Set(symbols(`# ${uncertain}`))]).toEqual(DEFERRED);
    expect(asked('6.18.20', '--minimal')).toContain(DEFERRED[2]);
    expect(symbols(asked('6.18.20')).toSorted()).toEqual(symbols(asked('6.18.35')).toSorted());
  });

  it('is not where it is known', () => {
    for (const kernel of ['6.17', '6.18,deferred-vm-bo=off'])
      expect(asked(kernel)).not.toContain('drm_gpuva_unlink_defer');
    for (const kernel of ['6.18.35', '6.19', '6.18,deferred-vm-bo=on']) {
      expect(asked(kernel)).toContain('drm_gpuva_unlink_defer');
      expect(asked(kernel)).not.toContain('later stable versions');
    }
    // A script of bpftrace fails as a whole where a function is absent.
    expect(asked('6.18', '--mode', 'bpftrace')).not.toContain('drm_gpuva_unlink_defer');
  });

  it('and of no function two definitions', () => {
    for (const { name } of kernels) {
      const all = parseDynamicEvents(asked(name)).map(({ symbol, at }) => `${symbol} ${at}`);
      expect(new Set(all).size, name).toBe(all.length);
    }
  });
});

interface KernelFacts {
  readonly version: string;
  /** `name: type` of each argument, by function; the return type is the first. */
  readonly functions: ReadonlyMap<string, readonly string[]>;
  readonly members: ReadonlyMap<string, number>;
}

function kernelFacts(file: string): KernelFacts {
  const functions = new Map<string, readonly string[]>();
  const members = new Map<string, number>();
  for (const line of readFileSync(path.join(FIXTURES, 'btf', file), 'utf8').split('\n')) {
    const [, struct, member, offset] = /^struct (\w+) ([\w.]+) (0x\w+) /.exec(line) ?? [];
    if (struct !== undefined) members.set(`${struct} ${member}`, Number(offset));
    const [, returns, symbol, args] = /^(.*?)(\w+)\((.*)\)$/.exec(line) ?? [];
    if (symbol !== undefined) functions.set(symbol, [returns?.trim() ?? '', ...(args ?? '').split(', ')]);
  }
  return { version: file, functions, members };
}

describe.each(readdirSync(path.join(FIXTURES, 'btf')))('BTF of Debian’s %s', (file) => {
  const { functions, members, version } = kernelFacts(file);
  const probes = driversIn(version)
    .filter((driver) => driver !== 'lab')
    .flatMap((driver) => listOf(version, driver));

  it('knows most of what is probed, and all that is not static', () => {
    const drivers = new Set(probes.map(({ symbol }) => symbol).filter((symbol) => functions.has(symbol)));
    expect(drivers.size).toBeGreaterThan(45);
    const core = listOf(version, 'none').filter(({ linkage }) => linkage === 'exported');
    expect(core.filter(({ symbol }) => !functions.has(symbol)).map(({ symbol }) => symbol)).toEqual([]);
  });

  it('names the arguments as the probes do', () => {
    for (const { symbol, params, fetches, at } of probes) {
      const [returns, ...declared] = functions.get(symbol) ?? [];
      if (returns === undefined) continue;
      const used = new Set(fetches.map(({ value }) => rootOf(value)).filter((name) => name !== '$retval'));
      for (const name of used) {
        const index = params.findIndex((one) => one.name === name);
        const text = `${params[index]?.type} ${name}`.replace('* ', '*');
        expect(declared[index], `${symbol} ${at}`).toBe(text);
      }
      if (fetches.some(({ value }) => value.kind === 'retval')) expect(returns, symbol).not.toBe('void');
    }
  });

  it('has the members where the probes look', () => {
    let seen = 0;
    for (const { symbol, fetches } of probes) {
      if (!functions.has(symbol)) continue;
      for (const { struct, path: member, offset } of fetches.flatMap(({ value }) => membersOf(value))) {
        const at = members.get(`${struct} ${member}`);
        if (at === undefined || offset === undefined) continue;
        seen++;
        expect(offset, `${struct} ${member}`).toBe(at);
      }
    }
    expect(seen).toBeGreaterThan(100);
  });
});

function rootOf(value: Value): string {
  if (value.kind === 'retval') return '$retval';
  return value.kind === 'param' ? value.name : rootOf(value.of);
}

function membersOf(value: Value): { struct: string; path: string; offset: number | undefined }[] {
  if (value.kind === 'retval' || value.kind === 'param') return [];
  const own =
    value.kind === 'member'
      ? [{ struct: value.of.type.replace(/^struct | \*$/g, ''), path: value.path, offset: value.offset }]
      : [];
  return [...own, ...membersOf(value.of)];
}
