// Every layout in which the kernel and trace-cmd print an event, and what may stand between events.
import { expect, test } from 'vitest';
import { decode, FREE, FREED, only, plain } from './text_events.ts';

interface Layout {
  readonly name: string;
  readonly line: string;
  readonly is: string;
  readonly pid: number;
  readonly cpu: number;
  readonly time: string;
  readonly comm: string;
}

const bash = { comm: 'bash', pid: 14516, cpu: 1 };
const LAYOUTS: readonly Layout[] = [
  ['irq-info', `            bash-14516   [001] d..2.   846.067361: ${FREE}`, 'plain', '846.067361'],
  ['record-tgid', `            bash-14516   (  14516) [001] d..2.   846.185648: ${FREE}`, 'plain', '846.185648'],
  ['unknown tgid', `            bash-14516   (-------) [001] d..2.   846.185648: ${FREE}`, 'plain', '846.185648'],
  ['old tgid', `            bash-14516 (14516) [001] d..2   846.185648: ${FREE}`, 'plain', '846.185648'],
  ['noirq-info', `            bash-14516   [001]    846.289783: ${FREE}`, 'plain', '846.289783'],
  ['noirq-info, tgid', `            bash-14516   (  14516) [001]    846.405492: ${FREE}`, 'plain', '846.405492'],
  ['4 flag columns', `            bash-14516 (14516) [001] .... 10852.771186: ${FREE}`, 'plain', '10852.771186'],
  ['7 flag columns', `            bash-14516   [001] dn.h2..   555.400822: ${FREE}`, 'plain', '555.400822'],
  ['8 flag columns', `            bash-14516   [001] dnlh2.1.   555.400822: ${FREE}`, 'plain', '555.400822'],
  ['all flag bits', `            bash-14516   [001] DBZff   555.400822: ${FREE}`, 'plain', '555.400822'],
  ['very old', `            bash-14516 [001] 1038282.286875: ${FREE}`, 'plain', '1038282.286875'],
  ['nanoseconds', `            bash-14516 [001] 1038282.286875123: ${FREE}`, 'plain', '1038282.286875123'],
  ['tai clock', `            bash-14516   [001] d..2. 1795330614.163388: ${FREE}`, 'plain', '1795330614.163388'],
  ['counter clock', `            bash-14516   [001] d..2.            3: ${FREE}`, 'plain', '3'],
  ['tsc clock', `            bash-14516   [001] d..2. 2206391841690: ${FREE}`, 'plain', '2206391841690'],
  [
    'trace-cmd report',
    `            bash-14516 [001]   846.067361: ${FREE.replace(': ', ':            ')}`,
    'plain',
    '846.067361',
  ],
  ['mailed', `bash-14516 [001] d..2. 846.067361: ${FREE}`, 'plain', '846.067361'],
  ['latency-format', `    bash-14516     1d..2. 11250us!: ${FREE}`, 'latency', '11250'],
  ['latency, no mark', `    bash-14516     1d..2. 11250us : ${FREE}`, 'latency', '11250'],
  ['latency, RT', `    bash-14516     1dn.h2.1. 11250us+: ${FREE}`, 'latency', '11250'],
  ['report -l', `    bash-14516     1...1.   846.067361: ${FREE}`, 'latency', '846.067361'],
  [
    'latency and verbose',
    `            bash   14516   1 1 00000002 00000000 [32766b02] 11.189ms (+0.695ms): ${FREE}`,
    'verbose',
    '11.189',
  ],
  ['nocontext-info', FREE, 'no-context', ''],
  [
    'function_graph',
    `  452.915070 |   1)  bash-14516   |               |      /* ${FREE} */`,
    'function-graph',
    '452.915070',
  ],
].map(([name = '', line = '', is = '', time = '']) => ({
  name,
  line,
  is,
  time,
  ...(is === 'no-context' ? { comm: '', pid: -1, cpu: -1 } : bash),
}));

test.each(LAYOUTS)('$name', ({ line, is, pid, cpu, time, comm }) => {
  expect(only(`${line}\n`)).toEqual({ event: FREED, line: 1, pid, cpu, time, comm });
  expect([...decode(`${line}\n`).stats.layouts]).toEqual([is]);
});

test.each(LAYOUTS)('$name, met before, with other tasks and times in between', ({ line, is }) => {
  const other = is === 'plain' ? line.replace('14516', '14517').replace('bash', 'dash') : line;
  const later = line.replace(/(\d)(us|ms|: obj_free| \|)/, (_, digit, rest) => `${(Number(digit) + 1) % 10}${rest}`);
  const { seen, diagnostics } = decode(`${[line, line, other, later, line].join('\n')}\n`);
  expect(diagnostics).toEqual([]);
  const [first, second, third, fourth, last] = seen;
  expect(second).toEqual({ ...first, line: 2 });
  expect(third?.pid).toBe(is === 'plain' ? 14517 : first?.pid);
  if (is !== 'no-context') expect(fourth?.time).not.toBe(first?.time);
  expect(last).toEqual({ ...first, line: 5 });
});

