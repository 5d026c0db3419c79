// What a scan found, as it is told of lines that are read one by one: entries of CPUs, and probes with their values.
import type { ProbeSink } from '../event_decoder.ts';
import type { Losses } from '../losses.ts';
import { FtraceRecord } from '../record.ts';
import {
  COMM_COLUMNS,
  CPU,
  CPU_COUNT,
  CPU_ENTRIES,
  CPU_LIST,
  ENTRY_COUNT,
  ENTRY_LINE,
  ENTRY_TIME_END,
  ENTRY_TIME_START,
  LINE,
  MAX_CPUS,
  MAX_RECORDS,
  PID,
  RECORD_SIZE,
  RECORDS,
  SAMPLED_BYTES,
  SAMPLES,
  SHAPE,
  START,
  TIME_END,
  TIME_START,
} from './memory.ts';
import { ScannedValues } from './scanned_values.ts';
import type { Scanner } from './scanner.ts';

const RECORD_WORDS = RECORD_SIZE / 4;
const ENTRY_WORDS = 4;

export class ScannedEntries {
  readonly scanner: Scanner;
  readonly #rec = new FtraceRecord();
  readonly #values: ScannedValues;
  readonly #records: Int32Array;
  readonly #entries: Int32Array;
  readonly #cpus: Uint16Array;

  constructor(scanner: Scanner) {
    const { bytes, buffer } = scanner;
    this.scanner = scanner;
    this.#rec.setBuffer(bytes);
    this.#values = new ScannedValues(buffer);
    this.#records = new Int32Array(buffer, RECORDS, MAX_RECORDS * RECORD_WORDS);
    this.#entries = new Int32Array(buffer, CPU_ENTRIES, MAX_CPUS * ENTRY_WORDS);
    this.#cpus = new Uint16Array(buffer, CPU_LIST, MAX_CPUS);
  }

  /** Entries of each CPU since the last call; `number` is that of the first line of the scan. */
  noteEntries(losses: Losses, number: number): void {
    const entries = this.#entries;
    const { result } = this.scanner;
    losses.sample(result[SAMPLED_BYTES] ?? 0, 'estimated', result[SAMPLES] ?? 0);
    const count = result[CPU_COUNT] ?? 0;
    for (let i = 0; i < count; i++) {
      const cpu = this.#cpus[i] ?? 0;
      const at = ENTRY_WORDS * cpu;
      const line = number + (entries[at + ENTRY_LINE] ?? 0);
      const start = entries[at + ENTRY_TIME_START] ?? 0;
      const end = entries[at + ENTRY_TIME_END] ?? 0;
      losses.lastEntry(cpu, line).atText(line, this.scanner.bytes, start, end, entries[at + ENTRY_COUNT]);
      entries[at + ENTRY_COUNT] = 0;
    }
  }

  /** The events in their order. */
  handOn(sink: ProbeSink, number: number): void {
    const rec = this.#rec;
    const values = this.#values;
    const records = this.#records;
    const stop = RECORD_WORDS * this.scanner.records;
    values.rewind();
    for (let at = 0; at < stop; at += RECORD_WORDS) {
      const binding = this.scanner.bindingOf(records[at + SHAPE] ?? 0);
      if (binding === undefined) return;
      rec.line = number + (records[at + LINE] ?? 0);
      rec.pid = records[at + PID] ?? 0;
      rec.cpu = records[at + CPU] ?? 0;
      rec.commStart = records[at + START] ?? 0;
      rec.commEnd = rec.commStart + COMM_COLUMNS;
      rec.timeStart = records[at + TIME_START] ?? 0;
      rec.timeEnd = records[at + TIME_END] ?? 0;
      values.next(binding.width);
      sink.probe(binding, values, rec);
    }
  }
}
