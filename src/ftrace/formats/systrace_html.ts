// A page of systrace: the tracer's text in a script element, among the viewer's own code and other data.
// Source: catapult's systrace output_generator.py, older systrace.py (linuxPerfData); Perfetto's systrace_trace_parser.cc.
import { latin1 } from '../bytes.ts';
import { LineReader, type LineSink } from '../line_reader.ts';
import type { ByteReader, Format, Targets } from './format.ts';

const SIGN = /^(?:\xef\xbb\xbf)?\s*<(?:!doctype html|html|script)\b/i;
/** A task may be called like a tag; a page does not begin with an entry's time. */
const TIME = /\s\d+\.\d{6}(?:\d{3})?: /;
const OPENS = /<script class="trace-data"[^>]*>\s*$|\bvar linuxPerfData = "\\n\\$/;
const CLOSES = /^\s*<\/script>\s*$|^";/;
/** What follows the end of a section and is none of the viewer's. */
const EVENT = /-\d+ +(?:\([ \d-]+\) +)?\[\d+\]/;
const BACKSLASH = 92;
const LOWER_N = 110;
const MAX_LOOK = 400;

export const systraceHtml: Format = {
  name: 'systrace-html',
  what: 'a page of systrace, with the trace in it',
  sign: 'the first line opens an HTML page; the trace is in its script of class trace-data that begins with #',
  recognise: (line) => SIGN.test(line) && !TIME.test(line),
  open: (targets) => new SystraceHtml(targets),
};

/** opened: a section whose first line tells whether it is a trace. other: data of another agent. */
type Place = 'page' | 'opened' | 'trace' | 'other';

class SystraceHtml implements ByteReader, LineSink {
  readonly #targets: Targets;
  readonly #lines = new LineReader(this);
  #place: Place = 'page';
  #hadTrace = false;

  constructor(targets: Targets) {
    this.#targets = targets;
    targets.rows.stats.layouts.add('systrace-html');
    targets.text.only('ftrace');
  }

  push(chunk: Uint8Array): void {
    this.#lines.push(chunk);
  }

  end(): void {
    this.#lines.end();
    const { rows } = this.#targets;
    if (this.#place === 'trace') rows.note('cut', rows.stats.lines, 'the page ends within the trace');
  }

  line(buf: Uint8Array, start: number, end: number, number: number, cut: boolean): void {
    const { text, rows } = this.#targets;
    rows.stats.lines = number;
    if (this.#place === 'page') {
      const look = latin1(buf, Math.max(start, end - MAX_LOOK), end);
      if (OPENS.test(look)) this.#place = 'opened';
      else if (this.#hadTrace && EVENT.test(look)) this.#behind(number);
      return;
    }
    if (CLOSES.test(latin1(buf, start, Math.min(end, start + MAX_LOOK)))) {
      this.#place = 'page';
      return;
    }
    const stop = withoutEscape(buf, start, end);
    if (this.#place === 'opened' && stop > start) {
      this.#place = latin1(buf, start, start + 1) === '#' ? 'trace' : 'other';
      this.#hadTrace ||= this.#place === 'trace';
    }
    if (this.#place === 'trace') text.line(buf, start, stop, number, cut);
  }

  /** A text of the trace that looks like the section's end hides what follows. */
  #behind(number: number): void {
    const at = { line: number, byte: this.#lines.offset, cpu: -1 };
    this.#targets.rows.damaged(at, 'an event stands behind the end of the trace');
  }
}

/** Older pages hold the trace in a string: each line ends in an escaped line break. */
function withoutEscape(buf: Uint8Array, start: number, end: number): number {
  const escaped =
    end - start >= 3 && buf[end - 1] === BACKSLASH && buf[end - 2] === LOWER_N && buf[end - 3] === BACKSLASH;
  return escaped ? end - 3 : end;
}
