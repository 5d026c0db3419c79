// Text that others wrote (task names, VM names, paths), made safe for a terminal before it is printed.

/**
 * What must not get through: control characters (ESC, DEL and C1 among them), what turns the direction of text or has
 * no width, line and paragraph separators, private-use characters and halves of surrogate pairs.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

const PLAIN = /^[\x20-\x5b\x5d-\x7e]*$/;

/**
 * Text of a trace: one char a byte (latin1). Sequences of bytes that are valid UTF-8 become their characters, other
 * bytes above 0x7f \xNN; a backslash is doubled, so that no name can look like an escaped other one.
 */
export function printable(text: string): string {
  if (PLAIN.test(text)) return text;
  return text
    .replace(/\\/g, '\\\\')
    .replace(/[\u0080-\u00ff]+/g, decoded)
    .replace(UNSAFE, escaped);
}

const PRINTED = /\\\\|\\x([0-9a-f]{2})|\\u\{([0-9a-f]{1,6})\}|[\u0080-\u00ff]/g;

/** A text that printable() gives this for. */
export function unprintable(printed: string): string {
  return printed.replace(PRINTED, (found, byte?: string, code?: string) => {
    if (byte !== undefined) return String.fromCharCode(Number.parseInt(byte, 16));
    if (found === '\\\\') return '\\';
    const point = code === undefined ? (found.codePointAt(0) ?? 0) : Number.parseInt(code, 16);
    if (point > 0x10ffff) return found;
    return point > 0xff ? String.fromCodePoint(point) : String.fromCharCode(0xc0 | (point >> 6), 0x80 | (point & 0x3f));
  });
}

/** Text that is Unicode already, such as a path from the command line. */
export function printablePath(text: string): string {
  return PLAIN.test(text) ? text : text.replace(UNSAFE, escaped);
}

/** A path as a shell takes it. */
export function quoted(path: string): string {
  if (/^[\w@%+=:,./-]+$/.test(path)) return path;
  return `'${printablePath(path).replaceAll("'", "'\\''")}'`;
}

/** The same but for line breaks, of which JSON has only those between its lines: a piece for each would take long. */
const UNSAFE_IN_JSON = new RegExp(`(?!\\n)${UNSAFE.source}`, 'gu');

/** JSON that says the same and may be shown on a terminal: what must not get through is there by its number. */
export function json(value: unknown, indent?: number): string {
  return JSON.stringify(value, undefined, indent).replace(UNSAFE_IN_JSON, units);
}

function units(char: string): string {
  return Array.from({ length: char.length }, (_, i) => `\\u${char.charCodeAt(i).toString(16).padStart(4, '0')}`).join(
    '',
  );
}

function escaped(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  return code < 0x80 ? hexByte(code) : `\\u{${code.toString(16)}}`;
}

function hexByte(code: number): string {
  return `\\x${code.toString(16).padStart(2, '0')}`;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A run of bytes above 0x7f. */
function decoded(bytes: string): string {
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const first = bytes.charCodeAt(at);
    const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    const char = decodedOne(bytes.slice(at, at + length));
    text += char ?? hexByte(first);
    at += char === undefined ? 1 : length;
  }
  return text;
}

function decodedOne(bytes: string): string | undefined {
  try {
    const text = utf8.decode(Uint8Array.from(bytes, (c) => c.charCodeAt(0)));
    return [...text].length === 1 ? text : undefined;
  } catch {
    return undefined;
  }
}
