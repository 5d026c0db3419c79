// Damaged and hostile input in the formats of other programs: what cannot be read is said with its place, and no text that
// somebody chose becomes an event.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AnalyzeOptions, Report } from '../../src/analyze.ts';
import { UserError } from '../../src/base/user_error.ts';
import type { InputName } from '../../src/ftrace/formats/index.ts';
import {
  bpftraceJsonOf,
  csvOfColumns,
  csvOfText,
  csvOfWords,
  entriesOf,
  perfettoOf,
  quoted,
  readFixture,
  systraceOf,
} from '../support/other_formats.ts';
import { reportOn } from '../support/report.ts';

const MAP = { columns: { name: 'event' } };

function report(text: string, options: Omit<AnalyzeOptions, 'file'> = {}): Report {
  return reportOn(Buffer.from(text, 'latin1'), 100_000, options);
}

function said({ diagnostics }: Report): string[] {
  return diagnostics.map(({ kind, line, message, count }) => `${kind} ${line} ${message} x${count}`);
}

function certain({ findings }: Report): number {
  return findings.filter(({ confidence }) => confidence !== 'inconclusive').length;
}

const ENTRIES = entriesOf(readFixture('lab/tracecmd-missing/report-t.txt.gz'));
const PERF = readFixture('lab/tracecmd-missing/perf-script.txt.gz');
const BABELTRACE = readFixture('lab/tracecmd-missing/babeltrace.txt.gz');
const TRACE = readFixture('lab/missing/trace.txt');
const FREE = '(drm_gem_object_free+0x4/0x20) kref=0xffff888100000100';
const HEADER = 'ts,cpu,pid,comm,name,args\n';
const ROW = `1.000001,0,1,bash,obj_free,${FREE}\n`;

