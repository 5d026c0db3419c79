// Addresses as heights: mapped parts by the logarithm of their size, and what is never mapped as a narrow gap.

export interface Part {
  readonly from: number;
  readonly to: number;
  /** Sum of the weights below it, and its own. */
  readonly below: number;
  readonly weight: number;
  readonly isGap: boolean;
}

const GAP = 0.35;

export class Heights {
  readonly parts: readonly Part[];
  readonly total: number;

  /** `ranges`: begin and end of all that is ever mapped. */
  constructor(ranges: readonly (readonly [number, number])[]) {
    const borders = [...new Set(ranges.flat())].sort((a, b) => a - b);
    const opens = new Map<number, number>();
    for (const [from, to] of ranges) {
      opens.set(from, (opens.get(from) ?? 0) + 1);
      opens.set(to, (opens.get(to) ?? 0) - 1);
    }
    const parts: Part[] = [];
    let depth = 0;
    let below = 0;
    borders.slice(0, -1).forEach((from, i) => {
      depth += opens.get(from) ?? 0;
      const to = borders[i + 1] ?? from;
      const weight = depth > 0 ? Math.max(0.6, Math.log2(1 + (to - from) / 4096)) : GAP;
      parts.push({ from, to, below, weight, isGap: depth === 0 });
      below += weight;
    });
    this.parts = parts;
    this.total = below;
  }

  get lowest(): number {
    return this.parts[0]?.from ?? 0;
  }

  get highest(): number {
    return this.parts.at(-1)?.to ?? 1;
  }

  /** From 0 to `total`. */
  of(addr: number): number {
    const part = this.parts[this.#at(addr, ({ from }) => from)];
    if (part === undefined) return 0;
    const within = Math.min(1, Math.max(0, (addr - part.from) / Math.max(1, part.to - part.from)));
    return part.below + within * part.weight;
  }

  addrAt(height: number): number {
    const part = this.parts[this.#at(height, ({ below }) => below)];
    if (part === undefined) return 0;
    return part.from + Math.min(1, Math.max(0, (height - part.below) / part.weight)) * (part.to - part.from);
  }

  #at(value: number, key: (part: Part) => number): number {
    let low = 0;
    let high = this.parts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      const part = this.parts[middle];
      if (part !== undefined && key(part) <= value) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
