// msm's debug messages: in a log they lead to the mappings that the probes show, beside probes to the same verdict on page tables.
import { describe, expect, it } from 'vitest';
import type { Report } from '../../src/analyze.ts';
import { hex } from '../../src/base/u64.ts';
import type { Gpuva } from '../../src/gpuvm/gpuva.ts';
import { driverFixtures, fixture, moreDriverCaptures } from '../support/captures.ts';
import { debugLog, type LogLine, type Pointers, withDebugLines } from '../support/msm_debug_lines.ts';
import { reportOn, reportWith } from '../support/report.ts';

const captures = [...driverFixtures, ...moreDriverCaptures]
  .filter(({ name }) => /(?:^|\/)(?:PERS-)?msm[/-]/.test(name) && !/generic|edited-/.test(name))
  .map((capture) => [capture.name, capture] as const);

const POINTERS = ['raw', 'hashed'] as const;

interface Mapped {
  readonly all: readonly string[];
  /** Of which the log says that they are unmapped, while their entries are live. */
  readonly leaving: ReadonlySet<string>;
}

function mapped({ world }: Report): Mapped {
  const vms = [...world.vms.values()];
  const text = (va: Gpuva) => `${hex(va.addr)}+${hex(va.range)}${va.obj === 0 ? ' NULL' : ''}`;
  return {
    all: vms.flatMap((vm) => [...world.mappingsOf(vm)].map(text)).sort(),
    leaving: new Set(vms.flatMap((vm) => [...(vm.logged?.leaving ?? [])].map(text))),
  };
}

function logOf(lines: readonly LogLine[]): Buffer {
  return Buffer.from(lines.map((one) => `${one.text}\n`).join(''), 'latin1');
}

/** Every n-th message is a moment at which both are compared. */
const STRIDE = 7;

describe.each(captures)('%s', (_, capture) => {
  const bytes = capture.read();
  const probed = reportOn(bytes);

  it.each(POINTERS)('the log, pointers %s: the same mappings at any time', (pointers: Pointers) => {
    const log = debugLog(bytes, pointers);
    for (let count = STRIDE; count < log.length; count += STRIDE) {
      const next = log[count];
      // A REMAP's pieces are messages of their own.
      if (next === undefined || !/step_(?:map|unmap)|orig_vma/.test(next.text)) continue;
      const then = mapped(reportWith(bytes, { until: ({ line }) => line < next.line, mmu: 'off' }));
      const logged = mapped(reportOn(logOf(log.slice(0, count))));
      const left = new Set(then.all);
      expect([count, logged.all.filter((one) => left.has(one) || !logged.leaving.has(one))]).toEqual([count, then.all]);
    }
  });

  it.each(POINTERS)('the log, pointers %s: the same once all jobs have run, and no verdict', (pointers: Pointers) => {
    const last = Math.max(...probed.jobs.map((row) => Math.max(row.endLine, row.ranLine)));
    const then = reportWith(bytes, { until: ({ line }) => line <= last, mmu: 'off' });
    const log = reportOn(logOf(debugLog(bytes, pointers).filter(({ line }) => line <= last)));
    // There the module clears no entries where the driver does, or calls for others.
    if (!/truncate|zero-length|close/.test(capture.name)) expect(mapped(log).all).toEqual(mapped(then).all);
    expect(log.findings).toEqual([]);
    expect(log.jobs).toEqual([]);
    expect(log.doubts.join('\n')).toMatch(/a log of the kernel/);
  });

  // The lines show no return: what a map that fails takes back is not in them.
  const fails = capture.name.includes('prealloc-short');
  it.each(fails ? [] : POINTERS)('beside probes, pointers %s: the same findings', (pointers: Pointers) => {
    const report = reportOn(withDebugLines(bytes, pointers));
    expect(findings(report)).toEqual(findings(probed));
    expect(report.world.vms.size).toBe(probed.world.vms.size);
    expect(report.jobs.map(({ job, counts, verdict }) => [job, counts, verdict])).toEqual(
      probed.jobs.map(({ job, counts, verdict }) => [job, counts, verdict]),
    );
  });
});

/** What an entry leads to is not in the lines. */
function findings({ findings: all }: Report): string[] {
  return all
    .filter(({ rule }) => rule !== 'pte-wrong')
    .map(({ rule, severity, confidence, job, message }) => {
      const told = message
        .replace(/lines? \d+/g, 'line')
        .replace(/(still leads to|may still use) (?:memory that is not shown|\S+ at offset \w+)/, '$1 memory');
      return `${rule} ${severity} ${confidence} ${job} ${told}`;
    })
    .sort();
}

it('the captures have findings on page tables that the lines alone show', () => {
  const rules = captures.flatMap(([, capture]) =>
    reportOn(withDebugLines(capture.read(), 'hashed')).findings.map(({ rule }) => rule),
  );
  expect([...new Set(rules)]).toEqual(expect.arrayContaining(['pte-stale', 'pte-missing', 'tlb-stale']));
});

it('a trace that holds the messages alone is judged no more than a log', () => {
  const log = debugLog(fixture('msm/correct').read(), 'hashed');
  const console = log.map(({ text }) =>
    text.replace(/^\[ *(\S+)\]\[ *T(\d+)\] /, '             msm-$2     [000] ...1. $1: console: '),
  );
  const report = reportOn(Buffer.from(`${console.join('\n')}\n`, 'latin1'));
  expect(mapped(report).all).toEqual(mapped(reportOn(logOf(log))).all);
  expect(report.findings).toEqual([]);
  expect(report.doubts.join('\n')).toMatch(/a log of the kernel/);
});
