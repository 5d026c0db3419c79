// `probes` and `capture` as a user calls them.
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { parseDynamicEvents } from '../../src/index.ts';
import { run } from '../support/run.ts';

describe('probes', () => {
  it('prints definitions for the newest kernel that is not younger', () => {
    const { code, out } = run(['probes', '--kernel', '6.17.13', '--driver', 'msm']);
    expect(code).toBe(0);
    expect(out).toContain('# gpuvm-trace probes --kernel 6.17.13 --driver msm --mode fprobe\n');
    expect(out).toContain('obj=req_obj');
    expect(parseDynamicEvents(out).map(({ symbol }) => symbol)).toContain('msm_gem_vm_sm_step_remap');
  });

  it('names the tracepoints that are to be enabled', () => {
    expect(run(['probes', '--driver', 'xe']).out).toContain('# enable: events/xe/xe_vma_bind\n');
    const jobs = '# enable: events/gpu_scheduler/drm_sched_job_run or gpu_scheduler/drm_run_job\n';
    for (const driver of ['msm', 'nouveau', 'panthor']) expect(run(['probes', '--driver', driver]).out).toContain(jobs);
    for (const driver of ['xe', 'pvr', 'lab', 'none'])
      expect(run(['probes', '--driver', driver]).out).not.toContain('gpu_scheduler');
  });

  it.each([
    [['--kernel', '6.6'], 'drm_gpuvm is known from 6.7 on'],
    [['--kernel', 'new'], '"new" is no switch of a kernel'],
    [['--kernel', 'exec-lock=on'], 'a version is needed, such as 6.12'],
    [['--kernel', '6.12', '--driver', 'msm'], 'msm has no VM_BIND in Linux 6.12'],
    [['--driver', 'i915'], 'Allowed choices are none, lab,'],
    [['--arch', 'riscv'], 'Allowed choices are x86_64, arm64'],
  ])('refuses %j in one line', (args, text) => {
    const { code, out, err } = run(['probes', ...args]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(text);
    expect(err.trimEnd()).not.toContain('\n');
  });
});

describe('capture', () => {
  it('prints a script and runs nothing', () => {
    const { code, out } = run([
      'capture',
      '--driver',
      'nouveau',
      '--mode',
      'kprobe',
      '--',
      'sh',
      '-c',
      "echo it's >&2",
    ]);
    expect(code).toBe(0);
    expect(out).toMatch(/^#!\/bin\/sh\n/);
    expect(out).toContain(String.raw`'sh' '-c' 'echo it'\''s >&2'`);
    const checked = spawnSync('sh', ['-n'], { input: out, encoding: 'utf8' });
    expect([checked.status, checked.stderr]).toEqual([0, '']);
  });
});
