// The layout of `perf script`: `            task  123 [001]   12.345678:  group:event: text`, also with pid/tid, without
// CPU or task, or with nanoseconds. Source: tools/perf/builtin-script.c perf_sample__fprintf_start(), process_event().
import {
  BRACKET_CLOSE,
  BRACKET_OPEN,
  COLON,
  DOT,
  decimal,
  MINUS,
  SLASH,
  SPACE,
  skipDigits,
  skipSpaces,
} from './bytes.ts';
import { isNameByte, type Layout } from './layouts.ts';
import type { FtraceRecord } from './record.ts';

/** No prefix is longer. */
const MAX_PREFIX = 240;
/** TASK_COMM_LEN - 1: a task's name cannot hold all of what follows it. */
const MAX_TASK = 15;
/** Digits of a time's fraction: microseconds, or nanoseconds. */
const FRACTIONS = [6, 9];

/** With --show-lost-events: its CPU, where that is shown, and how many. */
export const PERF_LOST = /(?:\[(\d+)\] +[\d.]+)?: +PERF_RECORD_LOST(?:_SAMPLES)? lost (\d+)\s*$/;
/** Other records of perf's own, and the frames below an event. */
export const PERF_OTHER = /: PERF_RECORD_\w+|^\s+[0-9a-f]+ \S+.* \(.*\)$/;

export const perfScriptLayout: Layout = {
  name: 'perf-script',
  parse(buf, start, end, rec) {
    const stop = Math.min(end, start + MAX_PREFIX);
    const task = skipSpaces(buf, start, stop);
    // A name may hold blanks, and digits behind them: the shortest one that leaves a prefix is the task's.
    const last = Math.min(task + MAX_TASK, stop - 1);
    for (let p = task + 1; p <= last; p++) {
      if (buf[p] !== SPACE || buf[p - 1] === SPACE || !parseBehindTask(buf, skipSpaces(buf, p, stop), stop, rec))
        continue;
      rec.commStart = task;
      rec.commEnd = p;
      rec.end = end;
      return true;
    }
    if (!parseBehindTask(buf, task, stop, rec)) return false;
    rec.commStart = rec.commEnd = start;
    rec.end = end;
    return true;
  },
};

/** `tid` or `pid/tid`, optional `[cpu]`, the time, and the event's name, before which its group may stand. */
function parseBehindTask(buf: Uint8Array, pos: number, end: number, rec: FtraceRecord): boolean {
  let tid = pos;
  let p = numberEnd(buf, tid, end);
  if (p > 0 && buf[p] === SLASH) {
    tid = p + 1;
    p = numberEnd(buf, tid, end);
  }
  if (p < 0 || buf[p] !== SPACE) return false;
  const tidEnd = p;
  p = skipSpaces(buf, p, end);
  let cpu = -1;
  if (buf[p] === BRACKET_OPEN) {
    const digits = p + 1;
    p = skipDigits(buf, digits, end);
    if (p === digits || buf[p] !== BRACKET_CLOSE || buf[p + 1] !== SPACE) return false;
    cpu = decimal(buf, digits, p);
    p = skipSpaces(buf, p + 1, end);
  }
  const time = p;
  p = timeEnd(buf, time, end);
  if (p < 0 || buf[p] !== COLON || buf[p + 1] !== SPACE) return false;
  const rest = nameStart(buf, skipSpaces(buf, p + 1, end), end);
  if (rest < 0) return false;
  rec.pid = buf[tid] === MINUS ? -decimal(buf, tid + 1, tidEnd) : decimal(buf, tid, tidEnd);
  rec.cpu = cpu;
  rec.timeStart = time;
  rec.timeEnd = p;
  rec.rest = rest;
  return true;
}

/** The end of the digits, before which a sign may stand; -1 where there are none. */
function numberEnd(buf: Uint8Array, pos: number, end: number): number {
  const digits = buf[pos] === MINUS ? pos + 1 : pos;
  const p = skipDigits(buf, digits, end);
  return p === digits ? -1 : p;
}

function timeEnd(buf: Uint8Array, pos: number, end: number): number {
  const point = skipDigits(buf, pos, end);
  if (point === pos || buf[point] !== DOT) return -1;
  const p = skipDigits(buf, point + 1, end);
  return FRACTIONS.includes(p - point - 1) ? p : -1;
}

/** Where the event's name stands, behind its group where it has one; -1 where none does. */
function nameStart(buf: Uint8Array, pos: number, end: number): number {
  let group = pos;
  while (group < end && (isNameByte(buf[group]) || buf[group] === MINUS)) group++;
  if (group > pos && group < end && buf[group] === COLON && isName(buf, group + 1, end)) return group + 1;
  return isName(buf, pos, end) ? pos : -1;
}

function isName(buf: Uint8Array, pos: number, end: number): boolean {
  let p = pos;
  while (p < end && isNameByte(buf[p])) p++;
  return p > pos && p < end && buf[p] === COLON && (p + 1 === end || buf[p + 1] === SPACE);
}
