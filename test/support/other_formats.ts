// One capture as other programs would give it out: each form after what that program's source prints.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { stringify } from 'csv-stringify/sync';
import { FIXTURES } from './run.ts';

/** One event as `trace-cmd report -N -t` prints it. */
export interface Entry {
  readonly comm: string;
  readonly pid: number;
  readonly cpu: number;
  /** Seconds with nine digits behind the point. */
  readonly time: string;
  readonly name: string;
  /** Addresses of the probe, without 0x, in parentheses. */
  readonly head: string;
  /** The probed place first, by the tracer's own names of fields. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** All behind the event's name. */
  readonly text: string;
}

export function readFixture(name: string): string {
  const bytes = readFileSync(path.join(FIXTURES, name));
  return Buffer.from(name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('latin1');
}

export function entriesOf(report: string): Entry[] {
  const entries: Entry[] = [];
  for (const line of report.split('\n')) {
    const m = /^ *(.*)-(\d+) +\[(\d+)\] +(\d+\.\d{9}): (\w+): +(\((\w+)(?: <- (\w+))?\)(.*))$/.exec(line);
    if (m === null) continue;
    const [, comm = '', pid, cpu, time = '', name = '', text = '', place = '', caller, args = ''] = m;
    const probe =
      caller === undefined
        ? ([['__probe_ip', `0x${place}`]] as const)
        : ([
            ['__probe_func', `0x${place}`],
            ['__probe_ret_ip', `0x${caller}`],
          ] as const);
    const shown = [...args.matchAll(/ (\w+)=("[^"]*"|\S+)/g)].map(
      ([, key = '', value = '']) => [key, value.replace(/^"(.*)"$/, '$1')] as const,
    );
    const head = text.slice(0, text.length - args.length);
    entries.push({ comm, pid: Number(pid), cpu: Number(cpu), time, name, head, fields: [...probe, ...shown], text });
  }
  return entries;
}

export function nanosecondsOf(time: string): string {
  return time.replace('.', '').replace(/^0+(?=\d)/, '');
}

/** As SQL counts: signed, decimal. */
export function signed(value: string): string {
  return /^(?:0x[0-9a-f]+|-?\d+)$/.test(value) ? String(BigInt.asIntN(64, BigInt(value))) : value;
}

/** An argument a column, numbers as a trace processor gives them. */
export function csvOfColumns(entries: readonly Entry[], delimiter = ','): string {
  const names = [...new Set(entries.flatMap(({ fields }) => fields.map(([name]) => name).filter((n) => n !== 'name')))];
  const rows = entries.map(({ time, cpu, pid, comm, name, fields }) => {
    const values = new Map(fields);
    const args = names.map((one) => signed(values.get(one) ?? ''));
    return [nanosecondsOf(time), String(cpu), String(pid), comm, name, values.get('name') ?? '', ...args];
  });
  return stringify([['ts', 'cpu', 'tid', 'thread_name', 'event', 'name', ...names], ...rows], { delimiter });
}

/** `key=value` words in one column, all quoted. */
export function csvOfWords(entries: readonly Entry[]): string {
  const rows = entries.map(({ time, cpu, pid, comm, name, fields }) => {
    const words = fields.map(([key, value]) => `${key}=${/^[\w-]+$/.test(value) ? signed(value) : `"${value}"`}`);
    return [time, String(cpu), String(pid), comm, name, words.join(' ')];
  });
  return stringify([['ts', 'cpu', 'pid', 'comm', 'name', 'args'], ...rows], { quoted: true, record_delimiter: '\r\n' });
}

/** The tracer's text in one column. */
export function csvOfText(entries: readonly Entry[]): string {
  const rows = entries.map(({ time, cpu, pid, comm, name, text }) => [
    name,
    text,
    comm,
    String(pid),
    String(cpu),
    time,
  ]);
  return stringify([['name', 'args', 'comm', 'pid', 'cpu', 'ts'], ...rows]);
}

/** A bundle for so many events of a CPU, the CPUs in turn: not in the order of time. */
const BUNDLE = 50;

/** Perfetto: protozero_to_text.cc, ftrace_event_bundle.proto, generic.proto. */
export function perfettoOf(entries: readonly Entry[]): string {
  const packets: string[] = [];
  const names = new Map(entries.map(({ pid, comm }) => [pid, comm]));
  for (let at = 0; at < entries.length; at += 4 * BUNDLE) {
    const some = entries.slice(at, at + 4 * BUNDLE);
    for (const cpu of [1, 0]) {
      const events = some.filter((entry) => entry.cpu === cpu).map(perfettoEvent);
      if (events.length > 0) packets.push(`packet {\n  ftrace_events {\n    cpu: ${cpu}\n${events.join('')}  }\n}\n`);
    }
  }
  const threads = [...names].map(
    ([pid, comm]) => `    threads {\n      tid: ${pid}\n      name: ${quoted(comm)}\n    }\n`,
  );
  return `${packets.join('')}packet {\n  process_tree {\n${threads.join('')}  }\n}\n`;
}

function perfettoEvent({ time, pid, name, fields }: Entry): string {
  const values = fields.map(([key, value]) => {
    const number = /^(?:0x[0-9a-f]+|-?\d+)$/.test(value);
    const negative = value.startsWith('-');
    const text = number ? `${negative ? 'int' : 'uint'}_value: ${BigInt(value)}` : `str_value: ${quoted(value)}`;
    return `        field {\n          name: ${quoted(key)}\n          ${text}\n        }\n`;
  });
  const generic = `      generic {\n        event_name: ${quoted(name)}\n${values.join('')}      }\n`;
  return `    event {\n      timestamp: ${nanosecondsOf(time)}\n      pid: ${pid}\n${generic}    }\n`;
}

/** With --clock-seconds and LTTng's names of fields; babeltrace2's plugins/text/pretty/print.c. */
export function babeltraceOf(entries: readonly Entry[]): string {
  const lines = entries.map(({ time, cpu, pid, comm, name, fields }) => {
    const values = fields.map(
      ([key, value]) => `${key} = ${/^0x[0-9a-f]+$|^-?\d+$/.test(value) ? value : quoted(value)}`,
    );
    const context = `{ cpu_id = ${cpu} }, { procname = ${quoted(comm)}, tid = ${pid} }`;
    return `[${time}] (+?.?????????) ${name}: ${context}, { ${values.join(', ')} }\n`;
  });
  return lines.join('');
}

/** perf script: builtin-script.c perf_sample__fprintf_start(), libtraceevent's text of the event. */
export function perfScriptOf(entries: readonly Entry[]): string {
  const lines = entries.map(({ time, cpu, pid, comm, name, text }) => {
    const prefix = `${comm.slice(0, 15).padStart(16)} ${String(pid).padStart(5)} [${String(cpu).padStart(3, '0')}]`;
    return `${prefix} ${time.trim().slice(0, -3).padStart(12)}: ${`gpuvm:${name}`.padStart(24)}: ${text}\n`;
  });
  return lines.join('');
}

/** As C escapes. */
export function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n')}"`;
}

/** catapult's systrace output_generator.py: a script for each agent, only one of them the tracer's. */
export function systraceOf(text: string): string {
  return `<!DOCTYPE html>
<html>
<head><script>var viewer = "${'x'.repeat(500)}";</script>
</head>
<!-- BEGIN TRACE -->
  <script class="trace-data" type="application/text">
USER PID PPID CMD
root 1 0 init
  </script>
  <script class="trace-data" type="application/text">
${text}  </script>
  <script class="trace-data" type="application/text">
{"traceEvents": [], "metadata": {}}
  </script>
<!-- END TRACE -->
</html>
`;
}

/** The older systrace.py: the trace is a string of JavaScript. */
export function oldSystraceOf(text: string): string {
  const lines = text.trimEnd().split('\n');
  return `<!DOCTYPE HTML>\n<html><body>\n<script>\n  var linuxPerfData = "\\n\\\n${lines.map((line) => `${line}\\n\\\n`).join('')}";\n</script>\n</body></html>\n`;
}

/** bpftrace src/output.cpp JsonOutput: each printf in a message of its own. */
export function bpftraceJsonOf(text: string): string {
  const messages = text
    .trimEnd()
    .split('\n')
    .map((line) => {
      const lost = /^Lost (\d+) events$/.exec(line);
      if (lost !== null) return `{"type": "lost_events", "data": {"events": ${lost[1]}}}\n`;
      return `{"type": "printf", "data": ${JSON.stringify(`${line}\n`)}}\n`;
    });
  return `{"type": "attached_probes", "data": {"probes": 71}}\n${messages.join('')}`;
}
