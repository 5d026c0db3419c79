// The heads of events, `name: (caller+0x12/0x34 [module] <- symbol)`: a trace repeats a few hundred of them on all its
// lines, so each is taken apart once and then recognised as a whole. See test/bench/NOTES.md.
import { KnownText } from './known_text.ts';
import type { ProbeBinding } from './probe_binding.ts';
import type { FtraceRecord } from './record.ts';

const BUCKETS = 1024;
/** Callers are many where a busy function is probed; what is not kept here is just read the long way. */
const MAX_HEADS = 8192;
const MAX_LENGTH = 256;
/** Heads in one bucket; more of them were made to share it. */
const MAX_SIBLINGS = 16;
/** The places of the four-byte words that are hashed; a head must reach beyond the last. */
const SECOND_WORD = 12;
const THIRD_WORD = 24;
const MIN_LENGTH = THIRD_WORD + 4;

export class EventHead {
  readonly text: KnownText;
  /** Undefined for a function that means nothing to us. */
  readonly binding: ProbeBinding | undefined;
  /** The next one in the same bucket. */
  readonly sibling: EventHead | undefined;
  /** So many are in the bucket with it and behind it. */
  readonly depth: number;
  /** What came after it last time, and so is likely to come again: right for two lines in three. */
  follower: EventHead | undefined;

  constructor(text: KnownText, binding: ProbeBinding | undefined, sibling: EventHead | undefined) {
    this.text = text;
    this.binding = binding;
    this.sibling = sibling;
    this.depth = 1 + (sibling?.depth ?? 0);
  }
}

function bucketOf(view: DataView, pos: number): number {
  const mixed =
    Math.imul(view.getInt32(pos, true), 0x9e3779b1) ^
    Math.imul(view.getInt32(pos + SECOND_WORD, true), 0x85ebca6b) ^
    Math.imul(view.getInt32(pos + THIRD_WORD, true), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 15)) & (BUCKETS - 1);
}

export class EventHeads {
  readonly #buckets: (EventHead | undefined)[] = new Array(BUCKETS).fill(undefined);
  #size = 0;
  #last: EventHead | undefined;

  /** The known head that stands at rec.rest. */
  find(rec: FtraceRecord): EventHead | undefined {
    const { view, rest, end } = rec;
    const last = this.#last;
    const guess = last?.follower;
    if (guess?.text.standsAt(view, rest, end)) {
      this.#last = guess;
      return guess;
    }
    if (rest + MIN_LENGTH > end) return undefined;
    let head = this.#buckets[bucketOf(view, rest)];
    while (head !== undefined && !head.text.standsAt(view, rest, end)) head = head.sibling;
    if (head === undefined) return undefined;
    if (last !== undefined) last.follower = head;
    this.#last = head;
    return head;
  }

  /** Keeps the head that ends at `stop`, if it is long enough to be told from others by its hash. */
  learn(rec: FtraceRecord, stop: number, binding: ProbeBinding | undefined): void {
    const { view, rest } = rec;
    const length = stop - rest;
    if (length < MIN_LENGTH || length > MAX_LENGTH || this.#size === MAX_HEADS) return;
    const bucket = bucketOf(view, rest);
    if ((this.#buckets[bucket]?.depth ?? 0) === MAX_SIBLINGS) return;
    this.#buckets[bucket] = new EventHead(new KnownText(view, rest, stop), binding, this.#buckets[bucket]);
    this.#size++;
  }
}
