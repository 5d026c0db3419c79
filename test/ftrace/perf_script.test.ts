// The layout of perf script, held against its grammar as one regular expression.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ascii, latin1 } from '../../src/ftrace/bytes.ts';
import { perfScriptLayout } from '../../src/ftrace/perf_script.ts';
import { FtraceRecord } from '../../src/ftrace/record.ts';

/** The task's name is the shortest that leaves a prefix; a name of an event stands behind its group or alone. */
const PREFIX =
  /^( *)(?=[^ ])(?:(.{0,15}?) +)?(?:-?\d+\/)?(-?\d+) +(?:\[(\d+)\] +)?(\d+\.\d{6}(?:\d{3})?): +(?:[\w.-]+:)?(?=[\w.]+:(?: |$))/s;

type Parsed = { comm: string; pid: number; cpu: number; time: string; rest: string };

function oracle(line: string): Parsed | undefined {
  const [prefix, , comm = '', tid, cpu = '-1', time = ''] = PREFIX.exec(line.slice(0, 240)) ?? [];
  if (prefix === undefined) return undefined;
  return { comm, pid: Number(tid), cpu: Number(cpu), time, rest: line.slice(prefix.length) };
}

/** Between other bytes, none of which may be looked at as if they were the line's. */
function parsed(line: string): Parsed | undefined {
  const buf = ascii(`1: a:${line} 1.000000: b: c\n`);
  const rec = new FtraceRecord();
  rec.setBuffer(buf);
  if (!perfScriptLayout.parse(buf, 5, 5 + line.length, rec)) return undefined;
  const comm = latin1(buf, rec.commStart, rec.commEnd);
  return { comm, pid: rec.pid, cpu: rec.cpu, time: rec.time(), rest: latin1(buf, rec.rest, rec.end) };
}

const word = fc.constantFrom(
  ' ',
  '  ',
  '1',
  '23',
  '-',
  '/',
  '[',
  ']',
  '[001]',
  '.',
  '000000',
  '123456789',
  ':',
  ': ',
  'a',
  'kprobes',
  '_x',
  '\xff',
  '1.000000: ',
  'probe:f: ',
);
const blanks = fc.constantFrom(' ', ' ', '   ', '  ', '');
const line = fc
  .tuple(
    blanks,
    fc.oneof(
      fc.array(word, { maxLength: 6 }).map((words) => words.join('')),
      fc.constantFrom('', 'bash', 'a b', 'kworker/1:2', '12 34', 'x'.repeat(15), 'x'.repeat(16)),
    ),
    blanks,
    fc.constantFrom('', '12', '-1', '12/34', '-5/-6', '1/'),
    blanks,
    fc.constantFrom('', '[001]', '[]', '[12', '[3]'),
    blanks,
    fc.constantFrom('1.000000', '2.000000', '12.123456789', '3.123456789', '1.0000', '.000000', '1.0000000', '5'),
    fc.constantFrom(': ', ': ', ':  ', ':', ' '),
    fc.constantFrom('', 'kprobes:', 'a-b:', ':', 'x.y:'),
    fc.constantFrom('f: (x)', 'f:', 'f:x', 'a.b_1: y', ': z', 'f', ' f: '),
    fc.array(word, { maxLength: 4 }).map((words) => words.join('')),
  )
  .map((parts) => parts.join(''));

describe('the layout of perf script', () => {
  it('takes apart what perf prints', () => {
    const usual = '            bash  431 [000]    75.351792: kprobes:obj_init: (f+0x1/0x2) obj=0x1';
    expect(parsed(usual)).toEqual({
      comm: 'bash',
      pid: 431,
      cpu: 0,
      time: '75.351792',
      rest: 'obj_init: (f+0x1/0x2) obj=0x1',
    });
    expect(parsed('Web Content 7/431 75.351792123: f: ')).toEqual({
      comm: 'Web Content',
      pid: 431,
      cpu: -1,
      time: '75.351792123',
      rest: 'f: ',
    });
  });

  it('is what the grammar says', () => {
    let fits = 0;
    fc.assert(
      fc.property(line, (text) => {
        const told = oracle(text);
        if (told !== undefined) fits++;
        expect(parsed(text)).toEqual(told);
      }),
      { numRuns: 20_000 },
    );
    expect(fits).toBeGreaterThan(500);
  });

  it('ends where no prefix is longer', () => {
    for (let blank = 200; blank < 260; blank++) {
      const text = `${' '.repeat(blank)}bash 431 [000] 75.351792: kprobes:obj_init: (f)`;
      expect(parsed(text)).toEqual(oracle(text));
    }
  });
});
