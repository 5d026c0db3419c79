// `blame` against what the lines of the fixtures say, read here a second time.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixture as capture } from '../support/captures.ts';
import { devcoredump } from '../support/msm_crash.ts';
import { holds, type RawLine, rawLines, rawText } from '../support/raw_trace.ts';
import { FIXTURES, fixture, run } from '../support/run.ts';

type Row = Record<string, string>;

function blame(file: string, ...args: string[]): Row[] {
  return parse(run(['blame', fixture(file), ...args, '--format', 'csv']).out, { columns: true });
}

/** The row of the fault. */
function faultOf(file: string, fault: string): Row {
  const rows = blame(file, '--fault', fault).filter((row) => row['event'] === 'fault');
  expect(rows).toHaveLength(1);
  return rows[0] ?? {};
}

const MSM = 'msm/remap-much/trace.txt';
const NAMES: Row = { va_insert: 'insert', va_remove: 'remove', mmu_map: 'table map', mmu_unmap: 'table unmap' };

function at(lines: readonly RawLine[], name: string, address: number): RawLine[] {
  return lines.filter((one) => one.name === name && holds(one, address));
}

/** Halfway between two lines. */
function between(before: RawLine | undefined, after: RawLine | undefined): string {
  const time = (Number(before?.time) + Number(after?.time)) / 2;
  expect(Number(after?.time)).toBeGreaterThan(Number(before?.time));
  return time.toFixed(7);
}

