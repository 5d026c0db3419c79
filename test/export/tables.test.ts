// The tables of captures: every cell is what `jobs`, `check` and `state` print, by hyparquet and by DuckDB.
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, describe, expect, it } from 'vitest';
import { TABLES } from '../../src/export/capture_tables.ts';
import { fixture, ROOT, run } from '../support/run.ts';
import { metadataOf, type Read, readParquet } from './parquet_files.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tables-'));
afterAll(() => rmSync(folder, { recursive: true }));

type Row = Record<string, string | number | boolean | null>;

function filesBelow(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.parquet'))
    .sort();
}

/** Exports to a folder of its own, and gives each table's file. */
function exported(name: string, trace: string, ...options: string[]): Record<string, string> {
  const out = path.join(folder, name);
  const { code, err } = run(['export', '--format', 'parquet', '-o', out, trace, ...options]);
  expect([0, 3], err).toContain(code);
  return Object.fromEntries(filesBelow(out).map((file) => [file.split(path.sep)[0], path.join(out, file)]));
}

async function both(file: string): Promise<Read[]> {
  const rows = await readParquet(readFileSync(file));
  const instance = await DuckDBInstance.create(':memory:');
  try {
    const connection = await instance.connect();
    const sql = `SELECT * FROM read_parquet('${file.replaceAll("'", "''")}', hive_partitioning = false)`;
    const read = (await connection.runAndReadAll(sql)).getRowObjectsJson();
    const texts = rows.map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([name, value]) => [name, typeof value === 'bigint' ? String(value) : value]),
      ),
    );
    expect(read).toEqual(texts);
  } finally {
    instance.closeSync();
  }
  return rows;
}

/** The columns that the JSON has, in its spelling. */
function asJson(row: Read, like: Row): Row {
  return Object.fromEntries(
    Object.entries(like).map(([name, other]) => {
      const cell = row[name];
      const hex = typeof cell === 'bigint' && typeof other === 'string' && other.startsWith('0x');
      return [name, hex ? `0x${cell.toString(16)}` : typeof cell === 'bigint' ? Number(cell) : (cell ?? null)];
    }),
  );
}

function json<K extends string>(args: readonly string[], key: K): Row[] {
  return (JSON.parse(run([...args, '--format', 'json']).out) as Record<K, Row[]>)[key];
}

const CAPTURES = [
  'msm/unmap-offset/trace.txt',
  'lab/fuzz-mixed/trace.txt.gz',
  'lab/contention-threads/trace.txt.gz',
  'lab/var-clock-counter/trace.txt',
  'lab/var-comm-odd-6.12/trace.txt',
  'xe/correct/trace.txt.gz',
  'panthor/correct/trace.txt',
];

