// Event formats, as in <tracefs>/events/<system>/<event>/format: the kernel's own description of a record's bytes.

/**
 * 'string': char[n], or the rest of the record where the size is 0. 'dynamic-*': __data_loc or __rel_loc, four bytes
 * that say where in the record the value is. 'array': anything else that is not one number (arrays, structs).
 */
export type FieldKind = 'int' | 'pointer' | 'string' | 'dynamic-string' | 'array' | 'dynamic-array';

export interface EventField {
  readonly name: string;
  /** As declared, without the name: 'unsigned long', '__data_loc char[]'. */
  readonly type: string;
  readonly offset: number;
  readonly size: number;
  readonly signed: boolean;
  readonly kind: FieldKind;
  /** __rel_loc: the offset counts from the end of this field, not from the start of the record. */
  readonly relative: boolean;
}

export interface EventFormat {
  readonly id: number;
  readonly system: string;
  readonly name: string;
  /** In the order of the file, the common_ fields first. */
  readonly fields: readonly EventField[];
  readonly printFmt: string | undefined;
  /** A record must have so many bytes for all its numbers to be inside. */
  readonly minLength: number;
}

/** common_type is 16 bits wide. */
const MAX_EVENT_ID = 65535;
const MAX_OFFSET = 1 << 20;
const FIELD = /^\s*field:([^;]*);\s*offset:(\d+);\s*size:(\d+);(?:\s*signed:(\d))?/;
const DECLARATION = /^(.*?)([A-Za-z_$][\w$]*)\s*((?:\[[^\]]*\])*)$/;

export function parseFormat(text: string, system: string): EventFormat | undefined {
  let name: string | undefined;
  let id = -1;
  let printFmt: string | undefined;
  const fields: EventField[] = [];
  for (const line of text.split('\n')) {
    if (line.startsWith('name: ')) name = line.slice(6).trim();
    else if (line.startsWith('ID: ')) id = Number(line.slice(4));
    else if (line.startsWith('print fmt: ')) printFmt = line.slice(11);
    else {
      const field = parseField(line);
      if (field !== undefined) fields.push(field);
    }
  }
  if (name === undefined || !Number.isInteger(id) || id < 0 || id > MAX_EVENT_ID) return undefined;
  return { id, system, name, fields, printFmt, minLength: minLength(fields) };
}

function parseField(line: string): EventField | undefined {
  const [, declared, offsetText, sizeText, signed] = FIELD.exec(line) ?? [];
  const [, before, name, brackets] = DECLARATION.exec(declared?.trim() ?? '') ?? [];
  const offset = Number(offsetText);
  const size = Number(sizeText);
  if (before === undefined || name === undefined || !(offset <= MAX_OFFSET && size <= MAX_OFFSET)) return undefined;
  const type = `${before.trim()}${brackets ?? ''}`;
  const kind = kindOf(type, size);
  return { name, type, offset, size, signed: signed === '1', kind, relative: type.startsWith('__rel_loc') };
}

function kindOf(type: string, size: number): FieldKind {
  if (type.startsWith('__data_loc') || type.startsWith('__rel_loc')) {
    return /\bchar\s*\[/.test(type) && !/unsigned/.test(type) ? 'dynamic-string' : 'dynamic-array';
  }
  if (type.includes('[')) return /^(const )?char\s*\[/.test(type) ? 'string' : 'array';
  if (size !== 1 && size !== 2 && size !== 4 && size !== 8) return 'array';
  return type.includes('*') ? 'pointer' : 'int';
}

/** Arrays do not count: the stack of a `kernel_stack` is declared with 8 entries and recorded with as many as it has. */
function minLength(fields: readonly EventField[]): number {
  let length = 0;
  for (const field of fields) {
    const isOpen = field.kind === 'array' || field.kind === 'string';
    length = Math.max(length, field.offset + (isOpen ? 0 : field.size));
  }
  return length;
}
