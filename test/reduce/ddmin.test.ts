// Delta debugging against trying everything.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ddmin } from '../../src/reduce/ddmin.ts';

const SIZE = 7;
const all = Array.from({ length: SIZE }, (_, i) => i);

function maskOf(some: readonly number[]): number {
  return some.reduce((mask, one) => mask | (1 << one), 0);
}

function subsets(): number[][] {
  return Array.from({ length: 1 << SIZE }, (_, mask) => all.filter((one) => (mask & (1 << one)) !== 0));
}

/** Any predicate that is true of all, as a table by subset. */
const predicates = fc.array(fc.boolean(), { minLength: 1 << SIZE, maxLength: 1 << SIZE }).map((table) => {
  const told = [...table];
  told[(1 << SIZE) - 1] = true;
  return (some: readonly number[]) => told[maskOf(some)] === true;
});

it('gives a part, in order, that cannot do without any one of its own', () => {
  fc.assert(
    fc.property(predicates, (happens) => {
      const least = ddmin(all, happens);
      expect(happens(least)).toBe(true);
      expect([...least]).toEqual(all.filter((one) => least.includes(one)));
      for (const one of least) expect(happens(least.filter((other) => other !== one))).toBe(false);
    }),
  );
});

it('gives the smallest part of all where more never hurts', () => {
  const needed = fc.array(fc.subarray(all, { minLength: 1 }), { minLength: 1, maxLength: 1 });
  fc.assert(
    fc.property(needed, (sets) => {
      const happens = (some: readonly number[]) => sets.some((set) => set.every((one) => some.includes(one)));
      const smallest = subsets()
        .filter(happens)
        .sort((a, b) => a.length - b.length)[0];
      expect(ddmin(all, happens)).toEqual(smallest);
    }),
  );
});

it('asks seldom: two of ten thousand', () => {
  const many = Array.from({ length: 10_000 }, (_, i) => i);
  let asked = 0;
  const least = ddmin(many, (some) => {
    asked++;
    return some.includes(3) && some.includes(9_998);
  });
  expect(least).toEqual([3, 9_998]);
  expect(asked).toBeLessThan(200);
});

it('asks of nothing first', () => {
  expect(ddmin([1, 2, 3], () => true)).toEqual([]);
  expect(ddmin([], () => true)).toEqual([]);
});
