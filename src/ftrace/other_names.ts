// Names of events that are none of ours: where many other events are traced, their lines are passed over by these alone.
import { PAREN_OPEN, SPACE } from './bytes.ts';
import { KnownText } from './known_text.ts';
import type { FtraceRecord } from './record.ts';

/** A power of two, and more than the names that take turns at a time; two that share a place only cost their reading. */
const PLACES = 256;
/** What is hashed of a name; shorter ones are read each time. */
const MIN_LENGTH = 8;
const MAX_LENGTH = 64;
const UNDERLINE = 95;

export class OtherNames {
  readonly #places: (KnownText | undefined)[] = new Array(PLACES).fill(undefined);

  /** Does the text at rec.rest begin with a known name, and go on as no probe's does (`(place`, `__probe_ip=`)? */
  has({ buf, view, rest, end }: FtraceRecord): boolean {
    if (rest + MIN_LENGTH > end) return false;
    const known = this.#places[placeOf(view, rest)];
    if (known?.standsAt(view, rest, end) !== true) return false;
    const next = buf[rest + known.length];
    return next !== PAREN_OPEN && next !== UNDERLINE && next !== SPACE;
  }

  /** Keeps the name that ends at `stop`, behind its colon and blank. */
  learn({ view, rest }: FtraceRecord, stop: number): void {
    const length = stop - rest;
    if (length < MIN_LENGTH || length > MAX_LENGTH) return;
    this.#places[placeOf(view, rest)] = new KnownText(view, rest, stop);
  }
}

function placeOf(view: DataView, pos: number): number {
  const mixed = Math.imul(view.getInt32(pos, true), 0x9e3779b1) ^ Math.imul(view.getInt32(pos + 4, true), 0x85ebca6b);
  return (mixed >>> 16) & (PLACES - 1);
}