describe('csv', () => {
  const byteOf = (text: string, part: string) => text.indexOf(part);

  it('a row that cannot be read is counted, with its line and byte', () => {
    for (const [bad, why] of [
      ['1.000002,0,1,bash,obj_free\n', 'it has 5 of 6 columns'],
      [`1.000002,0,1,bash,obj_free,${FREE},more\n`, 'it has 7 of 6 columns'],
      [`1.000002,0,1,ba"sh,obj_free,${FREE}\n`, 'a quote stands where none may'],
      [`1.000002,0,one,bash,obj_free,${FREE}\n`, 'its pid is none: "one"'],
      [`1.000002,0,1.5e3,bash,obj_free,${FREE}\n`, 'its pid is none: "1.5e3"'],
      [`1.000002,zero,1,bash,obj_free,${FREE}\n`, 'its cpu is none: "zero"'],
      [`soon,0,1,bash,obj_free,${FREE}\n`, 'its ts is none: "soon"'],
      [`0.5,0,1,bash,obj_free,${FREE}\n`, 'it goes back in time: rows must be sorted by their ts'],
    ] as const) {
      const text = `${HEADER}${ROW}${bad}${ROW.replace('1.000001', '1.000003')}`;
      const read = report(text);
      expect(said(read)).toEqual([`damaged 3 byte ${byteOf(text, bad)}: ${why} x1`]);
      expect(read.stats.events).toBe(2);
      expect(read.doubts).toContainEqual(expect.stringContaining(`line 3: byte ${byteOf(text, bad)}: `));
    }
  });

  it('a number that a spreadsheet rounded is none', () => {
    const text = `${HEADER}1.000001,0,1,bash,obj_free,__probe_ip=1 kref=1.84467E+19\n`;
    const read = report(text);
    expect(read.stats.events).toBe(0);
    expect(said(read)).toEqual([
      expect.stringMatching(/^damaged 2 byte 26: the arguments of .* kref is no number x1$/),
    ]);
  });

  it('a quote that is not closed ends what is read', () => {
    const bad = `1.000002,0,1,"bash,obj_free,${FREE}\n`;
    const text = `${HEADER}${ROW}${bad}${ROW}`;
    const read = report(text);
    expect(said(read)).toEqual([
      `cut 3 byte ${byteOf(text, bad)}: the record that begins here is cut off: a quote is not closed x1`,
    ]);
    expect(read.stats.events).toBe(1);
    const long = report(`${text}${ROW.repeat(2000)}`);
    expect(said(long)).toEqual([expect.stringMatching(/^cut 3 byte 108: .* nothing from here on is read x1$/)]);
    expect(long.stats.events).toBe(1);
  });

  it('a row without a line break at the end is cut off', () => {
    const read = report(`${HEADER}${ROW}${ROW.trimEnd().slice(0, -4)}`);
    expect(read.stats.events).toBe(1);
    expect(said(read)).toEqual([expect.stringMatching(/^cut 3 byte 108: .* without a line break x1$/)]);
  });

  it('nothing that stands in a field is a row or an event', () => {
    const fakes = [
      `x\n${ROW}`,
      `x\r\n${ROW}y`,
      `","0\n${ROW}`,
      `obj_free: ${FREE}`,
      `bash-1 [000] 1.0: obj_free: ${FREE}`,
    ];
    for (const fake of fakes) {
      const field = `"${fake.replaceAll('"', '""')}"`;
      const text = `${HEADER}1.0,0,1,${field},sched_switch,a=1\n1.0,0,1,bash,${field},a=1\n1.0,0,1,bash,tracing_mark_write,${field}\n`;
      const read = report(text);
      expect([read.stats.events, read.stats.entries]).toEqual([0, 3]);
      expect(read.diagnostics).toEqual([]);
    }
  });

  it('a text among key=value words cannot overrule a value', () => {
    const args = 'gpuvm=0x1000 name=x gpuvm=0x2000 __probe_func=1';
    const read = report(`${HEADER}1.0,0,1,bash,vm_init,${args}\n`);
    expect(read.stats.events).toBe(0);
    expect(said(read)).toEqual([expect.stringMatching(/it has two values named gpuvm x1$/)]);
  });

  it('something else among key=value words leaves the row unread', () => {
    const read = report(
      `${HEADER}1.0,0,1,bash,obj_free,kref=""x"" and __probe_ip=1\n`.replace('kref', '"kref').replace('=1\n', '=1"\n'),
    );
    expect([read.stats.events, said(read)]).toEqual([
      0,
      ['damaged 2 byte 26: its arguments are no key=value words x1'],
    ]);
  });

  it.each([
    [
      'ts,cpu,comm\n1,2,3\n',
      'line 1, byte 0: no column is named name among "ts", "cpu", "comm": say which with --map name=...',
    ],
    ['name,cpu\n1,2\n', 'line 1, byte 0: no column is named pid among "name", "cpu": say which with --map pid=...'],
    ['name,pid,name\n1,2,3\n', 'line 1, byte 0: two columns are named "name"'],
  ])('a header that does not fit: %j', (text, message) => {
    expect(() => report(text, { input: 'csv' })).toThrow(new UserError(`trace.txt: ${message}`));
  });

  it('a column that --map names must be there', () => {
    const options = { columns: { pid: 'Thread' } } as const;
    for (const input of ['csv', undefined] as const)
      expect(() => report(HEADER, { ...options, input })).toThrow(/: there is no column "Thread" for pid among "ts", /);
  });

  it('a header of events that cannot be read is told, not taken for another format', () => {
    expect(() => report('ts,pid,name,obj,name\n1.0,1,x,2,3\n')).toThrow(
      /: line 1, byte 0: two columns are named "name"$/,
    );
  });

  it('a line that ends in a delimiter is no header of a table', () => {
    const line = ' 0)               |      /* other: 1; */;';
    expect(report(`${line}\n${TRACE}`).stats.layouts.has('csv')).toBe(false);
  });

  it.each(['1', '18446744073709551615', '-1', '0xffffffffffffffff'])('%s is a number', (value) => {
    expect(said(report(`${HEADER}1.0,0,1,bash,obj_free,kref=${value}\n`))).toEqual([]);
  });

  it.each(['1x', '0x', '99999999999999999999x', '0'.repeat(25), `0x${'0'.repeat(5000)}`])('%.24s is none', (value) => {
    expect(said(report(`${HEADER}1.0,0,1,bash,obj_free,kref=${value}\n`))).toEqual([
      expect.stringMatching(/no number|longer/),
    ]);
  });
});

describe('bpftrace-json', () => {
  it('says which lines are no messages', () => {
    const text = bpftraceJsonOf(TRACE).replace(
      '{"type": "printf", "data": "# tracer',
      'oops\n{"type": "printf", "data": "# tracer',
    );
    const byte = text.indexOf('oops');
    expect(said(report(text))).toEqual([`damaged 2 byte ${byte}: it is no message of bpftrace x1`]);
  });

  it('a line break within a printed text makes no lines', () => {
    const line = `           <...>-1 [001] 1.000000001: obj_free: ${FREE}`;
    const one = bpftraceJsonOf(line);
    expect(report(one).stats.events).toBe(1);
    const two = one.replace('obj_free', `other: x\\n${line.replace('1.000000001', '1.000000002')}\\nobj_free`);
    const read = report(two);
    expect(read.stats.events).toBe(0);
    expect(said(read)).toEqual([expect.stringMatching(/^damaged 2 byte \d+: it prints several lines x1$/)]);
    const odd = report(one.replace('obj_free', `other: x\\u010a${line}`));
    expect([odd.stats.events, odd.stats.entries]).toEqual([0, 1]);
  });

  it('what was lost may be anywhere behind it', () => {
    const read = report(bpftraceJsonOf(`Lost 12 events\n${TRACE}`));
    expect(read.stats.lost).toBe(12);
    expect(certain(read)).toBe(0);
  });
});

