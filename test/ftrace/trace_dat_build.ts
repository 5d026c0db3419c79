// Takes a trace.dat of version 7 apart and writes one anew: either version, either byte order, any compression.
import { deflateSync, inflateSync } from 'node:zlib';
import { unpackedByReference } from '../support/zstd_reference.ts';

/** What a file says, free of how it is stored. */
export interface Parts {
  longSize: number;
  pageSize: number;
  headerPage: string;
  ftrace: string[];
  systems: [string, string[]][];
  kallsyms: string;
  cmdlines: string;
  /** Ids below 16, without DONE, BUFFER and CPUCOUNT. */
  options: [number, Uint8Array][];
  buffers: { name: string; clock: string; pageSize: number; cpus: { cpu: number; pages: Uint8Array }[] }[];
  texts: { name: string; text: string }[];
}

export interface Storage {
  version: 6 | 7;
  bigEndian: boolean;
  compression: 'none' | 'zlib';
  pagesPerChunk: number;
}

export const inflate = (data: Uint8Array, size: number): Uint8Array => inflateSync(data, { maxOutputLength: size + 1 });

export class Writer {
  private readonly parts: number[] = [];
  readonly bigEndian: boolean;

  constructor(bigEndian: boolean) {
    this.bigEndian = bigEndian;
  }

  get length(): number {
    return this.parts.length;
  }

  number(value: number | bigint, size: 1 | 2 | 4 | 8): this {
    const bytes: number[] = [];
    for (let i = 0; i < size; i++) bytes.push(Number((BigInt(value) >> BigInt(8 * i)) & 255n));
    this.parts.push(...(this.bigEndian ? bytes.reverse() : bytes));
    return this;
  }

  text(text: string): this {
    for (const c of text) this.parts.push(c.charCodeAt(0));
    return this;
  }

  bytes(bytes: Uint8Array): this {
    for (const byte of bytes) this.parts.push(byte);
    return this;
  }

  align(size: number): this {
    while (this.parts.length % size !== 0) this.parts.push(0);
    return this;
  }

  patch(at: number, value: number, size: 4 | 8): void {
    const patch = new Writer(this.bigEndian).number(value, size);
    for (let i = 0; i < size; i++) this.parts[at + i] = patch.parts[i] ?? 0;
  }

  done(): Uint8Array {
    return Uint8Array.from(this.parts);
  }
}

export function emptyParts(): Parts {
  const headerPage =
    '\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n';
  const plain = { longSize: 8, pageSize: 4096, headerPage, kallsyms: '', cmdlines: '' };
  return { ...plain, ftrace: [], systems: [], options: [], buffers: [], texts: [] };
}

