// /proc/kallsyms of the traced kernel: which function an address is in.
import { type Ptr, ptrFromHalves } from '../../base/u64.ts';
import { latin1 } from './byte_source.ts';

const NEWLINE = 10;
const SPACE = 32;
const TAB = 9;
const LETTER_A = 65;
const LETTER_D = 68;
const LETTER_B = 66;
const LETTER_R = 82;
const CASE = 0x20;
/** No function of the kernel is so long: further from a symbol's start an address belongs to nothing known. */
const MAX_FUNCTION = 1 << 20;

/** Function symbols sorted by address; names stay in the text until asked for. */
export class Kallsyms {
  private readonly text: Uint8Array;
  /** Kernel addresses are negative here (see Ptr) and exact; both halves sort as they are in memory. */
  private readonly addresses: Float64Array;
  private readonly names: Uint32Array;

  constructor(text: Uint8Array) {
    this.text = text;
    const addresses: number[] = [];
    const names: number[] = [];
    let sorted = true;
    for (let pos = 0; pos < text.length; pos = lineEnd(text, pos) + 1) {
      const digits = hexDigits(text, pos);
      const kind = text[pos + digits + 1] ?? 0;
      if (digits === 0 || text[pos + digits] !== SPACE || text[pos + digits + 2] !== SPACE || isData(kind)) continue;
      const address = Number(parsePtr(text, pos, digits));
      if (address === 0) continue;
      sorted &&= address >= (addresses.at(-1) ?? address);
      addresses.push(address);
      names.push(pos + digits + 3);
    }
    const order = addresses.map((_, i) => i);
    if (!sorted) order.sort((a, b) => (addresses[a] ?? 0) - (addresses[b] ?? 0) || a - b);
    this.addresses = Float64Array.from(order, (i) => addresses[i] ?? 0);
    this.names = Uint32Array.from(order, (i) => names[i] ?? 0);
  }

  /** The function an address is in; of several names for one address the first in the file. */
  symbolOf(address: Ptr): string | undefined {
    const wanted = Number(address);
    let low = 0;
    let high = this.addresses.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.addresses[middle] ?? 0) <= wanted) low = middle + 1;
      else high = middle;
    }
    const start = this.addresses[low - 1];
    if (start === undefined || wanted - start >= MAX_FUNCTION) return undefined;
    let first = low - 1;
    while (first > 0 && this.addresses[first - 1] === start) first--;
    return this.nameAt(this.names[first] ?? 0);
  }

  private nameAt(from: number): string {
    let to = from;
    while (to < this.text.length && this.text[to] !== NEWLINE && this.text[to] !== TAB) to++;
    return latin1(this.text, from, to);
  }
}

function lineEnd(text: Uint8Array, from: number): number {
  const end = text.indexOf(NEWLINE, from);
  return end < 0 ? text.length : end;
}

/** nm's letters for data, absolute, bss and read-only symbols, of either case: no code is there. */
function isData(kind: number): boolean {
  const upper = kind & ~CASE;
  return upper === LETTER_A || upper === LETTER_B || upper === LETTER_D || upper === LETTER_R;
}

function hexDigits(text: Uint8Array, pos: number): number {
  let n = 0;
  while (n < 16 && nibble(text[pos + n] ?? 0) >= 0) n++;
  return n;
}

function nibble(c: number): number {
  if (c >= 48 && c <= 57) return c - 48;
  return c >= 97 && c <= 102 ? c - 87 : -1;
}

function parsePtr(text: Uint8Array, pos: number, digits: number): Ptr {
  let high = 0;
  let low = 0;
  for (let i = 0; i < digits; i++) {
    const value = nibble(text[pos + i] ?? 0);
    if (i < digits - 8) high = high * 16 + value;
    else low = low * 16 + value;
  }
  return ptrFromHalves(high, low);
}
