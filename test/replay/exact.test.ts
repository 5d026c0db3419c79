// 64-bit values pass through the whole pipeline without losing a bit, also those that a double cannot hold.
import { describe, expect, it } from 'vitest';
import { ptrHex } from '../../src/base/u64.ts';
import { reportOn } from '../support/report.ts';

interface Values {
  readonly addr: string;
  readonly range: string;
  readonly offset: string;
  readonly obj: string;
  readonly resv: string;
  readonly gpuvm: string;
}

/** One MAP of an object that is not locked, into a VM of 57 bits and more. */
function trace({ addr, range, offset, obj, resv, gpuvm }: Values): string {
  const entry = (event: string, symbol: string, args: string) => `${event}: (${symbol}+0x4/0x60 [drm]) ${args}`;
  const ret = (event: string, symbol: string, args: string) => `${event}: (caller+0x9/0x60 [drm] <- ${symbol}) ${args}`;
  const map = `addr=${addr} range=${range} obj=${obj} offset=${offset}`;
  const lines = [
    ret('obj_init', 'drm_gem_private_object_init', `obj=${obj} size=0x0 resv=${resv}`),
    ret(
      'vm_init',
      'drm_gpuvm_init',
      `gpuvm=${gpuvm} name="vm" vm_flags=0 mm_start=0x0 mm_range=0xfffffffffffff000 kstart=0x0 krange=0x0 r_obj=0x0 resv=0x0`,
    ),
    entry('bind', 'lab_ioctl_vm_bind', 'op_count=1'),
    entry('lock_pass', 'lab_lock_pass', `job=0x10 exec=0x20 id=1 gpuvm=${gpuvm} nops=1`),
    entry('exec_init', 'drm_exec_init', 'exec=0x20 flags=0x3'),
    ret('exec_cleanup', 'drm_exec_cleanup', 'exec=0x20 again=1'),
    entry('lock_obj', 'drm_exec_lock_obj', 'exec=0x20 obj=0x30 resv=0x38'),
    ret('lock_obj_ret', 'drm_exec_lock_obj', 'exec=0x20 obj=0x30 resv=0x38 ret=0'),
    ret('exec_cleanup', 'drm_exec_cleanup', 'exec=0x20 again=0'),
    ret('lock_pass_ret', 'lab_lock_pass', 'job=0x10 ret=0'),
    entry('apply', 'lab_apply', `job=0x10 id=1 gpuvm=${gpuvm} nops=1`),
    entry('apply_op', 'lab_apply_op', `job=0x10 gpuvm=${gpuvm} idx=0 op=0 ${map}`),
    entry('sm_map', 'drm_gpuvm_sm_map', `gpuvm=${gpuvm} ${map}`),
    entry('step_map', 'lab_sm_step_map', `op=0x50 priv=0x10 ${map}`),
    ret('va_insert', 'drm_gpuva_insert', `gpuvm=${gpuvm} va=0x60 ${map} flags=0 ret=0`),
    ret('step_map_ret', 'lab_sm_step_map', 'op=0x50 ret=0'),
    ret('sm_map_ret', 'drm_gpuvm_sm_map', `gpuvm=${gpuvm} ret=0`),
    ret('apply_ret', 'lab_apply', 'job=0x10 ret=0'),
    entry('exec_fini', 'drm_exec_fini', 'exec=0x20 num_objects=1'),
    ret('bind_ret', 'lab_ioctl_vm_bind', 'job=1 ret=0'),
  ];
  return lines.map((text, i) => `  task-7  [000] .....   1.0000${String(i).padStart(2, '0')}: ${text}\n`).join('');
}

const ORDINARY: Values = {
  addr: '0x100000',
  range: '0x4000',
  offset: '0x1000',
  obj: '0xffff888100362200',
  resv: '0xffff888100362300',
  gpuvm: '0xffff8881003b1c00',
};

const CASES: readonly [string, Partial<Values>][] = [
  ['ordinary ones', {}],
  ['an address of 57 bits', { addr: '0x1fffffffffff000' }],
  ['an unaligned address above 2^53', { addr: '0x100000000000001', range: '0x2003' }],
  [
    'unaligned values above 2^53 everywhere',
    { addr: '0x20000000000001', range: '0x20000000000003', offset: '0x7fffffffffffffff' },
  ],
  [
    'kernel pointers of 57 bits, one bit apart',
    { obj: '0xff11000000000001', resv: '0xff11000000000002', gpuvm: '0xff11000000000003' },
  ],
  [
    'pointers that are no kernel address',
    { obj: '0x8000000000000001', resv: '0x8000000000000003', gpuvm: '0x7ffffffffffffff1' },
  ],
  ['the last page of 64 bits', { addr: '0xffffffffffffd000', range: '0x1001', offset: '0xffffffffffffffff' }],
];

describe.each(CASES)('%s', (_name, changes) => {
  const values = { ...ORDINARY, ...changes };
  const report = reportOn(Buffer.from(trace(values)));

  it('are exact in findings and jobs', () => {
    expect(report.findings.map((finding) => finding.rule).sort()).toEqual(['missing-lock']);
    const missing = report.findings.find((finding) => finding.rule === 'missing-lock');
    const { addr = 0, range = 0, obj = 0, resv = 0, vm = 0, message = '' } = missing ?? {};
    const { offset, ...shown } = values;
    expect({
      addr: `0x${addr.toString(16)}`,
      range: `0x${range.toString(16)}`,
      obj: ptrHex(obj),
      resv: ptrHex(resv),
      gpuvm: ptrHex(vm),
    }).toEqual(shown);
    expect(message).toContain(`object ${values.obj} (dma_resv ${values.resv}) of ${values.addr}+${values.range}`);
    expect(missing?.evidence[0]?.text).toContain(`at offset ${offset}`);
    expect(report.jobs.map((row) => ptrHex(row.vm))).toEqual([values.gpuvm]);
  });

  it('are exact in the VM that is left', () => {
    const [vm] = report.world.vms.values();
    const [va, ...more] = vm?.tree ?? [];
    expect(more).toEqual([]);
    expect([va?.addr, va?.range, va?.offset].map((value = 0) => `0x${value.toString(16)}`)).toEqual([
      values.addr,
      values.range,
      values.offset,
    ]);
  });
});