export function dissect(file: Uint8Array): Parts {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const parts = emptyParts();
  const u64 = (at: number): number => Number(view.getBigUint64(at, true));
  const section = (at: number): Uint8Array => {
    if ((view.getUint16(at + 2, true) & 1) === 0) return file.subarray(at + 16, at + 16 + u64(at + 8));
    return unpackedByReference(file.subarray(at + 24, at + 24 + view.getUint32(at + 16, true)));
  };
  let end = 18;
  for (let strings = 0; strings < 2; end++) if (file[end] === 0) strings++;
  for (let at = u64(end); at !== 0; ) at = dissectOptions(section(at), section, file, parts);
  return parts;
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

function dissectOptions(data: Uint8Array, section: (at: number) => Uint8Array, file: Uint8Array, parts: Parts): number {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  for (let at = 0; ; ) {
    const id = view.getUint16(at, true);
    const size = view.getUint32(at + 2, true);
    const body = data.subarray(at + 6, at + 6 + size);
    const offset = size >= 8 ? Number(view.getBigUint64(at + 6, true)) : 0;
    at += 6 + size;
    if (id === 0) return offset;
    if (id === 3) dissectBuffer(body, file, parts);
    else if (id >= 16) dissectSection(id, section(offset), parts);
    else if (id !== 8) parts.options.push([id, body]);
  }
}

function dissectSection(id: number, data: Uint8Array, parts: Parts): void {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const u64 = (at: number): number => Number(view.getBigUint64(at, true));
  const formats = (from: number, into: string[]): number => {
    let at = from + 4;
    for (let i = view.getUint32(from, true); i > 0; i--) {
      into.push(text(data.subarray(at + 8, at + 8 + u64(at))));
      at += 8 + u64(at);
    }
    return at;
  };
  if (id === 16) parts.headerPage = text(data.subarray(20, 20 + u64(12)));
  if (id === 17) formats(0, parts.ftrace);
  if (id === 19) parts.kallsyms = text(data.subarray(4, 4 + view.getUint32(0, true)));
  if (id === 21) parts.cmdlines = text(data.subarray(8, 8 + u64(0)));
  for (let at = 4, i = id === 18 ? view.getUint32(0, true) : 0; i > 0; i--) {
    const end = data.indexOf(0, at);
    const system: [string, string[]] = [text(data.subarray(at, end)), []];
    at = formats(end + 1, system[1]);
    parts.systems.push(system);
  }
}

function dissectBuffer(body: Uint8Array, file: Uint8Array, parts: Parts): void {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const all = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const nameEnd = body.indexOf(0, 8);
  const clockEnd = body.indexOf(0, nameEnd + 1);
  const buffer: Parts['buffers'][number] = {
    name: text(body.subarray(8, nameEnd)),
    clock: text(body.subarray(nameEnd + 1, clockEnd)),
    pageSize: view.getUint32(clockEnd + 1, true),
    cpus: [],
  };
  for (let at = clockEnd + 9; at < body.length; at += 20) {
    let from = Number(view.getBigUint64(at + 4, true));
    const chunks: Uint8Array[] = [];
    const count = all.getUint32(from, true);
    from += 4;
    for (let i = 0; i < count; i++) {
      const packed = all.getUint32(from, true);
      chunks.push(unpackedByReference(file.subarray(from + 8, from + 8 + packed)));
      from += 8 + packed;
    }
    buffer.cpus.push({ cpu: view.getUint32(at, true), pages: Buffer.concat(chunks) });
  }
  parts.buffers.push(buffer);
}

export function build(parts: Parts, storage: Storage): Uint8Array {
  const w = new Writer(storage.bigEndian);
  w.text(`\x17\x08\x44tracing${storage.version}\0`);
  w.number(storage.bigEndian ? 1 : 0, 1)
    .number(parts.longSize, 1)
    .number(parts.pageSize, 4);
  if (storage.version === 6) buildV6(w, parts);
  else buildV7(w, parts, storage);
  return w.done();
}

function pieces(parts: Parts, bigEndian: boolean): [number, Uint8Array][] {
  const w = (): Writer => new Writer(bigEndian);
  const header = w().text('header_page\0').number(parts.headerPage.length, 8).text(parts.headerPage);
  header.text('header_event\0').number(3, 8).text('...');
  const formats = (into: Writer, texts: string[]): void => {
    into.number(texts.length, 4);
    for (const format of texts) into.number(format.length, 8).text(format);
  };
  const ftrace = w();
  formats(ftrace, parts.ftrace);
  const events = w().number(parts.systems.length, 4);
  for (const [name, texts] of parts.systems) formats(events.text(`${name}\0`), texts);
  const kallsyms = w().number(parts.kallsyms.length, 4).text(parts.kallsyms);
  const cmdlines = w().number(parts.cmdlines.length, 8).text(parts.cmdlines);
  return [
    [16, header.done()],
    [17, ftrace.done()],
    [18, events.done()],
    [19, kallsyms.done()],
    [20, w().number(0, 4).done()],
    [21, cmdlines.done()],
  ];
}

function cpuCount(parts: Parts): number {
  return 1 + Math.max(0, ...parts.buffers.flatMap((buffer) => buffer.cpus.map(({ cpu }) => cpu)));
}

function buildV6(w: Writer, parts: Parts): void {
  for (const [, bytes] of pieces(parts, w.bigEndian)) w.bytes(bytes);
  w.number(cpuCount(parts), 4).text('options  \0');
  const patches: number[] = [];
  for (const [id, bytes] of parts.options) w.number(id, 2).number(bytes.length, 4).bytes(bytes);
  for (const { name } of parts.buffers.slice(1)) {
    w.number(3, 2).number(9 + name.length, 4);
    patches.push(w.length);
    w.number(0, 8).text(`${name}\0`);
  }
  w.number(0, 2);
  const [latency] = parts.texts;
  if (latency !== undefined) {
    w.text('latency  \0').text(latency.text);
    return;
  }
  parts.buffers.forEach((buffer, i) => {
    const patch = patches[i - 1];
    if (patch !== undefined) w.patch(patch, w.length, 8);
    w.text('flyrecord\0');
    const table = w.length;
    for (let cpu = 0; cpu < cpuCount(parts); cpu++) w.number(0, 8).number(0, 8);
    const clock = `[${buffer.clock}]`;
    if (i === 0) w.number(clock.length, 8).text(clock);
    for (const { cpu, pages } of buffer.cpus) {
      w.align(parts.pageSize).patch(table + 16 * cpu, w.length, 8);
      w.patch(table + 16 * cpu + 8, pages.length, 8);
      w.bytes(pages);
    }
  });
}

function buildV7(w: Writer, parts: Parts, storage: Storage): void {
  const isPacked = storage.compression !== 'none';
  const fresh = (): Writer => new Writer(w.bigEndian);
  const section = (id: number, bytes: Uint8Array): number => {
    const offset = w.length;
    const packed = isPacked ? deflateSync(bytes) : bytes;
    w.number(id, 2)
      .number(isPacked ? 1 : 0, 2)
      .number(0, 4)
      .number(packed.length + (isPacked ? 8 : 0), 8);
    if (isPacked) w.number(packed.length, 4).number(bytes.length, 4);
    w.bytes(packed);
    return offset;
  };
  w.text(`${storage.compression}\0`).text('1.0\0');
  const first = w.length;
  w.number(0, 8);
  const options = fresh();
  for (const [id, bytes] of pieces(parts, w.bigEndian))
    options.number(id, 2).number(8, 4).number(section(id, bytes), 8);
  for (const [id, bytes] of parts.options) options.number(id, 2).number(bytes.length, 4).bytes(bytes);
  options.number(8, 2).number(4, 4).number(cpuCount(parts), 4);
  for (const { name, text: latency } of parts.texts) {
    const bytes = Buffer.from(latency, 'latin1');
    const at = w.length;
    w.number(22, 2).number(0, 2).number(0, 4).number(bytes.length, 8).bytes(bytes);
    options
      .number(22, 2)
      .number(9 + name.length, 4)
      .number(at, 8)
      .text(`${name}\0`);
  }
  for (const buffer of parts.buffers) {
    const body = buildBuffer(w, buffer, parts, storage);
    options.number(3, 2).number(body.length, 4).bytes(body);
  }
  options.number(0, 2).number(8, 4).number(0, 8);
  w.patch(first, section(0, options.done()), 8);
}

function buildBuffer(w: Writer, buffer: Parts['buffers'][number], parts: Parts, storage: Storage): Uint8Array {
  const isPacked = storage.compression !== 'none';
  const at = w.length;
  w.number(3, 2)
    .number(isPacked ? 1 : 0, 2)
    .number(0, 4)
    .number(0, 8);
  const option = new Writer(w.bigEndian).number(at, 8).text(`${buffer.name}\0${buffer.clock}\0`);
  option.number(buffer.pageSize, 4).number(buffer.cpus.length, 4);
  for (const { cpu, pages } of buffer.cpus) {
    w.align(parts.pageSize);
    const from = w.length;
    if (!isPacked) w.bytes(pages);
    else {
      const step = storage.pagesPerChunk * buffer.pageSize;
      w.number(Math.ceil(pages.length / step), 4);
      for (let i = 0; i < pages.length; i += step) {
        const chunk = pages.subarray(i, i + step);
        const packed = deflateSync(chunk);
        w.number(packed.length, 4).number(chunk.length, 4).bytes(packed);
      }
    }
    option
      .number(cpu, 4)
      .number(from, 8)
      .number(w.length - from - (isPacked ? 4 : 0), 8);
  }
  w.patch(at + 8, w.length - at - 16, 8);
  return option.done();
}
