// The tracer's own text, and others that are lines of text with events in them; and the file that is none.
import type { TextKind } from '../text_decoder.ts';
import type { Format } from './format.ts';

function textFormat(name: TextKind, what: string, sign: string): Format {
  return {
    name,
    what,
    sign,
    open: ({ text }) => {
      text.only(name);
      return text.reader();
    },
  };
}

export const ftrace = textFormat(
  'ftrace',
  'the tracer’s text: tracefs trace and trace_pipe, trace-cmd report, traceconv systrace, bpftrace running our script',
  'the first entry: task-pid [cpu] flags time: event, or another layout of the tracer',
);

export const perf = textFormat(
  'perf',
  'the text that perf script prints',
  'the first entry: task pid [cpu] time: group:event:',
);

export const dmesg = textFormat(
  'dmesg',
  'the kernel’s log: dmesg (also -T, -r, -x), journalctl -k, syslog',
  'the first line with a log’s prefix, or a message of a driver that is known',
);

/** Read at any place, by DatDecoder: it has no reader of a stream. */
export const traceDat = {
  name: 'trace.dat',
  what: 'the file that trace-cmd record writes, version 6 or 7',
  sign: 'the bytes 17 08 44 and "tracing" at its begin',
} as const;
