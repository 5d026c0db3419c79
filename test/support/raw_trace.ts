// A second reader of fixtures, which knows nothing of the first: the lines of a text trace as their probes wrote them.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { ROOT } from './run.ts';

export interface RawLine {
  /** From 1. */
  readonly line: number;
  readonly task: string;
  readonly time: string;
  /** The event's own name. */
  readonly name: string;
  readonly args: Readonly<Record<string, string>>;
}

export function rawText(file: string): string {
  const bytes = readFileSync(path.join(ROOT, file));
  return (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('latin1');
}

const LINE = /^ *(\S+) +\[\d+\] +\S+ +(\d+\.\d+): (\w+): \(.*?\)(.*)$/;

export function rawLines(file: string): RawLine[] {
  return rawText(file)
    .split('\n')
    .flatMap((text, index) => {
      const [, task = '', time = '', name = '', rest = ''] = LINE.exec(text) ?? [];
      const args = Object.fromEntries([...rest.matchAll(/(\w+)=(\S+)/g)].map(([, key, value]) => [key, value]));
      return name === '' ? [] : [{ line: index + 1, task, time, name, args }];
    });
}

/** Does the range of the line hold the address? Lengths are spelt in three ways. */
export function holds({ args }: RawLine, address: number): boolean {
  const start = Number(args['addr']);
  const bytes = args['range'] ?? args['len'] ?? Number(args['pgsize']) * Number(args['pgcount']);
  return start <= address && address < start + Number(bytes);
}
