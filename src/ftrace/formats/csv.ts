// CSV of events, as a trace processor or a spreadsheet exports it: columns ts, cpu, pid, comm, name, and the arguments as
// columns of their own, as `key=value` words, or as the tracer prints them.
import { UserError } from '../../base/user_error.ts';
import { ascii } from '../bytes.ts';
import { MAX_CPUS } from '../losses.ts';
import { FtraceRecord } from '../record.ts';
import { type ColumnNames, type ColumnRole, type Columns, columnsOf, namesEvents } from './csv_columns.ts';
import { type CsvRecord, CsvRecords } from './csv_records.ts';
import type { ByteReader, Format, Targets } from './format.ts';
import type { Row, RowField } from './row_decoder.ts';
import { secondsOf } from './time_text.ts';

const BOM = '\xef\xbb\xbf';
/** What an entry of a trace or a log has in front of a text that somebody chose, and hardly a title. */
const ENTRY = /: |^\s*[[<]/;
const DELIMITERS = [',', ';', '\t'] as const;
/** Bytes whose records are parsed at a time: they take many times their size. */
const BATCH = 1 << 16;
/** An event's text is bounded by a page. */
const MAX_ARGS = 4096;
const KEY = /[\s,]*([A-Za-z_$][\w.$]*)=/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"(?=[\s,]|$)/sy;
const NEXT_KEY = /[\s,][A-Za-z_$][\w.$]*=/g;

export const csv: Format = {
  name: 'csv',
  what: 'a table of events that a trace processor or a spreadsheet exports; also with ; or tabs between the columns',
  sign: 'the first line names columns, name and pid among them (or what --map says)',
  recognise: (line, names) => !ENTRY.test(line) && delimiterOf(line, names) !== undefined,
  open: (targets, line) => new CsvEvents(targets, delimiterOf(line, targets.columns) ?? ','),
};

/** What stands between the columns, which are two at least; undefined where nothing makes a header of events of the line. */
function delimiterOf(line: string, names: ColumnNames): string | undefined {
  return DELIMITERS.find((delimiter) => {
    if (!line.includes(delimiter)) return false;
    const titles = split(line.replace(BOM, ''), delimiter)?.[0];
    return titles !== undefined && namesEvents(titles, names);
  });
}

/** Records, or undefined where a quote stands where none may. */
function split(text: string, delimiter: string): string[][] | undefined {
  const { parse } = require('csv-parse/sync') as typeof import('csv-parse/sync');
  try {
    return parse(text, { delimiter, relax_column_count: true, record_delimiter: ['\n'] });
  } catch {
    return undefined;
  }
}

class CsvEvents implements ByteReader {
  readonly #targets: Targets;
  readonly #rec = new FtraceRecord();
  readonly #records: CsvRecords;
  readonly #delimiter: string;
  #columns: Columns | undefined;
  #stopped = false;
  /** The time of the last row of each CPU. */
  readonly #times = new Map<number, number>();

  constructor(targets: Targets, delimiter: string) {
    this.#targets = targets;
    this.#delimiter = delimiter;
    this.#records = new CsvRecords(delimiter);
    targets.rows.stats.layouts.add('csv');
  }

  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length && !this.#stopped; at += BATCH) {
      this.#take(this.#records.push(chunk.subarray(at, at + BATCH)));
      if (!this.#records.isOverlong) continue;
      this.#cut('it is longer than any event, a quote may not be closed: nothing from here on is read');
      this.#stopped = true;
    }
  }

  end(): void {
    if (this.#stopped || this.#records.rest.text === '') return;
    this.#cut(this.#records.isQuoted ? 'a quote is not closed' : 'the input ends in it, without a line break');
  }

  #take(records: readonly CsvRecord[]): void {
    const filled = records.map(withoutMark).filter((record) => record.text.trim() !== '');
    const all = filled.map((record) => record.text).join('\n');
    const parsed = split(all, this.#delimiter);
    const rows = parsed?.length === filled.length ? parsed : undefined;
    for (const [i, record] of filled.entries()) {
      const values = rows === undefined ? split(record.text, this.#delimiter)?.[0] : rows[i];
      if (this.#columns === undefined) this.#columns = this.#header(record, values ?? []);
      else this.#row(record, values, this.#columns);
    }
  }

  #header({ line, byte }: CsvRecord, titles: readonly string[]): Columns {
    const { columns, file } = this.#targets;
    const found = columnsOf(titles, columns);
    if (typeof found === 'string') throw new UserError(`${file}: line ${line}, byte ${byte}: ${found}`);
    return found;
  }

  #row(record: CsvRecord, values: readonly string[] | undefined, columns: Columns): void {
    const { rows } = this.#targets;
    const { line, byte } = record;
    rows.stats.lines = line;
    const at = { line, byte, cpu: -1 };
    if (values === undefined) rows.damaged(at, 'a quote stands where none may');
    else if (values.length !== columns.count) rows.damaged(at, `it has ${values.length} of ${columns.count} columns`);
    else this.#event(at, values, columns);
  }

  #event(at: Pick<Row, 'line' | 'byte' | 'cpu'>, values: readonly string[], columns: Columns): void {
    const { rows } = this.#targets;
    const value = (role: ColumnRole) => {
      const place = columns.places[role];
      return (place === undefined ? undefined : values[place])?.trim() ?? '';
    };
    const [pid, cpu] = [integer(value('pid')), integer(value('cpu'))];
    const time = value('ts') === '' ? '' : secondsOf(value('ts').replace(/^(\d+),(\d+)$/, '$1.$2'));
    const wrong = pid === undefined ? 'pid' : cpu === undefined ? 'cpu' : 'ts';
    if (pid === undefined || cpu === undefined || time === undefined) {
      rows.damaged(at, `its ${wrong} is none: ${JSON.stringify(value(wrong).slice(0, 40))}`);
      return;
    }
    if (this.#goesBack(cpu, time)) {
      rows.damaged({ ...at, cpu }, 'it goes back in time: rows must be sorted by their ts');
      return;
    }
    const fields: RowField[] = [];
    for (const { name, place } of columns.args) {
      const value = values[place]?.trim() ?? '';
      if (value !== '') fields.push({ name, value });
    }
    const args = value('args');
    const comm = value('comm') || '<...>';
    const row: Row = { line: at.line, byte: at.byte, pid, cpu, time, comm, name: value('name'), fields };
    if (args.length > MAX_ARGS) rows.damaged({ ...at, cpu }, 'its arguments are longer than any event');
    else if (args !== '' && this.#isText(row, args)) this.#targets.text.entry(this.#rec);
    else this.#words(row, fields, args);
  }

  /** Adds the words of `args` to the row's fields. */
  #words(row: Row, fields: RowField[], args: string): void {
    const { rows } = this.#targets;
    const words = keyValues(args);
    if (words === undefined && rows.knows(row.name)) {
      rows.damaged(row, 'its arguments are no key=value words');
      return;
    }
    fields.push(...(words ?? []));
    rows.row(row);
  }

  #goesBack(cpu: number, time: string): boolean {
    const now = Number(time);
    const last = this.#times.get(cpu);
    const isBack = now < (last ?? 0);
    if (!isBack && (last !== undefined || this.#times.size < MAX_CPUS)) this.#times.set(cpu, now);
    return isBack;
  }

  /** Are the arguments the tracer's own text behind the event's name? It is then in #rec. */
  #isText({ line, pid, cpu, time, comm, name }: Row, args: string): boolean {
    const event = name.slice(name.lastIndexOf(':') + 1);
    if (!/^[\w.]+$/.test(event)) return false;
    const rec = this.#rec;
    const text = ascii(`${comm}${time}${event}: ${args}`);
    rec.setBuffer(text);
    rec.line = line;
    rec.pid = pid;
    rec.cpu = cpu;
    rec.commStart = 0;
    rec.commEnd = rec.timeStart = comm.length;
    rec.timeEnd = rec.rest = comm.length + time.length;
    rec.end = text.length;
    return !isKeyValue(args) || this.#targets.rows.isPrinted(name, rec, rec.rest + event.length + 2);
  }

  #cut(why: string): void {
    const { rows } = this.#targets;
    const { line, byte } = this.#records.rest;
    rows.stats.lines = line;
    rows.note('cut', line, `byte ${byte}: the record that begins here is cut off: ${why}`);
  }
}

