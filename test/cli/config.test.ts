// `.gpuvm-trace.json`: found upward, weaker than the command line, and refused where it is wrong.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Ajv } from 'ajv';
import { afterAll, describe, expect, it } from 'vitest';
import { jsonPathText, lineOfJson } from '../../src/base/json_lines.ts';
import { UserError } from '../../src/base/user_error.ts';
import { readConfig } from '../../src/cli/config_file.ts';
import { program } from '../../src/cli/program.ts';
import { ROOT, run } from '../support/run.ts';

const top = mkdtempSync(path.join(tmpdir(), 'gpuvm-trace-config-'));
const deep = path.join(top, 'a', 'b');
mkdirSync(deep, { recursive: true });
afterAll(() => rmSync(top, { recursive: true }));

const trace = path.join(ROOT, 'fixtures/lab/missing/trace.txt');
const file = path.join(top, '.gpuvm-trace.json');
const place = (text: string) => writeFileSync(file, text);
const here = (args: readonly string[]) => run(args, { cwd: deep });

const schemaFile = path.join(ROOT, 'schema/gpuvm-trace.schema.json');

it('the schema is the one that the code has', () => {
  const { code, out } = run(['config', 'schema']);
  expect(code).toBe(0);
  if (process.env['UPDATE'] === '1') writeFileSync(schemaFile, out);
  expect(readFileSync(schemaFile, 'utf8')).toBe(out);
});

const accepts = new Ajv({ strict: true, strictTypes: false }).compile(JSON.parse(readFileSync(schemaFile, 'utf8')));

it('a file above the working directory gives defaults, and the command line wins', () => {
  place('{\n "check": {\n  "rule": ["redundant-lock"],\n  "format": "csv"\n }\n}');
  const rows = (args: readonly string[]) =>
    here(['check', trace, ...args])
      .out.trim()
      .split('\n');
  expect(rows([])).toHaveLength(1);
  expect(rows([])[0]).toMatch(/^rule,severity,/);
  expect(rows(['--rule', 'missing-lock']).length).toBeGreaterThan(3);
  expect(rows(['--rule', 'missing-lock']).slice(1)).toEqual(
    rows(['--rule', 'missing-lock', '--no-config', '--format', 'csv']).slice(1),
  );
  expect(here(['--no-config', 'check', trace]).out).toContain('[missing-lock]');
  expect(here(['jobs', trace, '--format', 'csv']).code).toBe(0);
  expect(here(['config']).out).toBe(
    `${file}\n  line 3: check --rule ["redundant-lock"]\n  line 4: check --format "csv"\n`,
  );
});

it('--config names another file; what is set for one subcommand wins over what is set for all', () => {
  const other = path.join(top, 'other.json');
  writeFileSync(other, '{"check": {"format": "json"}, "all": {"format": "csv", "kernel": "6.18"}}');
  place('{"check": {"format": "ndjson"}}');
  const { out } = here(['check', trace, '--config', other]);
  expect(JSON.parse(out).traces[0].kernel.from).toEqual(['--kernel 6.18']);
  expect(here(['jobs', trace, '--config', other]).out).toMatch(/^job,line,/);
  expect(here(['--config', other, 'config']).out.split('\n')[0]).toBe(other);
});

it('files are named from the folder of the file', () => {
  expect(run(['check', trace, '--baseline', path.join(top, 'known.json'), '--update-baseline']).code).toBe(0);
  place('{"check": {"baseline": "known.json"}}');
  expect(here(['check', trace])).toMatchObject({ code: 0, err: '' });
  expect(here(['check', trace, '--no-config']).code).toBe(1);
});

it('an option that the command line rules out is left aside', () => {
  place('{"what-if": {"locking": "sweep"}}');
  const patch = path.join(ROOT, 'fixtures/patches/unmap-range.patch');
  const { code, err } = here(['what-if', path.join(ROOT, 'fixtures/msm/unmap-offset/trace.txt'), '--patch', patch]);
  expect({ code, err }).toEqual({ code: 0, err: '' });
});

