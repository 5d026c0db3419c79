// A capture that is cut into files in any way and merged again gives what the whole one gives, place by place.
import { describe, expect, it } from 'vitest';
import { Analysis, type Report } from '../../src/analyze.ts';
import type { MergeInput } from '../../src/ftrace/merged/index.ts';
import { type Capture, driverFixtures, labFixtures } from '../support/captures.ts';
import { reportOn } from '../support/report.ts';
import { random, uncounted } from './damage.ts';

const SMALL = 400_000;
const captures = [...labFixtures, ...driverFixtures].filter((capture) => capture.read().length < SMALL);

/** An entry with the lines that belong to it. */
interface Entry {
  readonly lines: string[];
  /** Of the first one, in the whole trace. */
  readonly line: number;
  readonly cpu: string;
  readonly event: string;
}

const HEAD = /^(.* \[(\d+)\] +(?:\S+ +)?)(\d+\.\d{6})(: (\w*).*)$/s;

/**
 * The entries of a capture in the plain layout, undefined in others. distinct: each with a time of its own, as a clock that
 * counts nanoseconds would have given; coarse: in units of 10 us.
 */
function entriesOf(
  text: string,
  times: 'distinct' | 'coarse',
): { readonly head: string[]; readonly entries: Entry[] } | undefined {
  const head: string[] = [];
  const entries: Entry[] = [];
  let latest = '';
  let same = 0;
  for (const [i, line] of text.split(/(?<=\n)/).entries()) {
    const [whole, prefix = '', cpu = '', time = '', rest = '', event = ''] = HEAD.exec(line) ?? [];
    if (whole === undefined) (entries.at(-1)?.lines ?? head).push(line);
    else {
      same = time === latest ? same + 1 : 0;
      latest = time;
      entries.push({
        lines: [
          times === 'distinct'
            ? `${prefix}${time}${String(same).padStart(3, '0')}${rest}`
            : `${prefix}${time.slice(0, -1)}${rest}`,
        ],
        line: i + 1,
        cpu,
        event,
      });
    }
  }
  return entries.length > 0 && entries.length * 1.2 > text.split('\n').length - head.length
    ? { head, entries }
    : undefined;
}

interface Piece {
  readonly text: string;
  /** By line of the piece, from 1: the line of the whole trace. */
  readonly from: number[];
}

type Share = (entry: Entry, index: number, of: number) => number;

function pieces({ head, entries }: { readonly head: string[]; readonly entries: Entry[] }, share: Share): Piece[] {
  const made: { text: string[]; from: number[] }[] = [];
  for (const [i, entry] of entries.entries()) {
    const file = share(entry, i, entries.length);
    const piece = made[file] ?? { text: [...head], from: head.map((_, j) => j + 1) };
    made[file] = piece;
    for (const [j, line] of entry.lines.entries()) {
      piece.text.push(line);
      piece.from.push(entry.line + j);
    }
  }
  return made.filter((one) => one !== undefined).map(({ text, from }) => ({ text: text.join(''), from }));
}

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function merged(all: readonly string[], chunk = 5000): Promise<Report> {
  const analysis = new Analysis({ file: 'trace.txt' });
  const inputs: MergeInput[] = all.map((text, i) => ({
    file: `f${i}`,
    from: { chunks: inChunks(Buffer.from(text, 'latin1'), chunk) },
  }));
  await analysis.merge(inputs);
  return analysis.finish();
}

interface Said extends Readonly<Record<string, unknown>> {
  readonly findings: readonly {
    readonly rule: string;
    readonly confidence: string;
    readonly line: number;
    readonly job: number | undefined;
  }[];
}

