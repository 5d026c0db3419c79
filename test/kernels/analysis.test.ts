// What a kernel's switches change in the analysis, and that a trace says which kernel it is of.
import { describe, expect, it } from 'vitest';
import { plainFinding } from '../../src/findings/finding.ts';
import { KernelKnowledge, parseKernel } from '../../src/kernels/index.ts';
import { Script } from '../replay/script.ts';
import { fixture as captured } from '../support/captures.ts';
import { reportOn } from '../support/report.ts';
import { fixture, run } from '../support/run.ts';

const VM = { gpuvm: 0x1000, rObj: 0x1100, resv: 0x1200 };
const [A, A_RESV] = [0x2000, 0x2100];
const [B, B_RESV] = [0x3000, 0x3100];
const [EXEC, JOB] = [0x4000, 0x5000];
const VA = { va: 0x6000, addr: 0x10000, range: 0x1000, offset: 0 };

/** A job that waits for B, gets it first in the next attempt, never asks for it again, and maps `obj`. */
function leftover(kernel: KernelKnowledge, obj: number, numObjects?: number): Script {
  const script = new Script({ kernel }).vm(VM).obj(A, A_RESV).obj(B, B_RESV);
  script.begin(1, JOB, VM, EXEC).lock(EXEC, VM.rObj, VM.resv).lock(EXEC, B, B_RESV, -35).attempt(EXEC);
  script.lock(EXEC, VM.rObj, VM.resv).lock(EXEC, A, A_RESV).locked(JOB, EXEC);
  script
    .apply(1, JOB, VM)
    .map(JOB, VM, 0, { ...VA, obj })
    .applied(JOB);
  return script.emit({ kind: 'exec_fini', exec: EXEC, numObjects }).returned(1);
}

describe('keeps-prelocked', () => {
  const kept = () => new KernelKnowledge({ named: parseKernel('6.18') });
  const dropped = () => new KernelKnowledge({ named: parseKernel('6.12.117') });

  it('where the trace does not tell, the kernel decides whether the object is still held', () => {
    expect(leftover(kept(), A).told).toEqual(['lock_unneeded']);
    expect(leftover(dropped(), A).told).toEqual([]);
    expect(leftover(kept(), B).told).not.toContain('step_unlocked');
    expect(leftover(dropped(), B).told).toContain('step_unlocked');
  });

  it('num_objects goes before the kernel', () => {
    expect(leftover(kept(), A, 2).told).toEqual([]);
    const kernel = dropped();
    const script = leftover(kernel, B, 3);
    expect([...script.job(1).unknown]).toContain(
      'its locking context holds another number of objects than the trace shows',
    );
    expect(kernel.get('keepsPrelocked')).toBe(true);
    expect(kernel.report().from.at(-1)).toMatch(/^keeps-prelocked=on: num_objects is 3 at line \d+$/);
  });
});

describe('immediate-mode', () => {
  /** A step that nobody locked, on a VM whose flag bit 1 is set. */
  const unlocked = (kernel: KernelKnowledge) => {
    const script = new Script({ kernel }).vm(VM, 2).obj(A, A_RESV);
    script.begin(1, JOB, VM, EXEC).lock(EXEC, VM.rObj, VM.resv).locked(JOB, EXEC);
    script
      .apply(1, JOB, VM)
      .map(JOB, VM, 0, { ...VA, obj: A })
      .applied(JOB);
    return script.unlocked(EXEC, 1).returned(1).told;
  };

  it('the flag’s bit is a driver’s own before 6.18', () => {
    expect(unlocked(new KernelKnowledge())).toEqual([]);
    expect(unlocked(new KernelKnowledge({ named: parseKernel('6.18') }))).toEqual([]);
    expect(unlocked(new KernelKnowledge({ named: parseKernel('6.17') }))).toContain('step_unlocked');
  });

  it('nothing is certain where the trace proves that the kernel was another', () => {
    const { code, out } = run(['check', fixture('panthor/correct/trace.txt'), '--kernel', '6.12']);
    expect(code).toBe(3);
    expect(out).toContain('immediate-mode=on, but the kernel is said to be 6.12');
    expect(out).not.toMatch(/: error: .*\[missing-lock\]$/m);
  });
});

