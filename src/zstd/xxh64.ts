// XXH64 with seed 0, of which frames keep the low 32 bits: RFC 8878 3.1.1, after the specification of xxHash.

const STRIPE = 32;
const PRIME_1 = 0x9e3779b185ebca87n;
const PRIME_2 = 0xc2b2ae3d27d4eb4fn;
const PRIME_3 = 0x165667b19e3779f9n;
const PRIME_4 = 0x85ebca77c2b2ae63n;
const PRIME_5 = 0x27d4eb2f165667c5n;

export class Xxh64 {
  /** Four accumulators, each as its low and its high half. */
  readonly #halves = new Int32Array(8);
  readonly #accumulators = new BigUint64Array(this.#halves.buffer);
  /** Bytes that do not fill a stripe yet. */
  readonly #rest = new Uint8Array(STRIPE);
  readonly #restView = new DataView(this.#rest.buffer);
  #size = 0;

  begin(): void {
    this.#accumulators.set([PRIME_1 + PRIME_2, PRIME_2, 0n, -PRIME_1].map(wrap));
    this.#size = 0;
  }

  add(bytes: Uint8Array): void {
    const held = this.#size % STRIPE;
    this.#size += bytes.length;
    const first = held === 0 ? 0 : Math.min(STRIPE - held, bytes.length);
    this.#rest.set(bytes.subarray(0, first), held);
    if (held + first === STRIPE) this.#stripes(this.#restView, 0, STRIPE);
    const end = first + Math.floor((bytes.length - first) / STRIPE) * STRIPE;
    this.#stripes(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), first, end);
    if (end < bytes.length) this.#rest.set(bytes.subarray(end));
  }

  /** The low 32 bits. */
  end(): number {
    const [a = 0n, b = 0n, c = 0n, d = 0n] = this.#accumulators;
    let hash = PRIME_5;
    if (this.#size >= STRIPE) {
      hash = rotated(a, 1n) + rotated(b, 7n) + rotated(c, 12n) + rotated(d, 18n);
      for (const one of [a, b, c, d]) hash = wrap((wrap(hash) ^ round(0n, one)) * PRIME_1 + PRIME_4);
    }
    hash = wrap(hash + BigInt(this.#size));
    const end = this.#size % STRIPE;
    let at = 0;
    for (; at + 8 <= end; at += 8) {
      hash = wrap(rotated(hash ^ round(0n, this.#restView.getBigUint64(at, true)), 27n) * PRIME_1 + PRIME_4);
    }
    for (; at + 4 <= end; at += 4) {
      hash = wrap(rotated(hash ^ wrap(BigInt(this.#restView.getUint32(at, true)) * PRIME_1), 23n) * PRIME_2 + PRIME_3);
    }
    for (; at < end; at++)
      hash = wrap(rotated(hash ^ wrap(BigInt(this.#restView.getUint8(at)) * PRIME_5), 11n) * PRIME_1);
    hash = wrap((hash ^ (hash >> 33n)) * PRIME_2);
    hash = wrap((hash ^ (hash >> 29n)) * PRIME_3);
    return Number((hash ^ (hash >> 32n)) & 0xffff_ffffn);
  }

  /** One accumulator after the other: a += word * PRIME_2; a = rotated(a, 31); a *= PRIME_1; all modulo 2^64. */
  #stripes(view: DataView, from: number, to: number): void {
    const halves = this.#halves;
    for (let i = 0; i < 4; i++) {
      let low = halves[2 * i] as number;
      let high = halves[2 * i + 1] as number;
      for (let at = from + 8 * i; at < to; at += STRIPE) {
        const wordLow = view.getInt32(at, true);
        const wordHigh = view.getInt32(at + 4, true);
        const addLow = Math.imul(wordLow, 0x27d4eb4f);
        const addHigh =
          highHalf(wordLow & 0xffff, wordLow >>> 16, 0xeb4f, 0x27d4) +
          Math.imul(wordLow, 0xc2b2ae3d) +
          Math.imul(wordHigh, 0x27d4eb4f);
        const sum = (low + addLow) | 0;
        const sumHigh = (high + addHigh + (sum >>> 0 < addLow >>> 0 ? 1 : 0)) | 0;
        const turned = (sum << 31) | (sumHigh >>> 1);
        const turnedHigh = (sumHigh << 31) | (sum >>> 1);
        low = Math.imul(turned, 0x85ebca87);
        high =
          (highHalf(turned & 0xffff, turned >>> 16, 0xca87, 0x85eb) +
            Math.imul(turned, 0x9e3779b1) +
            Math.imul(turnedHigh, 0x85ebca87)) |
          0;
      }
      halves[2 * i] = low;
      halves[2 * i + 1] = high;
    }
  }
}

/** The high 32 bits of a product of two numbers of 32, each given as its low and its high 16. */
function highHalf(low: number, high: number, otherLow: number, otherHigh: number): number {
  const across = Math.imul(low, otherHigh);
  const back = Math.imul(high, otherLow);
  const carry = (Math.imul(low, otherLow) >>> 16) + (across & 0xffff) + (back & 0xffff);
  return (Math.imul(high, otherHigh) + (across >>> 16) + (back >>> 16) + (carry >>> 16)) | 0;
}

function round(accumulator: bigint, word: bigint): bigint {
  return wrap(rotated(wrap(accumulator + word * PRIME_2), 31n) * PRIME_1);
}

function rotated(value: bigint, bits: bigint): bigint {
  return wrap((value << bits) | (value >> (64n - bits)));
}

function wrap(value: bigint): bigint {
  return BigInt.asUintN(64, value);
}
