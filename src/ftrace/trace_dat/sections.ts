// The sections a version 7 file is made of, after trace-cmd.dat.v7(5), FORMAT OF THE SECTION HEADER.
import { Cursor, sourceOf } from './byte_source.ts';
import type { DatFile } from './dat_file.ts';
import { unpack } from './decompress.ts';

export const SECTION_OPTIONS = 0;
export const SECTION_BUFFER = 3;
export const SECTION_STRINGS = 15;
export const SECTION_HEADER_INFO = 16;
export const SECTION_FTRACE_FORMATS = 17;
export const SECTION_EVENT_FORMATS = 18;
export const SECTION_KALLSYMS = 19;
export const SECTION_CMDLINES = 21;
export const SECTION_BUFFER_TEXT = 22;

const HEADER = 16;
const FLAG_COMPRESSED = 1;

export interface Section {
  readonly id: number;
  readonly offset: number;
  readonly compressed: boolean;
  /** Where its bytes begin, and how many there should be. */
  readonly body: number;
  readonly size: number;
}

export function readSection(file: DatFile, offset: number): Section | undefined {
  const cursor = new Cursor(file.source, offset, file.source.size, file.header.bigEndian);
  const id = cursor.u16();
  const flags = cursor.u16();
  cursor.skip(4);
  const size = cursor.u64();
  if (cursor.short) return undefined;
  return { id, offset, compressed: (flags & FLAG_COMPRESSED) !== 0, body: offset + HEADER, size };
}

/** The bytes of a section of metadata, unpacked; undefined with a diagnostic where there are none. */
export function openSection(file: DatFile, offset: number, id: number, what: string): Cursor | undefined {
  const section = readSection(file, offset);
  if (section === undefined || section.id !== id) {
    file.damage.add(
      offset,
      section === undefined ? `${what} should begin here, past the end` : `no section of ${what}`,
    );
    return undefined;
  }
  const { source, header, damage } = file;
  const missing = section.body + section.size - source.size;
  if (missing > 0) damage.add(source.size, `the file ends ${missing} bytes before the end of ${what}`);
  if (!section.compressed) return new Cursor(source, section.body, section.body + section.size, header.bigEndian);
  return unpackSection(file, section, what);
}

function unpackSection(file: DatFile, section: Section, what: string): Cursor | undefined {
  const { source, header, damage, decompress } = file;
  const cursor = new Cursor(source, section.body, source.size, header.bigEndian);
  const packed = cursor.u32();
  const unpacked = cursor.u32();
  if (decompress === undefined) {
    damage.add(section.offset, `${what} is compressed with '${header.compression}', which cannot be undone here`);
    return undefined;
  }
  const bytes = unpack(decompress, cursor.take(packed), unpacked);
  if (typeof bytes !== 'string') return new Cursor(sourceOf(bytes), 0, bytes.length, header.bigEndian, section.offset);
  damage.add(section.offset, `${what}: ${bytes}`);
  return undefined;
}
