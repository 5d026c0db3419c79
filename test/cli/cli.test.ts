// The command line as users and CI jobs meet it: exit codes, formats, places to read from and write to.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixture, ROOT, run } from '../support/run.ts';

const MISSING = fixture('lab/missing/trace.txt');
const CORRECT = fixture('lab/correct/trace.txt');
const REDUNDANT = fixture('lab/redundant/trace.txt');

/** All of C0 but the line feed, and DEL. */
function controls(text: string): string[] {
  return [...text].filter((c) => (c < ' ' && c !== '\n') || c === '\x7f');
}

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'gpuvm-trace-test-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function csv(text: string): Record<string, string>[] {
  return parse(text, { columns: true });
}

describe('exit codes', () => {
  it('is 0 where nothing is wrong', () => {
    expect(run(['check', CORRECT]).code).toBe(0);
  });

  it('is 1 where something is broken', () => {
    expect(run(['check', MISSING]).code).toBe(1);
  });

  it('follows --fail-on', () => {
    expect(run(['check', REDUNDANT]).code).toBe(0);
    expect(run(['check', REDUNDANT, '--fail-on', 'warning']).code).toBe(1);
    expect(run(['check', MISSING, '--fail-on', 'never']).code).toBe(0);
  });

  it.each([
    [['check', 'no-such-file'], 'gpuvm-trace: no-such-file: no such file\n'],
    [['check', 'fixtures'], 'gpuvm-trace: fixtures: is a directory, not a trace\n'],
    [['check', '--no-such-option', MISSING], "error: unknown option '--no-such-option'\n"],
    [['no-such-command'], "error: unknown command 'no-such-command'\n"],
    [['explain', 'no-such-rule'], /^gpuvm-trace: no rule is named no-such-rule; the rules are missing-lock, .*\n$/],
    [['check', '--rule', 'no-such-rule', MISSING], /^gpuvm-trace: no rule is named no-such-rule; .*\n$/],
    [['show', MISSING, '--job', '99'], /^gpuvm-trace: .*: no job 99 .*\n$/],
    [['state', MISSING, '--at', 'job:99'], /^gpuvm-trace: .*: no job 99 .*\n$/],
    [
      ['state', MISSING, '--at', 'whenever'],
      /^error: option '--at <moment>' argument 'whenever' is invalid\. expected .*\n$/,
    ],
    [['check', 'package.json'], /^gpuvm-trace: package\.json: not a trace: expected ftrace text .*\n$/],
  ])('is 2 with one clear line for %j', (args, message) => {
    const { code, out, err } = run(args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    if (typeof message === 'string') expect(err).toBe(message);
    else expect(err).toMatch(message);
  });

  it('is 2 for an empty file and for binary rubbish', () => {
    expect(run(['check', '-'], { input: '' }).code).toBe(2);
    expect(run(['check', '-'], { input: Uint8Array.from({ length: 5000 }, (_, i) => (i * 37) % 256) }).code).toBe(2);
  });

  it('is 3 where lines are missing from the file', () => {
    const lines = readFileSync(path.join(ROOT, CORRECT), 'latin1').split('\n');
    const { code, out } = run(['check', '-'], { input: lines.filter((_, i) => i !== 100).join('\n') });
    expect(code).toBe(3);
    expect(out).toContain('entries are missing from the file');
  });

  it('is 2, never 0, where what it waits for can no longer come', () => {
    const hook = path.join(folder, 'never.cjs');
    writeFileSync(
      hook,
      `const never = { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) };
      Object.defineProperty(process, 'stdin', { value: never });`,
    );
    const { code, err } = run(['check', '--follow', '-'], { env: { NODE_OPTIONS: `--require=${hook}` } });
    expect([code, err]).toEqual([2, 'gpuvm-trace: this is a bug: it waited for something that never came\n']);
  });

  it('is 3, never 1, where every error is inconclusive', () => {
    const lines = readFileSync(path.join(ROOT, MISSING), 'latin1').split('\n');
    const ran = run(['check', '-', '--format', 'csv'], { input: lines.filter((_, i) => i !== 100).join('\n') });
    expect(ran.code).toBe(3);
    const confidences = new Set(csv(ran.out).map((row) => row['confidence']));
    expect([...confidences]).toEqual(['inconclusive']);
  });
});

describe('formats', () => {
  const FINDING =
    'rule severity confidence file line time job op step vm addr range obj resv message fingerprint'.split(' ');
  const JOB =
    'job line start end pid comm vm ops attempts ret steps map unmap remap keep missing redundant diverged misapplied unreserved verdict'.split(
      ' ',
    );
  const MAPPING = 'vm name addr range obj offset flags va external'.split(' ');

  it.each([
    [['check', MISSING], FINDING, 14],
    [['jobs', MISSING], JOB, 10],
    [['state', MISSING, '--at', 'last-job'], MAPPING, 7],
  ])('%j as CSV, JSON and NDJSON tell the same', (args, columns, count) => {
    const rows = csv(run([...args, '--format', 'csv']).out);
    expect(rows).toHaveLength(count);
    for (const row of rows) expect(Object.keys(row).slice(0, columns.length)).toEqual(columns);

    const json = JSON.parse(run([...args, '--format', 'json']).out);
    expect(json.schema).toBe(1);
    const list: Record<string, unknown>[] = json.findings ?? json.jobs ?? json.mappings;
    const lines = run([...args, '--format', 'ndjson'])
      .out.trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
      .filter(({ kind }) => kind !== 'vm');
    expect(lines).toHaveLength(count);
    for (const [i, row] of rows.entries()) {
      const object = list[i] ?? {};
      const line = lines[i];
      expect(line.schema).toBe(1);
      for (const name of columns) {
        expect(line[name]).toEqual(object[name]);
        const cell = object[name];
        expect(row[name]).toBe(cell === null ? '' : cell === true ? '1' : cell === false ? '0' : String(cell));
      }
    }
  });

  it('prints the VA space exactly as debugfs does', () => {
    const { out } = run(['state', MISSING, '--at', 'last-job', '--format', 'gpuvas']);
    expect(out).toBe(readFileSync(path.join(ROOT, fixture('lab/missing/gpuvas-after.txt')), 'utf8'));
  });

  it('gives the state at a line, at a time and at a job’s end', () => {
    const at = (moment: string) => csv(run(['state', MISSING, '--at', moment, '--format', 'csv']).out).length;
    const jobs = csv(run(['jobs', MISSING, '--format', 'csv']).out);
    const [first, second] = jobs;
    expect(at(`job:${first?.['job']}`)).toBe(2);
    expect(at(`line:${Number(second?.['line']) - 1}`)).toBe(2);
    expect(at(String(first?.['end']))).toBe(2);
    expect(at('line:1')).toBe(0);
    expect(at('end')).toBe(0);
  });

  it('makes hostile task names harmless', () => {
    const lines = readFileSync(path.join(ROOT, MISSING), 'latin1').split('\n');
    const names = ['=1+1', '+cmd', '-1', '@x', '\u001b[2J\u001b[31mred', 'a,"b"', '\u00ff\u00fe'];
    for (const first of [0, 3]) {
      const nameOf = (i: number) => names[(first + i) % names.length] ?? '';
      const text = lines
        .map((line, i) => line.replace(/^ *vmb-missing-/, () => `${nameOf(i).padStart(16)}-`))
        .join('\n');
      const file = path.join(folder, 'hostile.txt');
      writeFileSync(file, text, 'latin1');
      const { code, out } = run(['jobs', file, '--format', 'csv']);
      expect(code).toBe(0);
      const rows = csv(out);
      expect(rows).toHaveLength(10);
      for (const row of rows) expect(row['comm']).not.toMatch(/^[=+\-@]/);
      for (const format of ['csv', 'text', 'json', 'ndjson']) {
        expect(controls(run(['jobs', file, '--format', format]).out)).toEqual([]);
      }
      expect(controls(run(['check', file]).out)).toEqual([]);
    }
  });
});

describe('selection', () => {
  const findings = (...args: string[]) => csv(run(['check', MISSING, '--format', 'csv', ...args]).out);

  it('keeps or drops rules', () => {
    expect(new Set(findings('--rule', 'missing-lock').map((row) => row['rule']))).toEqual(new Set(['missing-lock']));
    expect(findings('--ignore', 'missing-lock,lock-step-divergence')).toEqual([]);
  });

  it('keeps one job, one task, one VM', () => {
    const [one] = findings('--rule', 'missing-lock');
    const job = one?.['job'] ?? '';
    expect(findings('--job', job).every((row) => row['job'] === job)).toBe(true);
    expect(findings('--vm', one?.['vm'] ?? '')).toHaveLength(14);
    expect(findings('--vm', '#1')).toHaveLength(14);
    expect(findings('--vm', 'vmbind-lab')).toHaveLength(14);
    expect(findings('--vm', '#2')).toEqual([]);
    expect(findings('--pid', '1')).toEqual([]);
  });

  it('keeps a stretch of time', () => {
    const all = findings();
    const middle = all[5]?.['time'] ?? '';
    expect(findings('--until', middle).length + findings('--since', middle).length).toBe(all.length + 1);
  });
});

describe('places', () => {
  it('reads standard input, gzip, and several files', () => {
    const bytes = readFileSync(path.join(ROOT, MISSING));
    const plain = csv(run(['jobs', MISSING, '--format', 'csv']).out);
    expect(csv(run(['jobs', '-', '--format', 'csv'], { input: bytes }).out)).toEqual(plain);
    expect(csv(run(['jobs', '-', '--format', 'csv'], { input: gzipSync(bytes) }).out)).toEqual(plain);
    const packed = path.join(folder, 'trace.txt.gz');
    writeFileSync(packed, gzipSync(bytes));
    expect(csv(run(['jobs', packed, '--format', 'csv']).out)).toEqual(plain);
    const comments = Array.from({ length: 300_000 }, (_, i) => `# comment ${i}\n`).join('');
    const long = path.join(folder, 'long.txt.gz');
    writeFileSync(long, gzipSync(Buffer.concat([bytes, Buffer.from(comments)]), { level: 0 })); // of several readings
    expect(csv(run(['jobs', long, '--format', 'csv']).out)).toEqual(plain);
    const files = csv(run(['check', MISSING, CORRECT, packed, '--format', 'csv', '--rule', 'missing-lock']).out);
    expect(new Set(files.map((row) => row['file']))).toEqual(new Set([MISSING, packed]));
    expect(csv(run(['state', '-', '--at', 'last-job', '--format', 'csv'], { input: bytes }).out)).toHaveLength(7);
  });

  it('reads compressed files of several megabytes, piece by piece', () => {
    const bytes = readFileSync(path.join(ROOT, MISSING));
    const comment = Buffer.from(`# ${'x'.repeat(60_000)}\n`);
    const large = Buffer.concat([...Array.from({ length: 60 }, () => comment), bytes]);
    const packed = path.join(folder, 'large.txt.gz');
    writeFileSync(packed, gzipSync(large, { level: 0 }));
    expect(csv(run(['jobs', packed, '--format', 'csv']).out)).toHaveLength(10);
  });

  it('reads a compressed file as far as it goes, and says where that is', () => {
    const bytes = gzipSync(readFileSync(path.join(ROOT, MISSING)), { level: 0 });
    const packed = path.join(folder, 'cut.txt.gz');
    const cut = bytes.subarray(0, Math.floor(bytes.length / 2));
    writeFileSync(packed, cut);
    const { code, out } = run(['check', packed]);
    expect(code).toBe(3);
    expect(out).toContain(`gzip data end early, at byte ${cut.length}`);
    expect(out).toMatch(/^[1-9]\d* jobs, /m);
    expect(run(['check', '-'], { input: cut }).code).toBe(3);
    const other = path.join(folder, 'other.txt.gz');
    const clean = gzipSync(readFileSync(path.join(ROOT, CORRECT)));
    clean.fill(0, clean.length - 8, clean.length - 4); // the checksum
    writeFileSync(other, clean);
    const wrong = run(['check', other]);
    expect(wrong.code).toBe(3);
    expect(wrong.out).toContain(`gzip data between byte ${clean.length - 8} and ${clean.length}: incorrect data check`);
    expect(wrong.out).toContain(run(['check', CORRECT]).out.match(/^\d+ jobs, .*/m)?.[0] ?? 'no jobs');
    expect(run(['check', '--merge', MISSING, other]).out).toContain(`${other}: gzip data between`);
    expect(run(['anonymize', packed])).toMatchObject({ code: 2, err: expect.stringContaining(`${packed}: gzip data`) });
  });

  it('writes to a file', () => {
    const file = path.join(folder, 'out.csv');
    const { out } = run(['jobs', MISSING, '--format', 'csv', '-o', file]);
    expect(out).toBe('');
    expect(csv(readFileSync(file, 'utf8'))).toHaveLength(10);
    expect(run(['jobs', MISSING, '-o', path.join(folder, 'no/such/folder')]).code).toBe(2);
  });

  it('ends quietly when its reader has seen enough', async () => {
    const child = spawn('sh', ['-c', `node dist/bin/gpuvm-trace.js jobs ${MISSING} --format ndjson | head -1`], {
      cwd: ROOT,
    });
    let err = '';
    child.stderr.on('data', (data) => {
      err += data;
    });
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect({ code, err }).toEqual({ code: 0, err: '' });
  });
});

describe('colours', () => {
  const ESC = '\u001b[';
  const colored = (args: string[], env: Record<string, string> = {}) =>
    run(['check', MISSING, ...args], { env }).out.includes(ESC);

  it('come on request, and never into a pipe or a file unasked', () => {
    expect(colored([])).toBe(false);
    expect(colored(['--color'])).toBe(true);
    expect(colored(['--color', 'always'])).toBe(true);
    expect(colored(['--color', 'never'], { FORCE_COLOR: '1' })).toBe(false);
    expect(colored([], { FORCE_COLOR: '1' })).toBe(true);
    expect(colored([], { FORCE_COLOR: '1', NO_COLOR: '1' })).toBe(false);
  });

  it('come on a terminal', () => {
    const tty = execFileSync(
      'script',
      ['-qec', `node dist/bin/gpuvm-trace.js check ${MISSING} --fail-on never`, '/dev/null'],
      {
        cwd: ROOT,
        env: { PATH: process.env['PATH'] ?? '', TERM: 'xterm' },
      },
    );
    expect(tty.toString()).toContain(ESC);
  });
});

describe('help', () => {
  it.each([[[]], [['check']], [['jobs']], [['show']], [['state']], [['rules']], [['explain']]])(
    'of %j has examples',
    (args) => {
      const { code, out } = run([...args, '--help']);
      expect(code).toBe(0);
      expect(out).toMatch(/Examples?:/);
    },
  );

  it('lists and explains every rule', () => {
    const rules = run(['rules'])
      .out.trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => line.split(' ')[0] ?? '');
    expect(rules.length).toBeGreaterThanOrEqual(11);
    for (const rule of rules) {
      const { code, out } = run(['explain', rule]);
      expect(code).toBe(0);
      expect(out).toMatch(
        /What it means[\s\S]*Why it matters[\s\S]*In the kernel[\s\S]*Example[\s\S]*What a driver should do/,
      );
    }
  });
});