describe('babeltrace', () => {
  const lines = BABELTRACE.split('\n');

  it('says which lines cannot be read', () => {
    const third = lines[2] ?? '';
    for (const bad of [
      'oops',
      third.slice(0, -20),
      third.replace('name = "', 'name = '),
      third.replace('{ cpu_id', 'cpu_id'),
    ]) {
      const text = [...lines.slice(0, 2), bad, ...lines.slice(3)].join('\n');
      const read = report(text);
      expect(said(read)[0]).toBe(`damaged 3 byte ${text.indexOf(bad)}: it is no event of babeltrace2 x1`);
      expect(certain(read)).toBe(0);
    }
    expect(said(report(BABELTRACE.slice(0, 3000)))[0]).toMatch(/^damaged \d+ byte \d+: the line is cut off x1$/);
  });

  it('a text keeps to itself', () => {
    const name = 'a", gpuvm = 1 }, { gpuvm = 2 } \\ \n[00:00:01.0] gpuvm:obj_free: { cpu_id = 0 }, { x = 1 }';
    const [before = '', after = ''] = BABELTRACE.split('"vmbind-lab"');
    const hostile = report(`${before}${quoted(name)}${after}`);
    const plain = report(BABELTRACE);
    expect(hostile.diagnostics).toEqual([]);
    expect(hostile.stats.events).toBe(plain.stats.events);
    expect(hostile.findings).toHaveLength(plain.findings.length);
    expect(hostile.jobs[0]?.vmName).toBe(name);
  });

  it('what the tracer discarded is lost', () => {
    const text = ['WARNING: Tracer discarded 7 events between [00:00:01.0] and [00:00:02.0]', ...lines].join('\n');
    expect(report(text).stats.lost).toBe(7);
    expect(report(text).doubts).toContain('the tracer lost 7 events');
  });

  it('structures, arrays and enumerations are passed over or read', () => {
    const fields = `a = { b = "}", c = [ [0] = 1, [1] = "]" ] }, kref = ( "SOME" : container = 4096 ), _probe_ip = 0x1`;
    const read = report(`[1.5] host:1 gpuvm:obj_free: { cpu_id = 3 }, { vtid = 7, procname = "x" }, { ${fields} }\n`);
    expect([read.stats.events, read.diagnostics]).toEqual([1, []]);
  });
});

describe('perfetto', () => {
  const text = perfettoOf(ENTRIES);

  it('says which lines are no fields, and that the text ends in a message', () => {
    const bad = text.replace('      generic {', '      generic oops {');
    expect(said(report(bad))).toContainEqual(
      `damaged 7 byte ${bad.indexOf('      generic oops')}: it is no field of a protobuf message x2`,
    );
    expect(certain(report(bad))).toBe(0);
    const cut = report(text.slice(0, 5000));
    expect(said(cut)).toContainEqual(
      expect.stringMatching(/^cut \d+ the input ends within packet > ftrace_events > event/),
    );
    expect(certain(cut)).toBe(0);
  });

  it('a text keeps to itself', () => {
    const name = 'a"\n        }\n      }\n    }\n    event {\n      timestamp: 1\n';
    const hostile = report(text.replace(quoted('vmbind-lab'), quoted(name)));
    expect(hostile.diagnostics).toEqual([]);
    expect(hostile.findings).toHaveLength(report(text).findings.length);
    expect(hostile.jobs[0]?.vmName).toBe(name);
  });

  it('lost events, and events that the text does not describe', () => {
    const lost = report(text.replace(/(cpu: 1\n)/, '$1    lost_events: true\n'));
    expect(said(lost)).toContainEqual(expect.stringMatching(/^lost .* on CPU 1 x1$/));
    const unknown =
      '    event {\n      timestamp: 1\n      pid: 2\n      # Ignoring unknown field with id: 65536\n    }\n';
    const later = report(text.replace(/(cpu: 1\n)/, `$1${unknown}`));
    expect(said(later)).toContainEqual(expect.stringMatching(/^damaged 4 byte 38: the event is of a kind/));
    expect(certain(later)).toBe(0);
  });

  it('messages that are nested without end are refused', () => {
    expect(() => report('packet {\n'.repeat(1000))).toThrow(/^trace\.txt: line 101, byte 900: messages are nested/);
  });
});

