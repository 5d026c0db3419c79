// `walk` against what the lines of the fixtures say, read here a second time.
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { holds, rawLines, rawText } from '../support/raw_trace.ts';
import { fixture, run } from '../support/run.ts';

type Row = Record<string, string>;

const MSM = 'msm/remap-much/trace.txt';

function walk(file: string, ...args: string[]): Row[] {
  return parse(run(['walk', fixture(file), ...args, '--format', 'csv']).out, { columns: true });
}

function only(rows: readonly Row[], row: string): Row {
  const found = rows.filter((one) => one['row'] === row);
  expect(found).toHaveLength(1);
  return found[0] ?? {};
}

describe('the walk', () => {
  it.each([
    [MSM, 0x114000, [2 ** 39, 2 ** 30, 2 ** 21, 2 ** 12]],
    ['nouveau/correct/trace.txt', 0x111000, [2 ** 47, 2 ** 38, 2 ** 29, 2 ** 21, 2 ** 12]],
    ['lab/correct/trace.txt', 0x114000, [2 ** 12]],
    ['panthor/correct/trace.txt', 0xe01000, [2 ** 39, 2 ** 30, 2 ** 21, 2 ** 12]],
  ])('of %s at %i goes from the root to the page that the last table call wrote', (file, address, sizes) => {
    const own = rawLines(fixture(file));
    // Behind the last job only the teardown is left.
    const jobs = own.findLast((one) => /^(bind_ret|work_ret|unlock_region)$/.test(one.name))?.line ?? 0;
    const write = own.findLast((one) => /^mmu_(un)?map$/.test(one.name) && one.line < jobs && holds(one, address));
    const insert = own.findLast((one) => one.name === 'va_insert' && holds(one, address));
    const rows = walk(file, `0x${address.toString(16)}`);
    const levels = rows.filter((row) => row['row'] === 'level');
    const depth = levels.length;
    expect(levels.map((row) => Number(row['range']))).toEqual(sizes.slice(0, depth));
    for (const [index, row] of levels.entries()) {
      expect(Number(row['level'])).toBe(index);
      expect(Number(row['addr'])).toBe(address - (address % Number(row['range'])));
      if (index < depth - 1) expect(row['kind']).toBe('table');
    }
    const last = levels.at(-1) ?? {};
    expect(Number(last['line'])).toBe(write?.line);
    if (write?.name === 'mmu_unmap') {
      expect(last['kind']).toBe('hole');
      expect(only(rows, 'verdict')['kind']).toBe('neither');
      return;
    }
    expect(last['kind']).toMatch(/page|block/);
    expect(last['obj']).toBe(insert?.args['obj']);
    const into = Number(insert?.args['offset']) + address - Number(insert?.args['addr']);
    expect(Number(last['offset'])).toBe(into);
    expect(only(rows, 'mapping')).toMatchObject({ kind: 'mapped', obj: last['obj'], offset: last['offset'] });
    expect(Number(only(rows, 'mapping')['line'])).toBe(insert?.line);
    expect(only(rows, 'verdict')['kind']).toBe('both');
  });

  it('shows the rights that the map calls show', () => {
    const shown = rawText(fixture(MSM)).replace(/( mmu_map: .*) pte=/g, '$1 prot=0x1 pte=');
    const { out } = run(['walk', '-', '0x114000', '--format', 'csv'], { input: shown });
    const rows: Row[] = parse(out, { columns: true });
    expect(rows.filter((row) => row['row'] === 'level').map((row) => row['rights'])).toEqual(['', '', '', 'r-']);
    expect(walk(MSM, '0x114000').map((row) => row['rights'])).not.toContain('r-');
  });

  it('ends at a block where one is mapped', () => {
    const [first] = rawLines(fixture('panthor/correct/trace.txt')).filter((one) => one.name === 'mmu_map');
    expect(first?.args).toMatchObject({ addr: '0x200000', pgsize: '0x200000', paddr: '0x400000000' });
    const rows = walk('panthor/correct/trace.txt', '0x412345', '--at', `line:${Number(first?.line) + 1}`);
    const last = rows.filter((row) => row['row'] === 'level').at(-1);
    expect(last).toMatchObject({ kind: 'block', addr: '0x400000', range: '0x200000', phys: '0x400212345' });
    expect(only(rows, 'locked')).toBeDefined();
  });

  it('tells of the table writes that are to come', () => {
    const own = rawLines(fixture(MSM));
    const insert = own.find((one) => one.name === 'va_insert' && holds(one, 0x114000));
    const rows = walk(MSM, '0x114000', '--at', `line:${insert?.line}`);
    expect(only(rows, 'late')['job']).toBe('2548');
    expect(only(rows, 'mapping')).toMatchObject({ obj: insert?.args['obj'], offset: '0x4000' });
  });

  it('says where the tables lack or still have an entry', () => {
    const own = rawLines(fixture(MSM));
    const unmap = own.findLast((one) => one.name === 'mmu_unmap' && holds(one, 0x128000));
    const rows = walk(MSM, '0x128000');
    expect(only(rows, 'verdict')['kind']).toBe('missing');
    expect(rows.filter((row) => row['row'] === 'level').at(-1)).toMatchObject({ kind: 'hole', line: `${unmap?.line}` });
    const lost = rawLines(fixture('lab/lose-prev/trace.txt')).find(
      (one) => one.name === 'va_remove' && holds(one, 0x110000),
    );
    const job = rawLines(fixture('lab/lose-prev/trace.txt')).find(
      (one) => one.name === 'bind_ret' && one.line > (lost?.line ?? 0),
    );
    const stale = walk('lab/lose-prev/trace.txt', '0x110000', '--at', `line:${job?.line}`);
    expect(only(stale, 'verdict')['kind']).toBe('stale');
    expect(only(stale, 'mapping')['kind']).toBe('nothing');
  });

  it('knows sparse regions', () => {
    const rows = walk('nouveau/written-sparse/trace.txt', '0x10080000');
    expect(only(rows, 'sparse')).toBeDefined();
    expect(run(['walk', fixture('nouveau/written-sparse/trace.txt'), '0x10080000']).out).toContain('reads zero');
  });

  it('knows what the TLB may still hold', () => {
    const file = 'panthor/edited-no-unlock/trace.txt';
    const unmap = rawLines(fixture(file)).find((one) => one.name === 'mmu_unmap');
    const rows = walk(file, unmap?.args['addr'] ?? '', '--at', `line:${Number(unmap?.line) + 1}`);
    expect(only(rows, 'tlb')['line']).toBe(String(unmap?.line));
  });
});

