// The kernel's own events: iommu:map and iommu:unmap, xe's of its mappings, panthor's and msm's debug
// lines in printk:console.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ptrFromU64, u64FromBigInt } from '../../src/base/u64.ts';
import { probes } from '../../src/dialects/index.ts';
import type { Diagnostic } from '../../src/events/diagnostic.ts';
import type { VmEvent } from '../../src/events/vm_event.ts';
import { DatDecoder } from '../../src/ftrace/dat_decoder.ts';
import { EventDecoder } from '../../src/ftrace/event_decoder.ts';
import { ProbeTable } from '../../src/ftrace/probe_table.ts';
import { TextDecoder, type TraceStats } from '../../src/ftrace/text_decoder.ts';
import { sourceOf } from '../../src/ftrace/trace_dat/index.ts';
import { decode, FREE, FREED, only, plain } from './text_events.ts';
import { build, emptyParts, Writer } from './trace_dat_build.ts';
import { open } from './trace_dat_listing.ts';

const VM = 'ffff888101234000';
const VMA = 'ffff888105678900';
const ptr = (digits: string): number | bigint => ptrFromU64(BigInt(`0x${digits}`));

const MAP = 'map: IOMMU: iova=0x00000000fffe0000 - 0x00000000ffff0000 paddr=0x0000000412340000 size=65536';
const MAPPED = {
  ...{ kind: 'mmu_map', code: 'iommu', gpuvm: 0, table: 0, addr: 0xfffe0000, length: 65536, pgsize: 0 },
  ...{ va: 0, to: { kind: 'phys', addr: 0x412340000 } },
};
const UNMAP = 'unmap: IOMMU: iova=0x00000000fffe0000 - 0x00000000ffff0000 size=65536 unmapped_size=4096';
const UNMAPPED = {
  ...{ kind: 'mmu_unmap', code: 'iommu', gpuvm: 0, table: 0, addr: 0xfffe0000, length: 4096, pgsize: 0 },
  sparse: false,
};

const RANGE = 'asid=0x00002, start=0x0000001a0000, end=0x0000001affff, userptr=0x000000000000';
const BIND = `xe_vma_bind: dev=0000:03:00.0, vma=${VMA}, vm=${VM}, ${RANGE}`;
const UNBIND = `xe_vma_unbind: dev=0000:03:00.0, vma=${VMA}, vm=${VM}, ${RANGE}`;
const BOUND_AT = { code: 'xe', gpuvm: ptr(VM), table: 0, addr: 0x1a0000, length: 0x10000, pgsize: 0 };
const BOUND = { kind: 'mmu_map', ...BOUND_AT, va: ptr(VMA), to: undefined };
const UNBOUND = { kind: 'mmu_unmap', ...BOUND_AT, sparse: false };

const WITHOUT_VM = { ...BOUND, gpuvm: 0 };
const INVALIDATE = BIND.replace('xe_vma_bind', 'xe_vma_userptr_invalidate');
const INVALIDATED = {
  ...{ kind: 'va_invalidate', at: 'begin', gpuvm: ptr(VM), va: ptr(VMA), addr: 0x1a0000, length: 0x10000 },
};
const XE_VM = `dev=0000:03:00.0, vm=${VM}, asid=0x00002, vm flags=0x00400`;
const OF_VM = { gpuvm: ptr(VM), asid: 2 };

/** The print fmt of Debian's 6.12.117: `dev=%s, vma=%p, asid=0x%05x, ...`, with a comma at the end; no `vm flags`. */
const on612 = (text: string) => `${text.replace(`vm=${VM}, asid`, 'asid')},`;
const XE_VM_612 = XE_VM.replace(/, vm flags=.*/, '');

const XE_DRM = 'xe 0000:03:00.0: [drm:vm_bind_ioctl_ops_create [xe]]';
const XE_SPAN = 'addr=0x0000000000100000, range=0x0000000000010000';
const XE_STEP = { addr: 0x100000, range: 0x10000 };