describe.each(CAPTURES)('%s', (name) => {
  const trace = fixture(name);
  const files = exported(name.replaceAll('/', '-'), trace);

  it('jobs are those of `jobs`', async () => {
    const wanted = json(['jobs', trace], 'jobs').map(({ unknown: _, ...row }) => row);
    const rows = await both(files['jobs'] ?? '');
    expect(rows.map((row, i) => asJson(row, wanted[i] ?? {}))).toEqual(wanted);
    expect(wanted.length).toBeGreaterThan(0);
  });

  it('findings are those of `check`', async () => {
    const wanted = json(['check', trace], 'findings');
    const rows = await both(files['findings'] ?? '');
    const shared = wanted.map((row) =>
      Object.fromEntries(Object.entries(row).filter(([column]) => column in (rows[0] ?? {}))),
    ) as Row[];
    expect(rows.map((row, i) => asJson(row, shared[i] ?? {}))).toEqual(shared);
  });

  it('mappings at the end are those of `state`', async () => {
    const wanted = json(['state', trace], 'mappings');
    const rows = (await both(files['mappings'] ?? '')).filter(({ at_end }) => at_end === true);
    expect(rows.map((row, i) => asJson(row, wanted[i] ?? {}))).toEqual(wanted);
  });

  it('steps are as many as `jobs` counts, and locks belong to jobs', async () => {
    const jobs = await both(files['jobs'] ?? '');
    const steps = await both(files['steps'] ?? '');
    for (const job of jobs) {
      if (job['steps'] === null) continue;
      const own = steps.filter((step) => step['job_line'] === job['line'] && step['line'] !== null);
      expect(BigInt(own.length), `job ${job['job']}`).toBe(job['steps']);
      expect(BigInt(own.filter((step) => step['type'] === 'remap').length)).toBe(job['remap']);
      expect(BigInt(own.filter((step) => step['keep'] === true).length)).toBe(job['keep']);
    }
    const lines = new Set(jobs.map((job) => job['line']));
    const locks = await both(files['locks'] ?? '');
    expect(locks.filter((lock) => !lines.has(lock['job_line'] ?? null))).toEqual([]);
    for (const lock of locks) if (typeof lock['held_ns'] === 'bigint') expect(lock['held_ns'] >= 0n).toBe(true);
  });

  it('says its schema', () => {
    for (const [table, file] of Object.entries(files))
      expect(metadataOf(file)).toEqual({ 'gpuvm-trace.schema': '1', 'gpuvm-trace.table': table });
  });
});

describe('the folder of an export', () => {
  const trace = fixture('lab/missing/trace.txt');

  it('replaces what it wrote before, and says so', () => {
    const files = Object.values(exported('twice', trace));
    const before = files.map((file) => readFileSync(file));
    const { code, err } = run(['export', '--format', 'parquet', '-o', path.join(folder, 'twice'), trace]);
    expect({ code, err }).toEqual({
      code: 0,
      err: `gpuvm-trace: ${trace}: replaced the 5 files of an export before\n`,
    });
    expect(files.map((file) => readFileSync(file))).toEqual(before);
    expect(readdirSync(path.join(folder, 'twice')).sort()).toEqual(TABLES.map(({ name }) => name).sort());
  });

  it('leaves nothing where the trace is none', () => {
    const out = path.join(folder, 'none');
    const { code, err } = run(['export', '--format', 'parquet', '-o', out, 'package.json']);
    expect(code).toBe(2);
    expect(err).toContain('package.json: not a trace');
    expect(readdirSync(out)).toEqual([]);
  });

  it.each(['/proc/gpuvm-trace', '/dev/null/tables', 'package.json'])('says that %s is no place for it', (out) => {
    const { code, err } = run(['export', '--format', 'parquet', '-o', out, trace]);
    expect(code).toBe(2);
    expect(err).toMatch(/^gpuvm-trace: \S+: cannot be written: [^\n]+\n$/);
  });

  it('is not left by a link', () => {
    const out = path.join(folder, 'link');
    const elsewhere = mkdtempSync(path.join(folder, 'elsewhere-'));
    exported('link', trace);
    rmSync(path.join(out, 'jobs'), { recursive: true });
    symlinkSync(elsewhere, path.join(out, 'jobs'));
    const { code, err } = run(['export', '--format', 'parquet', '-o', out, trace]);
    expect(code).toBe(2);
    expect(err).toContain('a link leads out of');
    expect(filesBelow(elsewhere)).toEqual([]);
  });

  it('takes hostile names as names', () => {
    const hostile = path.join(folder, "a'b%*[x]\u202e.txt");
    writeFileSync(hostile, readFileSync(path.join(ROOT, trace)));
    exported('hostile', hostile, '--kernel', '6.18');
    const out = path.join(folder, 'hostile');
    const { rows } = JSON.parse(
      run(['query', out, 'SELECT DISTINCT capture, kernel FROM jobs', '--format', 'json']).out,
    ) as { rows: Row[] };
    expect(rows).toEqual([{ capture: hostile.replace('\u202e', '\\u{202e}'), kernel: '6.18' }]);
  });
});
