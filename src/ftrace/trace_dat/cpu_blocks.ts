// The ring buffer pages of one CPU as the file holds them: plain, or in chunks that are unpacked one at a time.
import { type ByteSource, viewOf } from './byte_source.ts';
import type { DatFile } from './dat_file.ts';
import { unpack } from './decompress.ts';
import type { BufferInfo, CpuData } from './options.ts';
import { readSection } from './sections.ts';

/** Some pages in a row. Only the last one of the CPU's may be incomplete. */
export interface Block {
  readonly data: Uint8Array;
  readonly view: DataView;
  readonly fileOffset: number;
  /** Unpacked: all its pages are at `fileOffset`. */
  readonly isChunk: boolean;
}

export interface CpuBlocks {
  /** Pages that should have been before the next block, or before the end, could not be read. */
  lost: boolean;
  next(): Block | undefined;
}

/** Read at once; a machine may have hundreds of CPUs, and each holds one. */
const BLOCK = 128 * 1024;
const MAX_TEXT = 64 * 1024 * 1024;

export function blocksOf(file: DatFile, buffer: BufferInfo, data: CpuData): CpuBlocks {
  const missing = Math.min(data.size, data.offset + data.size - file.source.size);
  const blocks = buffer.compressed ? new ChunkBlocks(file, data) : new PlainBlocks(file.source, buffer.pageSize, data);
  if (missing <= 0) return blocks;
  const at = Math.min(data.offset, file.source.size);
  file.damage.add(at, `the file ends ${missing} bytes before the end of the data of CPU ${data.cpu}`);
  return blocks;
}

class PlainBlocks implements CpuBlocks {
  lost = false;
  private offset: number;
  private readonly end: number;
  private readonly step: number;
  private readonly source: ByteSource;

  constructor(source: ByteSource, pageSize: number, data: CpuData) {
    this.source = source;
    this.offset = data.offset;
    this.end = data.offset + data.size;
    this.step = Math.max(pageSize, BLOCK);
  }

  next(): Block | undefined {
    const length = Math.min(this.step, this.end - this.offset);
    if (length <= 0) return undefined;
    const fileOffset = this.offset;
    const data = fileOffset < this.source.size ? this.source.read(fileOffset, length) : new Uint8Array(0);
    if (data.length < length) {
      this.lost = true;
      this.offset = this.end;
    } else this.offset += length;
    return data.length === 0 ? undefined : { data, view: viewOf(data), fileOffset, isChunk: false };
  }
}

/** u32 count; then for each chunk u32 packed size, u32 unpacked size, bytes. */
class ChunkBlocks implements CpuBlocks {
  lost = false;
  private readonly file: DatFile;
  private offset: number;
  private readonly end: number;
  private left: number;

  constructor(file: DatFile, data: CpuData) {
    this.file = file;
    // trace-cmd 3.1 does not count the word with the number of chunks in the size it notes.
    this.end = Math.min(data.offset + 4 + data.size, file.source.size);
    this.offset = data.offset + 4;
    this.left = data.size === 0 ? 0 : this.word(data.offset);
  }

  next(): Block | undefined {
    while (this.left > 0) {
      const fileOffset = this.offset;
      const packed = this.word(fileOffset);
      const size = this.word(fileOffset + 4);
      if (fileOffset + 8 + packed > this.end) return this.stop(fileOffset);
      this.offset += 8 + packed;
      this.left--;
      const data = this.unpacked(fileOffset, packed, size);
      if (data !== undefined) return { data, view: viewOf(data), fileOffset, isChunk: true };
      this.lost = true;
    }
    return undefined;
  }

  private stop(fileOffset: number): undefined {
    const text = `${this.left} more chunks of events are announced here than there are`;
    this.file.damage.add(fileOffset, text);
    this.lost = true;
    this.left = 0;
    return undefined;
  }

  private unpacked(fileOffset: number, packed: number, size: number): Uint8Array | undefined {
    const { source, header, damage, decompress } = this.file;
    if (decompress === undefined) {
      damage.add(fileOffset, `events are compressed with '${header.compression}', which cannot be undone here`);
      return undefined;
    }
    const bytes = unpack(decompress, source.read(fileOffset + 8, packed), size);
    if (typeof bytes !== 'string') return bytes;
    damage.add(fileOffset, `a chunk of events: ${bytes}`);
    return undefined;
  }

  private word(offset: number): number {
    if (offset + 4 > this.end) {
      this.file.damage.add(Math.min(offset, this.end), 'the data of a CPU ends here, before its chunks do');
      this.lost = true;
      return 0;
    }
    const bytes = this.file.source.read(offset, 4);
    return bytes.length < 4 ? 0 : viewOf(bytes).getUint32(0, !this.file.header.bigEndian);
  }
}

/** The text of a buffer without events: one piece, or chunks as above. */
export function readText(file: DatFile, offset: number): Uint8Array | undefined {
  const section = readSection(file, offset);
  if (section === undefined) return undefined;
  const size = Math.min(section.size, file.source.size - section.body, MAX_TEXT);
  if (!section.compressed) return file.source.read(section.body, size);
  const chunks = new ChunkBlocks(file, { cpu: 0, offset: section.body, size });
  const parts: Uint8Array[] = [];
  let length = 0;
  for (let block = chunks.next(); block !== undefined && length < MAX_TEXT; block = chunks.next()) {
    parts.push(block.data);
    length += block.data.length;
  }
  const text = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    text.set(part, at);
    at += part.length;
  }
  return text;
}