const DRM = '[drm:panthor_vm_map_pages [panthor]]';
const PAGES = 'as=1, iova=0x7fff00000000, sz=8388608, va=0x7fff00200000';
const DEBUG_MAP = `${DRM} map: ${PAGES}, pa=0x0000000080400000, pgcnt=3, pgsz=2097152`;
const DEBUG_UNMAP = `[drm:panthor_vm_unmap_pages [panthor]] unmap: ${PAGES}, pgcnt=3, pgsz=2097152`;
const DEBUG_AT = { code: 'panthor', gpuvm: 0, table: 0, addr: 0x7fff00200000, length: 3 * 2097152, pgsize: 2097152 };
const DEBUG_MAPPED = { kind: 'mmu_map', ...DEBUG_AT, va: 0, to: { kind: 'phys', addr: 0x80400000 } };
const DEBUG_UNMAPPED = { kind: 'mmu_unmap', ...DEBUG_AT, sparse: false };

const HASH = '0000000012345678';
const HASHED = { gpuvm: 0, id: 0x12345678 };
const OF_MSM = { gpuvm: ptr(VM), id: ptr(VM) };
const VM_LOG = `vm_log:255: map:${VM}:5: 0000000000100000 0000000000110000`;
const WRITTEN = { kind: 'log_table', what: 'map', ...OF_MSM, addr: 0x100000, length: 0x10000 };
const STEP_MAP = `msm_gem_vm_sm_step_map:505: ${VM}:${VMA}:${VM}: 0000000000100000 0000000000110000`;
const ENTERED = { kind: 'log_mapping', what: 'map', id: ptr(VM), va: ptr(VMA), addr: 0x100000, range: 0x110000 };
const STEP_REMAP = `msm_gem_vm_sm_step_remap:597: prev_vma: ${VM}:${VMA}: 0000000000100000 0000000000110000`;
const DYNAMIC = '[123] msm:vm_log:drivers/gpu/drm/msm/msm_gem_vma.c:255: ';

