// Every rule fires on a trace that has its mistake, in the right place, and is silent on one that has not.
import { describe, expect, it } from 'vitest';
import type { Report } from '../../src/analyze.ts';
import { rules } from '../../src/checks/index.ts';
import { parseDump } from '../../src/dumps/index.ts';
import type { Confidence, Finding } from '../../src/findings/finding.ts';
import { fixture, truthOf } from '../support/captures.ts';
import { reportOn, reportWith } from '../support/report.ts';

interface Case {
  readonly fires: string;
  /** How often in which job, counted from the first of the trace; or the column of the module's own count. */
  readonly where: Readonly<Record<number, number>> | string;
  /** In the first finding's message. */
  readonly says: RegExp;
  readonly confidence?: Confidence;
  /** Beside the trace: what its mappings should be at the end of the last job. */
  readonly dump?: 'gpuvas-edited';
  /** Traces with other mistakes, or none. */
  readonly silent: readonly string[];
}

/** The flow of each driver without a mistake. */
const CORRECT = ['msm/correct', 'nouveau/correct', 'xe/correct', 'panthor/correct', 'pvr/correct'];

const CASES: Readonly<Record<string, readonly Case[]>> = {
  'missing-lock': [
    {
      fires: 'missing',
      where: 'missing',
      says: /^REMAP step 0 of op 0 \(MAP\) touches object 0x\w+ \(dma_resv 0x\w+\) of 0x110000\+0x10000 without/,
      silent: [
        'correct',
        'correct-ops',
        'redundant',
        'immediate-nolock',
        'resv-protected',
        'interrupt',
        'contention-threads',
      ],
    },
    { fires: 'nolock', where: 'missing', says: /^MAP step 0 of op 0/, silent: ['novmresv'] },
    {
      fires: 'nouveau/lock-mapped', // a driver that carries out ops lists
      where: 'missing',
      says: /^REMAP step 0 of op 0 \(MAP\) touches object/,
      silent: CORRECT,
    },
    { fires: 'deferred', where: 'missing', says: /without holding its dma_resv/, silent: ['immediate'] },
  ],
  'missing-vm-lock': [
    {
      fires: 'panthor/prealloc-unlocked', // fa998a9eac88
      where: 'unlocked_destroy',
      says: /^the vm_bo 0x\w+ is destroyed while the task does not hold the VM’s dma_resv 0x\w+$/,
      silent: [...CORRECT, 'correct', 'resv-protected', 'novmresv', 'misc', 'panthor/no-gpuva-lock'],
    },
    {
      fires: 'pvr/edited-put-unlocked',
      where: { 10: 1 },
      says: /does not hold its object’s dma_resv/,
      silent: ['pvr/edited-put-locked', 'pvr/no-unmap-lock'],
    },
    {
      fires: 'msm/edited-vm-unlocked',
      where: { 5: 1 },
      says: /^a mapping leaves the VA space while the task does not hold the VM’s dma_resv/,
      silent: ['msm/bounds-correct', 'msm/unmap-offset'],
    },
  ],
  'wrong-vm-bo': [
    {
      fires: 'pvr/overlap',
      where: 'lost',
      says: /^the mapping at 0x100000 of object 0x\w+ is linked to the vm_bo of object 0x\w+$/,
      silent: [...CORRECT, 'correct', 'misc', 'pvr/no-unmap-lock'],
    },
  ],
  'extobj-mismatch': [
    {
      fires: 'panthor/kernel-bo-late-resv-6.12', // ce04ec03a9c2
      where: { 0: 2 }, // in no job
      says: /is on the VM’s list of external objects, but its dma_resv is the VM’s own$/,
      silent: [...CORRECT, 'correct', 'resv-protected', 'misc', 'panthor/kernel-bo-correct-6.12'],
    },
    {
      fires: 'msm/edited-unlisted',
      where: { 1: 1 },
      says: /^external object 0x\w+ is mapped at 0x110000 and not on the VM’s list of external objects$/,
      silent: ['msm/bounds-correct'],
    },
  ],
  'vm-bo-leak': [
    {
      fires: 'panthor/no-cleanup-7.3',
      where: { 0: 1 }, // in no job
      says: /^the file is closed and VM 0x\w+ is not freed, for it is kept by 1 vm_bo to be cleaned up later$/,
      silent: [...CORRECT, 'panthor/correct-7.3', 'correct', 'immediate'],
    },
    { fires: 'pvr/edited-close-mapped', where: { 0: 1 }, says: /kept by 2 mappings$/, silent: ['pvr/edited-close'] },
  ],
  'zero-length-bind': [
    {
      fires: 'msm/zero-length-6.12',
      where: 'zero_len',
      says: /^(UN)?MAP .*\+0x0.* reaches drm_gpuvm, which makes 1 step of it$/,
      silent: [...CORRECT, 'msm/zero-length-correct-6.12', 'msm/unmap-offset', 'correct', 'misc'],
    },
  ],
  'freed-vm': [
    {
      fires: 'xe/edited-worker-late', // 28d21e3e66c5
      where: { 0: 1 },
      says: /^VM 0x\w+ is used after it was freed$/,
      silent: [...CORRECT, 'xe/edited-worker-flushed', 'misc'],
    },
    {
      fires: 'xe/early-id-6.12', // CVE-2024-49865
      where: { 0: 1 },
      says: /^task \d+ uses VM 0x\w+ before the ioctl of task \d+ that makes it is over$/,
      silent: ['xe/early-correct-6.12'],
    },
    {
      fires: 'xe/rebind-freed-vm-6.12', // 28d21e3e66c5
      where: { 0: 1 },
      says: /^VM 0x\w+ is used after it was freed$/,
      silent: ['xe/rebind-correct-6.12'],
    },
    {
      fires: 'msm/close-pending-6.12', // 86404a9e3013
      where: { 0: 1 },
      says: /^bind job \d+ runs after VM 0x\w+ was torn down$/,
      silent: ['msm/close-correct-6.12'],
    },
  ],
  'vm-race': [
    {
      fires: 'pvr/edited-map-unlocked', // CVE-2026-68260
      where: { 3: 1 },
      says: /^while this walk of the VA space is not over, task 529 is at it too: a mapping is looked up$/,
      confidence: 'likely',
      silent: [...CORRECT, 'pvr/edited-map-locked', 'contention-threads', 'deferred'],
    },
    {
      fires: 'pvr/no-vm-lock-6.12', // CVE-2026-68260
      where: { 1: 1, 3: 1, 25: 1, 27: 1, 31: 1 },
      says: /^a mapping enters the VA space while nobody holds the driver’s lock of the VM$/,
      silent: ['pvr/one-vm-correct-6.12'],
    },
  ],
  'implicit-fence': [
    {
      fires: 'panthor/write-fence-6.12', // f9e7ac6e2e99
      where: { 0: 11 }, // in no job
      says: /^a fence is added to external object 0x\w+ \(dma_resv 0x\w+\) with usage WRITE instead of BOOKKEEP$/,
      silent: [...CORRECT, 'correct'],
    },
  ],
  'pt-prealloc-unmade': [
    {
      fires: 'msm/edited-prealloc-unmade', // 830d68f2cb8a
      where: { 6: 1 },
      says: /^3 of 3 pages are freed that were never set aside$/,
      silent: [...CORRECT, 'msm/edited-prealloc-fails', 'msm/edited-prealloc'],
    },
    {
      fires: 'msm/prealloc-cleanup-6.12',
      where: 'bad_cleanup',
      says: /^\d+ of \d+ pages are freed that were never set aside$/,
      silent: ['msm/prealloc-fails-correct-6.12'],
    },
  ],
  'redundant-lock': [
    {
      fires: 'redundant',
      where: 'redundant',
      says: /whole-VM sweep/,
      silent: ['correct', 'missing', 'contention-threads', 'interrupt', 'zero-fences'],
    },
    { fires: 'fail-step-6.12', where: { 3: 1 }, says: /failed batch/, silent: ['nodup'] },
  ],
  'lock-pass-mismatch': [
    {
      fires: 'edited-unmap-range',
      where: { 5: 1 },
      says: /was given range 0x0 instead of 0x8000/,
      silent: ['correct', 'missing', 'deferred', 'fuzz-mixed', 'misc'],
    },
  ],
  'stale-lock-set': [
    {
      fires: 'deferred',
      where: { 3: 1, 5: 1, 6: 1 },
      says: /were dropped before/,
      silent: ['correct', 'immediate', 'misc'],
    },
    { fires: 'deferred-relock', where: { 3: 1, 5: 1 }, says: /changed by others/, silent: ['redundant'] },
  ],
  'unreserved-fence': [
    {
      fires: 'unreserved',
      where: 'unreserved',
      says: /without a reserved slot/,
      silent: ['correct', 'misc', 'fuzz-mixed'],
    },
  ],
  'exec-misuse': [
    {
      fires: 'nodup',
      where: { 1: 1, 4: 1, 7: 1, 8: 1, 9: 1 },
      says: /returned -EALREADY/,
      silent: ['correct', 'contention-threads'],
    },
    {
      fires: 'zero-fences',
      where: { 1: 1, 2: 1, 3: 1, 4: 1, 6: 1, 7: 1, 8: 1 },
      says: /num_fences 0/,
      silent: ['interrupt', 'misc'],
    },
  ],
  'step-divergence': [
    {
      fires: 'edited-keep',
      where: { 7: 2 },
      says: /^the request: in the lock pass, drm_gpuvm gives UNMAP .* keep, the trace shows UNMAP/,
      silent: ['correct', 'missing', 'skip-unmap', 'fuzz-mixed', 'fail-step-6.12', 'ignore-keep'],
    },
  ],
  'lock-step-divergence': [
    { fires: 'correct', where: 'diverged', says: /safe case 1/, silent: ['interrupt', 'unreserved', 'nodup'] },
    { fires: 'deferred', where: 'diverged', says: /nothing in the job explains it/, silent: [] },
  ],
  'misapplied-step': [
    { fires: 'lose-next', where: 'lost', says: /next lost/, silent: ['correct', 'missing', 'misc'] },
    { fires: 'lose-prev', where: 'lost', says: /prev lost/, silent: ['nolock'] },
    { fires: 'bad-next-offset', where: 'lost', says: /wrong next/, silent: ['deferred'] },
    { fires: 'skip-unmap', where: 'lost', says: /unmap skipped/, silent: ['fail-step-6.12'] },
  ],
  'va-conflict': [
    {
      fires: 'skip-unmap',
      where: { 6: 1, 7: 1, 8: 1 },
      says: /-EEXIST: 0x\w+\+0x\w+ of 0x\w+ is mapped there/,
      silent: ['correct', 'lose-next', 'misc'],
    },
  ],
  'link-imbalance': [
    {
      fires: 'edited-unlink',
      where: { 5: 1 },
      says: /never unlinked/,
      silent: ['correct', 'skip-unmap', 'fail-step-6.12', 'misc'],
    },
  ],
  'lock-in-signalling-path': [
    {
      fires: 'msm/lock-in-run', // 8a7023b03535
      where: 'lock_in_worker',
      says: /^object 0x\w+ \(dma_resv 0x\w+\) is locked while the scheduler runs the job$/,
      silent: [...CORRECT, 'correct', 'deferred-relock', 'immediate', 'msm/no-inplace'],
    },
  ],
  'lock-leak': [
    {
      fires: 'xe/leak-resv', // 7d1a4258e602, CVE-2024-53086
      where: { 0: 3 }, // in no job
      says: /^the ioctl returns with object 0x\w+ \(dma_resv 0x\w+\) locked$/,
      silent: [...CORRECT, 'xe/leak-correct', 'correct', 'misc'],
    },
  ],
  'gpuva-lock': [
    {
      fires: 'panthor/no-gpuva-lock',
      where: 'unlocked_link',
      says: /^a mapping is linked while nobody holds the gpuva.lock of object 0x\w+/,
      silent: [...CORRECT, 'immediate', 'panthor/no-widen'],
    },
    {
      fires: 'panthor/edited-prealloc-no-gpuva-lock', // 9ce4aef9a5b1
      where: { 6: 1, 9: 1, 10: 1, 11: 1, 13: 1 },
      says: /^the vm_bo 0x\w+ is destroyed while nobody holds the gpuva.lock of object 0x\w+/,
      silent: ['panthor/edited-prealloc-gpuva-lock'],
    },
  ],
  'range-beyond-object': [
    {
      fires: 'msm/bounds', // 3a3bef68a6c1
      where: 'bounds',
      says: /^MAP of object 0x\w+ .*: offset 0x\w+ \+ range 0x\w+ is 0x\w+, the object has 0x\w+ bytes$/,
      silent: [...CORRECT, 'msm/bounds-correct', 'correct', 'misc', 'fuzz-mixed'],
    },
  ],
  'foreign-private-object': [
    {
      fires: 'msm/foreign', // c07612365087
      where: 'foreign',
      says: /^MAP of object 0x\w+ .*: it shares the dma_resv of VM 0x\w+, to which it is private$/,
      silent: [...CORRECT, 'msm/foreign-correct', 'correct', 'misc', 'fuzz-mixed'],
    },
  ],
  'bad-rollback': [
    {
      fires: 'nouveau/unwind-forget',
      where: { 12: 1, 13: 1, 14: 1 },
      says: /^the bind returned -12, and 1 mapping is gone and 3 have come that were not there before$/,
      silent: [...CORRECT, 'fail-step-6.12', 'correct'],
    },
    { fires: 'xe/unwind-shrunk', where: { 13: 1, 14: 1 }, says: /4 mappings are gone and 4 have come/, silent: [] },
  ],
  'pte-stale': [
    {
      fires: 'panthor/no-widen', // 8e7460eac786
      where: { 6: 1, 8: 1, 12: 4 },
      says: /is not mapped in the VA space but has live entries: it still leads to physical/,
      silent: [...CORRECT, 'correct', 'missing', 'fuzz-mixed', 'msm/remap-much', 'ignore-keep'],
    },
    {
      fires: 'panthor/written-hole', // 19e8bc945605
      where: { 2: 1 },
      says: /^0x404000\+0x4000 \(4 pages\) is not mapped/,
      silent: ['panthor/written-hole-skipped'],
    },
    { fires: 'fail-step-6.12', where: { 2: 1 }, says: /has live entries/, silent: [] },
    { fires: 'no-mmu-unmap', where: { 5: 3, 9: 1 }, says: /has live entries/, silent: ['interrupt', 'misc'] },
  ],
  'pte-missing': [
    {
      fires: 'nouveau/remap-range', // be141849ec00, CVE-2024-36018
      where: { 11: 1 },
      says: /^0x110000\+0x8000 \(8 pages\) is mapped to 0xffff888109933000 but has no entries/,
      silent: [...CORRECT, 'correct', 'missing', 'fuzz-mixed', 'no-mmu-unmap', 'ignore-keep'],
    },
    {
      fires: 'nouveau/written-sparse-lost', // c6b9075cfbd6
      where: { 4: 1 },
      says: /lies in a sparse region, but its entries are invalid/,
      silent: ['nouveau/written-sparse'],
    },
  ],
  'pte-wrong': [
    {
      fires: 'panthor/sg-offset',
      where: { 11: 4 },
      says: /leads to physical 0x2cc00\w+ \(0x\w+ at offset 0x\w+\) instead of its mapping/,
      silent: [...CORRECT, 'correct', 'missing', 'fuzz-mixed', 'panthor/no-widen', 'nouveau/remap-range'],
    },
    { fires: 'bad-next-offset', where: { 3: 1, 4: 1, 8: 2 }, says: /leads to/, silent: ['lose-next'] },
  ],
  'pte-overwrite': [
    {
      fires: 'msm/remap-little',
      where: { 3: 1 },
      says: /^the map of 0x\w+\+0x\w+ meets a live entry at 0x\w+: it is refused$/,
      silent: [...CORRECT, 'correct', 'missing', 'fuzz-mixed', 'msm/remap-much', 'ignore-keep'],
    },
    {
      fires: 'no-mmu-unmap',
      where: { 3: 1, 4: 1, 6: 1, 8: 2, 9: 1 },
      says: /writes over it/,
      silent: ['bad-next-offset'],
    },
  ],
  'pte-overrun': [
    {
      fires: 'nouveau/remap-range', // be141849ec00, CVE-2024-36018
      where: { 4: 1, 5: 1, 11: 2 },
      says: /^the unmap of 0x11c000\+0x8000 goes 0x4000 bytes beyond its step, which ends at 0x120000: it hits 4 live pages$/,
      silent: [
        ...CORRECT,
        'correct',
        'missing',
        'fuzz-mixed',
        'lose-next',
        'panthor/no-widen',
        'nouveau/written-sparse',
      ],
    },
    {
      fires: 'panthor/overmap', // 3387e043918e
      where: { 2: 1, 3: 1, 4: 1, 8: 1 },
      says: /^the map of 0xc00000\+0x90000 goes 0x10000 bytes beyond its step/,
      silent: ['panthor/edited-flush-range'],
    },
    {
      fires: 'msm/remap-much',
      where: { 3: 1, 4: 2, 5: 2, 10: 1, 11: 2, 12: 1 },
      says: /^the unmap of/,
      silent: ['msm/remap-little'],
    },
  ],
  'state-mismatch': [
    {
      fires: 'correct',
      dump: 'gpuvas-edited',
      where: { 0: 5 },
      says: /^the trace maps 0x104000-0x10c000 to 0x\w+ at offset 0x4000, the dump 0x104000-0x10b000 to 0x\w+ at/,
      silent: ['correct', 'missing', 'redundant', 'fuzz-correct'],
    },
  ],
  'pte-hole-unmap': [
    {
      fires: 'panthor/written-hole', // 19e8bc945605
      where: { 2: 1 },
      says: /^the unmap of 0x400000\+0x8000 meets a hole at 0x402000: 0x2000 bytes are unmapped$/,
      silent: [...CORRECT, 'correct', 'panthor/no-widen', 'panthor/overmap', 'msm/remap-much'],
    },
  ],
  'partial-block-unmap': [
    {
      fires: 'panthor/no-widen', // 8e7460eac786
      where: { 6: 1, 8: 1, 12: 4 },
      says: /^the unmap of 0x\w+\+0x\w+ is for a part of a block at 0x\w+: 0x0 bytes are unmapped$/,
      silent: [...CORRECT, 'panthor/overmap', 'panthor/sg-offset', 'panthor/edited-flush-range'],
    },
  ],
  'transient-unmap': [
    {
      fires: 'msm/no-inplace', // fe2f3b1c702f
      where: 'inplace_torn',
      says: /^8 pages from 0x11c000 on are torn down and set again as they were, although the step says keep$/,
      silent: [...CORRECT, 'correct', 'correct-ops', 'missing', 'fuzz-mixed', 'no-mmu-unmap', 'msm/remap-much'],
    },
    { fires: 'ignore-keep', where: { 4: 1, 7: 1 }, says: /says keep$/, silent: ['misc'] },
    {
      fires: 'panthor/edited-flush-range', // before panthor locked the GPU out of the whole update
      where: { 6: 1, 8: 1, 9: 1, 10: 1 },
      says: /while the GPU is not locked out of them$/,
      silent: ['panthor/sg-offset'],
    },
  ],
  'tlb-stale': [
    {
      fires: 'panthor/edited-no-unlock',
      where: { 4: 1 },
      says: /^\d+ pages from 0x\w+ on were changed without a TLB flush: the GPU may still use physical/,
      silent: [...CORRECT, 'correct', 'panthor/edited-flush-range', 'panthor/overmap'],
    },
  ],
  'pt-prealloc-short': [
    {
      fires: 'msm/prealloc-short-7.3',
      where: { 2: 1 },
      says: /^3 pages set aside for tables, and at least 4 are needed$/,
      confidence: 'likely',
      silent: [...CORRECT, 'msm/edited-prealloc', 'msm/prealloc-correct-7.3'],
    },
  ],
};

