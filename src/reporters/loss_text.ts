// The tracer's losses in words: on which CPU, when, how many, and what was not judged because of it.
import type { LossReport, LossWindow, Place, Some, TouchedWindow } from '../lost.ts';
import { printable, printablePath } from './escape.ts';
import { counted, grouped } from './style.ts';

const MANY_WINDOWS = 10;
const MANY_NAMES = 5;

/** A line a window, then what stays unknown behind them and which buffer would have held it all; not wrapped. */
export function lossLines({ windows, times, vms, bufferSize }: LossReport): string[] {
  const lines = windows.slice(0, MANY_WINDOWS).map(windowLine);
  if (times > MANY_WINDOWS) lines.push(`... and ${counted(times - MANY_WINDOWS, 'more loss', 'more losses')}`);
  if (times > 0 && vms.count > 0) lines.push(`not known whole from then on: VM ${named(vms)}`);
  if (bufferSize === undefined) return lines;
  const { kb, events, isWhole, bytesPerEvent, how } = bufferSize;
  const least = isWhole ? '' : 'at least ';
  const what = `${least}${grouped(events)} events of ${bytesPerEvent} bytes (${how})`;
  lines.push(
    `it takes a buffer of ${least}${kb} kB for each CPU to hold them, ${what}: BUFFER_KB=${kb} for the script of capture, -b ${kb} for trace-cmd, or echo ${kb} > buffer_size_kb`,
  );
  return lines;
}

function windowLine(window: TouchedWindow): string {
  const { cpu, count, file, jobs, vms } = window;
  const where = `on ${cpu < 0 ? 'some CPU' : `CPU ${cpu}`}${file === undefined ? '' : ` of ${printablePath(file)}`}`;
  const touched = jobs.count === 0 ? 'no job' : `job ${named(jobs)}${vms.count === 0 ? '' : ` on VM ${named(vms)}`}`;
  const lost = count === undefined ? 'events' : counted(count, 'event');
  return `${lost} lost ${where} ${when(window)}: touches ${touched}`;
}

function when({ cpu, from, to, line }: LossWindow): string {
  if (from === undefined) return to === undefined ? `before line ${line}` : `before ${place(to)}`;
  if (to !== undefined) return `between ${place(from)} and ${place(to)}`;
  return cpu < 0 ? `between ${place(from)} and line ${line}` : `after ${place(from)}`;
}

function place({ line, time }: Place): string {
  return time === '' ? `line ${line}` : `line ${line} (${printable(time)})`;
}

function named({ count, first }: Some): string {
  const more = count > MANY_NAMES ? ` and ${counted(count - MANY_NAMES, 'more', 'more')}` : '';
  return `${first.slice(0, MANY_NAMES).join(', ')}${more}`;
}
