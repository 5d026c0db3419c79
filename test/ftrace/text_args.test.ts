// The arguments of probe events: their order, spellings and exact values.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { u64FromBigInt } from '../../src/base/u64.ts';
import { ArgValues } from '../../src/ftrace/arg_values.ts';
import { FtraceRecord } from '../../src/ftrace/record.ts';
import { decode, FREE, FREED, only, plain } from './text_events.ts';

const PTR = 0;
const U64 = 1;
const INT = 2;

function read(kind: number, text: string): { readonly end: number; readonly value: number | bigint | undefined } {
  const values = new ArgValues();
  const rec = new FtraceRecord();
  rec.setBuffer(Buffer.from(`=${text} next=1`, 'latin1'));
  rec.end = text.length + 1;
  const end = values.setNumber(0, kind, rec, 1);
  return { end: end - 1, value: kind === INT ? values.int(0) : values.u64(0) };
}

const U64_BITS = fc.oneof(
  fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
  fc.bigInt({ min: 0n, max: (1n << 52n) - 1n }).map((page) => page << 12n),
  fc.nat().map((low) => 0xffff888100000000n + BigInt(low)),
  fc.constantFrom(0n, 1n, 1n << 53n, (1n << 53n) + 1n, (1n << 64n) - 4096n, (1n << 64n) - 1n, 1n << 63n),
);

test('u64: every value is exact, in hex and in decimal', () => {
  fc.assert(
    fc.property(U64_BITS, (bits) => {
      for (const text of [`0x${bits.toString(16)}`, `0x${bits.toString(16).toUpperCase()}`, bits.toString()]) {
        expect(read(U64, text)).toEqual({ end: text.length, value: u64FromBigInt(bits) });
      }
    }),
  );
});

test('ptr: every value is exact and has one form, in hex, in decimal and as a signed number', () => {
  fc.assert(
    fc.property(U64_BITS, (bits) => {
      const signed = BigInt.asIntN(64, bits);
      const exact = BigInt(Number(signed)) === signed ? Number(signed) : signed;
      for (const text of [`0x${bits.toString(16)}`, bits.toString(), signed.toString()]) {
        expect(read(PTR, text)).toEqual({ end: text.length, value: exact });
      }
    }),
  );
});

test('int: 32-bit results are signed however they are printed', () => {
  fc.assert(
    fc.property(fc.integer(), (n) => {
      for (const text of [
        String(n),
        `0x${(n >>> 0).toString(16)}`,
        `0x${BigInt.asUintN(64, BigInt(n)).toString(16)}`,
      ]) {
        expect(read(INT, text)).toEqual({ end: text.length, value: n });
      }
    }),
  );
});

test('hex without 0x, as old kernels print it', () => {
  expect(read(PTR, 'fffffffffffffffe').value).toBe(-2);
  expect(read(PTR, '00000000ed4d0feb').value).toBe(0xed4d0feb);
  expect(read(U64, '1f000').value).toBe(0x1f000);
});

test.each(['', 'x', '-', '0x10000000000000000', '100000000000000000000000', '"1"', '(fault)'])(
  'no number: %j',
  (text) => {
    expect(read(U64, text).value).toBeUndefined();
    expect(read(U64, text).end).toBeLessThan(0);
  },
);

test('a number ends with its line, whatever follows in the buffer', () => {
  const rec = new FtraceRecord();
  rec.setBuffer(Buffer.from('0x12345678', 'latin1'));
  for (let end = 3; end <= 10; end++) {
    const values = new ArgValues();
    rec.end = end;
    expect(values.setNumber(0, U64, rec, 0)).toBe(end);
    expect(values.u64(0)).toBe(Number('0x12345678'.slice(0, end)));
  }
});

const INIT = '(lab_ioctl_vm_create+0x149/0x220 [vmbind_lab] <- drm_gpuvm_init)';
const GPUVM = 'gpuvm=0xffff888100001000';
const RANGES = 'mm_start=0x10000 mm_range=0xfff0000 kstart=0xfe00000 krange=0x200000';

function vmName(name: string): unknown {
  const text = plain('t', 1, `vm_init: ${INIT} ${GPUVM} name=${name} vm_flags=1 ${RANGES}`);
  const { events } = decode(text + text);
  expect(events).toHaveLength(2);
  expect(events[1]).toEqual(events[0]);
  expect(events[0]).toMatchObject({ kind: 'vm_init', flags: 1, mmStart: 0x10000, kernelRange: 0x200000 });
  return events[0]?.kind === 'vm_init' ? events[0].name : undefined;
}

test.each([
  '',
  'second vm',
  'a "quoted" name',
  '"',
  '\\',
  'x" vm_flags=9 name="y',
  'mm_start=0x5 mm_range=0x6',
  '\x1b[31m\xff',
])('VM name %j', (name) => {
  expect(vmName(`"${name}"`)).toBe(name);
});

test('an unquoted name (trace-cmd report -R), a faulted one, and a mere pointer', () => {
  expect(vmName('second vm')).toBe('second vm');
  expect(vmName('(fault)')).toBe('');
  expect(vmName('0xffff88810882616c')).toBe('');
});

