// The metadata of a version 7 trace.dat: options sections, each linked to the next, that point to all other sections.
import type { Cursor } from './byte_source.ts';
import { readText } from './cpu_blocks.ts';
import type { DatFile } from './dat_file.ts';
import { isPageSize } from './header.ts';
import { emptyLayout, type Layout } from './layout.ts';
import { readEventFormats, readFtraceFormats, readHeaderInfo } from './metadata.ts';
import { type BufferOption, type Options, readOptions } from './options.ts';
import { recover } from './recover.ts';
import {
  openSection,
  readSection,
  SECTION_BUFFER,
  SECTION_CMDLINES,
  SECTION_EVENT_FORMATS,
  SECTION_FTRACE_FORMATS,
  SECTION_HEADER_INFO,
  SECTION_KALLSYMS,
  SECTION_OPTIONS,
} from './sections.ts';

/** A chain of options sections that is longer is no chain but damage. */
const MAX_SECTIONS = 1024;

export function readLayoutV7(file: DatFile): Layout {
  const layout = emptyLayout(file.header.longSize);
  const isComplete = readOptionSections(file, layout.options);
  if (!isComplete || (layout.options.buffers.length === 0 && layout.options.texts.length === 0)) {
    recover(file, layout.options);
  }
  readMetadata(file, layout);
  for (const option of layout.options.buffers) addBuffer(file, layout, option);
  for (const { name, offset } of layout.options.texts) {
    layout.texts.push({ name, bytes: () => readText(file, offset) });
  }
  // The top buffer comes first, as in trace-cmd, wherever its option stands.
  layout.buffers.sort((a, b) => Number(a.name !== '') - Number(b.name !== ''));
  return layout;
}

/** Follows the chain; false where it breaks. */
function readOptionSections(file: DatFile, options: Options): boolean {
  const seen = new Set<number>();
  let offset = file.header.firstOptions;
  while (offset !== 0) {
    if (seen.has(offset) || seen.size > MAX_SECTIONS) {
      file.damage.add(offset, 'the sections of options form a ring');
      return false;
    }
    seen.add(offset);
    const cursor = openSection(file, offset, SECTION_OPTIONS, 'options');
    const next = cursor && readOptions(cursor, file, options);
    if (next === undefined) return false;
    offset = next;
  }
  return seen.size > 0;
}

function readMetadata(file: DatFile, layout: Layout): void {
  const open = (id: number, what: string): Cursor | undefined => {
    const offset = layout.options.sections.get(id);
    return offset === undefined ? undefined : openSection(file, offset, id, what);
  };
  const headerInfo = open(SECTION_HEADER_INFO, 'the ring buffer page');
  if (headerInfo !== undefined) layout.page = readHeaderInfo(headerInfo, file);
  const ftrace = open(SECTION_FTRACE_FORMATS, 'ftrace formats');
  if (ftrace !== undefined) readFtraceFormats(ftrace, file, layout.formats);
  const events = open(SECTION_EVENT_FORMATS, 'event formats');
  if (events !== undefined) readEventFormats(events, file, layout.formats);
  layout.kallsyms = () => {
    const cursor = open(SECTION_KALLSYMS, 'kallsyms');
    return cursor?.take(cursor.u32());
  };
  layout.cmdlines = () => {
    const cursor = open(SECTION_CMDLINES, 'saved command lines');
    return cursor?.take(cursor.u64());
  };
}

function addBuffer(file: DatFile, layout: Layout, option: BufferOption): void {
  const section = readSection(file, option.offset);
  if (section?.id !== SECTION_BUFFER) {
    file.damage.add(option.offset, `no section with the data of the buffer '${option.name}'`);
    if (option.cpus.length === 0) return;
  }
  const { name, clock, cpus } = option;
  const pageSize = isPageSize(option.pageSize) ? option.pageSize : file.header.pageSize;
  if (pageSize !== option.pageSize) {
    file.damage.add(option.offset, `a page size of ${option.pageSize} bytes; ${pageSize} are assumed`);
  }
  const compressed = section?.compressed ?? file.header.compression !== 'none';
  layout.buffers.push({ name, clock, pageSize, compressed, cpus });
}
