// Where losses lie, what they touch, and what would have held them.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Losses } from '../../src/ftrace/losses.ts';

/** Entries and losses in the order of lines, from 1. */
type Line = { readonly cpu: number; readonly lost?: number | undefined };

function read(lines: readonly Line[]): Losses {
  const losses = new Losses();
  lines.forEach(({ cpu, lost }, i) => {
    if (lost === undefined) losses.entry(cpu, i + 1).at(i + 1, i + 1, 0);
    else losses.lost(cpu, lost, i + 1);
  });
  return losses;
}

const line = fc.record({
  cpu: fc.nat({ max: 2 }),
  lost: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
});

describe('losses', () => {
  it('touch what lies behind the last entry of their CPU', () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 40 }), fc.nat({ max: 41 }), fc.nat({ max: 8 }), (lines, first, more) => {
        const last = first + more;
        const touched = lines.some(({ cpu, lost }, told) => {
          if (lost === undefined) return false;
          const from = lines.slice(0, told).findLastIndex((one) => one.cpu === cpu && one.lost === undefined) + 1;
          return first < told + 1 && last > from;
        });
        expect(read(lines).touches(first, last)).toBe(touched);
      }),
      { numRuns: 2000 },
    );
  });

  it('lie between two entries of a CPU', () => {
    const losses = read([
      { cpu: 1, lost: 7 },
      { cpu: 0 },
      { cpu: 1 },
      { cpu: 0 },
      { cpu: 1, lost: 3 },
      { cpu: 0 },
      { cpu: 1 },
    ]);
    expect(losses.windows).toEqual([
      { cpu: 1, count: 7, from: undefined, line: 1, to: { line: 3, time: '3.000000000' } },
      { cpu: 1, count: 3, from: { line: 3, time: '3.000000000' }, line: 5, to: { line: 7, time: '7.000000000' } },
    ]);
    expect(losses.byCpu).toEqual([{ cpu: 1, times: 2, count: 10 }]);
  });

  it('on some CPU begin with the one that was silent for longest', () => {
    const losses = read([{ cpu: 0 }, { cpu: 1 }, { cpu: 1 }, { cpu: -1, lost: 3 }]);
    expect(losses.windows[0]?.from?.line).toBe(1);
    expect([losses.touches(1, 1), losses.touches(2, 2), losses.touches(5, 9)]).toEqual([false, true, false]);
  });

  it('touch everything where lines are not in the order of time, or nothing tells when they were', () => {
    const unordered = new Losses();
    for (const at of [3, 1, 9]) unordered.entry(0, at).at(at, at, 0);
    expect(unordered.touches(1, 2)).toBe(false);
    unordered.lost(0, 1, 10);
    expect(unordered.touches(1, 2)).toBe(true);
    const anywhere = read([{ cpu: 0 }]);
    anywhere.lostAnywhere(3, 2);
    expect([anywhere.touches(1, 1), anywhere.touches(7, 8), anywhere.bufferSize]).toEqual([true, true, undefined]);
  });

  it('of two buffers are apart, whatever CPU they are of', () => {
    const losses = new Losses();
    losses.entry(0, 1, '').at(1, 1, 0);
    losses.entry(0, 2, 'instance').at(2, 2, 0);
    losses.lost(0, 5, 3, '');
    expect(losses.windows[0]?.from?.line).toBe(1);
  });

  it('are kept in bounds, and no less is touched for it', () => {
    const losses = new Losses();
    for (let at = 1; at < 300_000; at += 2) {
      losses.entry(0, at).at(at, at, 0);
      losses.lost(0, 1, at + 1);
    }
    expect(losses.windows).toHaveLength(100);
    expect(losses.times).toBe(150_000);
    for (let at = 1; at < 290_000; at += 10_000) expect(losses.touches(at, at + 1)).toBe(true);
  });
});

describe('the buffer that would have held them', () => {
  it('holds the longest stretch between two losses and all that was lost', () => {
    const losses = new Losses();
    for (let at = 1; at <= 1000; at++) losses.entry(1, at).at(at, at, 0);
    losses.lost(1, 3000, 1001);
    for (let at = 1002; at <= 1500; at++) losses.entry(1, at).at(at, at, 0);
    losses.lost(1, 96, 1501);
    expect(losses.bufferSize).toBeUndefined();
    losses.sample(50, 'measured');
    losses.sample(70, 'measured');
    // 4096 events of 60 bytes: 61 pages of 4080 bytes, 244 kB, a quarter more, rounded.
    expect(losses.bufferSize).toEqual({ kb: 310, events: 4096, isWhole: true, bytesPerEvent: 60, how: 'measured' });
    losses.lost(1, undefined, 1502);
    expect(losses.bufferSize?.isWhole).toBe(true);
    losses.entry(1, 1503).at(1503, 1503, 0);
    losses.lost(1, undefined, 1504);
    expect(losses.bufferSize?.isWhole).toBe(false);
  });
});