test('a faulted number is not known, and does not last to the next event', () => {
  const head = 'bo_evict: (drm_gpuvm_bo_evict+0x4/0x20)';
  const { events } = decode(
    plain('t', 1, `${head} vm_bo=0xffff888100000100 evict=1`) +
      plain('t', 1, `${head} vm_bo=0xffff888100000100 evict=(fault)`) +
      plain('t', 1, `${head} vm_bo=(fault) evict=1`),
  );
  expect(events).toEqual([
    { kind: 'bo_evict', vmBo: FREED.obj, evict: true },
    { kind: 'bo_evict', vmBo: FREED.obj, evict: false },
    { kind: 'bo_evict', vmBo: 0, evict: true },
  ]);
});

test('what one probe shows and another of the same function does not, is not carried over', () => {
  const head = '(drm_gpuvm_sm_map+0x4/0x50)';
  const { events } = decode(
    plain('t', 1, `a: ${head} ${GPUVM} addr=0x1000 range=0x2000 obj=0x8 offset=0x3000`) +
      plain('t', 1, `b: ${head} ${GPUVM} range=0x2000`) +
      plain('t', 1, `a: ${head} ${GPUVM} addr=0x1000 range=0x2000 obj=0x8 offset=0x3000`),
  );
  expect(events[0]).toMatchObject({ addr: 0x1000, range: 0x2000, obj: 8, offset: 0x3000 });
  expect(events[1]).toMatchObject({ addr: undefined, range: 0x2000, obj: 0, offset: 0 });
  expect(events[2]).toEqual(events[0]);
});

test('a value as wide as 64 bits does not last to the next event either', () => {
  const head = 'mmu_map: (lab_mmu_map+0x0/0x60 [vmbind_lab])';
  const line = (pte: string) => plain('t', 1, `${head} ${GPUVM} addr=0x1000 len=0x1000 pte=${pte}`);
  const { events } = decode(line('0x312000000000006') + line('0x6') + line('0x8312000000000007'));
  const offsets = events.map((event) => (event.kind === 'mmu_map' && event.to?.kind === 'mem' ? event.to : undefined));
  expect(offsets).toEqual([
    { kind: 'mem', mem: 0x312, offset: 0x5000 },
    { kind: 'mem', mem: 0, offset: 0x5000 },
    { kind: 'mem', mem: 0x8312, offset: 0x6000 },
  ]);
});

test('keys in any order, unknown keys, and more blanks than one', () => {
  const head = 'va_remove: (drm_gpuva_remove+0x4/0xc0 [drm_gpuvm])';
  const want = { kind: 'va_remove', gpuvm: 0x10, va: 0x20, addr: 0x3000, range: 0x4000, obj: 0x50 };
  const args = ['gpuvm=0x10', 'va=0x20', 'addr=0x3000', 'range=0x4000', 'obj=0x50', 'x=0x7', 'text="a b"', 'z=1'];
  fc.assert(
    fc.property(fc.shuffledSubarray(args, { minLength: args.length }), fc.constantFrom(' ', '  '), (order, blank) => {
      // Only the last quote of a line can close a text: one that is not last swallows what is behind it.
      const words = [...order.filter((word) => !word.startsWith('text')), 'text="a b"'];
      expect(only(plain('t', 1, `${head} ${words.join(blank)}`)).event).toEqual(want);
    }),
  );
});

test('option fields: each number twice, symbols with addresses', () => {
  const text =
    'va_insert: __probe_func=drm_gpuva_insert+0x4/0xa0 [drm_gpuvm] (-1610328732) __probe_ret_ip=drm_gpuva_map+0x31/0x40 ' +
    '[drm_gpuvm] (-1610328527) gpuvm=0x10 (16) va=0xffff888100000100 (-131387319100160) addr=0x100000 (1048576) ' +
    'range=0x10000 (65536) obj=0x0 (0) offset=0x0 (0) flags=0x0 (0) ret=0xffffffef (-17)';
  const want = { kind: 'va_insert', gpuvm: 16, va: FREED.obj, addr: 0x100000, range: 0x10000, obj: 0, ret: -17 };
  expect(only(plain('t', 1, text)).event).toMatchObject(want);
  const entry = 'obj_free: __probe_ip=drm_gem_object_free+0x4/0x20 (-1) kref=0xffff888100000100 (-1)';
  expect(only(plain('t', 1, entry)).event).toEqual(FREED);
});

test('option fields: bytes and booleans', () => {
  const text = `bo_put: (f+0x1/0x2 <- drm_gpuvm_bo_put) vm_bo=0x10 (16) destroyed=(1)`;
  expect(only(plain('t', 1, text)).event).toEqual({ kind: 'bo_destroy', vmBo: 16 });
});

test('option sym-addr', () => {
  const text =
    'obj_init: (drm_x+0x31/0x40 [drm] <ffffffffa0045631> <- drm_gem_private_object_init <ffffffffa0045564>) obj=0x10 size=0x1000 resv=0x20';
  expect(only(plain('t', 1, text)).event).toEqual({ kind: 'obj_init', obj: 16, size: 4096, resv: 32 });
});