test.each([
  ['like the text behind it', '  x-1 [000] 1.0:'],
  ['brackets and dash', '[kworker]-1'],
  ['empty', ''],
  ['not idle', '<idle>'],
  ['like flags and time', '..2.. 1.5: e:'],
  ['like a loss', 'CPU:1 [LOST'],
  ['escape sequences', '\x1b[31mred\x1b[0m'],
  ['invalid UTF-8', '\xff\xfe\x80bad'],
  ['tab and NUL', 'a\tb\0c'],
  ['dashes only', '----------------'.slice(0, 15)],
  ['digits', '-1 2 -3-4'],
  ['blanks around a comment', '#comment'],
])('task name: %s', (_, comm) => {
  const text = plain(comm, 17830, FREE);
  const { seen } = decode(text + text);
  expect(seen).toHaveLength(2);
  for (const one of seen) {
    expect(one).toMatchObject({ event: FREED, pid: 17830, cpu: 1, time: '12.345678' });
    expect(one.comm).toBe(comm.trimStart());
  }
});

test('a line break in a task name makes two lines of one event, and the second one tells all but the name', () => {
  const { seen } = decode(plain('bash', 1, FREE) + plain('a\nb', 17834, FREE));
  expect(seen.map((one) => one.pid)).toEqual([1, 17834]);
  expect(seen[1]).toMatchObject({ line: 3, comm: 'b', event: FREED });
});

test('what a marker says is nothing but text', () => {
  const forged = plain('evil', 666, FREE).trimEnd();
  const { seen, losses } = decode(
    plain('bash', 1, `tracing_mark_write: ${FREE}`) +
      plain('bash', 1, `tracing_mark_write: ${forged}`) +
      plain('bash', 1, 'print:                tracing_mark_write: x') +
      'second line of it\n\n# third: no comment\n' +
      plain('bash', 1, 'tracing_mark_write: # 1 buf: 68 65') +
      plain('bash', 2, FREE),
  );
  expect(seen.map((one) => one.pid)).toEqual([2]);
  expect(losses).toEqual([]);
});

test('stacks, also with an event of another CPU in between', () => {
  const { seen, diagnostics } = decode(
    `${plain('bash', 1, FREE)}${plain('bash', 1, '<stack trace>')} => drm_exec_lock_obj\n => lab_ioctl\n${plain('cat', 2, FREE)} => do_syscall_64\n${plain('bash', 1, '<user stack trace>')} =>  <00007fb57dbf5aa2>\n`,
  );
  expect(seen).toHaveLength(2);
  expect(diagnostics).toEqual([]);
});

test.each([
  ['trace_pipe', 'CPU:1 [LOST 2809 EVENTS]', '1:2809', 2809],
  ['trace_pipe, no count', 'CPU:3 [LOST EVENTS]', '3:undefined', 0],
  ['trace-cmd report', 'CPU:0 [6009 EVENTS DROPPED]', '0:6009', 6009],
  ['trace-cmd report, no count', 'CPU:0 [EVENTS DROPPED]', '0:undefined', 0],
])('loss: %s', (_, line, loss, lost) => {
  const { losses, stats, diagnostics } = decode(`${line}\n${plain('bash', 1, FREE)}${line}\n`);
  expect(losses).toEqual([loss, loss]);
  expect(stats.lost).toBe(2 * lost);
  expect(diagnostics).toMatchObject([{ kind: 'lost', line: 1, count: 2 }]);
});

test('loss: the header counts more written than kept, so each CPU starts late', () => {
  const head = '# tracer: nop\n#\n# entries-in-buffer/entries-written: 2/7   #P:2\n#\n';
  const { losses, stats } = decode(head + plain('bash', 1, FREE) + plain('bash', 1, FREE));
  expect(losses).toEqual(['1:undefined']);
  expect(stats).toMatchObject({ lost: 5, tracer: 'nop', headerEntries: 2, headerWritten: 7 });
});

test('loss: a CPU whose buffer starts in the middle of the file', () => {
  const started = '##### CPU 1 buffer started ####\n';
  expect(decode(started + plain('bash', 1, FREE)).losses).toEqual([]);
  expect(decode(plain('bash', 1, FREE) + started).losses).toEqual(['1:undefined']);
});

test('a file that holds less than its header says is not whole', () => {
  const head = '# entries-in-buffer/entries-written: 3/3   #P:2\n';
  expect(decode(head + plain('bash', 1, FREE)).diagnostics).toMatchObject([{ kind: 'entry-count' }]);
});

test('several headers, as in files joined together', () => {
  const head = '# tracer: nop\n# entries-in-buffer/entries-written: 1/1   #P:2\n';
  const { stats, diagnostics, seen } = decode((head + plain('bash', 1, FREE)).repeat(2));
  expect(stats).toMatchObject({ headerEntries: 2, headerWritten: 2 });
  expect(seen).toHaveLength(2);
  expect(diagnostics).toEqual([]);
});

test('text that is no trace is told, once and with its place', () => {
  const { diagnostics } = decode('Dear list,\nhere is my trace\n');
  expect(diagnostics).toMatchObject([{ kind: 'unparsed', line: 1, count: 2 }]);
});