const FORMS: [string, string, object][] = [
  ['msm map', `console: ${VM_LOG}`, WRITTEN],
  ['msm map, hashed', `console: ${VM_LOG.replace(VM, HASH)}`, { ...WRITTEN, ...HASHED }],
  ['msm map, hidden', `console: ${VM_LOG.replace(VM, '(____ptrval____)')}`, { ...WRITTEN, gpuvm: 0, id: 0 }],
  ['msm map, all that dynamic debug adds', `console: [   12.345678] ${DYNAMIC}${VM_LOG}`, WRITTEN],
  ['msm map, module and line', `console: msm:255: ${VM_LOG}`, WRITTEN],
  ['msm map, in an interrupt', `console: <intr> ${VM_LOG}`, WRITTEN],
  ['msm unmap', `console: ${VM_LOG.replace(': map', ': unmap')}`, { ...WRITTEN, what: 'unmap' }],
  ['msm evict', `console: ${VM_LOG.replace(': map', ': evict')}`, { ...WRITTEN, what: 'evict' }],
  ['msm purge', `console: ${VM_LOG.replace(': map', ': purge')}`, { ...WRITTEN, what: 'evict' }],
  ['msm close', `console: ${VM_LOG.replace(': map', ': close')}`, { ...WRITTEN, what: 'close' }],
  ['msm, outside of a queue', `console: ${VM_LOG.replace(':5:', ':0:')}`, WRITTEN],
  ['msm step map', `console: ${STEP_MAP}`, { ...ENTERED, isNull: false }],
  [
    'msm step map of NULL',
    `console: ${STEP_MAP.replace(`${VM}: `, `${'0'.repeat(16)}: `)}`,
    { ...ENTERED, isNull: true },
  ],
  ['msm step unmap', `console: ${STEP_MAP.replace('_map', '_unmap')}`, { ...ENTERED, what: 'unmap', isNull: false }],
  [
    'msm step remap',
    `console: ${STEP_MAP.replace('_map:505:', '_remap:552: orig_vma:')}`,
    { ...ENTERED, what: 'split', isNull: false },
  ],
  ['msm prev', `console: ${STEP_REMAP}`, { ...ENTERED, what: 'piece', isNull: undefined }],
  ['msm next', `console: ${STEP_REMAP.replace('prev', 'next')}`, { ...ENTERED, what: 'piece', isNull: undefined }],
  ['iommu map', MAP, MAPPED],
  ['iommu unmap', UNMAP, UNMAPPED],
  ['xe bind', BIND, BOUND],
  ['xe unbind', UNBIND, UNBOUND],
  ['xe, pointers as trace-cmd prints them', BIND.replace(VMA, `0x${VMA}`).replace(VM, `0x${VM}`), BOUND],
  ['xe bind on 6.12', on612(BIND), WITHOUT_VM],
  ['xe unbind on 6.12', on612(UNBIND), { ...UNBOUND, gpuvm: 0 }],
  ['xe invalidate on 6.12', on612(INVALIDATE), { ...INVALIDATED, gpuvm: 0 }],
  [
    'xe rebind on 6.12',
    on612(BIND.replace('xe_vma_bind', 'xe_vma_rebind_exec')),
    { kind: 'va_rebind', gpuvm: 0, va: ptr(VMA) },
  ],
  ['xe vm on 6.12', `xe_vm_create: ${XE_VM_612}`, { kind: 'vm_life', at: 'create', ...OF_VM }],
  ['xe worker on 6.12', `xe_vm_rebind_worker_enter: ${XE_VM_612}`, { kind: 'vm_worker', ...OF_VM }],
  ['xe invalidate', INVALIDATE, INVALIDATED],
  ['xe invalidated', INVALIDATE.replace('invalidate', 'invalidate_complete'), { ...INVALIDATED, at: 'complete' }],
  ['xe vm', `xe_vm_create: ${XE_VM}`, { kind: 'vm_life', at: 'create', ...OF_VM }],
  ['xe vm killed', `xe_vm_kill: ${XE_VM}`, { kind: 'vm_life', at: 'kill', ...OF_VM }],
  ['xe vm fails', `xe_vm_ops_fail: ${XE_VM}`, { kind: 'vm_life', at: 'ops_fail', ...OF_VM }],
  ['xe vm freed', `xe_vm_free: ${XE_VM}`, { kind: 'vm_life', at: 'free', ...OF_VM }],
  ['xe worker', `xe_vm_rebind_worker_enter: ${XE_VM}`, { kind: 'vm_worker', ...OF_VM }],
  ['xe worker ends', `xe_vm_rebind_worker_exit: ${XE_VM}`, { kind: 'vm_worker_ret', ...OF_VM }],
  [
    'xe op',
    `console: ${XE_DRM} op=2, addr=0x0000000000100000, range=0x0000000000010000, bo_offset_or_userptr=0x00007f0000000000`,
    { kind: 'log_request', call: 'map', addr: 0x100000, range: 0x10000, offset: 0x7f0000000000 },
  ],
  ['xe map', `console: ${XE_DRM} MAP: ${XE_SPAN}`, { kind: 'log_step', type: 'map', ...XE_STEP, keep: false }],
  [
    'xe unmap',
    `console: ${XE_DRM} UNMAP: ${XE_SPAN}, keep=1`,
    { kind: 'log_step', type: 'unmap', ...XE_STEP, keep: true },
  ],
  [
    'xe remap, built in',
    `console: [drm:vm_bind_ioctl_ops_create] REMAP:UNMAP: ${XE_SPAN}, keep=0`,
    { kind: 'log_step', type: 'remap', ...XE_STEP, keep: false },
  ],
  ['panthor map', `console: panthor fb000000.gpu: ${DEBUG_MAP}`, DEBUG_MAPPED],
  ['panthor unmap', `console: panthor fb000000.gpu: ${DEBUG_UNMAP}`, DEBUG_UNMAPPED],
  ['panthor, no device', `console: ${DEBUG_MAP}`, DEBUG_MAPPED],
  ['panthor, with a time', `console: [   12.345678] panthor fb000000.gpu: ${DEBUG_UNMAP}`, DEBUG_UNMAPPED],
  ['panthor, built in', `console: ${DEBUG_MAP.replace(' [panthor]', '')}`, DEBUG_MAPPED],
  ['panthor, inlined', `console: ${DEBUG_MAP.replace('vm_map_pages', 'gpuva_sm_step_map.isra.0')}`, DEBUG_MAPPED],
  ['panthor, no address space', `console: ${DEBUG_MAP.replace('as=1', 'as=-1')}`, DEBUG_MAPPED],
];

