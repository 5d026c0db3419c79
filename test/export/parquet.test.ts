// The writer's encoding: what goes in comes out, of hyparquet as of DuckDB, whatever it is.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import * as parquet from 'hyparquet-writer';
import { afterAll, expect, it } from 'vitest';
import { ParquetTable } from '../../src/export/parquet.ts';
import { partitionPath } from '../../src/export/partition.ts';
import type { Table } from '../../src/export/table.ts';
import { printable } from '../../src/reporters/escape.ts';
import { readParquet } from './parquet_files.ts';

interface Row {
  readonly text: string | undefined;
  readonly int: bigint | undefined;
  readonly u64: bigint | undefined;
  readonly flag: boolean | undefined;
}

const table: Table<Row> = {
  name: 'jobs',
  meaning: '',
  columns: [
    { name: 'text', type: 'text', meaning: '', value: (row) => row.text },
    { name: 'int', type: 'int', meaning: '', value: (row) => row.int },
    { name: 'u64', type: 'u64', meaning: '', value: (row) => row.u64 },
    { name: 'flag', type: 'flag', meaning: '', value: (row) => row.flag },
  ],
};

const folder = mkdtempSync(path.join(tmpdir(), 'parquet-'));
afterAll(() => rmSync(folder, { recursive: true }));

function written(rows: Iterable<Row>): { readonly bytes: Uint8Array; readonly largest: number } {
  const parts: Uint8Array[] = [];
  const file = new ParquetTable(parquet, table, (bytes) => parts.push(bytes.slice()));
  for (const row of rows) file.add(row);
  file.finish();
  return { bytes: Buffer.concat(parts), largest: Math.max(...parts.map(({ length }) => length)) };
}

async function byDuckdb(bytes: Uint8Array): Promise<unknown[]> {
  const file = path.join(folder, 'one.parquet');
  writeFileSync(file, bytes);
  const instance = await DuckDBInstance.create(':memory:');
  try {
    const connection = await instance.connect();
    const sql = `SELECT text, int, u64::UBIGINT AS u64, flag FROM read_parquet('${file}')`;
    return (await connection.runAndReadAll(sql)).getRowObjectsJS();
  } finally {
    instance.closeSync();
  }
}

const maybe = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined, freq: 5 });
const extremes = (...values: bigint[]) => fc.constantFrom(...values);
const anyRow: fc.Arbitrary<Row> = fc.record({
  text: maybe(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('', '\0', '\ud800', 'a\udfffb', 'n\u00fcll', '\xff\xfe', 'null', '\u202e'),
      fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
    ),
  ),
  int: maybe(
    fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), extremes(-(2n ** 63n), 2n ** 63n - 1n, 0n, -1n)),
  ),
  u64: maybe(
    fc.oneof(
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      extremes(0n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 4096n, 2n ** 64n - 1n),
    ),
  ),
  flag: maybe(fc.boolean()),
});

function expected({ text, int, u64, flag }: Row): Record<string, unknown> {
  return { text: text === undefined ? null : printable(text), int: int ?? null, u64: u64 ?? null, flag: flag ?? null };
}

it('any rows come out as they went in', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyRow, { maxLength: 60 }), async (rows) => {
      const { bytes } = written(rows);
      const wanted = rows.map(expected);
      expect(await readParquet(bytes)).toEqual(wanted);
      expect(await byDuckdb(bytes)).toEqual(wanted);
    }),
    { numRuns: 100 },
  );
});

it('writes groups as they fill up, and the same bytes each time', async () => {
  const rows = Array.from({ length: 40_000 }, (_, i) => ({
    text: `row ${i}`,
    int: BigInt(i),
    u64: BigInt(i) << 44n,
    flag: i % 3 === 0,
  }));
  const { bytes, largest } = written(rows);
  expect(largest).toBeLessThan(bytes.length / 4);
  expect(written(rows).bytes).toEqual(bytes);
  expect(await readParquet(bytes)).toEqual(rows.map(expected));
});

it('a group ends also where its text grows', () => {
  const rows = Array.from({ length: 40 }, (_, i) => ({
    text: String.fromCharCode(97 + (i % 26)).repeat(500_000),
    int: 1n,
    u64: 1n,
    flag: true,
  }));
  const parts: number[] = [];
  const file = new ParquetTable(parquet, table, (bytes) => parts.push(bytes.length));
  for (const row of rows) file.add(row);
  file.finish();
  expect(parts.length).toBeGreaterThan(4);
});

it('no name leads out of the folder, and none is another’s', () => {
  const place = (capture: string) => partitionPath('jobs', { driver: 'msm', kernel: '6.18.1', capture });
  expect(place('../../etc/passwd')).toBe('jobs/driver=msm/kernel=6.18.1/capture=..%2F..%2Fetc%2Fpasswd/part-0.parquet');
  expect(place('a\0b\n=\x1b[')).toBe('jobs/driver=msm/kernel=6.18.1/capture=a%00b%0A%3D%1B%5B/part-0.parquet');
  expect(() => place('')).toThrow('must have a name');
  expect(() => place('x'.repeat(300))).toThrow('--capture');
  const well = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(well, (capture) => {
      const parts = place(capture).split('/');
      expect(parts).toHaveLength(5);
      expect(decodeURIComponent(parts[3] ?? '')).toBe(`capture=${capture}`);
    }),
  );
});
