// One trace of the report: its columns unpacked, and what is asked of them again and again.
import type { FindingData, JobColumns, Num, NumberColumn, PageData, TraceData } from '../reporters/html/page_data.ts';
import { near, secondsText } from './words.ts';

export type AxisName = 'time' | 'line';

export type JobColumn = Exclude<keyof JobColumns, 'count' | 'retries'>;

export function unpacked(column: NumberColumn): Float64Array {
  if (Array.isArray(column)) return Float64Array.from(column);
  if ('all' in column) return new Float64Array(column.count).fill(column.all);
  const values = Float64Array.from(column.steps);
  for (let i = 1; i < values.length; i++) values[i] = (values[i] ?? 0) + (values[i - 1] ?? 0);
  return values;
}

export interface Stays {
  readonly count: number;
  readonly vm: Float64Array;
  readonly obj: Float64Array;
  readonly from: Float64Array;
  readonly to: Float64Array;
  readonly fromJob: Float64Array;
  readonly toJob: Float64Array;
  readonly isRest: Float64Array;
  readonly addr: readonly Num[];
  readonly range: readonly Num[];
  readonly offset: readonly Num[];
}

export class Trace {
  readonly data: TraceData;
  readonly verdicts: readonly string[];
  readonly count: number;
  readonly stays: Stays;
  /** Of jobs and findings: where mappings alone come and go, nothing is to be seen. */
  readonly lastLine: number;
  readonly firstLine: number;
  readonly #columns = new Map<JobColumn, Float64Array>();
  readonly #lines: Float64Array;
  readonly #ticks: Float64Array;
  readonly #byJob = new Map<number, number[]>();
  readonly #places = new Map<string, Float64Array>();

  constructor(data: TraceData, page: PageData) {
    this.data = data;
    this.verdicts = page.verdicts;
    this.count = data.jobs.count;
    this.#lines = unpacked(data.moments.line);
    this.#ticks = unpacked(data.moments.tick);
    const { addr, range, offset, vm, obj, from, to, fromJob, toJob, isRest } = data.stays;
    this.stays = {
      count: addr.length,
      addr,
      range,
      offset,
      vm: unpacked(vm),
      obj: unpacked(obj),
      from: unpacked(from),
      to: unpacked(to),
      fromJob: unpacked(fromJob),
      toJob: unpacked(toJob),
      isRest: unpacked(isRest),
    };
    data.findings.forEach((finding, i) => {
      const own = this.#byJob.get(finding.job);
      if (own === undefined) this.#byJob.set(finding.job, [i]);
      else own.push(i);
    });
    const lines = data.findings.map(({ line }) => line);
    for (let row = 0; row < this.count; row++) lines.push(this.cell('line', row), this.line('end', row));
    const known = lines.length === 0 ? [...this.#lines] : lines.filter((line) => line > 0);
    this.lastLine = known.reduce((most, line) => Math.max(most, line), 1);
    this.firstLine = known.reduce((least, line) => Math.min(least, line), this.lastLine);
  }

  /** A cell of the jobs. */
  cell(column: JobColumn, row: number): number {
    let values = this.#columns.get(column);
    if (values === undefined) {
      values = unpacked(this.data.jobs[column]);
      this.#columns.set(column, values);
    }
    return values[row] ?? -1;
  }

  /** The line of a place of a job; -1 where it was not seen. */
  line(place: JobColumn, row: number): number {
    const start = this.cell('line', row);
    if (place === 'line') return start;
    const since = this.cell(place, row);
    return since < 0 ? -1 : start + since;
  }

  /** As `line`, on the axis, NaN where it was not seen; the end of a job that has none is the trace's. */
  places(place: JobColumn, axis: AxisName): Float64Array {
    const key = `${axis} ${place}`;
    let values = this.#places.get(key);
    if (values === undefined) {
      values = new Float64Array(this.count);
      for (let row = 0; row < this.count; row++) {
        const line = this.line(place, row);
        const shown = line < 0 && place === 'end' ? this.lastLine : line;
        values[row] = shown < 0 ? Number.NaN : this.at(shown, axis);
      }
      this.#places.set(key, values);
    }
    return values;
  }

  /** A line on the axis. */
  at(line: number, axis: AxisName): number {
    return axis === 'line' ? line : (this.#ticks[this.#moment(line)] ?? 0);
  }

  get hasTime(): boolean {
    return this.#ticks.length > 1;
  }

  #moment(line: number): number {
    let low = 0;
    let high = this.#lines.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#lines[middle] ?? 0) <= line) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** What a line is called in a sentence. */
  lineName(line: number): string {
    return this.data.lineNames[line] ?? `line ${line}`;
  }

  lineCell(line: number): string {
    return this.data.lineNames[line] ?? String(line);
  }

  /** The time at a line, as the trace spells its times; '' where it has none. */
  time(line: number): string {
    if (this.#ticks.length === 0) return '';
    const { start, perSecond } = this.data.moments;
    const tick = this.#ticks[this.#moment(line)] ?? 0;
    if (perSecond === 0) return String(Number(start) + tick);
    const digits = String(perSecond).length - 1;
    const whole = BigInt(start.replace('.', '')) + BigInt(Math.round(tick));
    const text = whole.toString().padStart(digits + 1, '0');
    return `${text.slice(0, -digits)}.${text.slice(-digits)}`;
  }

  /** A place on the axis in words. */
  axisText(value: number, axis: AxisName): string {
    if (axis === 'line') return `line ${Math.round(value)}`;
    const { perSecond } = this.data.moments;
    return perSecond === 0 ? `${Math.round(value)}` : `+${secondsText(value / perSecond)}`;
  }

  findingsOf(row: number): readonly number[] {
    return this.#byJob.get(row) ?? [];
  }

  finding(index: number): FindingData | undefined {
    return this.data.findings[index];
  }

  verdict(row: number): string {
    return this.verdicts[this.cell('verdict', row)] ?? 'unknown';
  }

  task(row: number): string {
    return this.data.tasks[this.cell('task', row)] ?? '';
  }

  /** What a link calls the job: its number, and the line where it begins, as numbers come again. */
  key(row: number): string {
    return `${this.cell('job', row)}@${this.cell('line', row)}`;
  }

  /** The row of a key; with a bare number, the first job of it; -1 where there is none. */
  rowOf(key: string): number {
    const [job = '', line] = key.split('@');
    for (let row = 0; row < this.count; row++) {
      if (this.cell('job', row) !== Number(job)) continue;
      if (line === undefined || this.cell('line', row) === Number(line)) return row;
    }
    return -1;
  }

  vmName(row: number): string {
    const vm = this.data.vms[row];
    if (vm === undefined) return 'not known';
    return `${vm.ordinal}${vm.name === '' ? '' : ` "${vm.name}"`}`;
  }

  objName(row: number): string {
    return this.data.objs[row]?.name ?? 'NULL';
  }

  stayEnd(stay: number): number {
    return near(this.stays.addr[stay] ?? 0) + near(this.stays.range[stay] ?? 0);
  }
}