describe('the events of an address', () => {
  it.each([
    [MSM, 0x114000],
    [MSM, 0x128000],
    ['msm/correct/trace.txt', 0x11c000],
    ['nouveau/correct/trace.txt', 0x114000],
    ['nouveau/written-sparse/trace.txt', 0x10010000],
    ['panthor/correct/trace.txt', 0xa80000],
    ['panthor/overmap/trace.txt', 0x400000],
    ['pvr/correct/trace.txt', 0x114000],
    ['lab/lose-prev/trace.txt', 0x110000],
    ['lab/skip-unmap/trace.txt', 0x104000],
    ['lab/immediate/trace.txt', 0x13c000],
  ])('of %s at %i are the lines whose range holds it, and no other', (file, address) => {
    const wanted = rawLines(fixture(file)).filter((one) => NAMES[one.name] !== undefined && holds(one, address));
    expect(wanted.length).toBeGreaterThan(3);
    const rows = blame(file, `0x${address.toString(16)}`);
    const found = rows.filter((row) => Object.values(NAMES).includes(row['event'] ?? ''));
    expect(found.map(({ line, event, time, comm, pid }) => [Number(line), event, time, `${comm}-${pid}`])).toEqual(
      wanted.map(({ line, name, time, task }) => [line, NAMES[name], time, task]),
    );
    for (const [index, row] of found.entries()) {
      const { name, args } = wanted[index] ?? { name: '', args: {} as Row };
      expect(row['addr']).toBe(args['addr']);
      if (name !== 'va_insert') continue;
      expect(row['obj']).toBe(args['obj']);
      const into = Number(args['offset']) + address - Number(args['addr']);
      expect(row['offset']).toBe(args['obj'] === '0x0' ? '' : `0x${into.toString(16)}`);
      expect(row['result']).toBe(args['ret'] === '0' ? 'ok' : `refused ${args['ret']}`);
    }
  });

  it('gives an insert whose return is probed apart the line of its entry and the time of its return', () => {
    const file = 'lab/kprobe-misc/trace.txt';
    const lines = rawLines(fixture(file));
    const entries = at(lines, 'va_insert', 0x110000);
    const returns = entries.map(({ line, task }) =>
      lines.find((one) => one.name === 'va_insert_ret' && one.line > line && one.task === task),
    );
    const rows = blame(file, '0x110000').filter((row) => row['event'] === 'insert');
    expect(rows.map((row) => [Number(row['line']), row['time']])).toEqual(
      entries.map(({ line }, index) => [line, returns[index]?.time]),
    );
    expect(rows.length).toBeGreaterThan(3);
  });

  it('shows an insert that was refused', () => {
    const refused = rawLines(fixture('lab/skip-unmap/trace.txt')).filter((one) => one.args['ret'] === '-17');
    const rows = blame('lab/skip-unmap/trace.txt', '0x104000').filter((row) => row['result'] === 'refused -17');
    expect(rows.map((row) => Number(row['line']))).toEqual(
      refused.filter((one) => one.name === 'va_insert' && holds(one, 0x104000)).map((one) => one.line),
    );
    expect(rows.length).toBeGreaterThan(0);
  });

  it('shows the steps, what they do to the address and what a REMAP keeps', () => {
    const steps = rawLines(fixture(MSM)).filter((one) => /^step_(map|unmap|remap)$/.test(one.name));
    const wanted = steps.filter((one) => holds(one, 0x114000));
    const rows = blame(MSM, '0x114000').filter((row) => row['event']?.startsWith('step '));
    expect(rows.map((row) => [Number(row['line']), row['event']])).toEqual(
      wanted.map(({ line, name }) => [line, name.replace('_', ' ')]),
    );
    const [first] = rows.filter((row) => row['event'] === 'step remap');
    expect(first).toMatchObject({ result: 'unmapped', prev: '0x110000+0x4000', next: '0x118000+0x8000' });
    const kept = blame(MSM, '0x111000').filter((row) => row['event'] === 'step remap');
    expect(kept[0]).toMatchObject({ line: first?.['line'], result: 'kept in prev' });
    expect(blame(MSM, '0x118000').find((row) => row['line'] === first?.['line'])).toMatchObject({
      result: 'kept in next',
    });
  });

  it('ties a table write of the scheduler’s run to the step of the job that it is made for', () => {
    const lines = rawLines(fixture(MSM));
    const writes = blame(MSM, '0x114000').filter((row) => row['event']?.startsWith('table '));
    for (const row of writes) {
      const work = lines.findLast((one) => one.name === 'work' && one.line < Number(row['line']));
      expect(row['job']).toBe(work?.args['id']);
      expect(row['of']).toMatch(row['event'] === 'table map' ? /^map$/ : /^(un|re)map$/);
    }
    expect(writes.length).toBeGreaterThan(5);
    // One job unmaps by its REMAP and maps by the MAP behind it.
    expect(writes.slice(1, 3).map(({ job, op, step, of }) => [job, op, step, of])).toEqual([
      ['2550', '0', '0', 'remap'],
      ['2550', '0', '1', 'map'],
    ]);
  });

  it('names an insert by the step of a REMAP that it is a part of', () => {
    const rows = blame('lab/lose-prev/trace.txt', '0x110000');
    const kept = rows.filter((row) => row['event'] === 'insert' && row['of'] === 'remap');
    expect(kept).toHaveLength(1);
    expect(kept[0]).toMatchObject({ addr: '0x110000', range: '0x30000', op: '0', step: '0' });
  });

  it('tells the locks that are held, and whether the object’s own is among them', () => {
    const file = 'lab/missing/trace.txt';
    const lines = rawLines(fixture(file));
    const resvOf = (line: number) => {
      const before = lines.filter((one) => one.line < line);
      const init = before.findLastIndex((one) => one.name === 'exec_init');
      const locked = before.slice(init).filter((one) => one.name === 'lock_obj_ret' && one.args['ret'] === '0');
      expect(before.slice(init).some((one) => one.name === 'exec_fini')).toBe(false);
      return [...new Set(locked.map((one) => one.args['resv']))];
    };
    const rows = blame(file, '0x114000').filter(
      (row) => row['job'] !== '' && /^(remove|step)/.test(row['event'] ?? ''),
    );
    const held = new Set<string | undefined>();
    for (const row of rows) {
      const resvs = (row['locks'] ?? '').split(' ').map((one) => one.split('/')[1]);
      expect(resvs).toEqual(resvOf(Number(row['line'])));
      const own = lines.find((one) => one.name === 'obj_init' && one.args['obj'] === row['obj'])?.args['resv'];
      expect(row['held']).toBe(resvs.includes(own) ? 'yes' : 'no');
      held.add(row['held']);
    }
    expect(held).toEqual(new Set(['yes', 'no']));
  });

  it('says that a VM in immediate mode needs none', () => {
    const rows = blame('lab/immediate/trace.txt', '0x114000').filter((row) => row['event']?.startsWith('step '));
    expect(new Set(rows.map((row) => row['held']))).toEqual(new Set(['list lock']));
  });

  it('lists the locks of the address space that cover it', () => {
    const file = 'panthor/correct/trace.txt';
    const locks = rawLines(fixture(file)).filter(({ name, args }) => {
      const start = Number(args['start']);
      return name === 'lock_region' && start <= 0xa80000 && 0xa80000 < start + Number(args['size']);
    });
    expect(locks.length).toBeGreaterThan(1);
    const rows = blame(file, '0xa80000').filter((row) => row['event'] === 'as lock');
    expect(rows.map((row) => Number(row['line']))).toEqual(locks.map((one) => one.line));
  });

  it('tells how far a table call came', () => {
    const file = 'panthor/written-hole/trace.txt';
    const wanted = rawLines(fixture(file)).findLast((one) => one.name === 'mmu_unmap');
    const line = String(wanted?.line);
    const row = (address: string) => blame(file, address).find((one) => one['line'] === line);
    expect(row('0x400000')?.['result']).toBe('short 0x2000 behind it');
    expect(row('0x402000')?.['result']).toBe('short 0x2000 before it');
  });
});