test.each(FORMS)('%s', (_, text, event) => {
  const reported = text.replace(/^\w+: /, (name) => name.padEnd(22));
  const lines = [
    plain('kworker/u8:1', 77, text),
    `    kworker/u8:1-77    [001]    12.345678: ${reported}\n`,
    `    kworker/u8:1-77    [001] ...1.    12.345678: ${reported}\n`,
    `  12.345678 |   1)  kworker-77   |               |  /* ${text} */\n`,
    plain('kworker/u8:1', 77, `${text} later=1`),
    plain('kworker/u8:1', 77, `${text}, later=1`),
  ];
  for (const line of lines) {
    const { line: number, pid, cpu, time, event: seen } = only(line);
    expect(seen).toEqual(event);
    expect([number, pid, cpu, time]).toEqual([1, 77, 1, '12.345678']);
  }
  const { events, stats, diagnostics } = decode(plain('a', 1, text) + plain('b', 2, FREE) + plain('a', 1, text));
  expect(events).toEqual([event, FREED, event]);
  expect(stats.events).toBe(3);
  expect(diagnostics).toEqual([]);
});

test('xe: a pointer that is none of the kernel is a hash and names nothing', () => {
  const of = (vma: string, vm: string) => only(plain('t', 1, BIND.replace(VMA, vma).replace(VM, vm))).event;
  const hidden = { ...BOUND, gpuvm: 0, va: 0 };
  for (const text of ['00000000deadbeef', '0000000012345678', '(____ptrval____)', '(null)', '(nil)', '0x12', '0'])
    expect(of(text, text)).toEqual(hidden);
  expect(of('7fffffffffffffff', '8000000000000000')).toEqual(hidden);
  expect(of(VMA, '00000000deadbeef')).toEqual({ ...BOUND, gpuvm: 0 });
  expect(of('00000000deadbeef', VM)).toEqual({ ...BOUND, va: 0 });
  expect(of('ff11000123456780', 'ffffffffffffff80')).toMatchObject({
    gpuvm: -128,
    va: ptr('ff11000123456780'),
  });
});

test('xe: a text without the VM does not have that of the text before', () => {
  const { events } = decode(plain('t', 1, BIND) + plain('t', 1, on612(BIND)) + plain('t', 1, BIND));
  expect(events).toEqual([BOUND, WITHOUT_VM, BOUND]);
});

test('xe: a VM whose pointer is a hash has its number left', () => {
  const { event } = only(plain('t', 1, `xe_vm_free: ${XE_VM.replace(VM, '000000001c7e5d11')}`));
  expect(event).toEqual({ kind: 'vm_life', at: 'free', gpuvm: 0, asid: 2 });
});

test('xe: a range without bytes, or with all of them', () => {
  const range = (start: string, end: string) =>
    decode(plain('t', 1, BIND.replace('0000001a0000', start).replace('0000001affff', end))).events;
  expect(range('1000', 'fff')).toEqual([]);
  expect(range('1000', '1000')).toMatchObject([{ addr: 4096, length: 1 }]);
  expect(range('0', 'ffffffffffffffff')).toMatchObject([{ addr: 0, length: 2 ** 64 }]);
});

const BITS = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
const hex16 = (bits: bigint): string => bits.toString(16).padStart(16, '0');

test('values of 64 bits are exact', () => {
  fc.assert(
    fc.property(BITS, BITS, BITS, (a, b, size) => {
      const [end, bytes] = [hex16(BigInt.asUintN(64, a + size)), u64FromBigInt(size)];
      const iova = `IOMMU: iova=0x${hex16(a)} - 0x${end}`;
      const { events } = decode(
        plain('t', 1, `map: ${iova} paddr=0x${hex16(b)} size=${size}`) +
          plain('t', 1, `unmap: ${iova} size=${b} unmapped_size=${size}`),
      );
      const addr = u64FromBigInt(a);
      expect(events[0]).toMatchObject({ addr, length: bytes, to: { kind: 'phys', addr: u64FromBigInt(b) } });
      expect(events[1]).toMatchObject({ addr, length: bytes });
    }),
  );
});