describe('systrace-html', () => {
  it('an end of the trace in its own text hides no event', () => {
    const lines = TRACE.split('\n');
    const read = report(systraceOf([...lines.slice(0, 40), '  </script>', ...lines.slice(40)].join('\n')));
    expect(said(read)).toContainEqual(expect.stringMatching(/^damaged \d+ byte \d+: an event stands behind the end/));
    expect(certain(read)).toBe(0);
  });

  it('a page that ends within the trace is cut off', () => {
    const read = report(systraceOf(TRACE).split('\n').slice(0, 60).join('\n').concat('\n'));
    expect(said(read)).toContainEqual('cut 60 the page ends within the trace x1');
  });
});

describe('perf', () => {
  const line = `            task    12 [001]     1.000001:     gpuvm:obj_free: ${FREE}\n`;

  it.each([
    ['a name like a prefix', line.replace('    task', '1 [0] 1.123456:')],
    ['a name that is a number', line.replace('            task', '3')],
    ['an empty name', line.replace('task', '')],
    ['pid/tid', line.replace('   12 ', '34/12 ')],
    ['no CPU', line.replace('[001] ', '')],
    ['nanoseconds', line.replace('1.000001', '1.000001234')],
    ['no name', line.trimStart().replace('task    ', '')],
  ])('%s', (_, text) => {
    const read = report(`${line}${text}`);
    expect([read.stats.events, read.diagnostics]).toEqual([2, []]);
  });

  it('frames, records of its own and comments are no events, other lines are counted', () => {
    const frames = '\tffffffff8226d150 drm_gem_object_free+0x100 ([kernel.kallsyms])\n\n';
    const own = '            task    12 [001]     1.000002: PERF_RECORD_FORK(1:1):(0:0)\n';
    const read = report(`# ========\n# os release : 6.12.0\n#\n${line}${frames}${own}${line}`);
    expect([read.stats.events, read.diagnostics, read.stats.release]).toEqual([2, [], '6.12.0']);
    const other = report(`${line}oops\n${TRACE}`);
    expect(other.stats.events).toBe(1);
    expect(said(other)[0]).toMatch(/^unparsed 2 .*"oops" x\d+$/);
  });

  it('what is lost is said', () => {
    const lost = '             :-1    -1 [000]     0.000000: PERF_RECORD_LOST lost 2207\n';
    expect(report(`${line}${lost}${line}`).stats.lost).toBe(2207);
  });

  it('a trace of the tracer quotes no events of perf', () => {
    const marker = `            bash-1       [001] ...1.     1.000000: tracing_mark_write: x\n${line}`;
    expect(report(marker).stats.events).toBe(0);
    expect(report(marker, { input: 'perf' }).stats.events).toBe(1);
  });
});

describe('whatever is damaged', () => {
  const inputs: [InputName, string][] = [
    ['perf', PERF],
    ['babeltrace', BABELTRACE],
    ['csv', csvOfText(ENTRIES)],
    ['csv', csvOfWords(ENTRIES)],
    ['csv', csvOfColumns(ENTRIES)],
    ['perfetto', perfettoOf(ENTRIES)],
    ['systrace-html', systraceOf(TRACE)],
    ['bpftrace-json', bpftraceJsonOf(TRACE)],
  ];
  const edit = fc.record({
    at: fc.nat(),
    cut: fc.nat(40),
    put: fc.constantFrom('', '"', '\n', '}', '{', ',', '\0', '\\', '0x', '</script>\n', '\r\n'),
  });

  it.each(inputs)('%s: neither a crash nor more events than there were', (name, whole) => {
    const text = whole.slice(0, 20_000);
    const most = (attempt(text, name) as Report).stats.events;
    expect(most).toBeGreaterThan(5);
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), fc.boolean(), (edits, isForced) => {
        let damaged = text;
        for (const { at, cut, put } of edits) {
          const place = at % damaged.length;
          damaged = damaged.slice(0, place) + put + damaged.slice(place + cut);
        }
        const read = attempt(damaged, isForced ? name : undefined);
        if (read instanceof UserError) return !read.message.includes('\n');
        return read.stats.events <= most + edits.length;
      }),
      { numRuns: 60 },
    );
  });

  function attempt(text: string, input: InputName | undefined): Report | UserError {
    try {
      return report(text, { input, columns: text.startsWith('ts,cpu,tid') ? MAP.columns : {} });
    } catch (error) {
      if (error instanceof UserError) return error;
      throw error;
    }
  }
});
