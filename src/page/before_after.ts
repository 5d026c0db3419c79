// The VA space around a job's ranges, before, asked for and after: one axis of addresses, not to scale.
import type { SpaceData } from '../reporters/html/page_data.ts';
import { objColour, type Palette, palette } from './colours.ts';
import { el, svg } from './dom.ts';
import type { Trace } from './trace.ts';
import { exact, hexText, rangeText } from './words.ts';

type Row = SpaceData['rows'][number];
type Box = Row['boxes'][number];

const LEFT = 74;
const ROW = 30;
const TOP = 34;
const COLUMN = 84;

const MARKS: Readonly<Record<string, string>> = {
  gone: 'taken away by this job',
  new: 'put there by this job',
  other: 'taken away or put there by others meanwhile',
  same: '',
};

const NAMES: Readonly<Record<string, string>> = { old: 'before', new: 'after', lock: 'at lock', want: 'asked' };

export function spaceFigure(trace: Trace, { rows }: SpaceData, label: string): HTMLElement {
  const borders = [
    ...new Set(
      rows.flatMap(({ boxes }) => boxes.flatMap(({ addr, range }) => [exact(addr), exact(addr) + exact(range)])),
    ),
  ];
  borders.sort((a, b) => (a < b ? -1 : 1));
  const width = LEFT + Math.max(1, borders.length - 1) * COLUMN + 70;
  const height = TOP + rows.length * ROW + 4;
  const x = (addr: bigint) => LEFT + borders.indexOf(addr) * COLUMN;
  const picture = svg('svg', {
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    class: 'space',
    role: 'img',
    'aria-label': `${label}; the table says the same`,
  });
  picture.style.maxWidth = `${width}px`;
  picture.style.minWidth = `${Math.min(width, 480)}px`;
  borders.forEach((border, i) => {
    const at = x(border);
    picture.append(
      svg(
        'text',
        { x: at, y: i % 2 === 0 ? 11 : 24, class: 'axis', 'text-anchor': i === 0 ? 'start' : 'middle' },
        hexText(`0x${border.toString(16)}`),
      ),
      svg('line', {
        x1: at,
        x2: at,
        y1: i % 2 === 0 ? 14 : 27,
        y2: height,
        stroke: 'currentColor',
        'stroke-opacity': 0.25,
      }),
    );
  });
  for (const [i, row] of rows.entries()) drawRow(picture, palette(), trace, row, TOP + i * ROW, x);
  return el('div', { class: 'scroll', role: 'region', tabindex: '0', 'aria-label': label }, picture);
}

function drawRow(
  picture: SVGElement,
  colours: Palette,
  trace: Trace,
  { name, boxes }: Row,
  y: number,
  x: (addr: bigint) => number,
): void {
  picture.append(svg('text', { x: 4, y: y + 17 }, NAMES[name] ?? name.replace('req', 'request')));
  if (boxes.length === 0) picture.append(svg('text', { x: LEFT, y: y + 17, class: 'axis' }, 'nothing is mapped here'));
  const isRequest = name.startsWith('req');
  for (const box of boxes) {
    const from = x(exact(box.addr));
    const to = x(exact(box.addr) + exact(box.range));
    const obj = trace.data.objs.findIndex((one) => one.name === box.label);
    const fill = isRequest ? 'none' : objColour(colours, obj);
    const changed = box.mark !== 'same';
    picture.append(
      svg('rect', {
        x: from + 1,
        y: y + 2,
        width: Math.max(2, to - from - 2),
        height: ROW - 8,
        rx: 3,
        fill,
        stroke: changed ? colours.text : colours.dim,
        'stroke-width': changed ? 1.6 : 0.8,
        'stroke-dasharray': isRequest ? '5 3' : box.mark === 'gone' ? '2 2' : undefined,
      }),
      svg('text', { x: (from + to) / 2, y: y + 17, 'text-anchor': 'middle' }, boxText(box)),
    );
  }
}

function boxText({ label, mark }: Box): string {
  const sign: Readonly<Record<string, string>> = { gone: '− ', new: '+ ', other: '~ ', same: '' };
  return `${sign[mark] ?? ''}${label}`;
}

export function spaceTable({ rows }: SpaceData): HTMLElement {
  const head = ['state', 'range', 'object', 'offset', 'change'];
  const lines = rows.flatMap(({ name, boxes }) =>
    boxes.map((box) => [
      NAMES[name] ?? name.replace('req', 'request'),
      rangeText(box.addr, box.range),
      box.label,
      box.offset === null ? '' : hexText(box.offset),
      MARKS[box.mark] ?? '',
    ]),
  );
  return el(
    'table',
    {},
    el('caption', { class: 'hidden' }, 'VA space before and after'),
    el('thead', {}, el('tr', {}, ...head.map((text) => el('th', { scope: 'col' }, text)))),
    el(
      'tbody',
      {},
      ...lines.map((cells) =>
        el('tr', {}, ...cells.map((text, i) => el('td', { class: i > 0 && i < 4 ? 'mono' : undefined }, text))),
      ),
    ),
  );
}