test('msm: numbers are hex digits, also those of decimal digits alone; a range that ends before it begins is none', () => {
  const of = (start: string, end: string) =>
    decode(plain('t', 1, `console: ${VM_LOG.replace('0000000000100000', start).replace('0000000000110000', end)}`))
      .events;
  expect(of('0000000000100000', '0000000000100010')).toMatchObject([{ addr: 0x100000, length: 16 }]);
  expect(of('0000000000000000', 'ffffffffffffffff')).toMatchObject([{ addr: 0, length: 2n ** 64n - 1n }]);
  expect(of('fffffffffffff000', '0000000000000000')).toEqual([]);
  expect(of('0000000000002000', '0000000000001000')).toEqual([]);
});

test.each([
  ['another event of the name', 'map: ip=0x1'],
  ['another event of the IOMMU', 'attach_device_to_domain: IOMMU: device=0000:03:00.0'],
  ['the text under another name', MAP.replace('map:', 'remap:')],
  ['raw fields', 'map: iova=0x1000 paddr=0x2000 size=0x1000'],
  ['a piece of the text', 'map: IOMMU: iova'],
  ['no text', 'map:'],
  ['a path', 'map: [FAILED TO PARSE] iova=4294836224'],
  ['another of xe', BIND.replace('xe_vma_bind', 'xe_vma_evict')],
  ['older xe', 'xe_vma_bind: vma=ffff888105678900, asid=0x00002, start=0x0000001a0000, end=0x0000001affff,'],
  ['the log', 'console: systemd[1]: Started foo'],
  ['another debug line', 'console: panthor fb000000.gpu: [drm:panthor_vm_active [panthor]] as=1'],
  ['another driver', `console: ${DEBUG_MAP.replace('panthor_vm', 'other_vm')}`],
  ['older panthor', `console: ${DRM} map: as=1, iova=1000, paddr=0x0000000080400000, len=1000`],
  ['older panthor', `console: ${DRM} unmap: as=1, iova=1000, len=1000`],
  ['what a device says of itself', `console: usb 1-1: Product: ${DEBUG_MAP}`],
  ['what a device says of itself', `console: usb 1-1: ${DEBUG_MAP}`],
  ['a quotation', `console: panthor fb000000.gpu: said: ${DEBUG_MAP}`],
  ['msm, another line', 'console: msm_gem_vm_bo_validate:460: validate: ffff888101234000'],
  ['msm, another line', 'console: msm_vma_job_run:645: '],
  ['msm, another function', `console: ${VM_LOG.replace('vm_log', 'log')}`],
  ['msm, a quotation', `console: usb 1-1: ${VM_LOG}`],
  ['msm, a quotation', `console: other:255: ${VM_LOG}`],
  ['in the log, another event', `console: ${MAP}`],
])('not taken: %s', (_, text) => {
  const { events, diagnostics, stats } = decode(plain('t', 1, text) + plain('t', 1, text) + plain('t', 1, FREE));
  expect(events).toEqual([FREED]);
  expect(diagnostics).toEqual([]);
  expect(stats).toMatchObject({ events: 1, entries: 3 });
});

test('probes may have the same names', () => {
  const bind = `xe_vma_bind: (xe_vma_bind+0x4/0x10) gpuvm=0x${VM} addr=0x1a0000 len=0x10000 va=0x${VMA}`;
  expect(only(plain('t', 1, bind)).event).toEqual(BOUND);
  expect(only(plain('t', 1, FREE.replace('obj_free', 'map'))).event).toEqual(FREED);
  const { events } = decode(plain('t', 1, bind) + plain('t', 1, BIND) + plain('t', 1, bind));
  expect(events).toEqual([BOUND, BOUND, BOUND]);
});

/** Every text cut off behind its beginning, or with one value spoilt. */
function spoilt(text: string, isRead: (name: string) => boolean): string[] {
  const values = [...text.matchAll(/ (\w+)=(0x)?([0-9a-f]+)/g)].filter(([, name = '']) => isRead(name));
  return values.flatMap((match) => {
    const [all, name, prefix = ''] = match;
    const put = (value: string) => text.slice(0, match.index) + value + text.slice(match.index + all.length);
    const bad = ['', '0x', 'x', '-1', 'NaN', '"1"', '(fault)', `${prefix}123g`, `0x${'1'.repeat(17)}`, '1'.repeat(21)];
    return [put(''), put(` ${name}`), put(` ${name}x=0x1`), ...bad.map((value) => put(` ${name}=${value}`))];
  });
}

