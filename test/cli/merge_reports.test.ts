// `merge`: reports of a run in pieces say what one report of the whole says, in whatever groups they are merged.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { JsonReader, readJson } from '../../src/base/json_reader.ts';
import { rules } from '../../src/checks/index.ts';
import { renderResult } from '../../src/cli/check_formats.ts';
import type { ResultFormat } from '../../src/cli/format_names.ts';
import { printable, unprintable } from '../../src/reporters/escape.ts';
import { mergedRuns } from '../../src/reporters/merged.ts';
import { readReport } from '../../src/reporters/read_report.ts';
import { fixture, run } from '../support/run.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'gpuvm-trace-merge-'));
afterAll(() => rmSync(folder, { recursive: true }));
const place = (name: string) => path.join(folder, name);

const hostile = place('h\u00e4 "x"\u202e\\.txt');
writeFileSync(
  hostile,
  readFileSync(fixture('lab/missing/trace.txt'), 'latin1').replaceAll('vmbind-lab', 'v\\\xc3\xa4\xff\xe2\x80\xae<'),
  'latin1',
);

const SHARDS: readonly (readonly string[])[] = [
  [fixture('lab/missing/trace.txt'), fixture('msm/correct/trace.txt')],
  [fixture('lab/lost-trace-overwrite1/trace.txt')],
  [fixture('panthor/no-widen/trace.txt'), hostile, fixture('xe/leak-resv/trace.txt')],
  [fixture('lab/redundant/trace.txt')],
];
const FORMATS: readonly ResultFormat[] = ['csv', 'json', 'ndjson', 'sarif', 'junit', 'gitlab', 'github', 'ktap'];

const shards = SHARDS.map((traces, i) => {
  const file = place(`shard${i}.json`);
  run(['check', ...traces, '--format', 'json', '-o', file]);
  return file;
});

const textOf = (file: string) => readFileSync(file, 'utf8');

describe('as one', () => {
  it.each(FORMATS)('--format %s is what check gives on all traces', (format) => {
    const whole = run(['check', ...SHARDS.flat(), '--format', format]);
    expect(run(['merge', ...shards, '--format', format])).toEqual(whole);
    expect(whole.code).toBe(1);
  });

  it('text is a table by driver, kernel and rule, then what fails, then the verdict', () => {
    const { code, out } = run(['merge', ...shards]);
    expect(code).toBe(1);
    const lines = out.split('\n');
    expect(lines[0]?.split(/ +/)).toEqual([
      'driver',
      'kernel',
      'rule',
      'traces',
      'errors',
      'warnings',
      'notes',
      'inconclusive',
    ]);
    expect(out).toMatch(/^lab +\S+ +missing-lock +\d+ /m);
    expect(out).toMatch(/^msm +\S+ +lock-step-divergence +1 +- +- +4 +-$/m);
    expect(out).toContain(`${fixture('lab/missing/trace.txt')}: `);
    expect(lines.at(-2)).toMatch(/^7 traces of 4 reports: \d+ findings$/);
  });

  it('of one trace in several files, too', () => {
    const lines = readFileSync(fixture('lab/missing/trace.txt'), 'latin1').split(/(?<=\n)/);
    const cpus = ['[000]', '[001]'].map((cpu) => {
      writeFileSync(place(cpu), lines.filter((line) => line.startsWith('#') || line.includes(cpu)).join(''), 'latin1');
      return place(cpu);
    });
    run(['check', '--merge', ...cpus, '--format', 'json', '-o', place('cpus.json')]);
    for (const format of ['sarif', 'json', 'github']) {
      const whole = run(['check', '--merge', ...cpus, '--format', format]);
      expect(whole.out).toContain('missing-lock');
      expect(run(['merge', place('cpus.json'), '--format', format])).toEqual(whole);
    }
  });

  it('several reports at once, and another threshold', () => {
    const { code } = run(['merge', ...shards, '--report', `junit=${place('o.xml')}`, '--fail-on', 'never']);
    expect(code).toBe(0);
    expect(textOf(place('o.xml'))).toBe(
      run(['check', ...SHARDS.flat(), '--format', 'junit', '--fail-on', 'never']).out,
    );
  });

  it('what could not be read stays so', () => {
    const file = place('unread.json');
    expect(run(['check', 'none.txt', ...(SHARDS[3] ?? []), '--format', 'json', '-o', file]).code).toBe(2);
    const { code, out } = run(['merge', file, ...shards.slice(0, 1)]);
    expect(code).toBe(2);
    expect(out).toMatch(/^not read: none\.txt: /m);
    expect(out.trimEnd().split('\n').at(-1)).toMatch(/^3 traces of 2 reports: 1 trace not read, \d+ findings$/);
  });

  it('the strictest threshold counts', () => {
    const [lax, strict] = [place('lax.json'), place('strict.json')];
    run(['check', fixture('lab/redundant/trace.txt'), '--format', 'json', '-o', lax]);
    run(['check', fixture('lab/correct/trace.txt'), '--fail-on', 'warning', '--format', 'json', '-o', strict]);
    expect(run(['merge', lax]).code).toBe(0);
    expect(run(['merge', lax, strict]).code).toBe(1);
    expect(run(['merge', strict, lax]).code).toBe(1);
  });
});

