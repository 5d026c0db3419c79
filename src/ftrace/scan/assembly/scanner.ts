// Reads lines of a trace that are like lines before: the plain layout, events whose heads and keys are known, names of other
// events. It stops at any other line, which text_decoder.ts reads, and from which it tells what is to be known.
// Compiled by AssemblyScript into scanner_wasm.ts (`npm run wasm`).
import {
  COMM_COLUMNS,
  COUNTED,
  COUNTED_EVENTS,
  CPU,
  CPU_COUNT,
  CPU_ENTRIES,
  CPU_LIST,
  CPU_ON,
  ENTRY_COUNT,
  ENTRY_HEADS,
  ENTRY_LINE,
  ENTRY_TIME_END,
  ENTRY_TIME_START,
  FIRST_SHAPE,
  LINE,
  LINES,
  MAX_CPUS,
  MAX_LINE,
  MAX_NUMBERS,
  MAX_RECORDS,
  NUMBERS,
  OTHER,
  PID,
  RAWS,
  RECORD_COUNT,
  RECORD_SIZE,
  RECORDS,
  RESULT,
  SAMPLED_BYTES,
  SAMPLES,
  SHAPE,
  SHAPE_SIZE,
  SHAPES,
  START,
  TIME_END,
  TIME_START,
  UNWANTED,
} from '../memory.ts';
import { readNumber } from './numbers.ts';
import { learn, lengthOf, meaningOf, textAt } from './texts.ts';

export { learn };

/** A shape: how many values its probe has and how many keys are read (-1: none can be), then the keys. */
const WIDTH: i32 = 0;
const KEY_COUNT: i32 = 4;
const KEYS: i32 = 16;
const UNREADABLE: i32 = -1;
/** A key: ` key=`, the mask of its bytes, their count, its place among the values and their kind. */
const KEY_SIZE: i32 = 48;
const KEY_MASK: i32 = 16;
const KEY_LENGTH: i32 = 32;
const KEY_SLOT: i32 = 36;
const KEY_KIND: i32 = 40;

/** Behind the task's name: the prefix ends within three loads. */
const PREFIX_COLUMNS: i32 = 48;
/** Digits of a process and of a CPU that are read here. */
const MAX_PID: i32 = 9;
const MAX_CPU: i32 = 4;

const LF: i32 = 10;
const CR: i32 = 13;
const SPACE: i32 = 32;
const QUOTE: i32 = 34;
const APOSTROPHE: i32 = 39;
const PAREN_OPEN: i32 = 40;
const MINUS: i32 = 45;
const DOT: i32 = 46;
const COLON: i32 = 58;
const EQUALS: i32 = 61;
const BRACKET_OPEN: i32 = 91;
const BRACKET_CLOSE: i32 = 93;
const UNDERLINE: i32 = 95;

/** Of the line that is read. */
let pid: i32 = 0;
let cpu: i32 = 0;
let timeStart: i32 = 0;
let timeEnd: i32 = 0;

/** Of this call. */
let numbers: i32 = 0;
let records: i32 = 0;
let counted: i32 = 0;
let cpus: i32 = 0;
let samples: i32 = 0;
let samplesWanted: i32 = 0;
let sampledBytes: i32 = 0;

/** The number of bytes in the run of ones that begins at `from`. */
function run(mask: u64, from: i32): i32 {
  return <i32>ctz(~(mask >> from));
}

function decimal(from: i32, length: i32): i32 {
  let n: i32 = 0;
  for (let p = from; p < from + length; p++) n = n * 10 + load<u8>(p) - 48;
  return n;
}

function digitsIn(bytes: v128): u64 {
  return <u64>i8x16.bitmask(i8x16.lt_u(i8x16.sub(bytes, i8x16.splat(48)), i8x16.splat(10)));
}

function bytesIn(bytes: v128, byte: u8): u64 {
  return <u64>i8x16.bitmask(i8x16.eq(bytes, i8x16.splat(byte)));
}

