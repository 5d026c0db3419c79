// The pieces of metadata both versions share: the ring buffer's page layout, event formats, texts of /proc and tracefs.
import { type Cursor, latin1 } from './byte_source.ts';
import type { DatFile } from './dat_file.ts';
import { type EventFormat, parseFormat } from './formats.ts';

/** Where things stand in a page of the ring buffer (struct buffer_data_page), from <tracefs>/events/header_page. */
export interface PageLayout {
  /** Bytes of the kernel's long, that is of `commit` and of the count of lost events. */
  readonly commitSize: number;
  readonly dataOffset: number;
}

/** A text parsed only when asked for; undefined where the file has none. */
export type LazyBytes = () => Uint8Array | undefined;

const MAX_FORMAT = 4 * 1024 * 1024;

export function defaultPageLayout(longSize: number): PageLayout {
  return { commitSize: longSize, dataOffset: 8 + longSize };
}

/** Reads "header_page\0" and "header_event\0" with the text of each. */
export function readHeaderInfo(cursor: Cursor, file: DatFile): PageLayout {
  const fallback = defaultPageLayout(file.header.longSize);
  const offset = cursor.fileOffset;
  if (cursor.cstring() !== 'header_page') {
    cursor.short = true;
    file.damage.add(offset, 'the description of a ring buffer page is missing');
    return fallback;
  }
  const page = latin1(cursor.take(Math.min(cursor.u64(), MAX_FORMAT)));
  cursor.cstring();
  cursor.skip(cursor.u64());
  const commit = /\bcommit;\s*offset:8;\s*size:([48]);/.exec(page)?.[1];
  if (commit === undefined) {
    file.damage.add(offset, 'the description of a ring buffer page tells no size of commit');
    return fallback;
  }
  return defaultPageLayout(Number(commit));
}

/** Reads a count and as many formats of the system `ftrace`. */
export function readFtraceFormats(cursor: Cursor, file: DatFile, formats: EventFormat[]): void {
  readFormats(cursor, file, 'ftrace', formats);
}

/** Reads a count of systems, each a name and its formats. */
export function readEventFormats(cursor: Cursor, file: DatFile, formats: EventFormat[]): void {
  const systems = cursor.u32();
  for (let i = 0; i < systems && !cursor.short; i++) readFormats(cursor, file, cursor.cstring(), formats);
}

function readFormats(cursor: Cursor, file: DatFile, system: string, formats: EventFormat[]): void {
  const count = cursor.u32();
  for (let i = 0; i < count; i++) {
    const offset = cursor.fileOffset;
    const size = cursor.u64();
    const text = size > MAX_FORMAT ? '' : latin1(cursor.take(size));
    if (cursor.short || size > MAX_FORMAT) {
      cursor.short = true;
      file.damage.add(offset, `${count - i} formats of the ${count} of '${system}' are missing`);
      return;
    }
    const format = parseFormat(text, system);
    if (format !== undefined) formats.push(format);
    else file.damage.add(offset, `a format of '${system}' (number ${i}) has no name or no ID`);
  }
}
