// What frames claim costs nothing: memory grows with what they hold, up to their window, and work with what they are.
import { expect, it } from 'vitest';
import { ZstdDecoder } from '../../src/zstd/index.ts';
import { block, COMPRESSED, header, RAW, RUN, unpacked } from './unpacked.ts';

const MAX_BLOCK = 1 << 17;
const MEGABYTE = 1 << 20;
const BYTE = Uint8Array.of(120);

interface Cost {
  readonly bytes: number;
  /** In array buffers, at most, beyond what there was before. */
  readonly memory: number;
}

function costOf(chunks: Iterable<Uint8Array>): Cost {
  const before = process.memoryUsage().arrayBuffers;
  let bytes = 0;
  let memory = 0;
  for (const piece of new ZstdDecoder().unpacked(chunks)) {
    bytes += piece.length;
    memory = Math.max(memory, process.memoryUsage().arrayBuffers - before);
  }
  return { bytes, memory };
}

function* runsOf(count: number, head: Uint8Array): Generator<Uint8Array> {
  yield head;
  const run = block(RUN, BYTE, { last: false, size: MAX_BLOCK });
  for (let i = 0; i < count; i++) yield run;
  yield block(RAW, new Uint8Array(0));
}

it('a bomb of runs is unpacked in the memory of its window', () => {
  const { bytes, memory } = costOf(runsOf(8192, header({ windowLog: 20 })));
  expect(bytes).toBe(8192 * MAX_BLOCK);
  expect(memory).toBeLessThan(8 * MEGABYTE);
});

it('a window of 128 MB costs no more than what is there', () => {
  const { bytes, memory } = costOf(runsOf(8, header({ windowLog: 27, size: 8n * 131072n })));
  expect(bytes).toBe(8 * MAX_BLOCK);
  expect(memory).toBeLessThan(8 * MEGABYTE);
});

it.each([
  [
    '2^60 bytes',
    header({ windowLog: 20, size: 1n << 60n }),
    RAW,
    1,
    '18: 1 bytes where the frame announces 1152921504606847000',
  ],
  [
    '2^60 bytes in one segment',
    header({ size: 1n << 60n }),
    RAW,
    1,
    '5: a window of 1152921504606847000 bytes, which is more than 134217728',
  ],
  [
    '2^64 - 1 bytes',
    header({ windowLog: 20, size: (1n << 64n) - 1n }),
    RAW,
    1,
    '18: 1 bytes where the frame announces 18446744073709552000',
  ],
  ['no bytes', header({ windowLog: 20, size: 0n }), RAW, 1, '14: more than the 0 bytes that the frame announces'],
  [
    'a window of 2^41 bytes',
    header({ windowLog: 41 }),
    RAW,
    1,
    '5: a window of 2199023255552 bytes, which is more than 134217728',
  ],
  ['a block of 2 MB', header({ windowLog: 27 }), RAW, 0x1f_ffff, '6: a block of 2097151 bytes, of 131072 at most'],
  ['a run of 2 MB', header({ windowLog: 27 }), RUN, 0x1f_ffff, '6: a block of 2097151 bytes, of 131072 at most'],
  ['a block beyond its window', header({ windowLog: 10 }), RUN, 1025, '6: a block of 1025 bytes, of 1024 at most'],
  ['a block that is not there', header({ windowLog: 20 }), RAW, 2, '10: end early, within a block'],
  [
    'a type that there is not',
    header({ windowLog: 20 }),
    3,
    1,
    '6: a block of a type that no version of the format has',
  ],
  ['a block without anything', header({ windowLog: 20 }), COMPRESSED, 0, '9: the block ends within its literals'],
] as const)('claims %s', (_, head, type, size, damage) => {
  expect(unpacked(Buffer.concat([head, block(type, BYTE, { size })])).damage).toBe(`zstd data at byte ${damage}`);
});

it('a frame that is skipped may claim 4 GB', () => {
  const skipped = Buffer.from('502a4d18ffffffff616263', 'hex');
  expect(unpacked(skipped).damage).toBe('zstd data at byte 11: end early, within a frame that is skipped');
});

it('a dictionary is named that would be needed', () => {
  const head = Buffer.from('28b52ffd035805060708', 'hex');
  expect(unpacked(Buffer.concat([head, block(RAW, BYTE)])).damage).toBe(
    'zstd data at byte 6: needs dictionary 134678021, which is not there',
  );
});

it('what is no frame is told', () => {
  expect(unpacked(Buffer.from('# tracer: nop\n')).damage).toBe('zstd data at byte 0: no zstd frame');
  const frame = Buffer.concat([header({ windowLog: 20 }), block(RAW, BYTE)]);
  expect(unpacked(Buffer.concat([frame, Buffer.from('more')]))).toEqual({
    bytes: Buffer.from('x'),
    damage: 'zstd data at byte 10: no zstd frame follows the one before',
  });
});

it('the reader of the bytes fails: that is no damage', () => {
  function* failing(): Generator<Uint8Array> {
    yield header({ windowLog: 20 });
    throw new TypeError('a read error');
  }
  expect(() => unpackedAll(failing())).toThrow(TypeError);
});

function unpackedAll(chunks: Iterable<Uint8Array>): number {
  let bytes = 0;
  for (const piece of new ZstdDecoder().unpacked(chunks)) bytes += piece.length;
  return bytes;
}
