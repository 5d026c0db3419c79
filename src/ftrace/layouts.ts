// The line layouts of the tracer's text: what stands before an event's own text.
// Source: kernel/trace/trace_output.c trace_print_context(), trace_print_lat_context(); trace_functions_graph.c;
// trace-cmd's tep_print_event().
import {
  BRACKET_CLOSE,
  BRACKET_OPEN,
  COLON,
  DOT,
  decimal,
  isDigit,
  MINUS,
  PAREN_CLOSE,
  PAREN_OPEN,
  SLASH,
  SPACE,
  skipDigits,
  skipSpaces,
  startsWith,
} from './bytes.ts';
import type { FtraceRecord } from './record.ts';

export type LayoutName =
  | 'plain'
  | 'latency'
  | 'verbose'
  | 'function-graph'
  | 'no-context'
  | 'kernel-log'
  | 'perf-script';

export interface Layout {
  readonly name: LayoutName;
  /** Fills the record's context and `rest`; false where the line is not of this layout. */
  parse(buf: Uint8Array, start: number, end: number, rec: FtraceRecord): boolean;
}

/** TASK_COMM_LEN - 1, sched.h: the name is printed right-aligned in 16 columns, so the dash stands in column 16. */
const COMM_COLUMNS = 16;
/** The latency layout cuts a name to 8 columns. */
const LATENCY_COMM_COLUMNS = 8;

/** A time stamp and its colon: `12.345678: `, or a bare number of a counting clock. Returns the end of ": " or -1. */
function parseTime(buf: Uint8Array, start: number, end: number, rec: FtraceRecord): number {
  const t = skipSpaces(buf, start, end);
  let p = skipDigits(buf, t, end);
  if (p === t) return -1;
  if (buf[p] === DOT) p = skipDigits(buf, p + 1, end);
  if (buf[p] !== COLON || (p + 1 < end && buf[p + 1] !== SPACE)) return -1;
  rec.timeStart = t;
  rec.timeEnd = p;
  return skipSpaces(buf, p + 1, end);
}

/** `-pid`, optional `(tgid)` and `[cpu]`, which are behind the task's name in the plain layout; -1 where they are not. */
function parseAfterComm(buf: Uint8Array, dash: number, end: number, rec: FtraceRecord): number {
  let p = skipDigits(buf, dash + 1, end);
  if (p === dash + 1) return -1;
  const pid = decimal(buf, dash + 1, p);
  p = skipSpaces(buf, p, end);
  if (buf[p] === PAREN_OPEN) {
    p++;
    while (p < end && buf[p] !== PAREN_CLOSE) p++;
    p = skipSpaces(buf, p + 1, end);
  }
  if (buf[p] !== BRACKET_OPEN) return -1;
  const cpuStart = p + 1;
  p = skipDigits(buf, cpuStart, end);
  if (p === cpuStart || buf[p] !== BRACKET_CLOSE) return -1;
  rec.cpu = decimal(buf, cpuStart, p);
  rec.pid = pid;
  return p + 1;
}

/** Optional flags and the time, which are behind the CPU in the plain layout. */
function parseAfterCpu(buf: Uint8Array, pos: number, end: number, rec: FtraceRecord): boolean {
  let p = skipSpaces(buf, pos, end);
  if (!isDigit(buf[p])) while (p < end && buf[p] !== SPACE) p++;
  p = parseTime(buf, p, end, rec);
  if (p < 0) return false;
  rec.rest = p;
  rec.end = end;
  return true;
}

/** `            task-pid   [cpu] flags  time: rest` of trace, trace_pipe and trace-cmd report. */
export const plainLayout: Layout = {
  name: 'plain',
  parse(buf, start, end, rec) {
    const dash = start + COMM_COLUMNS;
    const p = buf[dash] === MINUS ? parseAfterComm(buf, dash, end, rec) : -1;
    if (p < 0 || !parseAfterCpu(buf, p, end, rec)) return parseRaggedPlain(buf, start, end, rec);
    rec.commStart = start;
    rec.commEnd = dash;
    return true;
  },
};

/** The plain layout where columns have moved: a name with a line break in it, text that passed through a mailer. */
function parseRaggedPlain(buf: Uint8Array, start: number, end: number, rec: FtraceRecord): boolean {
  const first = skipSpaces(buf, start, end);
  const last = Math.min(first + COMM_COLUMNS, end - 1);
  for (let dash = last; dash >= start; dash--) {
    if (buf[dash] !== MINUS) continue;
    const p = parseAfterComm(buf, dash, end, rec);
    if (p < 0 || !parseAfterCpu(buf, p, end, rec)) continue;
    rec.commStart = Math.min(first, dash);
    rec.commEnd = dash;
    return true;
  }
  return false;
}

