// The ring of lines against a plain list.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LineRing } from '../../src/base/line_ring.ts';

it('finds what a list of the last lines has', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 8 }),
      fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 30 }),
      (kept, steps) => {
        const ring = new LineRing(kept);
        const list: { line: number; place: number }[] = [];
        let line = 0;
        for (const step of steps) {
          line += step;
          list.push({ line, place: ring.push(line) });
          const known = list.slice(-kept);
          for (let asked = 0; asked <= line + 2; asked++) {
            expect(ring.floor(asked)).toBe(known.findLast((one) => one.line <= asked)?.place ?? -1);
            expect(ring.find(asked)).toBe(known.find((one) => one.line === asked)?.place ?? -1);
          }
        }
      },
    ),
  );
});
