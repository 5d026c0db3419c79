// The layout of `perf script`: `            task  123 [001]   12.345678:  group:event: text`, also with pid/tid, without
// CPU or task, or with nanoseconds. Source: tools/perf/builtin-script.c perf_sample__fprintf_start(), process_event().
import { latin1 } from './bytes.ts';
import type { Layout } from './layouts.ts';

/** No prefix is longer. */
const MAX_PREFIX = 240;

/** A name of a task is 15 characters at most, so that it cannot hold all of what follows it. */
const PREFIX =
  /^ *(?=[^ ])(?:(.{0,15}?) +)?(?:-?\d+\/)?(-?\d+) +(?:\[(\d+)\] +)?(\d+\.\d{6}(?:\d{3})?): +(?:[\w.-]+:)?(?=[\w.]+:(?: |$))/s;

/** With --show-lost-events: its CPU, where that is shown, and how many. */
export const PERF_LOST = /(?:\[(\d+)\] +[\d.]+)?: +PERF_RECORD_LOST(?:_SAMPLES)? lost (\d+)\s*$/;
/** Other records of perf's own, and the frames below an event. */
export const PERF_OTHER = /: PERF_RECORD_\w+|^\s+[0-9a-f]+ \S+.* \(.*\)$/;

export const perfScriptLayout: Layout = {
  name: 'perf-script',
  parse(buf, start, end, rec) {
    const [prefix, comm = '', tid = '', cpu, time = ''] =
      PREFIX.exec(latin1(buf, start, Math.min(end, start + MAX_PREFIX))) ?? [];
    if (prefix === undefined) return false;
    rec.commStart = start + prefix.indexOf(comm);
    rec.commEnd = rec.commStart + comm.length;
    rec.pid = Number(tid);
    rec.cpu = cpu === undefined ? -1 : Number(cpu);
    rec.timeStart = start + prefix.lastIndexOf(`${time}:`);
    rec.timeEnd = rec.timeStart + time.length;
    rec.rest = start + prefix.length;
    rec.end = end;
    return true;
  },
};
