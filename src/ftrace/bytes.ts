// Small scans over the bytes of a line. Text is latin1 throughout: a task name may hold any byte.

export const SPACE = 32;
export const QUOTE = 34;
export const PAREN_OPEN = 40;
export const PAREN_CLOSE = 41;
export const PLUS = 43;
export const COMMA = 44;
export const MINUS = 45;
export const DOT = 46;
export const SLASH = 47;
export const ZERO = 48;
export const COLON = 58;
export const LESS = 60;
export const EQUALS = 61;
export const BRACKET_OPEN = 91;
export const BRACKET_CLOSE = 93;

export function latin1(buf: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let i = start; i < end; i++) text += String.fromCharCode(buf[i] ?? 0);
  return text;
}

export function isDigit(c: number | undefined): boolean {
  return c !== undefined && c >= 48 && c <= 57;
}

export function skipSpaces(buf: Uint8Array, pos: number, end: number): number {
  let p = pos;
  while (p < end && buf[p] === SPACE) p++;
  return p;
}

export function skipDigits(buf: Uint8Array, pos: number, end: number): number {
  let p = pos;
  while (p < end && isDigit(buf[p])) p++;
  return p;
}

/** The unsigned decimal at [start, end), which holds digits only; exact below 2^53, and no pid or CPU is larger. */
export function decimal(buf: Uint8Array, start: number, end: number): number {
  let n = 0;
  for (let i = start; i < end; i++) n = n * 10 + ((buf[i] ?? 48) - 48);
  return n;
}

/** Does `text` (ASCII) stand at pos? */
export function startsWith(buf: Uint8Array, pos: number, end: number, text: string): boolean {
  if (pos + text.length > end) return false;
  for (let i = 0; i < text.length; i++) if (buf[pos + i] !== text.charCodeAt(i)) return false;
  return true;
}

export function ascii(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
