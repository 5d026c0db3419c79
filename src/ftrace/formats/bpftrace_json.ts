// `bpftrace -f json` of a script that prints the tracer's text: one JSON object a line, each printf in one of its own.
// Source: bpftrace src/output.cpp JsonOutput.
import { ascii, latin1 } from '../bytes.ts';
import { LineReader, type LineSink } from '../line_reader.ts';
import type { ByteReader, Format, Targets } from './format.ts';

const SIGN = /^\{"type": ?"\w+", ?"/;

export const bpftraceJson: Format = {
  name: 'bpftrace-json',
  what: 'bpftrace -f json of the script that `probes --mode bpftrace` prints',
  sign: 'the first line is a JSON object that begins with "type"',
  recognise: (line) => SIGN.test(line),
  open: (targets) => new BpftraceJson(targets),
};

class BpftraceJson implements ByteReader, LineSink {
  readonly #targets: Targets;
  readonly #lines = new LineReader(this);

  constructor(targets: Targets) {
    this.#targets = targets;
    targets.rows.stats.layouts.add('bpftrace-json');
  }

  push(chunk: Uint8Array): void {
    this.#lines.push(chunk);
  }

  end(): void {
    this.#lines.end();
  }

  line(buf: Uint8Array, start: number, end: number, number: number, cut: boolean): void {
    const { text, rows } = this.#targets;
    rows.stats.lines = number;
    const json = latin1(buf, start, end);
    const message = parseMessage(json);
    if (message === undefined) {
      const at = { line: number, byte: this.#lines.offset, cpu: -1 };
      if (json.trim() !== '') rows.damaged(at, cut ? 'the line is cut off' : 'it is no message of bpftrace');
    } else if (message.type === 'printf') {
      // A script of ours prints whole lines: a line break within one is part of a text that somebody chose.
      const [line = '', ...rest] = String(message.data).replace(/\n$/, '').split('\n');
      if (rest.length > 0) rows.damaged({ line: number, byte: this.#lines.offset, cpu: -1 }, 'it prints several lines');
      else text.line(ascii(line.replace(/[^\0-\xff]/g, '?')), 0, line.length, number, false);
    } else if (message.type === 'lost_events') {
      text.line(ascii(`Lost ${message.count} events`), 0, `Lost ${message.count} events`.length, number, false);
    }
  }
}

interface Message {
  readonly type: string;
  readonly data: unknown;
  /** Of events, where it counts some. */
  readonly count: number;
}

function parseMessage(json: string): Message | undefined {
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value !== 'object' || value === null || !('type' in value) || typeof value.type !== 'string')
      return undefined;
    const data = 'data' in value ? value.data : undefined;
    const events = typeof data === 'object' && data !== null && 'events' in data ? Number(data.events) : 0;
    return { type: value.type, data, count: Number.isSafeInteger(events) && events >= 0 ? events : 0 };
  } catch {
    return undefined;
  }
}
