// The bpftrace script prints what the tracer would, and its losses put everything in doubt.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { listing } from '../../src/probes/listing.ts';
import { FIXTURES, run } from '../support/run.ts';
import { kernelOf } from './kernel.ts';

const kernel = kernelOf('6.12');
if (kernel === undefined) throw new Error('6.12');
const script = listing({ kernel, driver: 'lab', mode: 'bpftrace', arch: 'x86_64', minimal: false });

/** A line of the tracer as the script prints it. */
const TRACED = /^.{16}-(\d+) +\[(\d+)\] \S+ +(\d+\.\d+): (\w+): \(([^)]*)\)(.*)$/;

/** A captured trace in the script's form: no task names, no offsets, no return addresses, no text. */
function asBpftrace(text: string): string {
  const lines = text.split('\n').flatMap((line) => {
    const [, pid = '', cpu = '', time = '', event = '', place = '', args = ''] = TRACED.exec(line) ?? [];
    if (pid === '') return [];
    const symbol = place.replace(/^.*<- /, '').replace(/[+ ].*$/, '');
    const where = place.includes('<-') ? `(0 <- ${symbol})` : `(${symbol})`;
    return `           <...>-${pid} [${cpu}] ${time}000: ${event}: ${where}${args.replace(/ name="[^"]*"/, '')}`;
  });
  return `Attaching 60 probes...\n${lines.join('\n')}\n`;
}

describe('bpftrace', () => {
  it('finds arguments through BTF, at the entry and at the return', () => {
    expect(script).toContain(
      [
        'kretfunc:drm_exec_lock_obj',
        '{',
        '  $t = nsecs;',
        String.raw`  printf("           <...>-%d [%03d] %llu.%09llu: lock_obj_ret: (0 <- drm_exec_lock_obj) exec=0x%llx obj=0x%llx resv=0x%llx ret=%d\n",`,
        '    tid, cpu, $t / 1000000000, $t % 1000000000, (uint64)args->exec, (uint64)args->obj, (uint64)*(uint64 *)((uint64)args->obj + 248), (int32)retval);',
        '}',
      ].join('\n'),
    );
    expect(script).toContain('(uint32)*(uint32 *)((uint64)args->data + 12)');
    expect(script).toContain('gpuvm=0x%llx idx=%u');
    expect(script).toContain('(uint64)args->job->vm, (uint32)args->job->cur_op');
  });

  it('reads registers and offsets where a function has more than six arguments', () => {
    expect(script).toContain(
      'kprobe:drm_gpuvm_init\n{\n  @drm_gpuvm_init_0[tid] = arg0;\n}\nkretprobe:drm_gpuvm_init\n',
    );
    expect(script).toContain('(uint64)*(uint64 *)(*(uint64 *)(@drm_gpuvm_init_0[tid] + 208) + 248));');
    expect(script).toContain('  delete(@drm_gpuvm_init_0[tid]);\n');
  });

  it('prints no text that could hold a line of its own', () => {
    expect(script).not.toMatch(/%s|%r|comm|str\(/);
  });

  const trace = readFileSync(path.join(FIXTURES, 'lab/missing/trace.txt'), 'utf8');

  it('is read as the tracer’s own trace is', () => {
    const count = (text: string) =>
      run(['check', '-', '--format', 'csv'], { input: text }).out.match(/^missing-lock,/gm);
    const own = run(['check', '-', '--format', 'json'], { input: asBpftrace(trace) });
    expect(own.code).toBe(1);
    expect(own.out).not.toContain('unparsed');
    expect(count(asBpftrace(trace))).toHaveLength(10);
    expect(count(trace)).toHaveLength(10);
  });

  it('finds in what bpftrace 0.17 wrote on 6.12 what the tracer’s own trace shows', () => {
    const raw = readFileSync(path.join(FIXTURES, 'lab/bpftrace-missing-6.12/raw.txt'), 'utf8');
    const { stdout } = spawnSync('sort', ['-s', '-n', '-k', '3,3'], {
      input: raw,
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C' },
    });
    const found = (input: string) =>
      run(['check', '-', '--format', 'csv'], { input })
        .out.split('\n')
        .filter((row) => row.startsWith('missing-lock,error,certain,'))
        .map((row) => {
          const [op, step, , addr, range] = row.split(',').slice(7);
          return { op, step, addr, range };
        });
    expect(found(stdout)).toHaveLength(10);
    expect(found(stdout)).toEqual(found(trace));
  });

  it.each(['Lost 12 events', 'Skipped 12 events'])('says nothing for certain after "%s"', (line) => {
    const { code, out } = run(['check', '-', '--format', 'csv'], { input: `${line}\n${asBpftrace(trace)}` });
    expect(code).toBe(3);
    expect(out).not.toMatch(/,certain,/);
  });
});
