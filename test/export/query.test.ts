// `query`: what it answers, in which forms, and what it refuses.
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { fixture, ROOT, run } from '../support/run.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'query-'));
afterAll(() => rmSync(folder, { recursive: true }));

const missing = fixture('lab/missing/trace.txt');
const msm = fixture('msm/unmap-offset/trace.txt');

function rows(...args: string[]): unknown {
  const { code, out, err } = run(['query', ...args, '--format', 'json']);
  expect(code, err).toBe(0);
  return (JSON.parse(out) as { rows: unknown }).rows;
}

describe('query', () => {
  it('asks traces, folders of traces and exports alike', () => {
    const sql = 'SELECT driver, count(*) AS n FROM jobs GROUP BY ALL ORDER BY ALL';
    const traces = rows(missing, msm, sql);
    expect(traces).toHaveLength(2);
    const out = path.join(folder, "tab'les [a]*");
    expect(run(['export', '--format', 'parquet', '-o', out, missing, msm]).code).toBe(0);
    expect(rows(out, sql)).toEqual(traces);
    const several = path.join(folder, 'traces');
    mkdirSync(several);
    copyFileSync(path.join(ROOT, missing), path.join(several, 'a.txt'));
    copyFileSync(path.join(ROOT, msm), path.join(several, 'b.txt'));
    writeFileSync(path.join(several, 'notes'), 'none');
    expect(rows(several, sql)).toEqual(traces);
    expect(run(['query', several, sql]).err).toContain('left out: ');
  });

  it('gives each format, with nothing that moves a terminal', () => {
    const sql =
      "SELECT 18446744073709551615::UBIGINT AS big, chr(27) || '[31mé' AS text, NULL AS nothing, '=1' AS cell";
    const asked = (format: string) => run(['query', missing, sql, '--format', format]).out;
    expect(asked('text')).toMatch(/^ +big +text +nothing +cell\n18446744073709551615 +\\x1b\[31mé +- +=1\n$/);
    expect(asked('csv')).toBe("big,text,nothing,cell\n18446744073709551615,\\x1b[31mé,,'=1\n");
    const row = { big: '18446744073709551615', text: '\\x1b[31mé', nothing: null, cell: '=1' };
    expect(JSON.parse(asked('json'))).toEqual({ schema: 1, rows: [row] });
    expect(JSON.parse(asked('ndjson'))).toEqual({ schema: 1, kind: 'row', ...row });
  });

  it.each([
    ["SELECT * FROM read_text('/etc/passwd')", 'Permission Error'],
    ["SELECT * FROM 'https://example.com/a.parquet'", 'Permission Error'],
    ["SELECT * FROM glob('/*')", 'Permission Error'],
    ["ATTACH '/tmp/other.db'", ''],
    ['INSTALL httpfs', 'only SELECT'],
    ['SET enable_external_access = true', 'only SELECT'],
    ['CREATE TABLE t AS SELECT 1', 'only SELECT'],
    ['SELECT 1; SELECT 2', 'one statement'],
    ['SELECT nonsense FROM jobs', 'nonsense'],
    ['SELEC', 'syntax error'],
    [' ', 'empty'],
    ['SELECT count(*) FROM range(100000000) a, range(100) b GROUP BY a.range', 'Out of Memory'],
  ])('refuses %s in a line', (sql, why) => {
    const { code, out, err } = run(['query', missing, sql, '--memory', '50MB']);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(/^gpuvm-trace: SQL: [^\n]+\n$/);
    expect(err).toContain(why);
  });

  it('writes nothing where it reads', () => {
    const out = path.join(folder, 'own');
    expect(run(['export', '--format', 'parquet', '-o', out, missing]).code).toBe(0);
    const file = path.join(out, 'stolen.csv');
    expect(run(['query', out, `COPY jobs TO '${file}'`]).err).toContain('only SELECT');
    expect(existsSync(file)).toBe(false);
  });

  it('says in one line that DuckDB is not there', () => {
    const hook = path.join(folder, 'absent.mjs');
    const loader = `export async function resolve(name, context, next) {
      if (name === '@duckdb/node-api') throw new Error('absent');
      return next(name, context);
    }`;
    const url = `data:text/javascript,${encodeURIComponent(loader)}`;
    writeFileSync(hook, `import { register } from 'node:module'; register(${JSON.stringify(url)});`);
    const { code, err } = run(['query', missing, 'SELECT 1'], { env: { NODE_OPTIONS: `--import ${hook}` } });
    expect(code).toBe(2);
    expect(err).toBe(
      'gpuvm-trace: query needs the package @duckdb/node-api, which is not installed: npm install @duckdb/node-api\n',
    );
  });

  it('says what it lacks', () => {
    expect(run(['query', missing]).err).toContain('needs a trace or folder and a SELECT');
  });
});
