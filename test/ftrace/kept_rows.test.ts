// Rows that wait until the input is over, held against rows that are simply sorted.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { KeptRows } from '../../src/ftrace/formats/kept_rows.ts';

const field = fc.record({
  name: fc.string({ unit: 'binary', maxLength: 5 }),
  value: fc.string({ unit: 'binary', maxLength: 30 }),
});
const entry = fc.record({
  line: fc.nat(),
  byte: fc.maxSafeNat(),
  pid: fc.integer(),
  cpu: fc.integer({ min: -1, max: 5000 }),
  name: fc.constantFrom('vm_init', 'obj_free', '', '__proto__', '0'),
  fields: fc.array(field, { maxLength: 4 }),
});
/** Those of one second differ in what a number does not hold any more. */
const time = fc
  .tuple(fc.constantFrom(0n, 1n, 18446744073n), fc.bigInt({ min: 0n, max: 999_999_999n }))
  .map(([seconds, rest]) => seconds * 1_000_000_000n + (seconds === 18446744073n ? rest % 709_551_615n : rest));

it('come back in the order of time as they were added', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(entry, time, fc.boolean()), { maxLength: 40 }), (all) => {
      const rows = new KeptRows();
      for (const [row, when, isBehindLoss] of all) rows.add(row, String(when), isBehindLoss);
      expect(rows.size).toBe(all.length);
      const sorted = all.toSorted(([, a], [, b]) => (a < b ? -1 : a > b ? 1 : 0));
      const expected = sorted.map(([row, when, isBehindLoss]) => {
        const digits = String(when).padStart(10, '0');
        const shown = `${digits.slice(0, -9)}.${digits.slice(-9)}`;
        return { row: { ...row, time: shown, comm: `task ${row.pid}` }, isBehindLoss };
      });
      expect([...rows.inOrder((pid) => `task ${pid}`)]).toEqual(expected);
    }),
  );
});

it('have their own names, however many there are', () => {
  const rows = new KeptRows();
  const names = Array.from({ length: 5000 }, (_, i) => `name ${i}`);
  const row = { line: 1, byte: 0, pid: 1, cpu: 0 };
  for (const name of names) rows.add({ ...row, name, fields: [{ name, value: name }] }, '1', false);
  const back = [...rows.inOrder(() => '')].map((kept) => kept.row);
  expect(back.map(({ name }) => name)).toEqual(names);
  expect(back.flatMap(({ fields }) => fields)).toEqual(names.map((name) => ({ name, value: name })));
});
