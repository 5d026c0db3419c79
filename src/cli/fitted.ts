// Lines for a narrow terminal: broken between cells where there are any, else between words.
import { stripVTControlCharacters } from 'node:util';

/** No line is longer than `width`, but for words that are; undefined: as it is. What is broken off is indented by 4 more. */
export function fitted(text: string, width: number | undefined): string {
  if (width === undefined) return text;
  return text
    .split('\n')
    .flatMap((line) => (columns(line) <= width ? [line] : broken(line, width)))
    .join('\n');
}

/** Colours and links take no room. */
function columns(text: string): number {
  return stripVTControlCharacters(text).length;
}

function broken(line: string, width: number): string[] {
  const start = /^ */.exec(stripVTControlCharacters(line))?.[0] ?? '';
  const indent = `${start.slice(0, width / 2)}    `;
  const lines: string[] = [];
  let current = '';
  const add = (gap: string, piece: string) => {
    if (columns(current) === 0 || columns(current + gap + piece) <= width) {
      current += gap + piece;
      return;
    }
    lines.push(current.trimEnd());
    current = indent + piece;
  };
  for (const [, gap = '', cell = ''] of line.matchAll(/( *)([^ ]+(?: [^ ]+)*)/g)) {
    if (columns(indent + cell) <= width) add(gap, cell);
    else for (const [i, word] of cell.split(' ').entries()) add(i === 0 ? gap : ' ', word);
  }
  return [...lines, current];
}