function run(
  name: string,
  dump: 'gpuvas-edited' | 'gpuvas-after' = 'gpuvas-after',
): { findings: readonly Finding[]; ids: readonly number[] } {
  const { read, beside } = fixture(name);
  const dumped = beside(dump);
  const { findings, jobs } = dumped === undefined ? reportOn(read()) : reportAgainst(read(), dumped);
  return { findings, ids: jobs.map((row) => row.job) };
}

/** Compared at the end of the last job. */
function reportAgainst(text: Uint8Array, dump: string): Report {
  const { jobs } = reportOn(text);
  const last = Math.max(...jobs.map((row) => row.endLine));
  return reportWith(text, { expect: { dumps: parseDump(dump, 'dump'), until: ({ line }) => line <= last } });
}

/** What the kernel module counted, by the job's place in the trace. */
function truthCounts(name: string, column: string, ids: readonly number[]): Record<number, number> {
  const truth = truthOf(fixture(name).beside('truth') ?? '');
  const counts = [...truth].map(([job, row]) => [ids.indexOf(job) + 1, Number(row[column])] as const);
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

describe.each(rules.map((rule) => rule.id))('%s', (rule) => {
  const cases = CASES[rule] ?? [];

  it('has a trace on which it fires and one on which it is silent', () => {
    expect(cases.length).toBeGreaterThan(0);
    expect(cases.flatMap((one) => one.silent).length).toBeGreaterThan(0);
  });

  it.each(cases)('fires on $fires', ({ fires, where, says, dump, confidence = 'certain' }) => {
    const { findings, ids } = run(fires, dump);
    const mine = findings.filter((finding) => finding.rule === rule);
    const counts: Record<number, number> = {};
    for (const { job = -1 } of mine) counts[ids.indexOf(job) + 1] = (counts[ids.indexOf(job) + 1] ?? 0) + 1;
    expect(counts).toEqual(typeof where === 'string' ? truthCounts(fires, where, ids) : where);
    expect(new Set(mine.map((one) => one.confidence))).toEqual(new Set([confidence]));
    expect(mine[0]?.message).toMatch(says);
  });

  it.each([...new Set(cases.flatMap((one) => one.silent))])('is silent on %s', (name) => {
    const errors = run(name).findings.filter((finding) => finding.rule === rule && finding.severity !== 'note');
    expect(errors.map((one) => `${one.line}: ${one.message}`)).toEqual([]);
  });
});

it('correct locking gives no finding but notes', () => {
  for (const name of [
    'correct',
    'correct-ops',
    'resv-protected',
    'immediate',
    'novmresv',
    'interrupt',
    'contention-threads',
    'misc',
  ]) {
    const loud = run(name).findings.filter((finding) => finding.severity !== 'note');
    expect({ name, loud: loud.map((one) => one.message) }).toEqual({ name, loud: [] });
  }
});

it('no two findings of a trace have the same fingerprint', () => {
  for (const name of ['missing', 'skip-unmap', 'fuzz-mixed']) {
    const prints = run(name).findings.map((finding) => finding.fingerprint);
    expect(new Set(prints).size).toBe(prints.length);
  }
});
