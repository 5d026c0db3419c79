// A name for a finding that stays the same between runs of one workload: roles and orders, no pointer, pid or time.

const PRIMES = [0x01000193, 0x01000197] as const;
const OFFSETS = [0x811c9dc5, 0x9e3779b9] as const;

/** FNV-1a, 64 bits as two differently seeded halves; 16 hex digits. */
export function hash(text: string): string {
  let [a, b]: [number, number] = [OFFSETS[0], OFFSETS[1]];
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    a = Math.imul(a ^ c, PRIMES[0]);
    b = Math.imul(b ^ c, PRIMES[1]);
  }
  return (a >>> 0).toString(16).padStart(8, '0') + (b >>> 0).toString(16).padStart(8, '0');
}

/** Gives equal parts different names by counting them, in the order of the trace. */
export class Fingerprints {
  /** By the name of the first of its parts, which takes less memory than they do. */
  readonly #seen = new Map<string, number>();

  of(parts: readonly (string | number | undefined)[]): string {
    const key = parts.join('\u0000');
    const first = hash(key);
    const count = (this.#seen.get(first) ?? 0) + 1;
    this.#seen.set(first, count);
    return count === 1 ? first : hash(`${key}\u0000${count}`);
  }
}
