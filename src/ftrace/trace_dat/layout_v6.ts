// The metadata of a version 6 trace.dat: fixed pieces, one after the other, after trace-cmd.dat.v6(5).
import { Cursor, latin1 } from './byte_source.ts';
import type { DatFile } from './dat_file.ts';
import { emptyLayout, type Layout } from './layout.ts';
import { type LazyBytes, readEventFormats, readFtraceFormats, readHeaderInfo } from './metadata.ts';
import { type CpuData, MAX_CPUS, readOption, selectedClock } from './options.ts';

/** "options  \0", "latency  \0" and "flyrecord\0" are all so long. */
const TAG = 10;
const MAX_TEXT = 64 * 1024 * 1024;

export function readLayoutV6(file: DatFile): Layout {
  const layout = emptyLayout(file.header.longSize);
  const cursor = new Cursor(file.source, file.header.end, file.source.size, file.header.bigEndian);
  layout.page = readHeaderInfo(cursor, file);
  readFtraceFormats(cursor, file, layout.formats);
  readEventFormats(cursor, file, layout.formats);
  layout.kallsyms = later(cursor, cursor.u32());
  later(cursor, cursor.u32());
  layout.cmdlines = later(cursor, cursor.u64());
  const countOffset = cursor.pos;
  const count = cursor.u32();
  if (cursor.short || count > MAX_CPUS) {
    file.damage.add(countOffset, 'the metadata ends before the number of CPUs: no events can be found');
    return layout;
  }
  readRest(cursor, file, layout, count);
  return layout;
}

function readRest(cursor: Cursor, file: DatFile, layout: Layout, count: number): void {
  let offset = cursor.pos;
  let tag = latin1(cursor.take(TAG));
  if (tag.startsWith('options')) {
    readOptions(cursor, file, layout);
    offset = cursor.pos;
    tag = latin1(cursor.take(TAG));
  }
  const cpus = Math.min(layout.options.cpuCount ?? count, MAX_CPUS);
  if (tag.startsWith('latency')) {
    const bytes = later(cursor, Math.min(cursor.left, MAX_TEXT));
    layout.texts.push({ name: '', bytes });
  } else if (tag.startsWith('flyrecord')) {
    const data = readCpus(cursor, file, cpus);
    const clock = layout.options.clock ?? selectedClock(latin1(cursor.take(Math.min(cursor.u64(), TAG * TAG))));
    pushBuffer(layout, file, '', clock ?? 'local', data);
    for (const option of layout.options.buffers) readInstance(file, layout, option.name, option.offset, cpus);
  } else {
    file.damage.add(offset, "neither 'latency' nor 'flyrecord' data: no events can be found");
  }
}

function readOptions(cursor: Cursor, file: DatFile, layout: Layout): void {
  for (let id = cursor.u16(); id !== 0 && !cursor.short; id = cursor.u16()) {
    const size = cursor.u32();
    if (size > cursor.left)
      file.damage.add(cursor.pos, `option ${id} claims ${size} bytes where ${cursor.left} are left`);
    readOption(id, cursor.sub(size), layout.options, file);
  }
}

function readInstance(file: DatFile, layout: Layout, name: string, offset: number, cpus: number): void {
  const cursor = new Cursor(file.source, offset, file.source.size, file.header.bigEndian);
  if (!latin1(cursor.take(TAG)).startsWith('flyrecord')) {
    file.damage.add(offset, `no 'flyrecord' data of the buffer '${name}'`);
    return;
  }
  pushBuffer(layout, file, name, layout.options.clock ?? 'local', readCpus(cursor, file, cpus));
}

function pushBuffer(layout: Layout, file: DatFile, name: string, clock: string, cpus: CpuData[]): void {
  layout.buffers.push({ name, clock, pageSize: file.header.pageSize, compressed: false, cpus });
}

function readCpus(cursor: Cursor, file: DatFile, count: number): CpuData[] {
  const cpus: CpuData[] = [];
  for (let cpu = 0; cpu < count; cpu++) {
    const at = cursor.pos;
    const offset = cursor.u64();
    const size = cursor.u64();
    if (cursor.short) {
      file.damage.add(at, `the place of the data of CPU ${cpu} is missing`);
      break;
    }
    cpus.push({ cpu, offset, size });
  }
  return cpus;
}

function later(cursor: Cursor, size: number): LazyBytes {
  const from = cursor.pos;
  cursor.skip(size);
  const to = cursor.pos;
  return () => new Cursor(cursor.source, from, to, cursor.bigEndian).take(to - from);
}
