// The log of texts against a plain list, also of texts that fill a block or are longer than one.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TextLog } from '../../src/base/text_log.ts';

function keptAndRead(texts: readonly string[]): string[] {
  const log = new TextLog();
  const places = texts.map((text) => log.add(text));
  return places.map((place) => log.text(place));
}

it('gives back what was kept', () => {
  const anyText = fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.constantFrom('', '\uFEFFx', '\0', 'VM’s'));
  fc.assert(
    fc.property(fc.array(anyText), (texts) => {
      expect(keptAndRead(texts)).toEqual(texts);
    }),
  );
});

it('over many blocks, and one that is longer than a block', () => {
  const texts = Array.from({ length: 40 }, (_, i) => `${i}é`.repeat(30_000));
  texts.splice(7, 0, 'ä'.repeat(2 ** 21), 'behind it');
  expect(keptAndRead(texts)).toEqual(texts);
});

it('knows no place where nothing is', () => {
  expect(() => new TextLog().text(0)).toThrow(RangeError);
});