/** `task-pid    1d..2. 11250us!: rest`, also with a full time stamp (trace-cmd report -l). */
export const latencyLayout: Layout = {
  name: 'latency',
  parse(buf, start, end, rec) {
    for (let dash = start + Math.min(LATENCY_COMM_COLUMNS, end - start - 1); dash >= start; dash--) {
      if (buf[dash] !== MINUS || !parseLatency(buf, dash, end, rec)) continue;
      rec.commStart = start;
      rec.commEnd = dash;
      return true;
    }
    return false;
  },
};

function parseLatency(buf: Uint8Array, dash: number, end: number, rec: FtraceRecord): boolean {
  let p = skipDigits(buf, dash + 1, end);
  if (p === dash + 1) return false;
  const pid = decimal(buf, dash + 1, p);
  const cpuStart = skipSpaces(buf, p, end);
  p = skipDigits(buf, cpuStart, end);
  if (cpuStart === p || cpuStart === skipDigits(buf, dash + 1, end)) return false;
  // The CPU is glued to the flags, whose last columns may be digits too (preemption depth): a flag column follows.
  const cpuEnd = p;
  while (p < end && buf[p] !== SPACE) p++;
  if (p === cpuEnd) return false;
  p = skipSpaces(buf, p, end);
  const t = p;
  p = skipDigits(buf, p, end);
  if (p === t) return false;
  if (buf[p] === DOT) p = skipDigits(buf, p + 1, end);
  rec.timeStart = t;
  rec.timeEnd = p;
  if (startsWith(buf, p, end, 'us')) p += 3; // the unit and the delay mark
  if (buf[p] === SPACE) p = skipSpaces(buf, p, end);
  if (buf[p] !== COLON || buf[p + 1] !== SPACE) return false;
  rec.cpu = decimal(buf, cpuStart, cpuEnd);
  rec.pid = pid;
  rec.rest = skipSpaces(buf, p + 1, end);
  rec.end = end;
  return true;
}

/** `task   pid cpu 0 00000001 0000000a [1041f422] 37.773ms (+0.035ms): rest` of latency-format with verbose. */
export const verboseLayout: Layout = {
  name: 'verbose',
  parse(buf, start, end, rec) {
    const commEnd = start + COMM_COLUMNS;
    if (commEnd >= end || buf[commEnd] !== SPACE) return false;
    const numbers: number[] = [];
    let p = commEnd;
    for (let i = 0; i < 3; i++) {
      const s = skipSpaces(buf, p, end);
      p = skipDigits(buf, s, end);
      if (p === s || buf[p] !== SPACE) return false;
      numbers.push(decimal(buf, s, p));
    }
    for (let i = 0; i < 2; i++) {
      p = skipSpaces(buf, p, end);
      while (p < end && buf[p] !== SPACE) p++;
    }
    p = skipSpaces(buf, p, end);
    if (buf[p] !== BRACKET_OPEN) return false;
    while (p < end && buf[p] !== SPACE) p++;
    const t = skipSpaces(buf, p, end);
    p = skipDigits(buf, t, end);
    if (buf[p] !== DOT) return false;
    p = skipDigits(buf, p + 1, end);
    if (!startsWith(buf, p, end, 'ms (')) return false;
    const timeEnd = p;
    while (p < end && buf[p] !== PAREN_CLOSE) p++;
    if (buf[p + 1] !== COLON) return false;
    rec.commStart = start;
    rec.commEnd = commEnd;
    rec.pid = numbers[0] ?? -1;
    rec.cpu = numbers[1] ?? -1;
    rec.timeStart = t;
    rec.timeEnd = timeEnd;
    rec.rest = skipSpaces(buf, p + 2, end);
    rec.end = end;
    return true;
  },
};

const BAR = 124;
const STAR = 42;

/**
 * function_graph: `time | cpu) task-pid | duration | text`. An event stands in it as a comment; `rest` is then the
 * event's name, else the text of the function line.
 */