describe('the moment', () => {
  it('is before the teardown where none is given', () => {
    const own = rawLines(fixture(MSM));
    const over = own.find(
      (one) =>
        one.name === 'work_ret' &&
        one.line > (own.findLast((l) => l.name === 'mmu_map' && holds(l, 0x114000))?.line ?? 0),
    );
    expect(run(['walk', fixture(MSM), '0x114000']).out.split('\n')[0]).toBe(`0x114000 after line ${over?.line}`);
    expect(run(['walk', fixture(MSM), '0x114000', '--at', 'end'])).toMatchObject({
      code: 2,
      err: expect.stringMatching(
        /no VM covers 0x114000 at the end of the trace: VM 1 "msm" \w+ does, and is gone by then\n$/,
      ),
    });
  });

  it('may be any other', () => {
    const own = rawLines(fixture(MSM));
    const [first] = own.filter((one) => one.name === 'mmu_map' && holds(one, 0x114000));
    const time = own.find((one) => one.line > (first?.line ?? 0))?.time ?? '';
    const levels = (moment: string) => walk(MSM, '0x114000', '--at', moment).filter((row) => row['row'] === 'level');
    expect(levels(time).at(-1)?.['line']).toBe(String(first?.line));
    expect(levels(`line:${first?.line}`)).toEqual(levels(time));
    expect(levels(`line:${Number(first?.line) - 1}`).at(-1)?.['kind']).toBe('hole');
  });
});

describe('what is asked', () => {
  it.each([
    [[MSM, 'here'], 'gpuvm-trace: here is no address; expected one such as 0x114000, below 2^64\n'],
    [[MSM, '-1'], /^gpuvm-trace: -1 is no address; .*\n$/],
    [
      [MSM, '0x1000'],
      /^gpuvm-trace: .*: no VM covers 0x1000 after line \d+: VM 1 "msm" 0x\w+ maps 0x10000\+0xff0000\n$/,
    ],
    [[MSM, '0x114000', '--vm', 'other'], /^gpuvm-trace: .*: no VM covers 0x114000 .*: --vm other names none\n$/],
    [[MSM, '0x114000', '--at', 'job:1'], /^gpuvm-trace: .*: no job 1 .*\n$/],
    [[MSM], /^gpuvm-trace: an address is needed behind the trace, such as 0x114000\n$/],
  ])('%j is refused with one clear line', ([file = '', ...args], message) => {
    const { code, out, err } = run(['walk', fixture(file), ...args]);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    if (typeof message === 'string') expect(err).toBe(message);
    else expect(err).toMatch(message);
  });

  it('a trace without table calls: exit code 3, and the VA space all the same', () => {
    const { code, out, err } = run(['walk', fixture('lab/part-core-only/trace.txt.gz'), '0x114000']);
    expect(code).toBe(3);
    expect(err).toContain('the trace shows no page table call');
    expect(out).toContain('only the VA space is known');
    const insert = rawLines(fixture('lab/part-core-only/trace.txt.gz')).findLast(
      (one) => one.name === 'va_insert' && holds(one, 0x114000),
    );
    expect(out).toContain(`inserted at line ${insert?.line}`);
  });

  it('a trace that has lost events: exit code 3', () => {
    expect(run(['walk', fixture('lab/lost-trace-overwrite1/trace.txt'), '0x114000']).code).toBe(3);
  });

  it('standard input gives the same as the file', () => {
    const args = ['0x114000', '--format', 'json'];
    expect(run(['walk', '-', ...args], { input: rawText(fixture(MSM)) })).toEqual(run(['walk', fixture(MSM), ...args]));
  });
});

describe('formats', () => {
  it('CSV, JSON and NDJSON tell the same', () => {
    const args = ['walk', fixture(MSM), '0x114000'];
    const rows: Row[] = parse(run([...args, '--format', 'csv']).out, { columns: true });
    const { schema, rows: objects } = JSON.parse(run([...args, '--format', 'json']).out);
    expect(schema).toBe(1);
    const lines = run([...args, '--format', 'ndjson'])
      .out.trimEnd()
      .split('\n');
    expect(objects).toHaveLength(rows.length);
    expect(lines).toHaveLength(rows.length);
    for (const [index, row] of rows.entries()) {
      expect(JSON.parse(lines[index] ?? '')).toEqual({ schema: 1, kind: 'row', ...objects[index] });
      for (const [name, cell] of Object.entries(row)) expect(String(objects[index][name] ?? '')).toBe(cell);
    }
  });
});
