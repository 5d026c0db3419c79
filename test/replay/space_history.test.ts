// What a VM mapped when, against what an analysis that stops at that moment says is mapped.
import { describe, expect, it } from 'vitest';
import { Analysis, type AnalyzeOptions } from '../../src/analyze.ts';
import { hex, ptrHex } from '../../src/base/u64.ts';
import type { Gpuva } from '../../src/gpuvm/gpuva.ts';
import type { Stay } from '../../src/replay/space_history.ts';
import { fixture } from '../support/captures.ts';

function analysed(text: Uint8Array, options: Partial<AnalyzeOptions>) {
  const analysis = new Analysis({ file: 'trace.txt', ...options });
  analysis.push(text);
  return analysis.finish();
}

function described({ addr, range, obj, offset }: Pick<Gpuva, 'addr' | 'range' | 'obj' | 'offset'>): string {
  return `${hex(addr)}+${hex(range)} ${ptrHex(obj)} ${hex(offset)}`;
}

const CAPTURES = [
  'fuzz-mixed',
  'lose-next',
  'part-no-va',
  'msm/unmap-offset',
  'nouveau/correct',
  'panthor/correct',
  'xe/correct',
];

describe.each(CAPTURES)('%s', (name) => {
  const text = fixture(name).read();
  const whole = analysed(text, { history: true });
  const stays = whole.world.history?.stays ?? [];

  it('at each of some moments, the mappings that had come and not gone are those of then', () => {
    const ends = whole.jobs.map(({ endLine }) => endLine).filter((line) => line > 0);
    const moments = [0.2, 0.5, 0.8, 1].map((part) => ends[Math.floor((ends.length - 1) * part)] ?? 0);
    for (const moment of new Set(moments)) {
      const { world } = analysed(text, { until: ({ line }) => line <= moment });
      for (const vm of world.vms.values()) {
        const there = (stay: Stay) =>
          stay.vm.ordinal === vm.ordinal && stay.from <= moment && (stay.to === 0 || stay.to > moment);
        expect(stays.filter(there).map(described).sort()).toEqual([...world.mappingsOf(vm)].map(described).sort());
      }
    }
  });

  it('has mappings, and names the jobs that made them', () => {
    const jobs = new Set(whole.jobs.map(({ line }) => line));
    expect(stays.length).toBeGreaterThan(10);
    expect(stays.filter(({ fromJob }) => fromJob !== 0 && !jobs.has(fromJob))).toEqual([]);
  });
});

it('tells what a REMAP left from what a MAP asked for', () => {
  const { world } = analysed(fixture('correct').read(), { history: true });
  const told = (world.history?.stays ?? []).map(({ addr, range, isRest }) => [hex(addr), hex(range), isRest]);
  expect(told).toContainEqual(['0x110000', '0x10000', false]);
  expect(told).toContainEqual(['0x110000', '0x4000', true]);
  expect(told).toContainEqual(['0x118000', '0x8000', true]);
  expect(told).toContainEqual(['0x114000', '0x4000', false]);
});