test.each([
  ['iommu map', spoilt(MAP, (name) => name !== 'iova')],
  ['iommu unmap', spoilt(UNMAP, (name) => name === 'unmapped_size')],
  ['iommu, what is not needed', [MAP.replace(' - 0x00000000ffff0000', ''), UNMAP.replace('size=65536 ', '')]],
  ['iommu iova', [MAP.replace('0x00000000fffe0000', ''), MAP.replace('0x00000000fffe0000', '0xg')]],
  ['iommu size in hex digits', [MAP.replace('size=65536', 'size=655a6'), UNMAP.replace('d_size=4096', 'd_size=f')]],
  ['xe', spoilt(BIND, (name) => name === 'start' || name === 'end')],
  ['xe on 6.12', spoilt(on612(BIND), (name) => name === 'start' || name === 'end')],
  [
    'xe pointers',
    [
      BIND.replace(VM, ''),
      BIND.replace(VM, 'x'),
      BIND.replace(VM, '0x'),
      BIND.replace(VM, '-5'),
      BIND.replace(VM, `${VM}0`),
    ],
  ],
  ['xe, what is not needed', [BIND.replace(', asid=0x00002', ''), BIND.replace('0000:03:00.0', 'a b')]],
  ['panthor', spoilt(`console: ${DEBUG_MAP}`, (name) => ['va', 'pa', 'pgcnt', 'pgsz'].includes(name))],
  [
    'msm',
    [
      ...['00000000001000', '0x0000000000100000', 'g000000000100000', `${'0'.repeat(17)}`, ''].map((bad) => {
        return `console: ${VM_LOG.replace('0000000000100000', bad)}`;
      }),
      ...['x', ''].map((bad) => `console: ${VM_LOG.replace(VM, bad)}`),
      `console: ${VM_LOG.replace(':5:', ':')}`,
      `console: ${VM_LOG.slice(0, -1)}`,
      `console: ${STEP_MAP.replace(VMA, '(____ptrval')}`,
      `console: ${STEP_REMAP}0`,
    ],
  ],
  ['panthor iova', [`console: ${DEBUG_MAP.replace('iova=0x7fff00000000', 'iova=0x1 2')}`]],
])('damaged: %s', (_, texts) => {
  for (const text of texts) {
    const { events, losses, diagnostics, stats } = decode(plain('t', 1, text) + plain('t', 1, FREE));
    expect([text, events]).toEqual([text, [FREED]]);
    expect(losses).toEqual(['1:1']);
    expect(diagnostics).toMatchObject([{ kind: 'damaged', line: 1, count: 1 }]);
    expect(stats.events).toBe(1);
  }
});

test('damaged: the message names the tracepoint', () => {
  const { diagnostics } = decode(plain('t', 1, 'map: IOMMU: iova=0x'));
  expect(diagnostics[0]?.message).toBe('the arguments of iommu:map cannot be read');
});

test.each(FORMS)('cut off anywhere, nothing else is read: %s', (_, text, event) => {
  for (let end = 1; end < text.length; end++) {
    for (const seen of decode(plain('t', 1, text.slice(0, end))).events) {
      // A number may have lost its last digits, nothing more.
      expect({ ...seen, addr: 0, length: 0, range: 0, keep: 0, offset: 0, pgsize: 0, to: 0 }).toEqual({
        ...event,
        addr: 0,
        length: 0,
        range: 0,
        keep: 0,
        offset: 0,
        pgsize: 0,
        to: 0,
      });
      expect(JSON.stringify(seen)).not.toMatch(/null|NaN/);
    }
  }
});

test.each(FORMS)('what a marker or a name says is nothing but text: %s', (_, text) => {
  const { events } = decode(
    plain('bash', 1, `tracing_mark_write: ${text}`) +
      plain('bash', 1, `tracing_mark_write: ${plain('evil', 666, text).trimEnd()}`) +
      plain('bash', 1, `print:                tracing_mark_write: ${text}`) +
      plain('bash', 1, `tracing_mark_write: x\n${text}`) +
      plain('bash', 1, `console: x\n${text}`) +
      plain(': map: IOMMU: i', 1, 'sched_waking: comm=a') +
      plain('bash', 1, `sched_waking: comm=${text}`) +
      plain('bash', 2, FREE),
  );
  expect(events).toEqual([FREED]);
});