test('addresses instead of symbols: the name of the event tells', () => {
  const report = 'obj_init:              (ffffffffa0045954 <- ffffffffa0049279) obj=0x10 size=0x1000 resv=0x20';
  const raw =
    'obj_init:   __probe_func=ffffffffa0045954 __probe_ret_ip=ffffffffa0049279 obj=0x10 size=0x1000 resv=0x20';
  for (const text of [report, raw]) {
    expect(only(plain('t', 1, text)).event).toEqual({ kind: 'obj_init', obj: 16, size: 4096, resv: 32 });
  }
  expect(decode(plain('t', 1, FREE.replace('drm_gem_object_free+0x4/0x20', '0xffffffffa0045954'))).events).toEqual([
    FREED,
  ]);
});

test('addresses instead of symbols, with names of the user: dynamic_events tells', () => {
  const text = plain('t', 1, 'mine:   (ffffffffa0045954) kref=0xffff888100000100');
  expect(decode(text).events).toEqual([]);
  const probes = '# saved\np:kprobes/mine drm_gem_object_free kref=%di:x64\nu:up /bin/x:0x10\n';
  expect(decode(text, { probes }).events).toEqual([FREED]);
});

test('dynamic_events: our own name on another function is not ours', () => {
  const text = plain('t', 1, 'obj_free:   (ffffffffa0045954) kref=0xffff888100000100');
  expect(decode(text).events).toEqual([FREED]);
  expect(decode(text, { probes: 'f:fprobes/obj_free vfs_read kref=$arg1\n' }).events).toEqual([]);
});

test('$arg*: kernel names, decimal numbers, and the return value by its position', () => {
  const entry = `drm_gpuvm_init: (drm_gpuvm_init+0x4/0x190 [drm_gpuvm]) gpuvm=18446612686386894848 name=0xffff888105bc576c flags=0 drm=0x1 r_obj=0x2 start_offset=65536 range=268369920 reserve_offset=266338304 reserve_range=2097152 ops=0x3`;
  expect(only(plain('t', 1, entry)).event).toMatchObject({
    kind: 'vm_init',
    gpuvm: Number(BigInt.asIntN(64, 18446612686386894848n)),
    mmStart: 65536,
    mmRange: 268369920,
    kernelStart: 266338304,
  });
  const exit = 'x_exit: (f+0x1/0x2 <- drm_gpuvm_sm_unmap) gpuvm=0x10 priv=0x20 req_addr=0 req_range=4096 arg5=-22';
  expect(only(plain('t', 1, exit)).event).toEqual({ kind: 'sm_ret', gpuvm: 16, ret: -22 });
});

test('functions that mean nothing to us, and events that look like ours', () => {
  const { events, diagnostics } = decode(
    plain('t', 1, 'obj_free: (vfs_read+0x4/0x20) kref=0x1') +
      plain('t', 1, 'obj_free: kref=0x1') +
      plain('t', 1, 'sched_switch: prev_comm=bash prev_pid=1 ==> next_comm=(drm_gem_object_free+0x4/0x20)') +
      plain('t', 1, FREE),
  );
  expect(events).toEqual([FREED]);
  expect(diagnostics).toEqual([]);
});

test('damaged arguments are told and count as a lost event', () => {
  const head = 'obj_free: (drm_gem_object_free+0x4/0x20)';
  const damaged = [
    `${FREE}0`,
    `${head} kref=0x`,
    `${head} kref=0xg`,
    `${head} kref=`,
    `${head} kref`,
    `${head} kref=x`,
  ];
  const { events, losses, diagnostics } = decode(damaged.map((text) => plain('t', 1, text)).join(''));
  expect(events).toEqual([]);
  expect(losses).toEqual(damaged.map(() => '1:1'));
  expect(diagnostics).toMatchObject([{ kind: 'damaged', line: 1, count: damaged.length }]);
});

test('what a damaged line shows of its arguments is not all that those behind it have', () => {
  const line = (args: string) => plain('t', 1, `va_remove: (drm_gpuva_remove+0x4/0xc0 [drm_gpuvm]) ${args}`);
  const whole = line('gpuvm=0x10 va=0x20 addr=0x1000 range=0x2000 obj=0x30 offset=0');
  const { event } = only(whole);
  for (const args of [
    'gpuvm=0x10 va=0x20 addr="a b" range=0x2000 obj="a b" offset=0',
    'gpuvm=0x10 va=0x20',
    'obj=0x99 gpuvm=0x10',
    'offset=0 va=x',
  ]) {
    const { events } = decode(whole + line(args) + whole);
    expect([events[0], events.at(-1)]).toEqual([event, event]);
  }
});

test('a probe that lacks what is needed is told by name', () => {
  const { events, diagnostics } = decode(plain('t', 1, 'x: (f+0x1/0x2 <- drm_gpuvm_sm_map) gpuvm=0x10'));
  expect(events).toEqual([]);
  expect(diagnostics).toMatchObject([{ kind: 'incomplete-probe', line: 1 }]);
  expect(diagnostics[0]?.message).toContain('ret');
});