export const functionGraphLayout: Layout = {
  name: 'function-graph',
  parse(buf, start, end, rec) {
    const bars: number[] = [];
    for (let p = start; p < end && bars.length < 3; p++) if (buf[p] === BAR) bars.push(p);
    if (bars.length === 0) return false;
    const cpuParen = findCpu(buf, start, end);
    if (cpuParen < 0) return false;
    let cpuStart = cpuParen;
    while (cpuStart > start && isDigit(buf[cpuStart - 1])) cpuStart--;
    rec.cpu = decimal(buf, cpuStart, cpuParen);
    rec.pid = -1;
    rec.commStart = rec.commEnd = start;
    graphTask(buf, cpuParen + 1, end, rec);
    const t = skipSpaces(buf, start, end);
    const timeEnd = buf[cpuStart - 1] === SPACE && t < cpuStart ? graphTimeEnd(buf, t, end) : t;
    rec.timeStart = t;
    rec.timeEnd = timeEnd;
    const bar = textBar(buf, cpuParen, end);
    if (bar < 0) return false;
    let p = skipSpaces(buf, bar + 1, end);
    rec.end = end;
    if (buf[p] === SLASH && buf[p + 1] === STAR) {
      p = skipSpaces(buf, p + 2, end);
      if (buf[end - 1] === SLASH && buf[end - 2] === STAR) rec.end = end - 2;
      while (rec.end > p && buf[rec.end - 1] === SPACE) rec.end--;
      rec.graphText = false;
    } else {
      rec.graphText = true;
    }
    rec.rest = p;
    return true;
  },
};

/** The `)` behind the CPU number: the first one that follows digits, before any function text. */
function findCpu(buf: Uint8Array, start: number, end: number): number {
  for (let p = start; p < end; p++) {
    const c = buf[p];
    if (c === PAREN_CLOSE && isDigit(buf[p - 1])) return p;
    if (c === PAREN_OPEN || c === COLON) return -1;
  }
  return -1;
}

function graphTimeEnd(buf: Uint8Array, start: number, end: number): number {
  let p = skipDigits(buf, start, end);
  if (buf[p] === DOT) p = skipDigits(buf, p + 1, end);
  return p;
}

/** `task-pid` between the CPU and the next bar, if the tracer's funcgraph-proc option was set. */
function graphTask(buf: Uint8Array, from: number, end: number, rec: FtraceRecord): void {
  let bar = from;
  while (bar < end && buf[bar] !== BAR) bar++;
  let stop = bar;
  while (stop > from && buf[stop - 1] === SPACE) stop--;
  let digits = stop;
  while (digits > from && isDigit(buf[digits - 1])) digits--;
  if (digits === stop || buf[digits - 1] !== MINUS) return;
  rec.pid = decimal(buf, digits, stop);
  rec.commStart = skipSpaces(buf, from, end);
  rec.commEnd = digits - 1;
}

/** The bar before the function text: the last one that only blanks, a duration and its mark may precede. */
function textBar(buf: Uint8Array, from: number, end: number): number {
  let bar = -1;
  for (let p = from; p < end; p++) {
    if (buf[p] === BAR) {
      bar = p;
      const q = skipSpaces(buf, p + 1, end);
      if (buf[q] === SLASH) break;
    } else if (bar >= 0 && buf[p] === PAREN_OPEN) {
      break;
    }
  }
  return bar;
}

/** `event: text` alone (context-info off): no task, CPU or time. */
export const noContextLayout: Layout = {
  name: 'no-context',
  parse(buf, start, end, rec) {
    let p = start;
    while (p < end && isNameByte(buf[p])) p++;
    if (p === start || buf[p] !== COLON || buf[p + 1] !== SPACE) return false;
    const q = skipSpaces(buf, p + 1, end);
    if (buf[q] !== PAREN_OPEN && !startsWith(buf, q, end, '__probe_')) return false;
    rec.pid = rec.cpu = -1;
    rec.commStart = rec.commEnd = rec.timeStart = rec.timeEnd = start;
    rec.rest = start;
    rec.end = end;
    return true;
  },
};

export function isNameByte(c: number | undefined): boolean {
  if (c === undefined) return false;
  return (c >= 97 && c <= 122) || (c >= 65 && c <= 90) || (c >= 48 && c <= 57) || c === 95 || c === DOT;
}

/** In the order in which a line is tried; the one that fitted last is tried first. */
export const layouts: readonly Layout[] = [
  plainLayout,
  functionGraphLayout,
  latencyLayout,
  verboseLayout,
  noContextLayout,
];
