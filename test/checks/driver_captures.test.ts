// Captures that follow the drivers' flows: each bug is named by its rule at the right jobs, and nothing else is reported.
import { describe, expect, it } from 'vitest';
import { driverFixtures, fixture, moreDriverCaptures, truthOf } from '../support/captures.ts';
import { reportOn } from '../support/report.ts';

/** How often in which job, counted from the first of the trace, 0: in none; or the column of the module's own count. */
type Where = Readonly<Record<number, number>> | string;

/** By capture: what it must give. Consequences of the bug stand behind it. */
const FOUND: Readonly<Record<string, Readonly<Record<string, Where>>>> = {
  'msm/lock-in-run': { 'lock-in-signalling-path': 'lock_in_worker' },
  'msm/no-inplace': { 'transient-unmap': 'inplace_torn' },
  'msm/remap-little': {
    'pte-overwrite': 'pt_errors',
    // What is left behind, and what the refused map and the runs of the unusable VM did not write.
    'pte-wrong': { 3: 1, 4: 1 },
    'pte-missing': { 4: 2 },
  },
  'msm/remap-much': {
    'pte-overrun': { 3: 1, 4: 2, 5: 2, 10: 1, 11: 2, 12: 1 },
    'pte-missing': { 3: 2, 4: 1, 10: 2 }, // pages of prev and next
  },
  'msm/unmap-offset': {
    'lock-pass-mismatch': { 5: 1, 7: 1, 11: 2, 12: 1, 13: 1 }, // every UNMAP op
    'missing-lock': 'missing',
  },
  'msm/bounds': { 'range-beyond-object': 'bounds' },
  'msm/foreign': { 'foreign-private-object': 'foreign' },
  'nouveau/lock-mapped': { 'missing-lock': 'missing' },
  'nouveau/remap-range': {
    'pte-overrun': { 4: 1, 5: 1, 11: 2 },
    'pte-missing': { 11: 1 }, // where the excess hits live entries of another mapping
  },
  'nouveau/unwind-forget': {
    'bad-rollback': { 12: 1, 13: 1, 14: 1 },
    'pte-wrong': { 14: 5 }, // met when the next bind has run
  },
  'panthor/no-gpuva-lock': { 'gpuva-lock': 'unlocked_link' },
  'panthor/no-widen': {
    'partial-block-unmap': { 6: 1, 8: 1, 12: 4 },
    'pte-stale': { 6: 1, 8: 1, 12: 4 },
    'pte-overwrite': { 6: 1 }, // a later map is refused
  },
  'panthor/overmap': {
    'pte-overrun': { 2: 1, 3: 1, 4: 1, 8: 1 },
    'pte-stale': { 2: 1, 3: 1, 8: 1 },
    'pte-overwrite': { 4: 1 }, // where a neighbour is hit
  },
  'panthor/prealloc-unlocked': { 'missing-vm-lock': 'unlocked_destroy' },
  'panthor/sg-offset': { 'pte-wrong': { 11: 4 } },
  'xe/unwind-shrunk': {
    'bad-rollback': { 13: 1, 14: 1 },
    'pte-stale': { 13: 4, 14: 1 },
    'pte-wrong': { 13: 2, 14: 1 },
  },
  'xe/leak-resv': { 'lock-leak': { 0: 3 } },
  'pvr/no-unmap-lock': { 'missing-lock': 'missing' },
  'pvr/no-vm-lock-6.12': { 'vm-race': { 1: 1, 3: 1, 25: 1, 27: 1, 31: 1 } },
  'pvr/overlap': { 'missing-lock': 'missing', 'wrong-vm-bo': 'lost' },

  // On 6.12, where a name ends in it.
  'msm/unmap-offset-6.12': {
    'lock-pass-mismatch': { 5: 1, 7: 1, 11: 2, 12: 1, 13: 1 },
    'missing-lock': 'missing',
  },
  'msm/hidden-unmap-offset-6.12': {
    'lock-pass-mismatch': { 2: 1, 3: 1, 4: 1, 6: 1, 7: 1, 8: 1, 9: 1 }, // private objects too,
    'missing-lock': 'missing', // which share the locked resv
  },
  'msm/no-inplace-6.12': { 'transient-unmap': 'inplace_torn' },
  'msm/lock-in-run-6.12': { 'lock-in-signalling-path': 'lock_in_worker' },
  'msm/bounds-6.12': { 'range-beyond-object': 'bounds' },
  'msm/foreign-6.12': { 'foreign-private-object': 'foreign' },
  'msm/zero-length-6.12': { 'zero-length-bind': 'zero_len' },
  'msm/truncate-6.12': { 'pte-missing': { 2: 1 } },
  'msm/close-pending-6.12': {
    'freed-vm': { 0: 1 },
    'pte-stale': { 3: 5 }, // what the run that comes too late writes
  },
  'msm/no-flush-6.12': { 'tlb-stale': { 5: 1 } },
  'msm/prealloc-cleanup-6.12': { 'pt-prealloc-unmade': 'bad_cleanup' },
  'nouveau/lock-mapped-6.12': { 'missing-lock': 'missing' },
  'nouveau/zero-length-6.12': { 'zero-length-bind': 'zero_len' },
  'nouveau/sparse-region-lost-6.12': { 'pte-missing': { 4: 1, 5: 1 } },
  'xe/rebind-freed-vm-6.12': { 'freed-vm': { 0: 1 } },
  'xe/early-id-6.12': { 'freed-vm': { 0: 1 } },
  'panthor/no-list-lock-6.12': { 'gpuva-lock': 'unlocked_link' },
  'panthor/no-widen-6.12': {
    'partial-block-unmap': { 6: 1, 8: 1, 12: 4 },
    'pte-stale': { 6: 1, 8: 1, 12: 4 },
    'pte-overwrite': { 6: 1 },
  },
  'panthor/no-region-6.12': { 'transient-unmap': { 6: 1, 8: 1, 9: 1, 10: 1 } },
  'panthor/write-fence-6.12': { 'implicit-fence': { 0: 11 } },
  'panthor/kernel-bo-write-fence-6.12': { 'implicit-fence': { 0: 4 } },
  'panthor/kernel-bo-late-resv-6.12': { 'extobj-mismatch': { 0: 2 } },
  'panthor/prealloc-unlocked-6.12': { 'missing-vm-lock': 'unlocked_destroy' },
  'panthor/replace-put-unlocked-6.12': { 'missing-vm-lock': { 0: 2 } },
  'panthor/hole-6.12': { 'pte-hole-unmap': { 0: 2, 3: 1 } },
  'panthor/hole-stop-6.12': {
    'pte-hole-unmap': { 0: 2, 3: 1 },
    'pte-stale': { 3: 1 }, // what lies behind the hole
  },
  'pvr/no-unmap-lock-6.12': { 'missing-lock': 'missing' },
  'pvr/overlap-6.12': { 'missing-lock': 'missing', 'wrong-vm-bo': 'lost' },
  'pvr/no-flush-6.12': { 'tlb-stale': { 5: 1 } },
  'msm/prealloc-short-7.3': {
    'pt-prealloc-short': { 2: 1 },
    'pte-missing': { 2: 2 }, // the map fails, and takes back what it wrote
  },
  'panthor/no-cleanup-7.3': { 'vm-bo-leak': { 0: 1 } },
};