describe('a fault', () => {
  const lines = rawLines(fixture(MSM));
  const inserts = at(lines, 'va_insert', 0x114000);
  const removes = at(lines, 'va_remove', 0x114000);
  const maps = at(lines, 'mmu_map', 0x114000);
  const [insert] = inserts;
  const [map] = maps;

  it('of an address that nothing was ever mapped at, with the job that maps it later', () => {
    const row = faultOf(MSM, `0x114000@${between(lines[0], insert)}`);
    expect(row['result']).toBe('never mapped');
    expect(row['text']).toMatch(/never was before; mapped 0\.\d+ s after by job 2548 \(msm-265\), line 62,/);
  });

  it('between the bind and the table write of its job', () => {
    const row = faultOf(MSM, `0x114000@${between(insert, map)}`);
    expect(row['result']).toBe('late');
    expect(row['text']).toContain(`written to the page table 0.000`);
    expect(row['text']).toContain(`by job 2548 (kworker/u8:2-30), line ${map?.line}`);
  });

  it('of an address that is mapped', () => {
    const row = faultOf(MSM, `0x114000@${between(map, removes[0])}`);
    expect(row['result']).toBe('mapped');
    expect(row['text']).toContain(`${insert?.args['obj']} at offset 0x4000`);
  });

  it('after an unmap: who did it, by which op and step, under which locks, and who maps it again', () => {
    const gone = removes[1];
    const again = inserts.find((one) => one.line > (gone?.line ?? 0));
    const row = faultOf(MSM, `0x114000@${between(at(lines, 'mmu_unmap', 0x114000)[1], again)}`);
    expect(row['result']).toBe('unmapped');
    const text = row['text'] ?? '';
    expect(text).toContain(`last unmapped at ${gone?.time}`);
    expect(text).toContain(`line ${gone?.line}: by job 2552 (msm-265), op 0 (unmap 0x112000+0x8000), step 1 (unmap)`);
    expect(text).toContain('the dma_resv of its object was held');
    expect(text).toMatch(new RegExp(`mapped 0\\.\\d+ s after by job 2555 \\(msm-265\\), line ${again?.line},`));
  });

  it('after a REMAP that lost what it was to keep: the table still has it', () => {
    const file = 'lab/lose-prev/trace.txt';
    const own = rawLines(fixture(file));
    const [gone] = at(own, 'va_remove', 0x110000);
    const over = own.find((one) => one.name === 'bind_ret' && one.line > (gone?.line ?? 0));
    const row = faultOf(file, `0x110000@${over?.time}`);
    expect(row['result']).toBe('stale');
    expect(row['text']).toContain('was to leave it in prev 0x110000+0x4000, and no insert brought it back');
  });

  it('of a mapping whose entry was torn down', () => {
    const own = rawLines(fixture(MSM));
    const unmap = at(own, 'mmu_unmap', 0x128000).at(-1);
    const gone = at(own, 'va_remove', 0x128000).at(-1);
    const row = faultOf(
      MSM,
      `0x128000@${between(
        own.find((one) => one.name === 'work_ret' && one.line > (unmap?.line ?? 0)),
        gone,
      )}`,
    );
    expect(row['result']).toBe('missing');
    expect(row['text']).toContain(`line ${unmap?.line}, `);
  });

  it('when its VM is gone, and in a sparse region', () => {
    const free = lines.findLast((one) => one.name === 'vm_free');
    expect(faultOf(MSM, `0x114000@${Number(free?.time) + 1}`)).toMatchObject({ result: 'no VM', vm: '' });
    expect(faultOf('nouveau/written-sparse/trace.txt', '0x10080000@100.0001')['result']).toBe('sparse');
  });

  it('comes first in the text and at its place in the rows', () => {
    const time = between(insert, map);
    const { code, out } = run(['blame', fixture(MSM), '0x114000', '--fault', `0x114000@${time}`]);
    expect(code).toBe(0);
    expect(out.split('\n')[1]).toBe(
      `fault at 0x114000, ${time}: bound, but not in the page table yet: the table writes of job 2548 were not over`,
    );
    const rows = blame(MSM, '--fault', `0x114000@${time}`);
    const place = rows.findIndex((row) => row['event'] === 'fault');
    expect(Number(rows[place - 1]?.['time'])).toBeLessThanOrEqual(Number(time));
    expect(Number(rows[place + 1]?.['time'])).toBeGreaterThan(Number(time));
    expect(rows.length).toBe(blame(MSM, '0x114000').length + 1);
  });

  it('is looked for on standard input too', () => {
    const args = ['--fault', `0x114000@${between(insert, map)}`];
    const piped = run(['blame', '-', ...args], { input: rawText(fixture(MSM)) });
    expect(piped).toEqual(run(['blame', fixture(MSM), ...args]));
  });
});

