// Texts that a trace repeats at the begin of its events: the heads of probes, `name: (caller+0x12/0x34 [module] <- symbol)`,
// and the names of other events, `name: `. Each is looked up as a whole, that which followed the last one before all others.
import { BUCKET_COUNT, BUCKETS, TEXTS, TEXTS_END } from '../memory.ts';

/** What is hashed, at least. */
const MIN_LENGTH: i32 = 8;
const MAX_LENGTH: i32 = 256;
/** Texts in one bucket; more of them were made to share it. */
const MAX_SIBLINGS: i32 = 16;
const COLON: u8 = 58;
const SPACE: i32 = 32;
const PAREN_OPEN: i32 = 40;
const PAREN_CLOSE: u8 = 41;

/** A known text: these words, the mask of its last bytes, then the bytes, filled up with zeros. */
const SIBLING: i32 = 0;
const FOLLOWER: i32 = 4;
const LENGTH: i32 = 8;
const MEANING: i32 = 12;
const MASK: i32 = 16;
const BYTES: i32 = 32;

let free: i32 = TEXTS;
/** The text that was found last. */
let last: i32 = TEXTS;

export function lengthOf(text: i32): i32 {
  return load<i32>(text + LENGTH);
}

export function meaningOf(text: i32): i32 {
  return load<i32>(text + MEANING);
}

function standsAt(text: i32, pos: i32): bool {
  let left: i32 = load<i32>(text + LENGTH);
  let known: i32 = text + BYTES;
  let p: i32 = pos;
  while (left >= 16) {
    if (v128.any_true(v128.xor(v128.load(p), v128.load(known)))) return false;
    p += 16;
    known += 16;
    left -= 16;
  }
  return !v128.any_true(v128.and(v128.xor(v128.load(p), v128.load(known)), v128.load(text + MASK)));
}

/** The end of what may be known of the event at `rest`: behind its place in parentheses, or its colon and blanks; 0: nothing. */
function stopOf(rest: i32): i32 {
  let p: i32 = find(rest, COLON);
  if (p === 0) return 0;
  p++;
  while (load<u8>(p) === SPACE) p++;
  if (load<u8>(p) !== PAREN_OPEN) return p;
  p = find(p, PAREN_CLOSE);
  return p === 0 ? 0 : p + 1;
}

function find(from: i32, byte: u8): i32 {
  const wanted = i8x16.splat(byte);
  for (let p: i32 = from; p < from + MAX_LENGTH; p += 16) {
    const found = i8x16.bitmask(i8x16.eq(v128.load(p), wanted));
    if (found !== 0) return p + ctz(found);
  }
  return 0;
}

function bucketOf(rest: i32, stop: i32): i32 {
  const end: i32 = stop - 8;
  let hash: u64 = load<u64>(end);
  for (let p: i32 = rest; p < end; p += 8) hash = (rotl(hash, 23) ^ load<u64>(p)) * 0x9e3779b97f4a7;
  return BUCKETS + 4 * (<i32>((hash ^ (hash >> 23)) >> 20) & (BUCKET_COUNT - 1));
}

/** The known text at `rest`; 0: none. */
export function textAt(rest: i32): i32 {
  const guess = load<i32>(last + FOLLOWER);
  if (guess !== 0 && standsAt(guess, rest)) {
    last = guess;
    return guess;
  }
  const stop = stopOf(rest);
  if (stop < rest + MIN_LENGTH) return 0;
  let text = load<i32>(bucketOf(rest, stop));
  while (text !== 0 && !(lengthOf(text) === stop - rest && standsAt(text, rest))) text = load<i32>(text + SIBLING);
  if (text === 0) return 0;
  store<i32>(last + FOLLOWER, text);
  last = text;
  return text;
}

/** Keeps the text at [rest, stop), unless there is no room or it is not what would be looked up. */
export function learn(rest: i32, stop: i32, meaning: i32): void {
  const length = stop - rest;
  const size = (BYTES + length + 31) & ~15;
  if (length < MIN_LENGTH || length > MAX_LENGTH || free + size > TEXTS_END || stopOf(rest) !== stop) return;
  const bucket = bucketOf(rest, stop);
  let siblings: i32 = 0;
  for (let text = load<i32>(bucket); text !== 0; text = load<i32>(text + SIBLING)) {
    if (++siblings === MAX_SIBLINGS || (lengthOf(text) === length && standsAt(text, rest))) return;
  }
  store<i32>(free + SIBLING, load<i32>(bucket));
  store<i32>(free + LENGTH, length);
  store<i32>(free + MEANING, meaning);
  for (let i: i32 = 0; i < (length & 15); i++) store<u8>(free + MASK + i, 255);
  memory.copy(free + BYTES, rest, length);
  store<i32>(bucket, free);
  free += size;
}