/** Reads `task-pid [cpu] flags time: ` at `start`; returns where the event begins, or 0. */
function readPrefix(start: i32): i32 {
  const from = start + COMM_COLUMNS;
  const a = v128.load(from);
  const b = v128.load(from, 16);
  const c = v128.load(from, 32);
  const digits = digitsIn(a) | (digitsIn(b) << 16) | (digitsIn(c) << 32);
  const spaces = bytesIn(a, 32) | (bytesIn(b, 32) << 16) | (bytesIn(c, 32) << 32);
  if (load<u8>(from) !== MINUS) return 0;
  let i: i32 = run(digits, 1);
  if (i === 0 || i > MAX_PID) return 0;
  pid = decimal(from + 1, i++);
  i += run(spaces, i);
  if (load<u8>(from + i++) !== BRACKET_OPEN) return 0;
  const cpuDigits = run(digits, i);
  if (cpuDigits === 0 || cpuDigits > MAX_CPU) return 0;
  cpu = decimal(from + i, cpuDigits);
  i += cpuDigits;
  if (load<u8>(from + i++) !== BRACKET_CLOSE) return 0;
  i += run(spaces, i);
  if (i >= PREFIX_COLUMNS) return 0;
  if (run(digits, i) === 0) i += <i32>ctz(spaces >> i);
  if (i >= PREFIX_COLUMNS) return 0;
  i += run(spaces, i);
  timeStart = from + i;
  const seconds = run(digits, i);
  if (seconds === 0) return 0;
  i += seconds;
  if (i >= PREFIX_COLUMNS) return 0;
  if (load<u8>(from + i) === DOT) i += 1 + run(digits, i + 1);
  timeEnd = from + i;
  if (load<u8>(from + i) !== COLON || load<u8>(from + i + 1) !== SPACE) return 0;
  i += 1;
  i += run(spaces, i);
  if (i >= PREFIX_COLUMNS) return 0;
  const breaks = bytesIn(a, 10) | (bytesIn(b, 10) << 16) | (bytesIn(c, 10) << 32);
  if ((breaks & (((<u64>1) << i) - 1)) !== 0 || bytesIn(v128.load(start), 10) !== 0) return 0;
  return from + i;
}

/** Is the line over, but for a CR? */
function isEnd(pos: i32): bool {
  const c: i32 = load<u8>(pos);
  return c === LF || (c === CR && load<u8>(pos + 1) === LF);
}

/** The end of a value that is passed over; 0 where it is more than a word. */
function skipWord(pos: i32): i32 {
  let p = pos;
  let c: i32 = load<u8>(p);
  if (c === QUOTE || c === APOSTROPHE) return 0;
  while (c !== SPACE && c !== LF) c = load<u8>(++p);
  if (c === LF) return load<u8>(p - 1) === CR ? p - 1 : p;
  c = load<u8>(p + 1);
  return c === PAREN_OPEN || c === BRACKET_OPEN ? 0 : p;
}

/** Reads the values of a shape from `pos` on; returns where it stopped, or 0. */
function readValues(pos: i32, shape: i32): i32 {
  const count = load<i32>(shape + KEY_COUNT);
  if (count === UNREADABLE) return 0;
  const absent = f64x2.splat(NaN);
  const number = NUMBERS + 8 * numbers;
  const raw = RAWS + 8 * numbers;
  for (let i: i32 = 0; i < load<i32>(shape + WIDTH); i += 2) v128.store(number + 8 * i, absent);
  let p = pos;
  let key = shape + KEYS;
  for (let i: i32 = 0; i < count; i++) {
    const known = v128.load(key);
    const mask = v128.load(key, KEY_MASK);
    if (v128.any_true(v128.and(v128.xor(v128.load(p), known), mask))) return 0;
    p += load<i32>(key + KEY_LENGTH);
    const slot = load<i32>(key + KEY_SLOT);
    if (slot === UNWANTED) {
      p = skipWord(p);
    } else {
      p = readNumber(p, load<i32>(key + KEY_KIND), number + 8 * slot, raw + 8 * slot);
      if (p !== 0 && !(load<u8>(p) === SPACE ? load<u8>(p + 1) !== PAREN_OPEN : isEnd(p))) return 0;
    }
    if (p === 0) return 0;
    key += KEY_SIZE;
  }
  return p;
}

function lineEnd(from: i32): i32 {
  const wanted = i8x16.splat(10);
  let p = from;
  let found = i8x16.bitmask(i8x16.eq(v128.load(p), wanted));
  while (found === 0) {
    p += 16;
    found = i8x16.bitmask(i8x16.eq(v128.load(p), wanted));
  }
  return p + ctz(found);
}

function noteEntry(line: i32): void {
  const entry = CPU_ENTRIES + 16 * cpu;
  const count = load<i32>(entry + 4 * ENTRY_COUNT);
  if (count === 0) store<u16>(CPU_LIST + 2 * cpus++, cpu);
  store<i32>(entry + 4 * ENTRY_COUNT, count + 1);
  store<i32>(entry + 4 * ENTRY_LINE, line);
  store<i32>(entry + 4 * ENTRY_TIME_START, timeStart);
  store<i32>(entry + 4 * ENTRY_TIME_END, timeEnd);
}