describe('what is asked', () => {
  it.each([
    [[MSM, '0x11zz'], 'gpuvm-trace: 0x11zz is no address; expected one such as 0x114000, below 2^64\n'],
    [[MSM, '0x10000000000000000'], /^gpuvm-trace: 0x10{16} is no address; .*\n$/],
    [[MSM], 'gpuvm-trace: an address is needed: as an argument, or with --fault ADDRESS@TIME\n'],
    [[MSM, '--fault', '0x114000'], /^gpuvm-trace: 0x114000 is no fault; expected ADDRESS@TIME such as .*\n$/],
    [[MSM, '--fault', 'x@1.5'], /^gpuvm-trace: x is no address; .*\n$/],
    [
      [MSM, '0x1000', '--fault', '0x2000@57.7'],
      /^gpuvm-trace: the address is 0x1000, and that of --fault is 0x2000: .*\n$/,
    ],
    [[MSM, '--fault', '0x114000@1.5'], /^gpuvm-trace: .*: the trace begins at 57\.718\d+, after the fault at 1\.5\n$/],
    [[MSM, '0x1'], /^gpuvm-trace: .*: no VM covers 0x1 in the trace: VM 1 "msm" 0x\w+ maps 0x10000\+0xff0000\n$/],
    [[MSM, '0x114000', '--vm', '#7'], /^gpuvm-trace: .*: no VM covers 0x114000 in the trace: --vm #7 names none\n$/],
  ])('%j is refused with one clear line', ([file = '', ...args], message) => {
    const { code, out, err } = run(['blame', fixture(file), ...args]);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    if (typeof message === 'string') expect(err).toBe(message);
    else expect(err).toMatch(message);
  });

  it('an address as decimal is the same', () => {
    expect(blame(MSM, String(0x114000))).toEqual(blame(MSM, '0x114000'));
  });

  it('the VM by number, name or pointer', () => {
    const all = blame(MSM, '0x114000');
    for (const vm of ['#1', 'msm', all[0]?.['vm'] ?? '']) expect(blame(MSM, '0x114000', '--vm', vm)).toEqual(all);
  });

  it('an address that nothing touches', () => {
    expect(run(['blame', fixture(MSM), '0xff0000'])).toMatchObject({
      code: 0,
      out: '0xff0000: nothing in the trace touches it\n',
    });
    expect(blame(MSM, '0xff0000')).toEqual([]);
  });

  it('a trace that has lost events: exit code 3', () => {
    const { code, err } = run(['blame', fixture('lab/lost-trace-overwrite1/trace.txt'), '0x114000']);
    expect(code).toBe(3);
    expect(err).toContain('not all of its history is in the trace');
  });
});

describe('formats', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'gpuvm-trace-test-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('CSV, JSON and NDJSON tell the same', () => {
    const args = ['blame', fixture(MSM), '--fault', '0x114000@57.728700'];
    const rows: Row[] = parse(run([...args, '--format', 'csv']).out, { columns: true });
    const { schema, events } = JSON.parse(run([...args, '--format', 'json']).out);
    expect(schema).toBe(1);
    const lines = run([...args, '--format', 'ndjson'])
      .out.trimEnd()
      .split('\n');
    expect(events).toHaveLength(rows.length);
    expect(lines).toHaveLength(rows.length);
    for (const [index, row] of rows.entries()) {
      expect(JSON.parse(lines[index] ?? '')).toEqual({ schema: 1, kind: 'event', ...events[index] });
      for (const [name, cell] of Object.entries(row)) expect(String(events[index][name] ?? '')).toBe(cell);
    }
  });

  it('the text has a line an event, in aligned columns', () => {
    const { out } = run(['blame', fixture(MSM), '0x114000']);
    const lines = out.trimEnd().split('\n');
    const head = lines.findIndex((line) => /^ +line +time/.test(line));
    const runs = lines.indexOf('runs');
    expect(lines[runs + 1]).toMatch(/^ {2}job \d+ +run +\d+\.\d+ +kworker/);
    expect(runs - head - 1).toBe(blame(MSM, '0x114000').length);
    const column = lines[head]?.indexOf('event') ?? -1;
    for (const line of lines.slice(head, runs)) expect(line.slice(column - 1, column + 1)).toMatch(/^ \S/);
  });

  it('makes hostile task and VM names harmless', () => {
    const ESC = '\u001b';
    const names = [`${ESC}[2J${ESC}[31m`, '=1+1', 'a\u0085\u009bb'];
    for (const name of ['=1+1', `${ESC}[2J${ESC}[31m\u0085\u009bb`]) {
      let lines = 0;
      const text = rawText(fixture(MSM))
        .replace(/^ +msm-265/gm, () => `${(names[lines++ % names.length] ?? '').padStart(16)}-265`)
        .replace('name="msm"', `name="${name}"`);
      const file = path.join(folder, 'trace.txt');
      writeFileSync(file, text, 'latin1');
      for (const format of ['text', 'csv', 'json', 'ndjson']) {
        for (const args of [
          ['blame', file, '--fault', '0x114000@57.728700'],
          ['walk', file, '0x114000'],
        ]) {
          const { code, out } = run([...args, '--format', format]);
          expect(code).toBe(0);
          expect([...out].filter((c) => c !== '\n' && (c < ' ' || (c >= '\x7f' && c <= '\x9f')))).toEqual([]);
          if (format !== 'csv') continue;
          const rows: Row[] = parse(out, { columns: true });
          expect(rows.some((row) => row['pid'] === '265' && row['comm'] !== '')).toBe(true);
          for (const row of rows) for (const cell of Object.values(row)) expect(cell).not.toMatch(/^[=+@]/);
        }
      }
    }
  });

  it('--help has examples', () => {
    for (const command of ['blame', 'walk']) expect(run([command, '--help']).out).toMatch(/Examples:\n {2}gpuvm-trace/);
  });
});

