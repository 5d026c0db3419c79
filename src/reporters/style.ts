// How a report marks its parts; the command line gives colours, tests and files give none.

export interface Style {
  readonly error: (text: string) => string;
  readonly warning: (text: string) => string;
  readonly note: (text: string) => string;
  readonly good: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly bold: (text: string) => string;
  /** A text that stands for a line of a file, where it can lead there. */
  readonly link?: (text: string, file: string, line: number) => string;
}

const same = (text: string) => text;

export const plainStyle: Style = { error: same, warning: same, note: same, good: same, dim: same, bold: same };

/** Words into lines of at most `width` columns, all but the first indented; undefined: one line. A long word stays whole. */
export function wrapped(text: string, width: number | undefined, indent: number): string[] {
  if (width === undefined || text.length <= width) return [text];
  const lines: string[] = [];
  const start = text.length - text.trimStart().length;
  let line = ' '.repeat(start);
  for (const word of text.slice(start).split(' ')) {
    const longer = line.trim() === '' ? line + word : `${line} ${word}`;
    if (longer.length > width && line.trim() !== '') {
      lines.push(line);
      line = ' '.repeat(indent) + word;
    } else {
      line = longer;
    }
  }
  lines.push(line);
  return lines;
}

/** `1 job`, `2 jobs`, `12,345 jobs`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${grouped(count)} ${count === 1 ? one : many}`;
}

/** 1234567 as 1,234,567: the same wherever it runs. */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}