/** What the event at [rest, end) takes in the ring buffer: largestEntry() of text_decoder.ts. */
function sample(rest: i32, end: i32): void {
  let fields: i32 = 0;
  let quoted: i32 = 0;
  let within = false;
  for (let p: i32 = rest; p < end; p++) {
    const c: i32 = load<u8>(p);
    if (c === QUOTE) within = !within;
    else if (within) quoted++;
    else if (c === EQUALS) fields++;
  }
  samples++;
  sampledBytes += ENTRY_HEADS + (fields > 0 ? fields * 8 + quoted : end - rest);
}

function keepRecord(shape: i32, line: i32, start: i32): void {
  const record = RECORDS + RECORD_SIZE * records++;
  store<i32>(record + 4 * SHAPE, shape);
  store<i32>(record + 4 * LINE, line);
  store<i32>(record + 4 * START, start);
  store<i32>(record + 4 * PID, pid);
  store<i32>(record + 4 * CPU, cpu);
  store<i32>(record + 4 * TIME_START, timeStart);
  store<i32>(record + 4 * TIME_END, timeEnd);
}

/** Reads one line; returns its end, or 0 where it is not known. */
function readLine(start: i32, stop: i32, line: i32): i32 {
  const rest = readPrefix(start);
  if (rest === 0 || cpu >= MAX_CPUS || load<u8>(CPU_ON + cpu) === 0) return 0;
  const text = textAt(rest);
  if (text === 0) return 0;
  let p = rest + lengthOf(text);
  const meaning = meaningOf(text);
  let shape: i32 = 0;
  if (meaning === OTHER) {
    const next: i32 = load<u8>(p);
    if (next === PAREN_OPEN || next === UNDERLINE || next === SPACE) return 0;
  } else if (meaning >= FIRST_SHAPE) {
    shape = shapeAt(meaning - FIRST_SHAPE);
    p = readValues(p, shape);
    if (p === 0) return 0;
  }
  p = lineEnd(p);
  if (p >= stop || p - start > MAX_LINE) return 0;
  noteEntry(line);
  if (samples < samplesWanted) sample(rest, load<u8>(p - 1) === CR ? p - 1 : p);
  if (shape !== 0) {
    keepRecord(meaning - FIRST_SHAPE, line, start);
    numbers += load<i32>(shape + WIDTH);
  } else if (meaning === COUNTED) {
    counted++;
  }
  return p;
}

/**
 * Reads the lines of [from, stop) as far as they are known and whole, and tells where it stopped. A line break must stand
 * at `stop`, which is none of the trace.
 */
export function scan(from: i32, stop: i32): i32 {
  let line: i32 = 0;
  let pos = from;
  numbers = records = counted = cpus = samples = sampledBytes = 0;
  samplesWanted = load<i32>(RESULT + 4 * SAMPLES);
  while (pos < stop && records < MAX_RECORDS && numbers < MAX_NUMBERS - 32) {
    const end = readLine(pos, stop, line);
    if (end === 0) break;
    pos = end + 1;
    line++;
  }
  store<i32>(RESULT + 4 * LINES, line);
  store<i32>(RESULT + 4 * COUNTED_EVENTS, counted);
  store<i32>(RESULT + 4 * RECORD_COUNT, records);
  store<i32>(RESULT + 4 * CPU_COUNT, cpus);
  store<i32>(RESULT + 4 * SAMPLES, samples);
  store<i32>(RESULT + 4 * SAMPLED_BYTES, sampledBytes);
  return pos;
}

function shapeAt(shape: i32): i32 {
  return SHAPES + SHAPE_SIZE * shape;
}

/** Makes a shape of so many values anew, with no keys yet; or, with none that can be read. */
export function setShape(shape: i32, width: i32, isReadable: bool): void {
  store<i32>(shapeAt(shape) + WIDTH, width);
  store<i32>(shapeAt(shape) + KEY_COUNT, isReadable ? 0 : UNREADABLE);
}

/** Adds a key of at most MAX_KEY_LENGTH bytes; returns where its bytes, ` key=`, are to be put. */
export function addKey(shape: i32, length: i32, slot: i32, kind: i32): i32 {
  const at = shapeAt(shape);
  const count = load<i32>(at + KEY_COUNT);
  const key = at + KEYS + KEY_SIZE * count;
  store<i32>(at + KEY_COUNT, count + 1);
  for (let i: i32 = 0; i < 16; i++) store<u8>(key + KEY_MASK + i, i < length ? 255 : 0);
  store<i32>(key + KEY_LENGTH, length);
  store<i32>(key + KEY_SLOT, slot);
  store<i32>(key + KEY_KIND, kind);
  return key;
}
