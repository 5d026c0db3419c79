// The split/merge walk, row by row, in the kernel's own kind of drawing.

import { describe, expect, it } from 'vitest';
import { applyStep } from '../../src/gpuvm/apply.ts';
import { makeGpuva } from '../../src/gpuvm/gpuva.ts';
import {
  remapUnmapRange,
  type Step,
  smMap,
  smUnmap,
  stepsOfMadvise,
  stepsOfMap,
  stepsOfUnmap,
} from '../../src/gpuvm/sm_map.ts';
import { draw, drawReq, drawVm, newId, PAGE, showStep, vmOf } from './picture.ts';

const BASES = [0, 0x100000, 2 ** 47, 2 ** 57];

/** before, request, the steps before the final MAP, after. The request is for object b: never kept. */
const MAP_ROWS: [string, string, string, string[], string][] = [
  ['A1', '.aaaa.', '.bbbb.', ['A1 unmap a[1,5)+1'], '.bbbb.'],
  ['A2', '.aa...', '.bbbb.', ['A2 unmap a[1,3)+1'], '.bbbb.'],
  ['A3', '.aaaa.', '.bb...', ['A3 remap a[1,5)+1 next a[3,5)+3'], '.bbaa.'],
  ['B1', '.aaaa.', '...bb.', ['B1 remap a[1,5)+1 prev a[1,3)+1'], '.aabb.'],
  ['B2', '.aaa..', '...bb.', ['B2 remap a[1,4)+1 prev a[1,3)+1'], '.aabb.'],
  ['B3', '.aaaa.', '..bb..', ['B3 remap a[1,5)+1 prev a[1,2)+1 next a[4,5)+4'], '.abba.'],
  ['C1', '...aa.', '.bbbb.', ['C1 unmap a[3,5)+3'], '.bbbb.'],
  ['C2', '..aa..', '.bbbb.', ['C2 unmap a[2,4)+2'], '.bbbb.'],
  ['C3', '...aa.', '.bbb..', ['C3 remap a[3,5)+3 next a[4,5)+4'], '.bbba.'],
];

