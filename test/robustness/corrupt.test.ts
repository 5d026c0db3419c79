// A digit of a compressed trace is another than it was: its checksum tells, and no finding is certain any more.
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { Analysis } from '../../src/analyze.ts';
import { decompressed } from '../../src/io/compressed.ts';
import { labFixtures } from '../support/captures.ts';
import { random } from './damage.ts';

const RUNS = 40;
const DIGITS = '0123456789abcdef';
const bytes = labFixtures.find(({ name }) => name === 'missing')?.read() ?? new Uint8Array(0);

/** The tracer's text as it is, between what the format adds. */
const stored = gzipSync(bytes, { level: 0 });

async function certain(packed: Uint8Array): Promise<{ count: number; doubts: readonly string[] }> {
  const analysis = new Analysis({ file: 'trace.txt.gz' });
  const target = { size: 1 << 16, damaged: (damage: Parameters<Analysis['damaged']>[0]) => analysis.damaged(damage) };
  for await (const chunk of decompressed([packed], 'gzip', target)) analysis.push(chunk);
  const { findings, doubts } = analysis.finish();
  return { count: findings.filter(({ confidence }) => confidence === 'certain').length, doubts };
}

describe('a compressed trace', () => {
  it('as it was written has findings that are certain', async () => {
    const { count, doubts } = await certain(stored);
    expect(count).toBeGreaterThan(0);
    expect(doubts).toEqual([]);
  });

  it('that ends before its checksum has them still', async () => {
    const { count, doubts } = await certain(stored.subarray(0, -8));
    expect(count).toBe((await certain(stored)).count);
    expect(doubts).toEqual([`gzip data end early, at byte ${stored.length - 8}: unexpected end of file`]);
  });

  it('with another digit has none', async () => {
    const draw = random(20);
    for (let run = 0; run < RUNS; run++) {
      const wrong = Buffer.from(stored);
      let at = 0;
      while (!DIGITS.includes(String.fromCharCode(wrong[at] ?? 0)))
        at = 100 + Math.floor(draw() * (wrong.length - 200));
      wrong[at] = DIGITS.charCodeAt((DIGITS.indexOf(String.fromCharCode(wrong[at] ?? 0)) + 1) % 16);
      const { count, doubts } = await certain(wrong);
      expect(count).toBe(0);
      expect(doubts.at(-1)).toMatch(/^gzip data between byte \d+ and \d+: /);
    }
  });
});