/** Captures whose driver does all right. */
const RIGHT = /^\w+\/([a-z-]+-)?correct(-6\.12|-7\.3)?$/;

const captured = driverFixtures.filter(({ name }) => !/\/(edited|written)-/.test(name));

function loud(name: string): Record<string, Record<number, number>> {
  const { findings, jobs } = reportOn(fixture(name).read());
  const places = new Map(jobs.map(({ job }, i) => [job, i + 1]));
  const found: Record<string, Record<number, number>> = {};
  for (const { rule, severity, confidence, job } of findings) {
    if (severity === 'note') continue;
    // How many tables a map takes is the model's word.
    const known = rule === 'pt-prealloc-short' ? 'likely' : 'certain';
    expect({ name, rule, confidence }).toEqual({ name, rule, confidence: known });
    const at = job === undefined ? 0 : (places.get(job) ?? 0);
    const counts = found[rule] ?? {};
    counts[at] = (counts[at] ?? 0) + 1;
    found[rule] = counts;
  }
  return found;
}

/** What the kernel module counted, by the job's place in the trace. */
function truthCounts(name: string, column: string): Record<number, number> {
  const truth = truthOf(fixture(name).beside('truth') ?? '');
  const places = new Map(reportOn(fixture(name).read()).jobs.map(({ job }, i) => [job, i + 1]));
  const counts = [...truth].map(([job, row]) => [places.get(job) ?? 0, Number(row[column])] as const);
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

describe('captures of driver flows', () => {
  it('are all listed', () => {
    const unlisted = captured.filter(({ name }) => FOUND[name] === undefined && !RIGHT.test(name));
    expect(unlisted.map(({ name }) => name)).toEqual([]);
  });

  it.each(captured.map(({ name }) => name))('%s', (name) => {
    const wanted = Object.entries(FOUND[name] ?? {}).map(([rule, where]) => [
      rule,
      typeof where === 'string' ? truthCounts(name, where) : where,
    ]);
    expect(loud(name)).toEqual(Object.fromEntries(wanted));
  });
});

describe('correct captures beside the repository are silent', () => {
  const right = moreDriverCaptures.filter(({ name }) => name.endsWith('correct'));
  it.each(right.map((capture) => [capture.name, capture] as const))('%s', (_name, capture) => {
    const wrong = reportOn(capture.read()).findings.filter((finding) => finding.severity !== 'note');
    expect(wrong.map((one) => `${one.line}: ${one.rule}: ${one.message}`)).toEqual([]);
  });
});
