// `export --format dot`: who waited for whom, as the capture shows it, in Graphviz's language.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { circlesOf, type Edge } from '../../src/export/contention.ts';
import { toDot } from '../../src/export/dot.ts';
import { withWaits } from '../support/resv_waits.ts';
import { fixture, ROOT, run } from '../support/run.ts';

const trace = fixture('lab/contention-threads/trace.txt.gz');

interface DrawnEdge {
  readonly from: string;
  readonly to: string;
  readonly waits: number;
  readonly ns: number;
  readonly backoffs: number;
  readonly red: boolean;
}

const STRING = String.raw`"(?:[^"\\\n]|\\.)*"`;
const ATTRIBUTES = String.raw`\[\w+=(?:\w+|[\d.]+|${STRING})(?:, \w+=(?:\w+|[\d.]+|${STRING}))*\]`;
const STATEMENTS = [
  new RegExp(String.raw`^  \w+=(?:\w+|${STRING});$`),
  new RegExp(String.raw`^  \w+ ${ATTRIBUTES};$`),
  new RegExp(String.raw`^  \w+ -> \w+ ${ATTRIBUTES};$`),
];

/** Statements of the part of dot's grammar that is used; anything else fails. */
function drawn(text: string): DrawnEdge[] {
  const lines = text.trimEnd().split('\n');
  expect(lines[0]).toBe('digraph contention {');
  expect(lines.at(-1)).toBe('}');
  for (const line of lines.slice(1, -1))
    expect(
      STATEMENTS.some((one) => one.test(line)),
      line,
    ).toBe(true);
  return lines.flatMap((line) => {
    const edge = /^ {2}(\w+) -> (\w+) .*waits=(\d+) waited_ns=(\d+) backoffs=(\d+)/.exec(line);
    if (edge === null) return [];
    const [, from = '', to = '', waits, ns, backoffs] = edge;
    const red = line.includes('color=red');
    return [{ from, to, waits: Number(waits), ns: Number(ns), backoffs: Number(backoffs), red }];
  });
}

describe('the contention of a capture', () => {
  it('has every -EDEADLK of the trace, and the circle of its tasks', () => {
    const edges = drawn(run(['export', '--format', 'dot', trace]).out);
    const text = gunzipSync(readFileSync(path.join(ROOT, trace))).toString('latin1');
    const refused = text.split('\n').filter((line) => / lock_obj_ret: .*ret=-35/.test(line)).length;
    expect(refused).toBeGreaterThan(10);
    expect(edges.reduce((sum, { backoffs }) => sum + backoffs, 0)).toBe(refused);
    expect(edges.every(({ red, to }) => red || to === 'unknown')).toBe(true);
    expect(edges.some(({ waits }) => waits > 0)).toBe(false);
  });

  it('has the waits where contention is probed, with their time', () => {
    const { text, waits } = withWaits(gunzipSync(readFileSync(path.join(ROOT, trace))).toString('latin1'));
    const { out, err } = run(['export', '--format', 'dot', '-'], { input: Buffer.from(text, 'latin1') });
    const edges = drawn(out);
    expect(
      edges.reduce((sum, edge) => sum + edge.waits, 0),
      err,
    ).toBe(waits);
    expect(edges.reduce((sum, { ns }) => sum + ns, 0)).toBe(waits * 7000);
  });

  it('says so where nobody waited', () => {
    const { out } = run(['export', '--format', 'dot', fixture('lab/correct/trace.txt')]);
    expect(out).toContain('nobody did');
    expect(drawn(out)).toEqual([]);
  });
});

it('no name is markup', () => {
  const edge: Edge = { waiter: 1, holder: 2, resv: -1, obj: 0, vm: undefined, waits: 1, waitedNs: 5n, backoffs: 0 };
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (name) => {
      expect(drawn(toDot(name, [edge], () => name))).toHaveLength(1);
    }),
  );
  expect(toDot('t', [edge], () => 'a"]; b [label="x\\')).toContain(String.raw`label="a\"]; b [label=\"x\\\\"`);
});

it('a circle is what can reach itself', () => {
  const arrows = fc.array(
    fc.tuple(fc.nat(7), fc.nat(7)).filter(([a, b]) => a !== b),
    { maxLength: 14 },
  );
  fc.assert(
    fc.property(arrows, (pairs) => {
      const edges = pairs.map(
        ([waiter, holder]): Edge => ({
          waiter,
          holder,
          resv: 1,
          obj: 0,
          vm: undefined,
          waits: 1,
          waitedNs: 0n,
          backoffs: 0,
        }),
      );
      const circles = circlesOf(edges);
      const reach = Array.from({ length: 8 }, (_, from) => {
        const there = new Set<number>();
        for (let grown = -1; grown < there.size; ) {
          grown = there.size;
          for (const [a, b] of pairs) if (a === from || there.has(a)) there.add(b);
        }
        return there;
      });
      for (let a = 0; a < 8; a++) {
        expect(circles.has(a)).toBe(reach[a]?.has(a) === true);
        for (let b = 0; b < 8; b++)
          if (circles.has(a) && circles.has(b) && a !== b)
            expect(circles.get(a) === circles.get(b)).toBe(reach[a]?.has(b) === true && reach[b]?.has(a) === true);
      }
    }),
  );
});
