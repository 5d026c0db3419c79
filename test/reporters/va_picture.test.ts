// The drawing of each way in which a request can meet a mapping.
import { describe, expect, it } from 'vitest';
import { type Box, type Mark, type PictureRow, vaPicture } from '../../src/reporters/va_picture.ts';

const PAGE = 0x1000;
const box = (label: string, from: number, to: number, mark: Mark = 'same', offset = 0): Box => ({
  addr: 0x100000 + from * PAGE,
  range: (to - from) * PAGE,
  label,
  offset: offset * PAGE,
  mark,
});

function drawn(old: readonly Box[], req: Box, after: readonly Box[]): string {
  const rows: PictureRow[] = [
    { name: 'old', boxes: old },
    { name: 'req', boxes: [req] },
    { name: 'new', boxes: after },
  ];
  return `\n${vaPicture(rows).join('\n')}\n`;
}

describe('one mapping', () => {
  const request = box('b', 2, 4, 'same', 7);
  const made = box('b', 2, 4, 'new', 7);

  it('replaced as it is', () => {
    expect(drawn([box('a', 2, 4, 'gone')], request, [made])).toBe(`
      0x102000  0x104000
      |         |
           a
old:  |xxxxxxxxx|  (a.bo_offset=0x0)
           b
req:  |---------|  (b.bo_offset=0x7000)
           b
new:  |=========|  (b.bo_offset=0x7000)
`);
  });

  it('that reaches beyond the end: next stays', () => {
    expect(drawn([box('a', 2, 6, 'gone')], request, [made, box('a', 4, 6, 'new', 2)])).toBe(`
      0x102000  0x104000  0x106000
      |         |         |
                a
old:  |xxxxxxxxxxxxxxxxxxx|  (a.bo_offset=0x0)
           b
req:  |---------|  (b.bo_offset=0x7000)
           b         a
new:  |=========|=========|  (b.bo_offset=0x7000, a.bo_offset=0x2000)
`);
  });

  it('that begins before: prev stays', () => {
    expect(drawn([box('a', 0, 4, 'gone')], request, [box('a', 0, 2, 'new'), made])).toBe(`
      0x100000  0x102000  0x104000
      |         |         |
                a
old:  |xxxxxxxxxxxxxxxxxxx|  (a.bo_offset=0x0)
                     b
req:            |---------|  (b.bo_offset=0x7000)
           a         b
new:  |=========|=========|  (a.bo_offset=0x0, b.bo_offset=0x7000)
`);
  });

  it('split in the middle: both stay', () => {
    expect(drawn([box('a', 0, 6, 'gone')], request, [box('a', 0, 2, 'new'), made, box('a', 4, 6, 'new', 4)])).toBe(`
      0x100000  0x102000  0x104000  0x106000
      |         |         |         |
                     a
old:  |xxxxxxxxxxxxxxxxxxxxxxxxxxxxx|  (a.bo_offset=0x0)
                     b
req:            |---------|  (b.bo_offset=0x7000)
           a         b         a
new:  |=========|=========|=========|
      (a.bo_offset=0x0, b.bo_offset=0x7000, a.bo_offset=0x4000)
`);
  });
});

it('unmapping leaves a hole between prev and next', () => {
  const req: Box = { ...box('unmap', 2, 4), offset: undefined };
  expect(drawn([box('a', 0, 6, 'gone')], req, [box('a', 0, 2, 'new'), box('a', 4, 6, 'new', 4)])).toBe(`
      0x100000  0x102000  0x104000  0x106000
      |         |         |         |
                     a
old:  |xxxxxxxxxxxxxxxxxxxxxxxxxxxxx|  (a.bo_offset=0x0)
                   unmap
req:            |---------|
           a                   a
new:  |=========|         |=========|  (a.bo_offset=0x0, a.bo_offset=0x4000)
`);
});

it('several mappings, holes and neighbours that stay; addresses by turns on two lines', () => {
  const stay = [box('n', 0, 1), box('m', 8, 9)];
  const old = [...stay, box('a', 2, 3, 'gone'), box('b', 4, 6, 'other')];
  expect(drawn(old, box('c', 2, 5), [...stay, box('c', 2, 5, 'new')])).toBe(`
      0x100000  0x102000  0x104000  0x106000  0x109000
           0x101000  0x103000  0x105000  0x108000
      |    |    |    |    |    |    |    |    |
        n         a            b           m
old:  |----|    |xxxx|    |%%%%%%%%%|    |----|
      (n.bo_offset=0x0, m.bo_offset=0x0, a.bo_offset=0x0, b.bo_offset=0x0)
                       c
req:            |--------------|  (c.bo_offset=0x0)
        n              c                   m
new:  |----|    |==============|         |----|
      (n.bo_offset=0x0, m.bo_offset=0x0, c.bo_offset=0x0)
`);
});

it('nothing mapped, nothing to draw, a mapping of no length', () => {
  expect(drawn([], box('a', 0, 1), [])).toContain('old:  (nothing is mapped here)');
  expect(vaPicture([{ name: 'old', boxes: [] }])).toEqual([]);
  expect(drawn([box('a', 0, 2, 'gone')], box('p', 1, 1), [])).toContain('\nreq:            |  (p.bo_offset=0x0)\n');
});

it('the top of the address space is exact', () => {
  const top = { addr: 0xffff_ffff_ffff_e000n, range: 0x1000, label: 'a', offset: 0, mark: 'same' } as const;
  const lines = vaPicture([{ name: 'new', boxes: [{ ...top, addr: Number(top.addr) }] }]);
  expect(lines[0]).toBe('      0xffffffffffffe000  0xfffffffffffff000');
});

describe('more than fits', () => {
  const many = (count: number) => Array.from({ length: count }, (_, i) => box('a', 4 * i, 4 * i + 2));

  it('goes on below', () => {
    const lines = vaPicture([{ name: 'new', boxes: many(10) }]);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(lines.join('').match(/\|-+\|/g)).toHaveLength(10);
    expect(lines.join('').match(/a\.bo_offset/g)).toHaveLength(10);
  });

  it('leaves out the middle of very many, and says so', () => {
    const rows = [
      { name: 'old', boxes: many(100_000) },
      { name: 'req', boxes: [box('all', 0, 400_000)] },
    ];
    const lines = vaPicture(rows);
    expect(lines.length).toBeLessThan(60);
    expect(lines.at(-1)).toBe('      ~ : 199977 more places where mappings begin or end');
    expect(lines.filter((line) => line.startsWith('req:')).every((line) => line.includes('---'))).toBe(true);
  });
});