test('a message of the log may have several lines', () => {
  const { events, diagnostics } = decode(plain('t', 1, 'console: one\ntwo\n# three') + plain('t', 1, FREE));
  expect(events).toEqual([FREED]);
  expect(diagnostics).toEqual([]);
});

test('what nobody wants is counted and not read', () => {
  const table = new ProbeTable(probes, [], () => false);
  const events: VmEvent[] = [];
  const decoder = new TextDecoder(table, { event: (event) => events.push(event), loss: () => {} });
  const bytes = Buffer.from(plain('t', 1, BIND).trimEnd(), 'latin1');
  decoder.line(bytes, 0, bytes.length, 1, false);
  expect(events).toEqual([]);
  expect(decoder.stats.events).toBe(1);
});

// trace.dat

const COMMON = `format:
	field:unsigned short common_type;	offset:0;	size:2;	signed:0;
	field:unsigned char common_flags;	offset:2;	size:1;	signed:0;
	field:unsigned char common_preempt_count;	offset:3;	size:1;	signed:0;
	field:int common_pid;	offset:4;	size:4;	signed:1;

`;

function format(name: string, id: number, ...fields: string[]): string {
  let offset = 8;
  const lines = fields.map((field) => {
    const size = field.startsWith('__data_loc') || field.startsWith('u32') ? 4 : 8;
    const line = `\tfield:${field};\toffset:${offset};\tsize:${size};\tsigned:0;\n`;
    offset += size;
    return line;
  });
  return `name: ${name}\nID: ${id}\n${COMMON}${lines.join('')}`;
}

const VMA_FIELDS = ['__data_loc char[] dev', 'u32 asid', 'struct xe_vma * vma', 'struct xe_vm * vm'];
const VMA_RANGE = ['u64 start', 'u64 end', 'u64 ptr'];
const SYSTEMS: [string, string[]][] = [
  [
    'iommu',
    [
      format('map', 20, 'u64 iova', 'u64 paddr', 'size_t size'),
      format('unmap', 21, 'u64 iova', 'size_t size', 'size_t unmapped_size'),
    ],
  ],
  ['xe', [22, 23].map((id) => format(id === 22 ? 'xe_vma_bind' : 'xe_vma_unbind', id, ...VMA_FIELDS, ...VMA_RANGE))],
  ['printk', [format('console', 24, '__data_loc char[] msg')]],
  [
    'other',
    [format('map', 25, 'u64 iova', 'u64 paddr', 'size_t size'), format('console', 26, '__data_loc char[] msg')],
  ],
];

type Value = bigint | number | string;

/** bigint: 8 bytes. number: 4 bytes. string: a text behind the numbers. */
function record(id: number, values: readonly Value[], bigEndian: boolean): Uint8Array {
  const size = values.reduce<number>((sum, value) => sum + (typeof value === 'bigint' ? 8 : 4), 8);
  const w = new Writer(bigEndian).number(id, 2).number(0, 1).number(0, 1).number(42, 4);
  let text = '';
  for (const value of values) {
    if (typeof value === 'bigint') w.number(value, 8);
    else if (typeof value === 'number') w.number(value, 4);
    else {
      w.number((value.length + 1) * 65536 + size + text.length, 4);
      text += `${value}\0`;
    }
  }
  return w.text(text).align(4).done();
}

interface DatDecoded {
  readonly events: readonly VmEvent[];
  readonly losses: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
  readonly stats: TraceStats;
}

