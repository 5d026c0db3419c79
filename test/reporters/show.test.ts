// `show` on small real traces: the whole text is compared with the files in data/.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { Analysis, type Report } from '../../src/analyze.ts';
import type { Job } from '../../src/replay/job.ts';
import { showJob } from '../../src/reporters/show.ts';
import { plainStyle } from '../../src/reporters/style.ts';

function bytesOf(name: string): Uint8Array {
  return gunzipSync(readFileSync(new URL(`data/${name}.txt.gz`, import.meta.url)));
}

function analyzed(bytes: Uint8Array, file = 'trace.txt'): { report: Report; jobs: Job[] } {
  const jobs: Job[] = [];
  const analysis = new Analysis({ file, onJob: (job) => jobs.push(job) });
  analysis.push(bytes);
  return { report: analysis.finish(), jobs };
}

function shown(bytes: Uint8Array, id: number, file?: string): string {
  const { report, jobs } = analyzed(bytes, file);
  const job = jobs.find((one) => one.id === id);
  const row = report.jobs.find((one) => one.job === id);
  if (job === undefined || row === undefined) throw new Error(`no job ${id}`);
  return showJob(job, row, report.findings, { file: report.file, lines: report.lines });
}

/** The lines from this heading to the next empty line. */
function section(text: string, heading: string): string[] {
  const lines = text.split('\n');
  const from = lines.findIndex((line) => line.startsWith(heading));
  const length = lines.slice(from).indexOf('');
  return lines.slice(from + 1, length < 0 ? undefined : from + length);
}

describe('whole texts', () => {
  it.each([
    ['missing', 23],
    ['contention', 220],
    ['lose-next', 88],
    ['deferred-relock', 162],
  ])('%s, job %i', async (name, id) => {
    const text = shown(bytesOf(name), id);
    await expect(text).toMatchFileSnapshot(`data/${name}.${id}.show.txt`);
  });
});

describe('what it tells', () => {
  it('marks the step whose object was not locked', () => {
    const steps = section(shown(bytesOf('missing'), 23), 'steps');
    expect(steps.filter((line) => line.includes('<-- NOT LOCKED'))).toHaveLength(1);
    expect(steps.find((line) => line.includes('NOT LOCKED'))).toContain('REMAP b 0x110000+0x10000 prev+next');
  });

  it('tells contention, who held it, what was dropped, and the slow path', () => {
    const locks = section(shown(bytesOf('contention'), 220), 'locks').join('\n');
    expect(locks).toMatch(/contended .*-EDEADLK, held by task \d+ since line \d+/);
    expect(locks).toMatch(/-> \d+ locks? dropped, everything is locked anew\n {2}attempt 2/);
    expect(locks).toMatch(/slow path +\w+ +taken first/);
    expect(locks).toMatch(/held already/);
  });

  it('draws what was asked for where the driver made something else', () => {
    const lines = shown(bytesOf('lose-next'), 88).split('\n');
    const borders = (row: string) => lines.find((line) => line.startsWith(`  ${row}:  `))?.match(/\|/g)?.length;
    expect([borders('want'), borders('new')]).toEqual([5, 3]);
  });

  it('draws the VM at lock time where others changed it before the apply', () => {
    const text = shown(bytesOf('deferred-relock'), 162);
    expect(text).toContain('  lock:   |%%%');
    expect(text).toContain('applied after the ioctl had returned');
  });

  it('keeps to 80 columns but for marks behind a step', () => {
    for (const [name, id] of [
      ['missing', 23],
      ['lose-next', 88],
    ] as const) {
      const text = shown(bytesOf(name), id);
      const long = text.split('\n').filter((line) => line.length > 80 && !line.includes('<--'));
      expect(long).toEqual([]);
    }
  });
});

describe('states before and after', () => {
  it('are what the mappings were, by the changes of the job', () => {
    const { jobs } = analyzed(bytesOf('lose-next'));
    for (const job of jobs) {
      const { detail } = job;
      const before = new Set(detail?.before);
      for (const { inserted, va } of detail?.changes ?? []) {
        if (inserted) before.add(va);
        else before.delete(va);
      }
      expect([...before].sort((a, b) => Number(a.addr) - Number(b.addr))).toEqual(detail?.after);
    }
  });

  it('keep only the surroundings of the ranges', () => {
    const { jobs } = analyzed(manyMappings(2000));
    const last = jobs.at(-1);
    expect(last?.vm?.tree.size).toBe(2000);
    expect(last?.detail?.before?.length).toBe(1);
    expect(last?.detail?.after.length).toBe(2);
  });
});

/** Jobs that map one page each, side by side, without frames: every drm_gpuvm_sm_map() is a job. */
function manyMappings(count: number): Uint8Array {
  const line = (text: string) => `            a-1     [000] .....     1.000000: ${text}\n`;
  const vm = 'gpuvm=0xffff888000000100';
  let text = line(
    `vm_init: (x+0x1/0x2 [y] <- drm_gpuvm_init) ${vm} name="v" drm=0xffff888000000200 vm_flags=0 mm_start=0x0 mm_range=0x100000000 kstart=0x0 krange=0x0 r_obj=0xffff888000000300 resv=0xffff888000000400`,
  );
  for (let i = 0; i < count; i++) {
    const at = `addr=0x${((i + 1) * 0x2000).toString(16)} range=0x1000 obj=0x0 offset=0x0`;
    const va = `va=0xffff8880${(0x10000000 + i * 0x40).toString(16)}`;
    text += line(`sm_map: (drm_gpuvm_sm_map+0x4/0x50 [drm_gpuvm]) ${vm} priv=0xffff888000000500 ${at}`);
    text += line(
      `step_map: (lab_sm_step_map+0x4/0x2b0 [vmbind_lab]) op=0xffffc90000000600 priv=0xffff888000000500 type=0 ${at}`,
    );
    text += line(
      `va_insert: (drm_gpuva_map+0x31/0x40 [drm_gpuvm] <- drm_gpuva_insert) ${vm} ${va} ${at} flags=0 ret=0`,
    );
    text += line('step_map_ret: (x+0x1/0x2 [drm_gpuvm] <- lab_sm_step_map) op=0xffffc90000000600 ret=0');
    text += line(`sm_map_ret: (x+0x1/0x2 [y] <- drm_gpuvm_sm_map) ${vm} priv=0xffff888000000500 ret=0`);
  }
  return new TextEncoder().encode(text);
}

describe('hostile names', () => {
  it('cannot steer a terminal', () => {
    const text = new TextDecoder('latin1').decode(bytesOf('missing'));
    const hostile = text
      .replaceAll('vmb-missing', 'v\u001b[2J\u009b1m\u00e2\u0080\u00ae')
      .replaceAll('vmbind-lab"', '\u001b]0;x\u0007"');
    const shownText = shown(
      Uint8Array.from(hostile, (c) => c.charCodeAt(0)),
      23,
      'a\u001b[31mb\u202e.txt',
    );
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not come out
    expect(shownText.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
    expect(shownText).toContain('task v\\x1b[2J\\x9b1m\\u{202e}-231');
    expect(shownText).toContain('a\\x1b[31mb\\u{202e}.txt');
  });
});

it('works without colours given', () => {
  expect(plainStyle.error('x')).toBe('x');
});
