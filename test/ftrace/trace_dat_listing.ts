// The events of a trace.dat as lines of text, and trace-cmd's own `report` read into the same form.

import type { ByteSource, Decompressors } from '../../src/ftrace/trace_dat/index.ts';
import { type DatEvent, type EventField, fieldReader, TraceDat } from '../../src/ftrace/trace_dat/index.ts';

export interface Line {
  cpu: number;
  /** '' for a loss. */
  name: string;
  pid: number;
  time: string;
  comm: string;
  values: Record<string, string>;
  /** Where the record ends in the file, where that is known. */
  end: number;
}

export function open(source: ByteSource, decompressors: Decompressors = {}): TraceDat {
  const dat = TraceDat.open(source, decompressors);
  if (!(dat instanceof TraceDat)) throw new Error(dat.message);
  return dat;
}

export function listing(dat: TraceDat): Line[] {
  const lines: Line[] = [];
  dat.forEachEvent(
    (e) => lines.push(lineOf(e, dat.commOf(e.pid) ?? '<...>')),
    (cpu, count) => lines.push(lossLine(cpu, count === undefined ? '?' : String(count))),
  );
  return lines;
}

export function own(field: EventField): boolean {
  return !field.name.startsWith('common_');
}

function lineOf(e: DatEvent, comm: string): Line {
  const values: Record<string, string> = {};
  for (const field of e.format.fields) {
    if (!own(field)) continue;
    const value = fieldReader(e.format, field.name)?.(e) ?? '';
    const bits = 8 * field.size;
    values[field.name] = typeof value === 'string' ? value : String(BigInt.asUintN(bits, BigInt(value)));
  }
  const time = `${e.sec}.${String(e.nsec).padStart(9, '0')}`;
  const end = e.data.byteOffset + e.base + e.length;
  return { cpu: e.cpu, name: e.format.name, pid: e.pid, time, comm, values, end };
}

function lossLine(cpu: number, count: string): Line {
  return { cpu, name: '', pid: -1, time: '', comm: '', values: { count }, end: 0 };
}

export function withoutEnd(lines: readonly Line[]): Line[] {
  return lines.map((line) => ({ ...line, end: 0 }));
}

/** Reads `trace-cmd report` (values as far as its text has them) or `trace-cmd report -R`. */
export function readReport(text: string, dat: TraceDat): Line[] {
  const formats = new Map([...dat.formats.values()].map((format) => [format.name, format.fields.filter(own)]));
  const lines: Line[] = [];
  for (const line of text.split('\n')) {
    const loss = /^CPU:(\d+) \[(?:(\d+) )?EVENTS DROPPED\]/.exec(line);
    if (loss !== null) lines.push(lossLine(Number(loss[1]), loss[2] ?? '?'));
    const m = /^ *(.*)-(\d+) +\[(\d+)\] +(\d+\.\d+): (\w+): *(.*?) *$/.exec(line);
    if (m === null) continue;
    const [, comm = '', pid, cpu, time = '', name = '', rest = ''] = m;
    const values = readValues(` ${rest}`, formats.get(name) ?? []);
    lines.push({ comm, pid: Number(pid), cpu: Number(cpu), time, name, values, end: 0 });
  }
  return lines;
}

function readValues(text: string, fields: readonly EventField[]): Record<string, string> {
  const values: Record<string, string> = {};
  const probe = /^ \((\w+)(?: <- (\w+))?\)/.exec(text);
  let at = 0;
  fields.forEach((field, i) => {
    const key = ` ${field.name}=`;
    const from = text.indexOf(key, at);
    if (from < 0) {
      const printed = field.name === '__probe_ret_ip' ? probe?.[2] : probe?.[1];
      values[field.name] = bitsOf(printed ?? '', field);
      return;
    }
    const next = fields[i + 1];
    const to = next === undefined ? -1 : text.indexOf(` ${next.name}=`, from);
    values[field.name] = bitsOf(text.slice(from + key.length, to < 0 ? text.length : to), field);
    at = to < 0 ? text.length : to;
  });
  return values;
}

function bitsOf(text: string, field: EventField): string {
  if (field.kind === 'dynamic-string' || field.kind === 'string') return text.replace(/^"(.*)"$/, '$1');
  const isBare = field.name.startsWith('__probe') && !text.startsWith('0x');
  return String(BigInt.asUintN(8 * field.size, BigInt(isBare ? `0x${text}` : text)));
}

/** As trace-cmd rounds it where it prints six digits. */
export function toMicroseconds(time: string): string {
  const [sec = '', nsec = ''] = time.split('.');
  const us = Math.floor((Number(nsec) + 500) / 1000);
  return `${Number(sec) + Math.floor(us / 1e6)}.${String(us % 1e6).padStart(6, '0')}`;
}
