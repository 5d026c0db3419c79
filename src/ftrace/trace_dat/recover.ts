// A version 7 file without its last options (a copy that broke off): the sections are walked from the front instead.
import { Cursor } from './byte_source.ts';
import type { DatFile } from './dat_file.ts';
import { type CpuData, type Options, readOptions } from './options.ts';
import {
  openSection,
  readSection,
  SECTION_BUFFER,
  SECTION_BUFFER_TEXT,
  SECTION_CMDLINES,
  SECTION_HEADER_INFO,
  SECTION_OPTIONS,
  SECTION_STRINGS,
  type Section,
} from './sections.ts';

export function recover(file: DatFile, options: Options): void {
  const { source, header, damage } = file;
  const buffers: Section[] = [];
  const isFresh = options.cpuStats.length === 0 && options.clock === undefined;
  let offset = header.end;
  while (offset < source.size) {
    const section = readSection(file, offset);
    if (section === undefined || !isKnown(section.id)) break;
    if (section.id === SECTION_BUFFER) buffers.push(section);
    else if (section.id === SECTION_OPTIONS) {
      const cursor = isFresh ? openSection(file, offset, SECTION_OPTIONS, 'options') : undefined;
      if (cursor !== undefined) readOptions(cursor, file, options);
    } else if (section.id >= SECTION_HEADER_INFO && section.id <= SECTION_CMDLINES) {
      if (!options.sections.has(section.id)) options.sections.set(section.id, offset);
    }
    offset = section.body + section.size;
  }
  for (const section of buffers) addBuffer(file, options, section);
  damage.add(Math.min(offset, source.size), 'the options that tell where the events are could not all be read');
}

function isKnown(id: number): boolean {
  return id === SECTION_OPTIONS || id === SECTION_BUFFER || (id >= SECTION_STRINGS && id <= SECTION_BUFFER_TEXT);
}

/** Nothing in the section tells the name of its buffer nor the number of a CPU: the CPUs whose stats count events. */
function addBuffer(file: DatFile, options: Options, section: Section): void {
  if (options.buffers.some((option) => option.offset === section.offset)) return;
  if (!section.compressed) {
    file.damage.add(section.offset, 'uncompressed events whose options are missing cannot be told apart by CPU');
    return;
  }
  const areas = findAreas(file, section);
  const busy = options.cpuStats.flatMap((text, cpu) => (/(?:entries|read events): [1-9]/.test(text) ? [cpu] : []));
  const isCertain = busy.length === areas.length;
  if (!isCertain) file.damage.add(section.offset, 'the CPUs of these events are numbered as they come');
  const cpus = areas.map((area, i) => ({ ...area, cpu: isCertain ? (busy[i] ?? i) : i }));
  const name = options.buffers.length === 0 ? '' : `buffer at ${section.offset}`;
  const clock = options.clock ?? 'local';
  options.buffers.push({ offset: section.offset, name, clock, pageSize: file.header.pageSize, cpus });
}

/** Each CPU's data begins at a multiple of the page size: a count of chunks, then the chunks. */
function findAreas(file: DatFile, section: Section): CpuData[] {
  const { source, header } = file;
  const end = Math.min(source.size, section.size > 0 ? section.body + section.size : source.size);
  const areas: CpuData[] = [];
  let offset = Math.ceil(section.body / header.pageSize) * header.pageSize;
  while (offset < end) {
    const cursor = new Cursor(source, offset, end, header.bigEndian);
    const chunks = cursor.u32();
    for (let i = 0; i < chunks && !cursor.short; i++) {
      const size = cursor.u32();
      cursor.skip(4);
      cursor.skip(size);
    }
    if (chunks > 0) areas.push({ cpu: 0, offset, size: cursor.pos - offset });
    offset = Math.ceil(Math.max(cursor.pos, offset + 1) / header.pageSize) * header.pageSize;
  }
  return areas;
}
