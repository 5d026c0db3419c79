// One CPU's events in the order of its ring buffer pages: kernel/trace/ring_buffer.c, struct buffer_data_page.
import type { Block, CpuBlocks } from './cpu_blocks.ts';
import type { DatEvent } from './dat_event.ts';
import type { DatFile } from './dat_file.ts';
import type { EventTable } from './event_table.ts';
import type { EventFormat } from './formats.ts';
import type { PageLayout } from './metadata.ts';

const TWO32 = 4294967296;
const NS_PER_SEC = 1000000000;
const DELTA_BITS = 134217728;
/** type_len of struct ring_buffer_event: 1..28 are a length in words, 0 a long record. */
const MAX_WORDS = 28;
const TYPE_PADDING = 29;
const TYPE_TIME_STAMP = 31;
/** Of `commit`: 27 bits of length, as libtraceevent masks it; then the flags of lost events. */
const COMMIT_MASK = 0x7ffffff;
const MISSED_EVENTS = 0x80000000;
const MISSED_STORED = 0x40000000;
/** The 59 bits of an absolute stamp leave out these, which are taken from the page's. */
const STAMP_TOP = 2 ** 59;

const NO_FORMAT: EventFormat = { id: -1, system: '', name: '', fields: [], printFmt: undefined, minLength: 0 };

export interface StreamOrigin {
  readonly file: DatFile;
  readonly page: PageLayout;
  readonly pageSize: number;
  readonly buffer: string;
  readonly cpu: number;
  /** Corrects a stamp, in ns; undefined where stamps are right as they are. */
  readonly adjust: ((cpu: number, ns: bigint) => bigint) | undefined;
}

/** Stands on one event at a time: `next()` moves on, the properties tell about it. */
export class CpuStream implements DatEvent {
  readonly cpu: number;
  readonly buffer: string;
  readonly littleEndian: boolean;
  /** Rank among events of the same time. */
  readonly order: number;
  format = NO_FORMAT;
  /** False: the stream stopped here only to tell of a loss. */
  wanted = false;
  sec = 0;
  nsec = 0;
  base = 0;
  length = 0;
  data: Uint8Array = new Uint8Array(0);
  view: DataView = new DataView(new ArrayBuffer(0));
  fileOffset = 0;
  /** Events were lost before this one, or, after the last one, at the end. */
  lost = false;
  lostCount: number | undefined = 0;

  private readonly origin: StreamOrigin;
  private readonly blocks: CpuBlocks;
  private readonly table: EventTable;
  private block: Block | undefined;
  private nextPage = 0;
  private pos = 0;
  private end = 0;
  private rawSec = 0;
  private rawNsec = 0;
  private stampTop = 0;

  constructor(origin: StreamOrigin, blocks: CpuBlocks, table: EventTable, order: number) {
    this.origin = origin;
    this.blocks = blocks;
    this.table = table;
    this.order = order;
    this.cpu = origin.cpu;
    this.buffer = origin.buffer;
    this.littleEndian = !origin.file.header.bigEndian;
  }

  get pid(): number {
    return this.view.getInt32(this.base + this.table.common.pid, this.littleEndian);
  }

  get flags(): number {
    return this.view.getUint8(this.base + this.table.common.flags);
  }

  get preempt(): number {
    return this.view.getUint8(this.base + this.table.common.preempt);
  }

  /** Moves to the next event that is wanted or that follows a loss; false at the end. */
  next(): boolean {
    const little = this.littleEndian;
    const slots = this.table.slots;
    const common = this.table.common.length;
    while (this.pos < this.end || this.openPage()) {
      const pos = this.pos;
      const word = this.view.getUint32(pos, little);
      const words = little ? word & 31 : word >>> 27;
      const delta = little ? word >>> 5 : word & (DELTA_BITS - 1);
      if (words > MAX_WORDS) {
        this.special(words, delta);
        continue;
      }
      const length = words === 0 ? this.longLength() : words * 4;
      const base = words === 0 ? pos + 8 : pos + 4;
      if (length < common || base + length > this.end) {
        this.breakPage('a record is longer than its page');
        continue;
      }
      this.pos = base + length;
      this.rawNsec += delta;
      if (this.rawNsec >= NS_PER_SEC) this.carry();
      const id = this.view.getUint16(base, little);
      const slot = slots[id] ?? this.table.open(id);
      if (slot === undefined || slot.format.minLength > length) {
        this.skipRecord(id, pos);
        continue;
      }
      if (!slot.wanted && !this.lost) continue;
      this.format = slot.format;
      this.wanted = slot.wanted;
      this.base = base;
      this.length = length;
      this.stamp();
      return true;
    }
    return false;
  }

  private stamp(): void {
    const { adjust, cpu } = this.origin;
    if (adjust === undefined) {
      this.sec = this.rawSec;
      this.nsec = this.rawNsec;
      return;
    }
    const ns = adjust(cpu, BigInt(this.rawSec) * 1000000000n + BigInt(this.rawNsec));
    this.sec = Number(ns / 1000000000n);
    this.nsec = Number(ns % 1000000000n);
  }

  /** Bytes of a record whose length is in a word of its own; -1 where that cannot be. */
  private longLength(): number {
    if (this.pos + 8 > this.end) return -1;
    const length = this.view.getUint32(this.pos + 4, this.littleEndian);
    return length < 4 ? -1 : Math.ceil((length - 4) / 4) * 4;
  }

