// Captures under other names: the same findings, and nothing left of what names somebody.
import { describe, expect, it } from 'vitest';
import { anonymous, withoutNames } from '../support/anonymous.ts';
import { driverFixtures, labFixtures, moreCaptures, moreDriverCaptures } from '../support/captures.ts';
import { reportOn } from '../support/report.ts';

const more = process.env['MORE'] === '1' ? [...moreDriverCaptures, ...moreCaptures] : [];
const captures = [...labFixtures, ...driverFixtures, ...more];

/** What the text shows of tasks and of the kernel's memory. */
function namesIn(text: string): Set<string> {
  const names = new Set<string>();
  for (const [, pointer = ''] of text.matchAll(/(?:0x)?(ffff(?!0{10}|f{9})[0-9a-f]{12})\b/g)) names.add(pointer);
  for (const [, comm = '', pid = ''] of text.matchAll(/^ *(\S[^\n]{0,15}?)-(\d+) +\[/gm)) {
    if (!comm.startsWith('<')) names.add(`${comm}-`);
    if (pid !== '0') names.add(`${comm}-${pid} `);
  }
  for (const [, name = ''] of text.matchAll(/ name="([^"\n]*)"/g)) names.add(`"${name}"`);
  return names;
}

describe.each(captures)('$name', ({ read }) => {
  const trace = read();
  const { text, bytes } = anonymous(trace);

  it('gives the same findings, jobs and doubts', () => {
    expect(withoutNames(reportOn(bytes))).toEqual(withoutNames(reportOn(trace)));
  });

  it('shows none of the names', () => {
    const names = namesIn(Buffer.from(trace).toString('latin1'));
    expect([...names].filter((name) => text.includes(name))).toEqual([]);
  });

  it('is the same each time', () => {
    expect(anonymous(trace).text === text).toBe(true);
  });
});
