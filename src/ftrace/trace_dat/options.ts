// Options of a trace.dat, after trace-cmd.dat.v7(5), OPTIONS SECTION; version 6 has the same ids.
import { type Cursor, latin1 } from './byte_source.ts';
import { type ClockShift, readTimeSync } from './clock_shift.ts';
import type { DatFile } from './dat_file.ts';

/** The trace data of one CPU in one buffer: `size` bytes of pages, or of packed chunks of pages. */
export interface CpuData {
  readonly cpu: number;
  readonly offset: number;
  readonly size: number;
}

/** A buffer: the top one has the name '', others are instances. */
export interface BufferInfo {
  readonly name: string;
  readonly clock: string;
  readonly pageSize: number;
  readonly compressed: boolean;
  readonly cpus: readonly CpuData[];
}

/** A buffer recorded as text (`trace-cmd start` with a latency tracer): no events, only where its text is. */
export interface TextInfo {
  readonly name: string;
  readonly offset: number;
}

export interface BufferOption {
  readonly offset: number;
  readonly name: string;
  readonly clock: string;
  readonly pageSize: number;
  readonly cpus: readonly CpuData[];
}

export class Options {
  clock: string | undefined;
  uname: string | undefined;
  traceCmd: string | undefined;
  cpuCount: number | undefined;
  /** per_cpu/cpu<n>/stats of each CPU: entries, overrun, dropped events. */
  readonly cpuStats: string[] = [];
  readonly buffers: BufferOption[] = [];
  readonly texts: TextInfo[] = [];
  readonly shift: ClockShift = { offset: 0n, tsc: undefined, sync: undefined };
  /** Version 7: section id to its offset, the first of each. */
  readonly sections = new Map<number, number>();
}

/** The most a kernel can be built for (NR_CPUS). */
export const MAX_CPUS = 8192;

const OPTION_DONE = 0;
const OPTION_DATE = 1;
const OPTION_CPUSTAT = 2;
const OPTION_BUFFER = 3;
const OPTION_TRACECLOCK = 4;
const OPTION_UNAME = 5;
const OPTION_OFFSET = 7;
const OPTION_CPUCOUNT = 8;
const OPTION_VERSION = 9;
const OPTION_TIME_SHIFT = 12;
const OPTION_TSC2NSEC = 14;
const OPTION_HEADER_INFO = 16;
const OPTION_CMDLINES = 21;
const OPTION_BUFFER_TEXT = 22;

/** The offset of the next section of options; undefined where this one breaks off. */
export function readOptions(cursor: Cursor, file: DatFile, options: Options): number | undefined {
  for (;;) {
    const offset = cursor.fileOffset;
    const id = cursor.u16();
    const size = cursor.u32();
    if (cursor.short || size > cursor.left) {
      file.damage.add(offset, 'the options end without the mark of their end');
      return undefined;
    }
    const body = cursor.sub(size);
    if (id === OPTION_DONE) return body.u64();
    readOption(id, body, options, file);
  }
}

/** Takes over one option; ids that nothing here needs are passed over. */
export function readOption(id: number, body: Cursor, options: Options, file: DatFile): void {
  const offset = body.fileOffset;
  if (id >= OPTION_HEADER_INFO && id <= OPTION_CMDLINES) {
    const at = body.u64();
    if (!options.sections.has(id)) options.sections.set(id, at);
  } else if (id === OPTION_BUFFER) options.buffers.push(readBuffer(body, file));
  else if (id === OPTION_BUFFER_TEXT) options.texts.push({ offset: body.u64(), name: body.cstring() });
  else if (id === OPTION_CPUCOUNT) options.cpuCount = body.u32();
  else if (id === OPTION_DATE) options.shift.offset += parseOffset(body) * 1000n;
  else if (id === OPTION_OFFSET) options.shift.offset += parseOffset(body);
  else if (id === OPTION_TSC2NSEC) options.shift.tsc = { mult: BigInt(body.u32()), shift: BigInt(body.u32() & 63) };
  else if (id === OPTION_TIME_SHIFT) options.shift.sync = readTimeSync(body);
  else readTextOption(id, text(body), options);
  if (body.short) file.damage.add(offset, `option ${id} is shorter than what it holds`);
}

function readTextOption(id: number, value: string, options: Options): void {
  if (id === OPTION_CPUSTAT) options.cpuStats.push(value);
  else if (id === OPTION_TRACECLOCK) options.clock ??= selectedClock(value);
  else if (id === OPTION_UNAME) options.uname ??= value;
  else if (id === OPTION_VERSION) options.traceCmd ??= value;
}

/** The one in brackets of '[local] global counter ...'. */
export function selectedClock(text: string): string | undefined {
  return /\[([^\]]+)\]/.exec(text)?.[1];
}

function text(body: Cursor): string {
  const bytes = body.take(body.left);
  const nul = bytes.indexOf(0);
  return latin1(bytes, 0, nul < 0 ? bytes.length : nul);
}

/** Decimal or 0x, with or without a minus, as strtoll(3) reads it; 0 where it is neither. */
function parseOffset(body: Cursor): bigint {
  const [, minus, digits] = /^\s*([-+]?)(0x[0-9a-f]{1,16}|\d{1,19})/i.exec(text(body)) ?? [];
  if (digits === undefined) return 0n;
  return minus === '-' ? -BigInt(digits) : BigInt(digits);
}

/** Version 6 has only the offset and the name: what follows is where the offset points to. */
function readBuffer(body: Cursor, file: DatFile): BufferOption {
  const offset = body.u64();
  const name = body.cstring();
  if (file.header.version === 6) return { offset, name, clock: '', pageSize: file.header.pageSize, cpus: [] };
  const clock = body.cstring();
  const pageSize = body.u32();
  const count = body.u32();
  const cpus: CpuData[] = [];
  for (let i = 0; i < Math.min(count, MAX_CPUS) && !body.short; i++) {
    const data = { cpu: body.u32(), offset: body.u64(), size: body.u64() };
    if (!body.short) cpus.push(data);
  }
  return { offset, name, clock, pageSize, cpus };
}