describe('what is wrong is named by file, line and path', () => {
  it.each([
    ['{"check": {\n"colour": true}}', 2, '$.check.colour: check has no option --colour'],
    ['{"chekc": {}}', 1, '$.chekc: no subcommand is named chekc'],
    ['{"all": {"nothing": 1}}', 1, '$.all.nothing: no subcommand has an option --nothing'],
    ['{"check": []}', 1, '$.check: expected an object'],
    ['[]', 1, '$: expected an object'],
    ['null', 1, '$: expected an object'],
    ['{"$schema": 1}', 1, "$['$schema']: no subcommand is named $schema"],
    ['{"check":\n {"follow":\n "yes"}}', 2, '$.check.follow: expected true'],
    ['{"check": {"fail-on": "sometimes"}}', 1, "$.check['fail-on']: expected one of error, warning, never"],
    ['{"check": {"fail-on": ["error"]}}', 1, "$.check['fail-on']: expected one of error, warning, never"],
    ['{"check": {"pid": "1"}}', 1, '$.check.pid: expected a number'],
    ['{"check": {"probes": 7}}', 1, '$.check.probes: expected a text'],
    ['{"check": {"output": "/etc/passwd"}}', 1, '$.check.output: what writes files is for the command line alone'],
    ['{"check": {"report": "csv=x"}}', 1, '$.check.report: what writes files is for the command line alone'],
    ['{"all": {"help": true}}', 1, '$.all.help: no subcommand has an option --help'],
    ['{"__proto__": {"x": 1}}', 1, '$.__proto__: no subcommand is named __proto__'],
    ['{"check": {"__proto__": 1}}', 1, '$.check.__proto__: check has no option --__proto__'],
  ])('%s', (text, line, what) => {
    place(text);
    expect(accepts(JSON.parse(text)) || what.includes('__proto__')).toBe(what.includes('__proto__'));
    const { code, out, err } = here(['check', trace]);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err.split(', csv')[0]).toBe(`gpuvm-trace: ${file}:${line}: ${what}\n`);
  });

  it.each([
    ['{"check": {\n', ':2: not JSON: byte 12 of 12'],
    ['{"a": 1,\n"b" 2}', ':2: not JSON: byte 13 of 15'],
    ['', ':1: not JSON: byte 0 of 0'],
    ['\u001b]0;x\u0007', ':1: not JSON'],
    ['['.repeat(300_000), ''],
    [' '.repeat((1 << 20) + 1), ': larger than 1048576 bytes'],
    ['{"check": {"at": "never"}}', ':1: --at: '],
    ['{"check": {"pid": 1.5}}', ':1: --pid: a whole number is expected.'],
    ['{"check": {"kernel": "\\u001b[31m"}}', ':1: --kernel: '],
    ['{"check": {"ignore": "no-such-rule"}}', ':1: $.check.ignore: expected one of missing-lock, '],
  ])('text %#', (text, what) => {
    place(text);
    const { code, out, err } = here(['check', trace]);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err.startsWith(`gpuvm-trace: ${file}${what}`), err).toBe(true);
    expect(err.split('\n')).toHaveLength(2);
    expect(err).not.toContain('\u001b');
  });

  it('a folder of that name, and a file that is not there', () => {
    rmSync(file);
    mkdirSync(file);
    expect(here(['check', trace])).toMatchObject({
      code: 2,
      err: `gpuvm-trace: ${file}: illegal operation on a directory\n`,
    });
    expect(here(['explain', 'missing-lock']).code).toBe(0);
    rmSync(file, { recursive: true });
    expect(here(['check', trace, '--config', 'nothing.json']).err).toBe(
      'gpuvm-trace: nothing.json: no such file or directory\n',
    );
    expect(here(['config']).out).toBe('no file sets defaults here\n');
  });
});

it('whatever the schema accepts is taken, option by option, and nothing else', async () => {
  const { commands } = await program();
  const properties: Record<string, { properties?: Record<string, unknown> }> = JSON.parse(
    readFileSync(schemaFile, 'utf8'),
  ).properties;
  const samples = [true, 1, 'x', ['x'], 'error', 'csv', 'missing-lock', ['missing-lock'], [], [1], false, null, {}];
  const isTaken = () => {
    try {
      return readConfig(file, commands).settings.length === 1;
    } catch (error) {
      if (error instanceof UserError) return false;
      throw error;
    }
  };
  let taken = 0;
  for (const [name, { properties: settings = {} }] of Object.entries(properties))
    for (const option of Object.keys(settings))
      for (const value of samples) {
        const text = JSON.stringify({ [name]: { [option]: value } });
        place(text);
        const is = isTaken();
        if (is) taken++;
        expect([text, is]).toEqual([text, accepts(JSON.parse(text))]);
      }
  expect(taken).toBeGreaterThan(200);
});

it('lines of values', () => {
  const text = '{"a": [1, {"b":\n [[], {}, "]"], "a\\n": {}}],\n "c": null}';
  expect(lineOfJson(text, ['a'])).toBe(1);
  expect(lineOfJson(text, ['a', 1, 'b', 2])).toBe(2);
  expect(lineOfJson(text, ['a', 1, 'a\n'])).toBe(2);
  expect(lineOfJson(text, ['c'])).toBe(3);
  expect(jsonPathText(['a', 1, "it's"])).toBe("$.a[1]['it\\'s']");
});
