// The alignment of two sequences, against the longest common subsequence by its definition.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { align, type Pair } from '../../src/diff/align.ts';
import { editPath } from '../../src/diff/edit_path.ts';

function lcsLength(a: readonly number[], b: readonly number[]): number {
  let row = new Array<number>(b.length + 1).fill(0);
  for (const x of a) {
    const next = [0];
    for (const [j, y] of b.entries()) next.push(x === y ? (row[j] ?? 0) + 1 : Math.max(row[j + 1] ?? 0, next[j] ?? 0));
    row = next;
  }
  return row[b.length] ?? 0;
}

function expectAscending(pairs: readonly Pair[], a: readonly number[], b: readonly number[]): void {
  pairs.forEach(([i, j], at) => {
    expect(a[i]).toBe(b[j]);
    const [lastI, lastJ] = pairs[at - 1] ?? [-1, -1];
    expect(i > lastI && j > lastJ).toBe(true);
  });
}

const few = fc.array(fc.nat({ max: 3 }), { maxLength: 24 });

it('the edit path is a longest common subsequence', () => {
  fc.assert(
    fc.property(few, few, (a, b) => {
      const pairs = editPath({ a, b, from: [0, 0], to: [a.length, b.length] });
      expectAscending(pairs, a, b);
      expect(pairs.length).toBe(lcsLength(a, b));
    }),
    { numRuns: 2000 },
  );
});

describe('align', () => {
  it('gives pairs that ascend in both, and leaves none between them unpaired', () => {
    const some = fc.array(fc.nat({ max: 12 }), { maxLength: 40 });
    fc.assert(
      fc.property(some, some, (a, b) => {
        const pairs = align(a, b);
        expectAscending(pairs, a, b);
        let [i, j] = [0, 0];
        for (const [x, y] of [...pairs, [a.length, b.length] as const]) {
          const between = new Set(a.slice(i, x));
          expect(b.slice(j, y).filter((one) => between.has(one))).toEqual([]);
          [i, j] = [x + 1, y + 1];
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('what was inserted or removed shifts nothing', () => {
    const edits = fc.array(fc.record({ at: fc.nat({ max: 299 }), removes: fc.boolean(), many: fc.nat({ max: 40 }) }), {
      maxLength: 6,
    });
    fc.assert(
      fc.property(edits, (all) => {
        const a = Array.from({ length: 300 }, (_, i) => i);
        const b = [...a];
        all.forEach(({ at, removes, many }, n) => {
          if (removes) b.splice(at, many);
          else b.splice(at, 0, ...Array.from({ length: many }, (_, i) => 1000 * (n + 1) + i));
        });
        const pairs = align(a, b);
        expectAscending(pairs, a, b);
        expect(pairs.map(([i]) => i)).toEqual(a.filter((one) => b.includes(one)));
      }),
    );
  });

  it('finds its way again behind a long stretch of nothing in common, and between many alike', () => {
    const alike = Array.from({ length: 20_000 }, (_, i) => i % 7);
    const other = Array.from({ length: 5000 }, (_, i) => 100 + (i % 5));
    const b = [...alike.slice(0, 9000), ...other, ...alike.slice(9000)];
    expect(align(alike, b).length).toBe(alike.length);
    expect(align(other, alike)).toEqual([]);
    const odd = alike.map((one, i) => (i % 11 === 0 ? 50 : one));
    expectAscending(align(alike, odd), alike, odd);
    expect(align(alike, odd).length).toBeGreaterThan(alike.length * 0.7);
  });
});