describe('smMap, each row', () => {
  for (const base of BASES) {
    it.each(MAP_ROWS)(`%s at ${base}: another object`, (_row, before, request, steps, after) => {
      const vm = drawVm(before, base);
      const req = drawReq(request, base);
      const shown = stepsOfMap(vm, req).steps.map((step) => showStep(step, base));
      expect(shown.slice(0, -1)).toEqual(steps);
      expect(shown.at(-1)).toMatch(/^M map b/);
      const ret = smMap(vm, req, (step) => applyStep(vm, step, newId).ret);
      expect([ret, draw(vm, 6, base)]).toEqual([0, after]);
    });

    it.each(MAP_ROWS)(`%s at ${base}: the same object in line is kept`, (row, before, request, steps) => {
      const req = drawReq(request.replaceAll('b', 'a'), base);
      const shown = stepsOfMap(drawVm(before, base), req).steps.map((step) => showStep(step, base));
      expect(shown.slice(0, -1)).toEqual(steps.map((step) => `${step} keep`));
      expect(shown[0]?.startsWith(row)).toBe(true);
    });

    it.each(MAP_ROWS)(`%s at ${base}: the same object out of line is not kept`, (_row, before, request, steps) => {
      for (const shift of [1, 7]) {
        const req = drawReq(request.replaceAll('b', 'a'), base, shift);
        const shown = stepsOfMap(drawVm(before, base), req).steps.map((step) => showStep(step, base));
        expect(shown.slice(0, -1)).toEqual(steps);
      }
    });

    it.each(MAP_ROWS)(
      `%s at ${base}: a NULL object is never kept, its offset still counted on`,
      (_row, b, r, steps) => {
        const req = drawReq(r.replaceAll('b', 'N'), base);
        const shown = stepsOfMap(drawVm(b.replaceAll('a', 'N'), base), req).steps.map((step) => showStep(step, base));
        expect(shown.slice(0, -1)).toEqual(steps.map((step) => step.replace(/a\[/g, 'N[')));
      },
    );
  }
});

/** before, request, all steps, after. */
const MAP_WALKS: [string, string, string, string[], string][] = [
  ['a hole', '......', '..bb..', ['M map b[2,4)+2'], '..bb..'],
  ['neighbours only touched', 'aa..aa', '..bb..', ['M map b[2,4)+2'], 'aabbaa'],
  ['neighbours of one object are not merged', 'bb..bb', '..bb..', ['M map b[2,4)+2'], 'bbbbbb'],
  [
    'first split, middle gone, last split',
    'aaacNNdd',
    '.bbbbbb.',
    [
      'B2 remap a[0,3)+0 prev a[0,1)+0',
      'C2 unmap c[3,4)+3',
      'C2 unmap N[4,6)+4',
      'C3 remap d[6,8)+6 next d[7,8)+7',
      'M map b[1,7)+1',
    ],
    'abbbbbbd',
  ],
  [
    'order is ascending, over holes',
    'c.a.d.',
    'bbbbbb',
    ['A2 unmap c[0,1)+0', 'C2 unmap a[2,3)+2', 'C2 unmap d[4,5)+4', 'M map b[0,6)+0'],
    'bbbbbb',
  ],
  ['ends where it ends', 'aacc', 'bb..', ['A1 unmap a[0,2)+0', 'M map b[0,2)+0'], 'bbcc'],
];

it.each(MAP_WALKS)('smMap: %s', (_what, before, request, steps, after) => {
  const vm = drawVm(before);
  const req = drawReq(request);
  expect(stepsOfMap(vm, req).steps.map((step) => showStep(step))).toEqual(steps);
  expect(draw(vm, before.length)).toBe(before);
  smMap(vm, req, (step) => applyStep(vm, step, newId).ret);
  expect(draw(vm, before.length)).toBe(after);
  expect(vm.find(req.addr, req.range)?.obj).toBe(req.obj);
});

/** before, range, steps, after. */
const UNMAP_WALKS: [string, string, string, string[], string][] = [
  ['U1', '.aa.', '.xx.', ['U1 unmap a[1,3)+1'], '....'],
  ['U2', '.aaa', '..xx', ['U2 remap a[1,4)+1 prev a[1,2)+1'], '.a..'],
  ['U3', '.aaa', 'xx..', ['U3 remap a[1,4)+1 next a[2,4)+2'], '..aa'],
  ['U4', 'aaaa', '.xx.', ['U4 remap a[0,4)+0 prev a[0,1)+0 next a[3,4)+3'], 'a..a'],
  ['a hole', 'a..a', '.xx.', [], 'a..a'],
  [
    'all kinds',
    'aabNNcc',
    '.xxxxx.',
    ['U2 remap a[0,2)+0 prev a[0,1)+0', 'U1 unmap b[2,3)+2', 'U1 unmap N[3,5)+3', 'U3 remap c[5,7)+5 next c[6,7)+6'],
    'a.....c',
  ],
];

it.each(UNMAP_WALKS)('smUnmap: %s', (_what, before, request, steps, after) => {
  for (const base of BASES) {
    const vm = drawVm(before, base);
    const { addr, range } = drawReq(request, base);
    expect(stepsOfUnmap(vm, addr, range).steps.map((step) => showStep(step, base))).toEqual(steps);
    smUnmap(vm, addr, range, (step) => applyStep(vm, step, newId).ret);
    expect(draw(vm, before.length, base)).toBe(after);
  }
});

/** Only mappings without object are split, and a MAP fills what a REMAP left. */
const MADVISE_WALKS: [string, string, string, string[]][] = [
  ['borders in line', '.NN.', '.bb.', []],
  ['nothing there', '....', '.bb.', []],
  ['objects are left alone', 'aaaa', '.bb.', []],
  ['A3', 'NNN.', 'bb..', ['A3 remap N[0,3)+0 next N[2,3)+2', 'M map b[0,2)+0']],
  ['B1', 'NNN.', '.bb.', ['B1 remap N[0,3)+0 prev N[0,1)+0', 'M map b[1,3)+1']],
  ['B2', 'NN..', '.bb.', ['B2 remap N[0,2)+0 prev N[0,1)+0', 'M map N[1,2)+0']],
  ['B3', 'NNNN', '.bb.', ['B3 remap N[0,4)+0 prev N[0,1)+0 next N[3,4)+3', 'M map b[1,3)+1']],
  ['C3', '..NN', 'bbb.', ['C3 remap N[2,4)+2 next N[3,4)+3', 'M map N[2,3)+0']],
  [
    'B2, then C3: two of each',
    'NN.aNN',
    '.bbbb.',
    ['B2 remap N[0,2)+0 prev N[0,1)+0', 'M map N[1,2)+0', 'C3 remap N[4,6)+4 next N[5,6)+5', 'M map N[4,5)+0'],
  ],
];

it.each(MADVISE_WALKS)('smMadvise: %s', (_what, before, request, steps) => {
  const { ret, steps: got } = stepsOfMadvise(drawVm(before), drawReq(request));
  expect([ret, got.map((step) => showStep(step))]).toEqual([0, steps]);
});

describe('the walk and its callback', () => {
  it('stops at the first error and returns it', () => {
    for (const stop of [0, 1, 2]) {
      const vm = drawVm('aaaccdd');
      let calls = 0;
      expect(smMap(vm, drawReq('.bbbbb.'), () => (calls++ === stop ? -12 : 0))).toBe(-12);
      expect(calls).toBe(stop + 1);
    }
    expect(smUnmap(drawVm('aabb'), 0, 4 * PAGE, () => -4)).toBe(-4);
  });

  it('refuses an invalid range before any step', () => {
    const vm = vmOf({ mmStart: PAGE, mmRange: 4 * PAGE, kernelStart: 3 * PAGE, kernelRange: PAGE });
    const steps: Step[] = [];
    const emit = (step: Step) => steps.push(step);
    for (const [addr, range] of [
      [0, PAGE],
      [PAGE, 5 * PAGE],
      [2 * PAGE, PAGE + 1],
      [4 * PAGE - 1, 1],
      [2 ** 64 - PAGE, PAGE],
    ] as const) {
      expect(smMap(vm, { addr, range, obj: 9, offset: 0 }, emit)).toBe(-22);
      expect(smUnmap(vm, addr, range, emit)).toBe(-22);
    }
    expect(steps).toEqual([]);
    expect(stepsOfMap(vm, { addr: 2 * PAGE, range: PAGE, obj: 9, offset: 0 }).ret).toBe(0);
    expect(stepsOfUnmap(vm, 4 * PAGE, PAGE)).toEqual({ ret: 0, steps: [] });
  });

  it('remapUnmapRange is the gap', () => {
    const gaps: [string, string, number, number][] = [
      ['aaaa', '.xx.', 1, 2],
      ['aaaa', 'xx..', 0, 2],
      ['aaaa', '..xx', 2, 2],
    ];
    for (const [before, request, page, pages] of gaps) {
      const { addr, range } = drawReq(request, 2 ** 57);
      const step = stepsOfUnmap(drawVm(before, 2 ** 57), addr, range).steps[0];
      expect(step?.kind === 'remap' && remapUnmapRange(step)).toEqual({
        addr: 2 ** 57 + page * PAGE,
        range: pages * PAGE,
      });
    }
  });

  it('a piece inherits the flags, the request starts without', () => {
    const vm = vmOf();
    vm.insert(makeGpuva(8, 0, 4 * PAGE, 5, 0, 3));
    smMap(vm, { addr: PAGE, range: PAGE, obj: 6, offset: 0 }, (step) => applyStep(vm, step, newId, 77).ret);
    expect([...vm].map((va) => [va.flags, va.line])).toEqual([
      [3, 77],
      [0, 77],
      [3, 77],
    ]);
  });
});
