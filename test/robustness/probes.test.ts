// A probe that is not installed takes all of its lines away: what the others show of a correct driver must not look wrong.
import { describe, expect, it } from 'vitest';
import { driverFixtures, labFixtures } from '../support/captures.ts';
import { reportOn } from '../support/report.ts';
import { Lines, uncounted } from './damage.ts';

const CORRECT = [...labFixtures, ...driverFixtures].filter(({ name }) =>
  /^(correct|correct-ops|immediate|resv-protected|misc|fuzz-correct|(msm|nouveau|xe|panthor|pvr)\/correct)$/.test(name),
);

function eventOf(line: string): string | undefined {
  return / (\w+): \(/.exec(line)?.[1];
}

describe.each(CORRECT.map((capture) => [capture.name, capture] as const))('%s', (name, capture) => {
  const bytes = capture.read();
  const lines = new Lines(bytes);
  const events = Array.from({ length: lines.count }, (_line, i) => eventOf(lines.text(i)));
  const kinds = [...new Set(events)].filter((event) => event !== undefined);

  /** Loud findings on the trace without these events; the header counts what is left, as it would in such a capture. */
  function loudWithout(gone: ReadonlySet<string | undefined>): string[] {
    const left = lines.where((i) => events[i] === undefined || !gone.has(events[i]));
    const count = events.filter((event) => event !== undefined && !gone.has(event)).length;
    const text = Buffer.from(left).toString('latin1');
    const head = text.replace(/(entries-in-buffer\/entries-written: )\d+\/\d+/, `$1${count}/${count}`);
    const loud = [Buffer.from(head, 'latin1'), uncounted(left)].flatMap((trace) =>
      reportOn(trace).findings.filter((one) => one.severity !== 'note' && one.confidence !== 'inconclusive'),
    );
    return [...new Set(loud.map((one) => `${one.rule}: ${one.message}`))];
  }

  it('without any one kind of event', () => {
    const wrong = kinds.flatMap((kind) => loudWithout(new Set([kind])).map((text) => `${kind}: ${text}`));
    expect(wrong).toEqual([]);
  });

  // A long trace has the same kinds of events as the short ones.
  if (name.includes('fuzz')) return;

  it('without any two kinds of events of page tables, runs and steps', () => {
    const some = kinds.filter((kind) =>
      /^(mmu_|work|step_|va_(insert|remove)|job_|bind|apply|lock_region|unlock)/.test(kind),
    );
    const wrong = some.flatMap((one, i) =>
      some.slice(i + 1).flatMap((two) => loudWithout(new Set([one, two])).map((text) => `${one}, ${two}: ${text}`)),
    );
    expect(wrong).toEqual([]);
  });
});