function decodeDat(
  records: readonly (readonly [number, ...Value[]])[],
  bigEndian = false,
  systems = SYSTEMS,
): DatDecoded {
  const events = new Writer(bigEndian);
  for (const [id, ...values] of records) {
    const bytes = record(id, values, bigEndian);
    events
      .number(0, 4)
      .number(bytes.length + 4, 4)
      .bytes(bytes);
  }
  const page = new Writer(bigEndian).number(5, 8).number(events.length, 8).bytes(events.done()).align(4096).done();
  const parts = { ...emptyParts(), ftrace: [], systems };
  parts.buffers.push({ name: '', clock: 'local', pageSize: 4096, cpus: [{ cpu: 3, pages: page }] });
  const dat = open(sourceOf(build(parts, { version: 7, bigEndian, compression: 'none', pagesPerChunk: 1 })));
  const seen: VmEvent[] = [];
  const losses: string[] = [];
  const sink = {
    event: (event: VmEvent) => seen.push(event),
    loss: (cpu: number, count: number | undefined) => losses.push(`${cpu}:${count}`),
  };
  const table = new ProbeTable(probes);
  const { stats, diagnostics } = new TextDecoder(table, sink);
  diagnostics.push(...new DatDecoder(dat, table, new EventDecoder(sink, diagnostics), stats).read());
  return { events: seen, losses, diagnostics, stats };
}

const VMA_VALUES = ['0000:03:00.0', 2, BigInt(`0x${VMA}`), BigInt(`0x${VM}`), 0x1a0000n, 0x1affffn, 0n] as const;

test.each([false, true])('trace.dat, big endian: %s', (bigEndian) => {
  const { events, diagnostics, losses, stats } = decodeDat(
    [
      [20, 0xfffe0000n, 0x412340000n, 65536n],
      [21, 0xfffe0000n, 65536n, 4096n],
      [22, ...VMA_VALUES],
      [23, ...VMA_VALUES],
      [24, `panthor fb000000.gpu: ${DEBUG_MAP}`],
      [24, 'hello'],
      [24, DEBUG_UNMAP],
      [24, ''],
      [25, 1n, 2n, 3n],
      [26, DEBUG_MAP],
    ],
    bigEndian,
  );
  expect(events).toEqual([MAPPED, UNMAPPED, BOUND, UNBOUND, DEBUG_MAPPED, DEBUG_UNMAPPED]);
  expect(diagnostics).toEqual([]);
  expect(losses).toEqual([]);
  expect(stats).toMatchObject({ entries: 10, events: 6 });
});

test('trace.dat: values of 64 bits are exact', () => {
  fc.assert(
    fc.property(BITS, BITS, BITS, (a, b, size) => {
      const { events } = decodeDat([
        [20, a, b, size],
        [21, a, b, size],
      ]);
      const [addr, length] = [u64FromBigInt(a), u64FromBigInt(size)];
      expect(events).toMatchObject([
        { addr, length, to: { kind: 'phys', addr: u64FromBigInt(b) } },
        { addr, length },
      ]);
    }),
    { numRuns: 30 },
  );
});

test('trace.dat: damaged messages', () => {
  const { events, diagnostics, losses } = decodeDat([
    [24, DEBUG_MAP.replace('pgcnt=3', 'pgcnt=x')],
    [24, DEBUG_UNMAP],
    [24, DEBUG_UNMAP.replace(', pgsz=2097152', '')],
  ]);
  expect(events).toEqual([DEBUG_UNMAPPED]);
  expect(losses).toEqual(['3:1', '3:1']);
  const message = 'the arguments of printk:console cannot be read';
  expect(diagnostics).toEqual([{ kind: 'damaged', line: 1, message, count: 2 }]);
});

test('trace.dat: formats that lack what is needed', () => {
  const systems: [string, string[]][] = [
    ['iommu', [format('map', 20, 'u64 iova', 'u64 paddr')]],
    ['printk', [format('console', 24, 'u64 msg')]],
  ];
  const { events, diagnostics } = decodeDat(
    [
      [20, 1n, 2n],
      [24, 3n],
    ],
    false,
    systems,
  );
  expect(events).toEqual([]);
  const message = 'the tracepoint iommu:map lacks size: it cannot be used';
  expect(diagnostics).toEqual([{ kind: 'incomplete-probe', line: 1, message, count: 1 }]);
});

test('a message is no probe event, whatever it begins with', () => {
  const forged = '(drm_gem_object_free+0x4/0x20 [drm]) kref=0xffff888100000000';
  const { events } = decode(
    ['tracing_mark_write', 'print', 'console', 'bprint'].map((name) => plain('evil', 1, `${name}: ${forged}`)).join(''),
  );
  expect(events).toEqual([]);
});