describe('splits-blocks', () => {
  const errors = (...args: string[]) => {
    const { out } = run([
      'check',
      fixture('panthor/no-widen/trace.txt'),
      '--mmu',
      'derive',
      '--format',
      'csv',
      ...args,
    ]);
    return out.split('\n').filter((line) => line.startsWith('partial-block-unmap,')).length;
  };

  it('a kernel that splits blocks needs no widened unmap', () => {
    expect(errors('--kernel', '6.18')).toBeGreaterThan(0);
    expect(errors()).toBe(errors('--kernel', '6.18'));
    expect(errors('--kernel', '6.18,splits-blocks=on')).toBe(0);
  });
});

describe('a kernel that is not the trace’s gives no false alarm', () => {
  it.each([
    ['lab/contention-procs-6.12', '6.18'],
    ['lab/fail-step-6.12', '6.18'],
    ['lab/var-comm-odd-6.12', '6.18'],
    ['lab/correct', '6.12'],
    ['lab/correct-ops', '6.12'],
    ['lab/contention-threads', '6.12'],
    ['lab/contention-threads', '6.12.117'],
    ['lab/fuzz-correct', '6.12'],
    ['lab/misc', '6.12'],
    ['msm/correct', '6.12'],
    ['nouveau/correct', '6.12'],
    ['xe/correct', '6.8'],
    ['pvr/correct', '6.7'],
  ])('%s as %s', (name, kernel) => {
    const trace = captured(name).read();
    const own = reportOn(trace);
    const other = reportOn(trace, undefined, { kernel: { named: parseKernel(kernel) } });
    expect(own.jobs.length).toBeGreaterThan(0);
    expect(other.kernel.name).toBe(kernel);
    expect(other.findings.map(plainFinding)).toEqual(own.findings.map(plainFinding));
    expect(other.doubts).toEqual(own.doubts);
    expect(other.jobs.map((row) => row.counts)).toEqual(own.jobs.map((row) => row.counts));
  });
});

describe('check says which kernel, and why', () => {
  const kernelOf = (...args: string[]) => JSON.parse(run(['check', ...args, '--format', 'json']).out).traces[0].kernel;

  it('by the header of a latency trace', () => {
    const trace = fixture('lab/var-latency-format/trace.txt');
    expect(run(['check', trace]).out).toContain('\nkernel 6.18.35 (6.18.35-lab in the trace’s header)\n');
    expect(kernelOf(trace)).toMatchObject({ name: '6.18.35', switches: { 'map-req': true, 'splits-blocks': false } });
  });

  it('by the functions that occur', () => {
    expect(kernelOf(fixture('lab/immediate/trace.txt'))).toMatchObject({
      name: 'unknown',
      switches: { 'exec-lock': true, 'deferred-vm-bo': true, 'immediate-mode': true, 'map-req': null },
    });
  });

  it('by the arguments that a function has', () => {
    expect(kernelOf(fixture('lab/argstar-missing/trace.txt'))).toMatchObject({
      switches: { 'map-req': true },
      from: ['map-req=on: drm_gpuvm_sm_map() has the argument req'],
    });
  });

  it('by what a saved dynamic_events fetches', () => {
    const trace = fixture('lab/correct/trace.txt');
    for (const [version, value] of [
      ['6.12', false],
      ['6.18', true],
    ] as const) {
      const probes = fixture(`lab/probes/probes-${version}.events`);
      expect(kernelOf(trace, '--probes', probes).switches['map-req']).toBe(value);
    }
  });

  it('by --kernel and --patch', () => {
    const trace = fixture('lab/var-fields/trace.txt');
    const args = ['--kernel', '6.12,splits-blocks=off', '--patch', fixture('patches/madvise.patch')];
    expect(kernelOf(trace, ...args)).toMatchObject({
      name: '6.12,splits-blocks=off',
      switches: { 'madvise-ops': true, 'splits-blocks': false, 'map-req': false },
    });
  });

  it('unknown where nothing tells', () => {
    const { out } = run(['check', '-'], { input: ' bash-1 [000] ..... 1.0: foreign_event: x\n' });
    expect(out).toContain('\nkernel unknown (nothing in the trace tells; --kernel says which)\n');
  });
});

it('kernels lists each profile with its switches', () => {
  const { out, code } = run(['kernels', '--format', 'csv']);
  expect(code).toBe(0);
  const [head, ...rows] = out.trimEnd().split('\n');
  expect(head).toBe(
    'kernel,vm-bo,splits-blocks,keeps-prelocked,exec-lock,map-req,madvise-ops,immediate-mode,deferred-vm-bo,obtain-locked,thin-mutex,find-neighbours',
  );
  expect(rows[2]).toBe('6.12,1,1,1,0,0,0,0,0,0,0,1');
  expect(rows).toHaveLength(13);
});
