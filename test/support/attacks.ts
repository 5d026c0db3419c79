// Traces that want to make the analysis keep, or go through, more and more: written line by line, held nowhere.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { BIN, ROOT } from './run.ts';

export interface Attack {
  readonly name: string;
  /** What one of the pieces is: one line, several, or a part of one. */
  readonly piece: (index: number) => string;
  readonly pieces: number;
  readonly head?: string;
  readonly tail?: string;
}

export interface Survived {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

const CHARS_A_WRITE = 1 << 18;
const CALLER = 'lab_ioctl+0x1/0x9 [vmbind_lab]';

/** A kernel pointer: the index-th of a kind. */
export function pointer(kind: number, index: number): string {
  return `0xffff${(0x888000000000 + kind * 0x1000000000 + index * 0x40).toString(16)}`;
}

/** An event, and the task and CPU that it happens in. */
type Told = string | readonly [event: string, pid: number, cpu?: number];

/** The tracer's lines of these events. */
export function lines(...events: readonly Told[]): string {
  return events.map(lineOf).join('');
}

function lineOf(told: Told): string {
  const [event, pid, cpu = 1] = typeof told === 'string' ? [told, 7] : told;
  return `   task-${pid}     [${String(cpu).padStart(3, '0')}] .....    48.910449: ${event}\n`;
}

export function entry(name: string, symbol: string, args: string): string {
  return `${name}: (${symbol}+0x4/0x80 [m]) ${args}`;
}

export function returned(name: string, symbol: string, args: string): string {
  return `${name}: (${CALLER} <- ${symbol}) ${args}`;
}

export function vmInit(vm: string, name = 'vm'): string {
  const bounds = 'mm_start=0x10000 mm_range=0xfffffffff0000 kstart=0x0 krange=0x0';
  const args = `gpuvm=${vm} name="${name}" drm=${vm} vm_flags=0 ${bounds} r_obj=${pointer(9, 1)} resv=${pointer(9, 2)} ops=${vm}`;
  return returned('vm_init', 'drm_gpuvm_init', args);
}

export function vmFree(vm: string): string {
  return entry('vm_free', 'drm_gpuvm_free', `kref=0x${(BigInt(vm) + 0x48n).toString(16)}`);
}

export const bind = entry('bind', 'lab_ioctl_vm_bind', `file=${pointer(9, 3)} vm_id=3 op_count=2 lock=1 flags=0x0`);

export function execInit(exec: string): string {
  return entry('exec_init', 'drm_exec_init', `exec=${exec} flags=0x3 nr=0`);
}

export function execFini(exec: string): string {
  return entry('exec_fini', 'drm_exec_fini', `exec=${exec} num_objects=0 contended=0x0`);
}

export function resvLock(resv: string): string {
  return returned('ww_lock', 'ww_mutex_lock', `resv=${resv} ctx=0x0 ret=0`);
}

export function objInit(obj: string, resv: string): string {
  return returned('obj_init', 'drm_gem_private_object_init', `obj=${obj} size=0x1000 resv=${resv}`);
}

/** The index-th of mappings that do not touch. */
export function insert(vm: string, index: number): string {
  const addr = (0x100000 + index * 0x2000).toString(16);
  const args = `gpuvm=${vm} va=${pointer(2, index)} addr=0x${addr} range=0x1000 obj=${pointer(3, 1)} offset=0x0`;
  return returned('va_insert', 'drm_gpuva_insert', `${args} flags=0 ret=0`);
}

/** Runs a command on the attack's bytes, with so little memory that keeping them does not go well. */
export async function survive(attack: Attack, megabytes: number, args: readonly string[]): Promise<Survived> {
  const child = spawn(process.execPath, [`--max-old-space-size=${megabytes}`, BIN, ...args], { cwd: ROOT });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  child.stdin.on('error', () => undefined); // it stopped reading
  const closed = once(child, 'close');
  for (const text of written(attack)) {
    if (child.stdin.destroyed || child.exitCode !== null) break;
    if (!child.stdin.write(text, 'latin1')) await Promise.race([drained(child.stdin), closed]);
  }
  child.stdin.end();
  const [code, signal] = (await closed) as [number | null, NodeJS.Signals | null];
  return { code, signal, out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() };
}

function drained(stream: Writable): Promise<void> {
  return new Promise((resolve) => stream.once('drain', resolve));
}

function* written({ head, tail, piece, pieces }: Attack): Generator<string> {
  if (head !== undefined) yield head;
  let some = '';
  for (let i = 0; i < pieces; i++) {
    some += piece(i);
    if (some.length < CHARS_A_WRITE) continue;
    yield some;
    some = '';
  }
  yield some;
  if (tail !== undefined) yield tail;
}