/** What a report says, with the lines of the whole trace. */
function said({ findings, jobs, stats, lines, losses, doubts }: Report, from: readonly Piece[] | undefined): Said {
  const lineOf = (file: string, line: number) => from?.[Number(file.slice(1))]?.from[line - 1] ?? line;
  const at = (number: number) => {
    if (number === 0) return 0;
    const place = lines.placeOf(number);
    return lineOf(place.file, place.line);
  };
  const plain = (text: string) =>
    text.replace(/\b(f\d+):(\d+)/g, (_, file, line) => `line ${lineOf(file, Number(line))}`);
  return {
    findings: findings.map(({ rule, confidence, file, line, job, op, step, message, fingerprint, evidence }) => {
      const places = evidence.map((one) => `${lineOf(one.file ?? file, one.line)}: ${plain(one.text)}`);
      return {
        rule,
        confidence,
        line: lineOf(file, line),
        job,
        op,
        step,
        message: plain(message),
        fingerprint,
        places,
      };
    }),
    jobs: jobs.map(({ job, line, endLine, start, end, pid, comm, counts, unknown, verdict, attempts, ret }) => {
      const whole = { line: at(line), endLine: at(endLine), unknown: unknown.map(plain) };
      return { job, start, end, pid, comm, counts, verdict, attempts, ret, ...whole };
    }),
    events: stats.events,
    entries: stats.entries,
    losses: losses.times,
    doubts: doubts.map(plain),
  };
}

/** Findings that the other has not, or not as sure. */
function surplus(one: Said, other: Said): string[] {
  const name = ({ rule, line, job }: Said['findings'][number]) => `${line}: ${rule} of job ${job}`;
  const sure = ({ findings }: Said) => findings.filter(({ confidence }) => confidence !== 'inconclusive').map(name);
  const known = new Set(sure(other));
  return sure(one).filter((text) => !known.has(text));
}

const WAYS: Readonly<Record<string, (draw: () => number) => Share>> = {
  'by CPU': () => (entry) => Number(entry.cpu),
  'by event': (draw) => {
    const of = new Map<string, number>();
    return ({ event }) => {
      const file = of.get(event) ?? Math.floor(draw() * 5);
      of.set(event, file);
      return file;
    };
  },
  'by time': (draw) => {
    const cuts = [draw(), draw(), draw()];
    return (_, index, of) => cuts.filter((cut) => cut < index / of).length;
  },
  'at random': (draw) => () => Math.floor(draw() * 4),
};

describe('pieces of a capture', () => {
  let split = 0;
  let tied = 0;
  captures.forEach((capture, i) => {
    const { name } = capture;
    it(name, async () => {
      const whole = entriesOf(textOf(capture), 'distinct');
      if (whole === undefined) return;
      split++;
      const text = [...whole.head, ...whole.entries.flatMap(({ lines }) => lines)].join('');
      const report = reportOn(Buffer.from(text, 'latin1'));
      const expected = said(report, undefined);
      for (const [way, shareOf] of Object.entries(WAYS)) {
        const parts = pieces(whole, shareOf(random(1 + i)));
        const got = said(await merged(parts.map((part) => part.text)), parts);
        // Where a loss is told, and of which CPU's entries, is another matter in each file.
        if (report.losses.times > 0) expect(surplus(got, expected), way).toEqual([]);
        else expect(got, way).toEqual(expected);
      }
    });
  });

  captures.forEach((capture, i) => {
    it(`${capture.name}, where events have the same time`, async () => {
      const whole = entriesOf(textOf(capture), 'coarse');
      if (whole === undefined) return;
      const expected = said(reportOn(Buffer.from(textOf(capture), 'latin1')), undefined);
      for (const [way, shareOf] of Object.entries(WAYS).filter((_, at) => at % 2 === i % 2)) {
        const parts = pieces(whole, shareOf(random(1000 + i)));
        const report = await merged(parts.map((part) => part.text));
        expect(surplus(said(report, parts), expected), way).toEqual([]);
        if (report.doubts.some((doubt) => doubt.includes('have the same time in different files'))) tied++;
      }
    });
  });

  it('have such events in places', () => expect(tied).toBeGreaterThan(50));

  it('are of most captures', () => expect(split).toBeGreaterThan(0.7 * captures.length));
});

function textOf(capture: Capture): string {
  return Buffer.from(uncounted(capture.read())).toString('latin1');
}