describe('--devcoredump', () => {
  const DUMP = 'msm/remap-much/written-devcoredump.txt';
  const crash = (...args: string[]) => blame(MSM, '--devcoredump', fixture(DUMP), ...args);
  /** The moment that the file is written for. */
  const LINE = 400;

  it('the file is what the kernel would write of the capture', () => {
    const text = devcoredump(capture('msm/remap-much').read(), { line: LINE, shift: 4, fault: { addr: 0x114000n } });
    expect(readFileSync(path.join(FIXTURES, DUMP), 'latin1')).toBe(text);
  });

  it('each entry of the vm-log at the fault is the table call that it was', () => {
    const rows = crash();
    expect(rows[0]).toMatchObject({
      event: 'crash fault',
      addr: '0x114000',
      text: expect.stringMatching(/READ TRANSLATION CP$/),
    });
    const logged = rows.filter((row) => row['event']?.startsWith('vm-log'));
    const calls = rawLines(fixture(MSM)).filter(
      (one) => /^mmu_(un)?map$/.test(one.name) && holds(one, 0x114000) && one.line <= LINE,
    );
    expect(logged.map((row) => [row['event'], row['line'], row['addr']])).toEqual(
      calls.map(({ name, line, args }) => [`vm-log ${name.slice(4)}`, `${line}`, args['addr']]),
    );
    // And the rest is as without it.
    expect(rows.filter((row) => !/^(?:crash|vm-log) /.test(row['event'] ?? ''))).toEqual(blame(MSM, '0x114000'));
  });

  it('another address than that of the fault: the objects on either side, or the one that is there', () => {
    const objects = (address: string) =>
      crash(address)
        .filter((row) => row['event'] === 'crash object')
        .map((row) => [row['addr'], row['range'], row['text']?.replace(/.*:/, '')]);
    const at = objects('0x130000');
    expect(objects('0x114000').length).toBe(2);
    expect(objects('0x13fff').length).toBe(1);
    expect(at.length).toBe(1);
  });

  it('as text it stands first', () => {
    const { out, code } = run(['blame', fixture(MSM), '--devcoredump', fixture(DUMP)]);
    expect(out).toMatch(
      /^\S+written-devcoredump.txt: msm, kernel 6.18.35, task msm\n {2}fault at 0x114000: READ, TRANSLATION, source CP\n/,
    );
    expect(out).toMatch(/vm-log: \d+ of \d+ entries at 0x114000; the newest may be missing/);
    expect(out).toMatch(/of the trace’s table calls at 0x114000, \d+ more follow\n\nVM 1 "msm"/);
    expect(code).toBe(0);
  });

  it('a trace without table calls, and one that has others: that is said', () => {
    const said = (file: string, ...args: string[]) =>
      run(['blame', fixture(file), '--devcoredump', fixture(DUMP), ...args]).out;
    expect(said('lab/immediate/trace.txt')).toMatch(
      /the trace does not have these in a row|the trace shows no table call/,
    );
    expect(said('msm/correct/trace.txt', '0x128000')).toMatch(/vm-log: /);
  });

  it('what it cannot do is said in one line', () => {
    const failed = (...args: string[]) => {
      const { code, err, out } = run(args);
      expect([code, out]).toEqual([2, '']);
      return err;
    };
    for (const command of ['check', 'jobs', 'state'])
      expect(failed(command, fixture(DUMP))).toMatch(
        /^gpuvm-trace: fixtures\/msm\/remap-much\/written-devcoredump.txt: is a devcoredump, not a trace; blame TRACE --devcoredump FILE [^\n]+\n$/,
      );
    expect(failed('blame', fixture(MSM), '--devcoredump', fixture(MSM))).toMatch(
      /: shows no crash of a GPU; expected [^\n]+\n$/,
    );
    expect(failed('blame', fixture(MSM), '--devcoredump', 'nowhere')).toMatch(/^gpuvm-trace: nowhere: [^\n]+\n$/);
  });
});