function withoutMark(record: CsvRecord): CsvRecord {
  return record.byte === 0 ? { ...record, text: record.text.replace(BOM, '') } : record;
}

/** -1 where it is not told; undefined where it is no number. */
function integer(text: string): number | undefined {
  if (text === '' || text === '[NULL]') return -1;
  return /^-?\d{1,10}$/.test(text) ? Number(text) : undefined;
}

/** The tracer's option `fields` prints symbols and numbers behind values, which no such words have. */
function isKeyValue(args: string): boolean {
  KEY.lastIndex = 0;
  return KEY.test(args) && !/^__probe_\w+=\S+ [[(]/.test(args);
}

/** `key=value` words; a value that is not quoted reaches to the next key. Undefined where something else stands between. */
function keyValues(args: string): RowField[] | undefined {
  const fields: RowField[] = [];
  let p = 0;
  for (;;) {
    KEY.lastIndex = p;
    const key = KEY.exec(args);
    if (key === null) return args.slice(p).trim() === '' ? fields : undefined;
    const start = KEY.lastIndex;
    QUOTED.lastIndex = NEXT_KEY.lastIndex = start;
    const quoted = QUOTED.exec(args);
    p = quoted === null ? (NEXT_KEY.exec(args)?.index ?? args.length) : QUOTED.lastIndex;
    const value = quoted?.[1] ?? args.slice(start, p).trim().replace(/,$/, '');
    fields.push({ name: key[1] ?? '', value });
  }
}