  private special(type: number, delta: number): void {
    if (type === TYPE_PADDING && delta === 0) {
      this.pos = this.end;
      return;
    }
    if (this.pos + 8 > this.end) {
      this.breakPage('a time stamp is cut off');
      return;
    }
    const value = this.view.getUint32(this.pos + 4, this.littleEndian);
    if (type === TYPE_PADDING) {
      this.pos = Math.min(this.end, this.pos + 4 + Math.max(4, Math.ceil(value / 4) * 4));
      this.addTime(0, delta);
      return;
    }
    this.pos += 8;
    if (type === TYPE_TIME_STAMP) {
      this.rawSec = 0;
      this.rawNsec = 0;
      this.addTime(this.stampTop, 0);
    }
    this.addTime(value * DELTA_BITS, delta);
  }

  /** Adds a time of more than 53 bits: `high` is a multiple of 2^27, thus exact as a double, and so is its remainder. */
  private addTime(high: number, low: number): void {
    const rest = high % NS_PER_SEC;
    this.rawSec += Math.round((high - rest) / NS_PER_SEC);
    this.rawNsec += rest + low;
    this.carry();
  }

  private carry(): void {
    const seconds = Math.floor(this.rawNsec / NS_PER_SEC);
    this.rawSec += seconds;
    this.rawNsec -= seconds * NS_PER_SEC;
  }

  /** Opens the next page that has data; false after the last one. */
  private openPage(): boolean {
    const { pageSize, page } = this.origin;
    for (;;) {
      while (this.block === undefined || this.nextPage >= this.block.data.length) {
        this.block = this.blocks.next();
        this.nextPage = 0;
        if (this.blocks.lost) this.addLoss(undefined);
        this.blocks.lost = false;
        if (this.block === undefined) return false;
        this.data = this.block.data;
        this.view = this.block.view;
      }
      const start = this.nextPage;
      this.nextPage += pageSize;
      this.fileOffset = this.block.fileOffset + (this.block.isChunk ? 0 : start);
      const limit = Math.min(start + pageSize, this.data.length);
      if (start + page.dataOffset > limit) {
        this.origin.file.damage.add(this.fileOffset, 'a page is cut off');
        this.addLoss(undefined);
      } else if (this.readPageHeader(start, limit)) return true;
    }
  }

  private readPageHeader(start: number, limit: number): boolean {
    const { view, littleEndian: little } = this;
    const { commitSize, dataOffset } = this.origin.page;
    const low = view.getUint32(start + (little ? 0 : 4), little);
    const high = view.getUint32(start + (little ? 4 : 0), little);
    const commit = view.getUint32(start + (little || commitSize === 4 ? 8 : 12), little);
    this.rawSec = 0;
    this.rawNsec = 0;
    this.addTime(high * TWO32, low);
    this.stampTop = (high >>> 27) * STAMP_TOP;
    this.pos = start + dataOffset;
    this.end = this.pos + (commit & COMMIT_MASK);
    if ((commit & MISSED_EVENTS) !== 0) this.addLoss(this.storedCount(commit, limit));
    if (this.end > limit || this.end % 4 !== 0) this.cutPage(limit);
    return this.pos < this.end;
  }

  /** A page whose length cannot be: in a file that breaks off its beginning is good, elsewhere all is in doubt. */
  private cutPage(limit: number): void {
    const { file, pageSize, page } = this.origin;
    const claimed = this.end - this.pos;
    const isBroken = limit === this.data.length && this.nextPage > limit && claimed <= pageSize - page.dataOffset;
    file.damage.add(this.fileOffset, `a page of ${claimed} bytes of events${isBroken ? ' is cut off' : ' cannot be'}`);
    this.addLoss(undefined);
    this.end = isBroken ? limit - ((limit - this.pos) % 4) : this.pos;
  }

  private storedCount(commit: number, limit: number): number | undefined {
    const { commitSize } = this.origin.page;
    if ((commit & MISSED_STORED) === 0 || this.end + commitSize > limit) return undefined;
    const low = this.view.getUint32(this.end + (this.littleEndian || commitSize === 4 ? 0 : 4), this.littleEndian);
    if (commitSize === 4) return low;
    return this.view.getUint32(this.end + (this.littleEndian ? 4 : 0), this.littleEndian) * TWO32 + low;
  }

  private addLoss(count: number | undefined): void {
    const before = this.lost ? this.lostCount : 0;
    this.lost = true;
    this.lostCount = count === undefined || before === undefined ? undefined : before + count;
  }

  /** The rest of the page makes no sense: where its next record begins is unknown. */
  private breakPage(what: string): void {
    this.origin.file.damage.add(
      this.fileOffset,
      `${what} (${this.end - this.pos} bytes of CPU ${this.cpu} are not read)`,
    );
    this.addLoss(undefined);
    this.pos = this.end;
  }

  private skipRecord(id: number, pos: number): void {
    const { damage } = this.origin.file;
    const at = this.block?.isChunk === true ? this.fileOffset : (this.block?.fileOffset ?? 0) + pos;
    const known = this.table.slots[id]?.format.name;
    if (known === undefined) damage.add(at, `an event of unknown type ${id}`);
    else damage.add(at, `a record is too short for the event '${known}'`);
    this.addLoss(undefined);
  }
}
