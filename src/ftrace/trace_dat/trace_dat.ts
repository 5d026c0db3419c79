// A trace.dat of trace-cmd, versions 6 and 7, read in place: its header, its formats, its events in the order of time.
import type { Ptr } from '../../base/u64.ts';
import type { ByteSource } from './byte_source.ts';
import { isShifted, shiftTime } from './clock_shift.ts';
import { parseCmdlines } from './cmdlines.ts';
import { blocksOf } from './cpu_blocks.ts';
import { CpuStream } from './cpu_stream.ts';
import { Damage, type Diagnostic } from './damage.ts';
import type { DatEvent } from './dat_event.ts';
import type { DatFile } from './dat_file.ts';
import { type Decompressors, decompressorOf } from './decompress.ts';
import { EventTable } from './event_table.ts';
import type { EventFormat } from './formats.ts';
import { type DatHeader, readHeader } from './header.ts';
import { Kallsyms } from './kallsyms.ts';
import type { Layout } from './layout.ts';
import { readLayoutV6 } from './layout_v6.ts';
import { readLayoutV7 } from './layout_v7.ts';
import { StreamMerge } from './merge.ts';
import type { BufferInfo } from './options.ts';

/** `count` is undefined where the file does not tell how many, or where damage hides them. */
export type OnLoss = (cpu: number, count: number | undefined, buffer: string) => void;

export class TraceDat {
  readonly header: DatHeader;
  /** Of the top buffer: 'local', 'mono', 'x86-tsc', ... */
  readonly clock: string;
  readonly uname: string | undefined;
  /** Of trace-cmd itself. */
  readonly traceCmd: string | undefined;
  /** Of the traced machine, whether or not they have events. */
  readonly cpuCount: number;
  readonly buffers: readonly BufferInfo[];
  /** Per-CPU `stats` as text, of every CPU and buffer in the order of the file. */
  readonly cpuStats: readonly string[];
  readonly formats: ReadonlyMap<number, EventFormat>;
  /** What is damaged or missing, as far as it has been read. */
  readonly diagnostics: readonly Diagnostic[];

  private readonly file: DatFile;
  private readonly layout: Layout;
  private kallsyms: Kallsyms | undefined;
  private comms: Map<number, string> | undefined;

  /** A Diagnostic: this is no trace.dat that can be read. Anything less is in `diagnostics`. */
  static open(source: ByteSource, decompressors: Decompressors = {}): TraceDat | Diagnostic {
    const damage = new Damage();
    const header = readHeader(source, damage);
    if ('message' in header) return header;
    const decompress = decompressorOf(header.compression, decompressors);
    return new TraceDat({ source, header, decompress, damage });
  }

  private constructor(file: DatFile) {
    this.file = file;
    this.header = file.header;
    this.layout = file.header.version === 6 ? readLayoutV6(file) : readLayoutV7(file);
    const { options, buffers, formats } = this.layout;
    this.buffers = buffers;
    this.clock = buffers[0]?.clock || (options.clock ?? 'local');
    this.uname = options.uname;
    this.traceCmd = options.traceCmd;
    this.cpuStats = options.cpuStats;
    const highest = buffers.reduce((n, buffer) => buffer.cpus.reduce((m, { cpu }) => Math.max(m, cpu + 1), n), 0);
    this.cpuCount = options.cpuCount ?? highest;
    this.formats = new Map(formats.map((format) => [format.id, format]));
    this.diagnostics = file.damage.list;
  }

  /** The function of the traced kernel that an address is in. */
  symbolOf(address: Ptr): string | undefined {
    this.kallsyms ??= new Kallsyms(this.layout.kallsyms() ?? new Uint8Array(0));
    return this.kallsyms.symbolOf(address);
  }

  /** The name the task had last; undefined where the kernel had not saved it. */
  commOf(pid: number): string | undefined {
    this.comms ??= parseCmdlines(this.layout.cmdlines() ?? new Uint8Array(0));
    return this.comms.get(pid);
  }

  /** The texts of buffers that were recorded as text. */
  texts(): { readonly name: string; readonly bytes: Uint8Array }[] {
    return this.layout.texts.map(({ name, bytes }) => ({ name, bytes: bytes() ?? new Uint8Array(0) }));
  }

  /** All buffers and CPUs merged; `accept` is asked once per format, its events are passed over where it says no. */
  forEachEvent(
    onEvent: (event: DatEvent) => void,
    onLoss: OnLoss,
    accept: (format: EventFormat) => boolean = () => true,
  ): void {
    this.events(onEvent, onLoss, accept)?.run(Number.POSITIVE_INFINITY);
  }

  /** The same in parts, as far as each run() goes; undefined where no CPU has any. */
  events(
    onEvent: (event: DatEvent) => void,
    onLoss: OnLoss,
    accept: (format: EventFormat) => boolean = () => true,
  ): StreamMerge | undefined {
    const table = new EventTable(this.formats, accept);
    const streams = this.openStreams(table);
    if (streams.length === 0) return undefined;
    const tellLoss = (stream: CpuStream): void => {
      if (stream.lost) onLoss(stream.cpu, stream.lostCount, stream.buffer);
      stream.lost = false;
    };
    const visit = (stream: CpuStream): void => {
      if (stream.lost) tellLoss(stream);
      if (stream.wanted) onEvent(stream);
    };
    return new StreamMerge(streams, visit, tellLoss);
  }

  private openStreams(table: EventTable): CpuStream[] {
    const { file, layout } = this;
    const { shift } = layout.options;
    const adjust = isShifted(shift) ? (cpu: number, ns: bigint): bigint => shiftTime(shift, cpu, ns) : undefined;
    const streams: CpuStream[] = [];
    for (const buffer of this.buffers) {
      const { pageSize, name } = buffer;
      for (const data of buffer.cpus.toSorted((a, b) => a.cpu - b.cpu)) {
        if (data.size === 0) continue;
        const origin = { file, page: layout.page, pageSize, buffer: name, cpu: data.cpu, adjust };
        streams.push(new CpuStream(origin, blocksOf(file, buffer, data), table, streams.length));
      }
    }
    return streams;
  }
}
