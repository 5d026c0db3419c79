// A probe that is not installed takes all of its lines away: what the others show of a correct driver must not look wrong.
import { describe, expect, it } from 'vitest';
import { driverFixtures, labFixtures } from '../support/captures.ts';
import { exportedOnly } from '../support/exported_only.ts';
import { reportOn } from '../support/report.ts';
import { Lines, uncounted } from './damage.ts';

const LAB = /^(correct|correct-ops|immediate|resv-protected|misc|fuzz-correct)$/;
/** Of the pairs of events, one in so many is tried. */
const STRIDE = process.env['ROBUSTNESS'] === undefined ? 3 : 1;
const DRIVERS = /\/([a-z-]+-)?correct(-6\.12)?$/;
const CORRECT = [
  ...labFixtures.filter(({ name }) => LAB.test(name)),
  ...driverFixtures.filter(({ name }) => DRIVERS.test(name)),
];

/** Of a longer capture its begin will do. */
const LINES = 12_000;

function begin(bytes: Uint8Array): Uint8Array {
  const lines = new Lines(bytes);
  return lines.where((i) => i < LINES);
}

function eventOf(line: string): string | undefined {
  return / (\w+): \(/.exec(line)?.[1];
}

/** A trace as its lines, and the kinds of events among them. */
class Probed {
  readonly #lines: Lines;
  readonly #events: readonly (string | undefined)[];
  readonly kinds: readonly string[];

  constructor(bytes: Uint8Array) {
    const lines = new Lines(bytes);
    this.#lines = lines;
    this.#events = Array.from({ length: lines.count }, (_line, i) => eventOf(lines.text(i)));
    this.kinds = [...new Set(this.#events)].filter((event) => event !== undefined);
  }

  /** Loud findings without these events; the header counts what is left, as it would in such a capture. */
  loudWithout(...gone: readonly string[]): string[] {
    const isLeft = (event: string | undefined) => event === undefined || !gone.includes(event);
    const left = this.#lines.where((i) => isLeft(this.#events[i]));
    const count = this.#events.filter((event) => event !== undefined && isLeft(event)).length;
    const text = Buffer.from(left).toString('latin1');
    const head = text.replace(/(entries-in-buffer\/entries-written: )\d+\/\d+/, `$1${count}/${count}`);
    const loud = [Buffer.from(head, 'latin1'), uncounted(left)].flatMap((trace) =>
      reportOn(trace).findings.filter((one) => one.severity !== 'note' && one.confidence !== 'inconclusive'),
    );
    return [...new Set(loud.map((one) => `without ${gone.join(' and ')}: ${one.rule}: ${one.message}`))];
  }
}

describe.each(CORRECT.map((capture) => [capture.name, capture] as const))('%s', (name, capture) => {
  const bytes = begin(capture.read());
  const whole = new Probed(bytes);

  it('without any one kind of event', () => {
    expect(whole.kinds.flatMap((kind) => whole.loudWithout(kind))).toEqual([]);
  });

  it('without any one kind of those that exist on any kernel, and those alone', () => {
    const exported = new Probed(exportedOnly(bytes));
    const wrong = [exported.loudWithout(), ...exported.kinds.map((kind) => exported.loudWithout(kind))];
    expect(wrong.flat()).toEqual([]);
  });

  // Two of a kind are tried on one short trace of each flow.
  if (name.includes('fuzz') || /-6\.12$|\/.+-correct$/.test(name)) return;

  it('without any two kinds of events of page tables, runs and steps', () => {
    const some = whole.kinds.filter((kind) =>
      /^(mmu_|work|step_|va_(insert|remove)|job_|bind|apply|lock_region|unlock)/.test(kind),
    );
    const pairs = some.flatMap((one, i) => some.slice(i + 1).map((two) => [one, two] as const));
    const wrong = pairs.filter((_, i) => i % STRIDE === 0).flatMap((pair) => whole.loudWithout(...pair));
    expect(wrong).toEqual([]);
  });
});
