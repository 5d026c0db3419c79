// Findings of captures, reduced: few ops, as wrong as before, and not one of them in vain.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { isSeenAgain } from '../../src/reduce/enact.ts';
import { Recorder } from '../../src/reduce/recorder.ts';
import { reduced } from '../../src/reduce/reduce.ts';
import { opsOf, type Scenario } from '../../src/reduce/scenario.ts';
import { scenarioText } from '../../src/reporters/scenario.ts';
import { scenarioC } from '../../src/reporters/scenario_c.ts';
import { scenarioIgt } from '../../src/reporters/scenario_igt.ts';
import { fixture } from '../support/captures.ts';
import { reportWith } from '../support/report.ts';
import { ROOT, run } from '../support/run.ts';

const CASES: readonly [trace: string, rule: string, ops: number][] = [
  ['missing', 'missing-lock', 2],
  ['fuzz-mixed', 'missing-lock', 2],
  ['fuzz-mixed', 'redundant-lock', 2],
  ['redundant', 'redundant-lock', 2],
  ['deferred', 'stale-lock-set', 1],
  ['deferred', 'missing-lock', 2],
  ['nolock', 'missing-lock', 1],
  ['lose-next', 'misapplied-step', 2],
  ['lose-prev', 'misapplied-step', 2],
  ['bad-next-offset', 'misapplied-step', 2],
  ['skip-unmap', 'misapplied-step', 2],
  ['skip-unmap', 'va-conflict', 2],
  ['correct', 'lock-step-divergence', 3],
  ['msm/unmap-offset', 'missing-lock', 2],
  ['msm/unmap-offset', 'lock-pass-mismatch', 1],
  ['msm/zero-length-6.12', 'zero-length-bind', 1],
  ['nouveau/lock-mapped', 'missing-lock', 2],
  ['pvr/overlap', 'missing-lock', 2],
  ['pvr/no-unmap-lock', 'missing-lock', 2],
];

const dir = mkdtempSync(path.join(tmpdir(), 'gpuvm-trace-'));
afterAll(() => rmSync(dir, { recursive: true }));

function smallest(trace: string, rule: string): Scenario {
  const recorder = new Recorder(rule, undefined);
  reportWith(fixture(trace).read(), { mmu: 'off', passes: true, onJob: (job) => recorder.job(job) });
  const { scenario } = recorder;
  if (scenario === undefined) throw new Error(`${rule} is not found in ${trace}`);
  return reduced(scenario) ?? expect.unreachable(`${rule} of ${trace} does not come again`);
}

describe.each(CASES)('%s: %s', (trace, rule, ops) => {
  const scenario = smallest(trace, rule);

  it(`takes ${ops} ops, each of them needed`, () => {
    expect(opsOf(scenario)).toHaveLength(ops);
    expect(isSeenAgain(scenario)).toBe(true);
    for (const left of opsOf(scenario)) {
      const jobs = scenario.jobs.map((job) => ({ ...job, ops: job.ops.filter((op) => op !== left) }));
      if (!left.isTarget) expect(isSeenAgain({ ...scenario, jobs })).toBe(false);
    }
  });

  it('is gone with a driver that locks and carries out each op as it should', () => {
    const jobs = scenario.jobs.map((job) => ({
      ...job,
      also: [],
      locksVm: true,
      dropsLocks: false,
      ops: job.ops.map((op) => {
        const { addr, range, obj, offset } = op;
        return { ...op, mistakes: [], locking: { how: 'ask', request: { addr, range, obj, offset } } } as const;
      }),
    }));
    const isOfOpsAlone = ['lock-step-divergence', 'zero-length-bind'].includes(rule);
    expect(isSeenAgain({ ...scenario, jobs })).toBe(isOfOpsAlone);
  });

  it('is a program for the lab that a compiler takes without a warning', () => {
    const file = path.join(dir, 'reduced.c');
    writeFileSync(file, scenarioC(scenario));
    const args = ['-Wall', '-Wextra', '-Werror', '-fsyntax-only', '-I', path.join(ROOT, 'fixtures/lab/module'), file];
    const { status, stderr } = spawnSync('cc', args, { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });
});

it('prints what to do, and what the driver does meanwhile', () => {
  expect(
    scenarioText(smallest('msm/unmap-offset', 'missing-lock')),
  ).toBe(`missing-lock: 2 ops in 2 jobs, 1 VM, 1 object, as msm does it

VM       0x0+0x100000000
object 1 shared

job 1    (job 2151 of the trace)
  MAP      0x101000+0x1000 of object 1 at offset 0x0

job 2    (job 2153 of the trace)
  UNMAP    0x100000+0x3000, lock pass asks for UNMAP 0x100000+0x0  <- missing-lock at its UNMAP step
`);
});

it('makes an IGT skeleton with the calls that IGT has for the driver', () => {
  const scenario = smallest('missing', 'missing-lock');
  const xe = scenarioIgt({ ...scenario, driver: 'xe' });
  expect(xe).toContain('xe_vm_bind_sync(fd, vm, bo1, 0x0, 0x100000, 0x3000);\n');
  expect(xe).toContain('bo2 = xe_bo_create(fd, 0, 0x1000, system_memory(fd), 0);\n');
  expect(xe).toContain('igt_subtest("missing-lock")\n\t\tmissing_lock(fd);\n');
  expect(scenarioIgt({ ...scenario, driver: 'panthor' })).toContain(
    'igt_panthor_vm_bind_offset(fd, vm, bo1.handle, 0x100000, 0x3000, 0x0,\n',
  );
  expect(scenarioIgt({ ...scenario, driver: 'msm' })).toContain(
    'TODO: DRM_MSM_VM_BIND: MAP 0x101000, 0x1000 bytes of bo2',
  );
});

it('says why where it cannot', () => {
  const missing = 'fixtures/lab/missing/trace.txt';
  const says = (...args: string[]) => {
    const { code, err } = run(['reduce', ...args]);
    expect(code).toBe(2);
    return err;
  };
  expect(says(missing, '--rule', 'pte-stale')).toContain('pte-stale cannot be reduced: it depends on more than');
  expect(says(missing, '--rule', 'no-such')).toContain('no-such is no rule');
  expect(says(missing, '--rule', 'redundant-lock')).toContain('redundant-lock: not found in any job');
  expect(says(missing, '--rule', 'missing-lock', '--job', '21')).toContain('missing-lock of job 21: not found');
  expect(says('fixtures/lab/deferred-relock/trace.txt', '--rule', 'missing-lock')).toContain(
    'do not give it by themselves',
  );
});
