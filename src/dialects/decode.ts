// Shorthand for the probe tables.
import type { Ptr } from '../base/u64.ts';
import type { Args, ProbeSpec, TracepointText } from '../events/probe.ts';
import type { DriverName, VmEvent } from '../events/vm_event.ts';

type Decode = (args: Args) => VmEvent | undefined;

export function entry(event: string, symbol: string, args: readonly string[], decode: Decode): ProbeSpec {
  return { event, symbol, at: 'entry', args, decode };
}

export function ret(event: string, symbol: string, args: readonly string[], decode: Decode): ProbeSpec {
  return { event, symbol, at: 'return', args, decode };
}

/** An event of the kernel's own, `system:event`. */
export function tracepoint(symbol: string, text: TracepointText, args: readonly string[], decode: Decode): ProbeSpec {
  return { event: symbol.slice(symbol.indexOf(':') + 1), symbol, at: 'tracepoint', text, args, decode };
}

/** The log's own time, which printk:console may show before a message. */
const LOG_TIME = String.raw`(?:\[ *\d+\.\d+\] )?`;

/**
 * A drm_dbg() line of a driver, after its head: `driver device: [drm:function [module]] text`. Nothing but the driver's own
 * name may stand before it, as a message of another driver may quote what a device says of itself.
 * functions: the source of a RegExp, to tell a driver that is built in and names no device. sample: a text that `head` fits.
 */
export function drmDebug(driver: string, functions: string, head: string, rest: string, sample = head): TracepointText {
  const named = String.raw`${driver} \S+: \[drm:[\w.]+(?: \[${driver}\])?\]`;
  const bare = String.raw`\[drm:(?:${functions})(?: \[${driver}\])?\]`;
  return {
    head: new RegExp(`^${LOG_TIME}(?:${named}|${bare}) ${head}`),
    rest,
    message: 'msg',
    sample: { head: `${driver} 0: [drm:0] ${sample}` },
  };
}

/**
 * A pr_debug() line that begins with `function:line: `, behind what dynamic debug was asked to put before it: the task, module,
 * function, file, line. No more may stand there, as in drmDebug().
 */
export function prDebug(
  module: string,
  functionName: string,
  head: string,
  rest: string,
  sample = head,
): TracepointText {
  const task = String.raw`(?:(?:\[\d+\]|<intr>) )?`;
  const place = String.raw`(?:(?:${module}:)?(?:${functionName}:)?(?:[\w./-]+\.[ch]:)?(?:\d+:)? )?`;
  const line = String.raw`${functionName}:\d+: `;
  return {
    head: new RegExp(`^${LOG_TIME}${task}${place}${line}${head}`),
    rest,
    message: 'msg',
    sample: { head: `${functionName}:0: ${sample}` },
  };
}

/** A member's address to its container's, container_of() in the kernel. */
export function containerOf(member: Ptr, offset: number): Ptr {
  return typeof member === 'number' ? member - offset : member - BigInt(offset);
}

/** -1 as an unsigned or a signed value: an ERR_PTR() is no object. */
export function isErrPtr(ptr: Ptr): boolean {
  return ptr < 0 && ptr >= -4095;
}

/** Kernel addresses have 57 bits at most, and the sign. */
const LOWEST_KERNEL_POINTER = -(2 ** 56);

/** Unless the user asked for raw pointers %p prints a hash, which names nothing: 32 bits, so of the user's half. */
export function rawPtr(ptr: Ptr | undefined): Ptr {
  return ptr !== undefined && ptr < 0 && ptr >= LOWEST_KERNEL_POINTER ? ptr : 0;
}

export const JOB_ARGS = ['job|_job|sched_job:ptr', 'id:int', 'gpuvm:ptr', 'exec:ptr', 'nops:int'];

/** Whose event it is, from JOB_ARGS. */
export function jobOf(a: Args): { readonly job: Ptr; readonly id: number | undefined; readonly gpuvm: Ptr } {
  return { job: a.ptr(0) ?? 0, id: a.int(1), gpuvm: a.ptr(2) ?? 0 };
}

/** A driver's bind ioctl. */
export function bind(driver: DriverName, symbol: string): ProbeSpec {
  return entry('bind', symbol, ['op_count:int', 'file:ptr'], (a) => ({
    kind: 'bind',
    driver,
    opCount: a.int(0),
    file: a.ptr(1) ?? 0,
  }));
}

export function bindRet(symbol: string): ProbeSpec {
  return ret('bind_ret', symbol, ['job:int', 'ret|arg1:int'], (a) => ({
    kind: 'bind_ret',
    job: a.int(0),
    ret: a.int(1),
  }));
}

/** A driver's ioctl that makes VMs. */
export function vmCreate(symbol: string): ProbeSpec[] {
  return [
    entry('vm_create', symbol, [], () => ({ kind: 'vm_create' })),
    ret('vm_create_ret', symbol, [], () => ({ kind: 'vm_create_ret' })),
  ];
}

/** The function in which a driver tears a VM down. */
export function vmClose(symbol: string): ProbeSpec[] {
  return [
    entry('vm_close', symbol, ['gpuvm|vm:ptr'], (a) => ({ kind: 'vm_close', gpuvm: a.ptr(0) ?? 0 })),
    ret('vm_close_ret', symbol, [], () => ({ kind: 'vm_close_ret' })),
  ];
}

/** The function in which the driver's job gets its struct, its number and its VM. */
export function submit(event: string, symbol: string): ProbeSpec {
  return entry(event, symbol, JOB_ARGS, (a) => ({ kind: 'job_submit', ...jobOf(a), opCount: a.int(4) }));
}

/** The scheduler's run_job of a driver whose tree is already changed then. */
export function run(symbol: string): ProbeSpec[] {
  return [
    entry('work', symbol, JOB_ARGS, (a) => ({ kind: 'run', ...jobOf(a) })),
    ret('work_ret', symbol, JOB_ARGS, (a) => ({ kind: 'run_ret', job: a.ptr(0) ?? 0 })),
  ];
}