describe('in any groups', () => {
  const runs = shards.map((file) => readReport(readJson(file, readFileSync(file)), rules));
  const again = (all: readonly (typeof runs)[number][]) => {
    const text = renderResult('json', mergedRuns(all, rules));
    return readReport(new JsonReader('merged', JSON.parse(text)), rules);
  };

  it('a report alone is itself', () => {
    for (const file of shards) expect(run(['merge', file, '--format', 'json']).out).toBe(textOf(file));
  });

  it('byte for byte', () => {
    const some = fc.array(fc.nat({ max: shards.length - 1 }), { minLength: 3, maxLength: 7 });
    fc.assert(
      fc.property(some, fc.nat(), fc.nat(), (picked, x, y) => {
        const all = picked.map((i) => runs[i] as (typeof runs)[number]);
        const [i, j] = [1 + (x % (all.length - 1)), 1 + (y % (all.length - 1))].sort((a, b) => a - b) as [
          number,
          number,
        ];
        const left = again([again(all.slice(0, j)), ...all.slice(j)]);
        const right = again([...all.slice(0, i), again(all.slice(i))]);
        for (const format of FORMATS as readonly Exclude<ResultFormat, 'text'>[]) {
          const whole = renderResult(format, mergedRuns(all, rules));
          expect(renderResult(format, left)).toBe(whole);
          expect(renderResult(format, right)).toBe(whole);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('through files', () => {
    const [a = '', b = '', c = ''] = shards;
    run(['merge', a, b, '--format', 'json', '-o', place('ab.json')]);
    run(['merge', b, c, '--format', 'json', '-o', place('bc.json')]);
    const whole = run(['merge', a, b, c, '--format', 'json']);
    expect(run(['merge', place('ab.json'), c, '--format', 'json'])).toEqual(whole);
    expect(run(['merge', a, place('bc.json'), '--format', 'json'])).toEqual(whole);
  });
});

it('what was made printable is read back so that it prints the same', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.nat({ max: 0xff }).map((c) => String.fromCharCode(c)), maxLength: 20 }),
      (text) => {
        const printed = printable(text);
        expect(printable(unprintable(printed))).toBe(printed);
      },
    ),
    { numRuns: 3000 },
  );
});

describe('what is no such report', () => {
  const good = JSON.parse(textOf(shards[0] ?? ''));
  const broken = (text: string) => {
    const file = place('broken.json');
    writeFileSync(file, text);
    const { code, out, err } = run(['merge', shards[1] ?? '', file]);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err.split('\n')).toHaveLength(2);
    return err.replace(folder, '').trimEnd();
  };

  it.each([
    ['', ':1: it ends too early (byte 0)'],
    ['{"schema": 1', ':1: it ends too early (byte 12)'],
    ['{"a": 1,\n "ä": nope}', ':2: not JSON (byte 17)'],
    ['<xml/>', ':1: not JSON (byte 0)'],
    ['[]', ': the document is not an object'],
    ['{}', ': schema is not 1, the one that is read'],
    ['{"schema": 2, "report": "gpuvm-trace check"}', ': schema is not 1, the one that is read'],
    ['{"schema": 1, "vms": []}', ': the document is not a report of `check --format json`'],
  ])('%s', (text, message) => {
    expect(broken(text)).toBe(`gpuvm-trace: /broken.json${message}`);
  });

  it.each([
    [{ traces: {} }, 'traces is not a list'],
    [{ traces: [{ ...good.traces[0], file: 7 }] }, 'traces[0].file is not a text'],
    [{ traces: good.traces.slice(0, 1), findings: [] }, 'findings is not a list of'],
    [{ fail_on: 'sometimes' }, 'fail_on is not one of note, warning, error, never'],
    [{ rules: ['no-such'] }, 'rules[0] is not a rule of this version'],
    [
      { findings: [{ ...good.findings[0], addr: 'x' }, ...good.findings.slice(1)] },
      'findings[0].addr is not an address',
    ],
    [
      { findings: [{ ...good.findings[0], line: -1 }, ...good.findings.slice(1)] },
      'findings[0].line is not a whole number',
    ],
    [{ unread: null }, 'unread is not a list'],
  ])('%j', (change, message) => {
    expect(broken(JSON.stringify({ ...good, ...change }))).toContain(`/broken.json: ${message}`);
  });

  it('is told as such whatever of it is missing or of another kind', () => {
    const values = [null, 7, -1.5, 'x', [], {}, [null], '__proto__', 1e300];
    const replaced = (value: unknown, where: number, by: unknown): unknown => {
      let left = where;
      const walk = (one: unknown): unknown => {
        if (left-- === 0) return by;
        if (Array.isArray(one)) return one.map(walk);
        if (typeof one !== 'object' || one === null) return one;
        return Object.fromEntries(Object.entries(one).map(([key, member]) => [key, walk(member)]));
      };
      return walk(value);
    };
    const small = { ...good, traces: good.traces.slice(1), findings: good.findings.slice(0, 1) };
    small.traces[0] = { ...small.traces[0], findings: 1 };
    fc.assert(
      fc.property(fc.nat({ max: 220 }), fc.constantFrom(...values), (where, by) => {
        try {
          const result = readReport(new JsonReader('f', replaced(small, where, by)), rules);
          for (const format of FORMATS as readonly Exclude<ResultFormat, 'text'>[]) renderResult(format, result);
        } catch (error) {
          expect(String(error)).toMatch(/^UserError: f: \S+.* is not /);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
