// Captures with wrong bytes: flipped, cut, doubled, swapped, and with numbers that no kernel has.
const LF = 10;

type Draw = () => number;

const NUMBERS = [
  '0',
  '-1',
  '1',
  '0x0',
  '4294967296',
  '9007199254740993',
  '18446744073709551615',
  '18446744073709551616',
  '0xffffffffffffffff',
  '0x10000000000000000',
  '0xfffffffffffff000',
  '0x8000000000000000',
  '-9223372036854775808',
  '1e400',
  '0x',
  '99999999999999999999999999',
  `0x${'f'.repeat(300)}`,
];

function below(draw: Draw, limit: number): number {
  return Math.floor(draw() * limit);
}

function range(bytes: Uint8Array, draw: Draw): [from: number, to: number] {
  const from = below(draw, bytes.length + 1);
  return [from, Math.min(bytes.length, from + below(draw, draw() < 0.5 ? 16 : 600))];
}

function splice(bytes: Uint8Array, from: number, to: number, by: Uint8Array): Uint8Array {
  return Buffer.concat([bytes.subarray(0, from), by, bytes.subarray(to)]);
}

function flip(bytes: Uint8Array, draw: Draw): Uint8Array {
  const spoilt = Uint8Array.from(bytes);
  for (let i = 1 + below(draw, 8); i > 0; i--) {
    const at = below(draw, spoilt.length);
    spoilt[at] = draw() < 0.5 ? below(draw, 256) : (spoilt[at] ?? 0) ^ (1 << below(draw, 8));
  }
  return spoilt;
}

/** From line break to line break. */
function lineAt(bytes: Uint8Array, at: number): [from: number, to: number] {
  const to = bytes.indexOf(LF, at);
  return [bytes.lastIndexOf(LF, at - 1) + 1, to < 0 ? bytes.length : to + 1];
}

function moveLine(bytes: Uint8Array, draw: Draw, keep: boolean): Uint8Array {
  const [from, to] = lineAt(bytes, below(draw, bytes.length));
  const line = bytes.slice(from, to);
  const left = keep ? bytes : splice(bytes, from, to, new Uint8Array(0));
  const [at] = lineAt(left, below(draw, left.length + 1));
  return splice(left, at, at, line);
}

function number(bytes: Uint8Array, draw: Draw): Uint8Array {
  const text = Buffer.from(bytes).toString('latin1');
  const from = below(draw, text.length);
  const found = /0x[0-9a-f]+|-?\d+/.exec(text.slice(from));
  if (found === null) return bytes;
  const many = draw() < 0.01 ? '9'.repeat(100_000) : undefined;
  const at = from + found.index;
  const by = many ?? NUMBERS[below(draw, NUMBERS.length)] ?? '';
  return splice(bytes, at, at + found[0].length, Buffer.from(by));
}

/** Fields of a binary file: a run of bytes that are a number of four or eight. */
function field(bytes: Uint8Array, draw: Draw): Uint8Array {
  const spoilt = Uint8Array.from(bytes);
  const size = draw() < 0.5 ? 4 : 8;
  const at = below(draw, Math.max(1, bytes.length - size));
  const kind = below(draw, 4);
  for (let i = 0; i < size; i++) spoilt[at + i] = [0xff, 0, i === size - 1 ? 0x7f : 0xff, i === 0 ? 1 : 0][kind] ?? 0;
  return spoilt;
}

type Mutation = (bytes: Uint8Array, draw: Draw) => Uint8Array;

const MUTATIONS: readonly Mutation[] = [
  flip,
  flip,
  number,
  number,
  number,
  field,
  (bytes, draw) => bytes.subarray(0, below(draw, bytes.length + 1)),
  (bytes, draw) => splice(bytes, ...range(bytes, draw), new Uint8Array(0)),
  (bytes, draw) => {
    const [from, to] = range(bytes, draw);
    return splice(bytes, to, to, bytes.slice(from, to));
  },
  (bytes, draw) => {
    const [from, to] = range(bytes, draw);
    const [other, end] = range(bytes, draw);
    return splice(splice(bytes, from, to, bytes.slice(other, end)), other, other, bytes.slice(from, to));
  },
  (bytes, draw) => moveLine(bytes, draw, false),
  (bytes, draw) => moveLine(bytes, draw, true),
];

/** One or a few of them. */
export function mutated(bytes: Uint8Array, draw: Draw): Uint8Array {
  let spoilt = bytes;
  for (let i = 1 + below(draw, 3); i > 0; i--)
    spoilt = (MUTATIONS[below(draw, MUTATIONS.length)] as Mutation)(spoilt, draw);
  return spoilt;
}
