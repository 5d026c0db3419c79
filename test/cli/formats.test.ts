// --input, --map and `formats` of the built command line.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { bpftraceJsonOf, csvOfColumns, csvOfText, entriesOf, readFixture } from '../support/other_formats.ts';
import { FIXTURES, run } from '../support/run.ts';

const ENTRIES = entriesOf(readFixture('lab/tracecmd-missing/report-t.txt.gz'));
const CSV = csvOfText(ENTRIES);
const PERF = 'fixtures/lab/tracecmd-missing/perf-script.txt.gz';

function missing(args: readonly string[], input = ''): number {
  const { code, out } = run(['check', '--format', 'csv', '--rule', 'missing-lock', ...args], { input });
  return code === 1 ? out.trimEnd().split('\n').length - 1 : -1;
}

describe('formats', () => {
  it('lists each one that --input takes', () => {
    const { formats } = JSON.parse(run(['formats', '--format', 'json']).out);
    const names: string[] = formats.map((one: { format: string }) => one.format);
    const choices = /\(choices: (.*?)\)/.exec(
      run(['check', '--help']).out.replace(/\s+/g, ' ').split('--input')[1] ?? '',
    );
    expect(choices?.[1]?.split(', ').sort()).toEqual(names.map((name) => JSON.stringify(name)).sort());
    for (const name of names) expect(run(['formats']).out).toContain(`\n${name} `.trim());
  });

  it.each(['check', 'jobs', 'show', 'state', 'mmu', 'walk', 'blame', 'what-if', 'coverage'])(
    '%s takes --input and --map',
    (command) => {
      const { out } = run([command, '--help']);
      expect(out).toContain('--input <format>');
      expect(out).toContain('--map <role=column>');
    },
  );
});

describe('--input', () => {
  it('is not needed where the content tells, whatever the name says', () => {
    expect(missing([PERF])).toBe(10);
    expect(missing(['-'], CSV)).toBe(10);
  });

  it('of the true format changes nothing', () => {
    expect(missing([PERF, '--input', 'perf'])).toBe(10);
    expect(missing(['-', '--input', 'csv'], CSV)).toBe(10);
    expect(missing(['fixtures/lab/missing/trace.txt', '--input', 'ftrace'])).toBe(10);
  });

  it('of compressed input is that of what is in it', () => {
    const { code } = run(['check', '-', '--input', 'csv'], { input: gzipSync(CSV) });
    expect(code).toBe(1);
  });

  it.each([
    [['check', PERF, '--input', 'csv'], /: line 1, byte 0: no column is named name among /],
    [['check', PERF, '--input', 'trace.dat'], /: byte 0: not a trace\.dat: the magic bytes are missing/],
    [['check', PERF, '--input', 'babeltrace'], /not a trace: line 1, byte 0: it is no event of babeltrace2: expected /],
    [['check', PERF, '--input', 'perfetto'], /not a trace: line 1, byte 0: it is no field of a protobuf message: /],
    [['check', PERF, '--input', 'systrace-html'], /not a trace: expected /],
    [['check', PERF, '--input', 'tar'], /^error: option '--input <format>' argument 'tar' is invalid\./],
    [
      ['check', PERF, '--map', 'who=me'],
      /^error: option '--map <role=column>' argument 'who=me' is invalid\. role=column/,
    ],
  ])('%j fails in one line', (args, message) => {
    const { code, out, err } = run(args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(message);
    expect(err.trimEnd()).not.toContain('\n');
  });
});

it('--map names columns, in the header that tells the format too', () => {
  const text = csvOfColumns(ENTRIES).replace(/^ts,cpu,tid/, 'When,Core,Thread ID');
  const map = ['name=event', 'pid=Thread ID', 'ts=When', 'cpu=Core'].flatMap((one) => ['--map', one]);
  expect(missing(['-', ...map], text)).toBe(10);
});

it('messages of bpftrace are sorted as its script says', () => {
  const script = run(['probes', '--mode', 'bpftrace', '--kernel', '6.12']).out;
  const key = /With -f json: LC_ALL=C sort (-s -n -k \d+,\d+)/.exec(script)?.[1]?.split(' ') ?? [];
  const env = { ...process.env, LC_ALL: 'C' };
  const input = readFixture('lab/bpftrace-missing-6.12/raw.json.gz');
  const { stdout } = spawnSync('sort', key, { input, encoding: 'utf8', env });
  expect(missing(['-'], stdout)).toBe(10);
  const lost = bpftraceJsonOf('Lost 3 events').split('\n')[1] ?? '';
  const doubtful = spawnSync('sort', key, { input: `${input}${lost}\n`, encoding: 'utf8', env }).stdout;
  expect(run(['check', '-'], { input: doubtful }).code).toBe(3);
});

it('a trace.dat that is packed, or piped, is read from a copy; without room for one that is said', () => {
  const file = path.join(FIXTURES, 'lab/tracecmd-misc/trace.dat.gz');
  const input = gunzipSync(readFileSync(file));
  const folder = mkdtempSync(path.join(tmpdir(), 'gpuvm-trace-test-'));
  const env = { TMPDIR: folder };
  const packed = run(['check', file, '--format', 'csv'], { env });
  const piped = run(['check', '-', '--format', 'csv'], { input, env });
  expect(packed.out.split('\n').length).toBeGreaterThan(2);
  expect(piped.out).toBe(packed.out.replaceAll(file, 'stdin'));
  expect(readdirSync(folder)).toEqual([]);
  rmSync(folder, { recursive: true });
  const { code, err } = run(['check', file], { env });
  expect({ code, err }).toEqual({
    code: 2,
    err: expect.stringMatching(`^gpuvm-trace: cannot keep a copy in ${folder}: .*\n$`),
  });
});
