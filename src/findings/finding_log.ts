// Findings until the trace is over: what is theirs alone as text, what they share with others as it is.

import { TextLog } from '../base/text_log.ts';
import type { Ptr, U64 } from '../base/u64.ts';
import type { Finding } from './finding.ts';

/** What the end of the trace, or the place of the event, tells. */
type Later = 'rule' | 'severity' | 'confidence' | 'file' | 'line' | 'evidence';

export interface LoggedFinding extends Omit<Finding, Later> {
  /** As places in the order of the trace. */
  readonly evidence: readonly { readonly line: number; readonly text: string }[];
}

/** As JSON has it. */
type Exact = number | string;
type Row = readonly [
  order: number,
  time: string,
  numbers: readonly (number | null)[],
  exact: readonly (Exact | null)[],
  message: string,
  fingerprint: string,
  evidence: readonly (readonly [line: number, text: string])[],
];

export class FindingLog {
  readonly #texts = new TextLog();
  /** Read last: whoever asks for one value of it asks for others too. */
  #last: { readonly place: number; readonly finding: LoggedFinding } | undefined;

  /** Returns the place where it is kept. */
  add(finding: LoggedFinding): number {
    const { order, time, pid, job, op, step, vm, addr, range, obj, resv, message, fingerprint, evidence } = finding;
    const row: Row = [
      order,
      time,
      [pid, job, op, step].map((value) => value ?? null),
      [vm, addr, range, obj, resv].map(toExact),
      message,
      fingerprint,
      evidence.map(({ line, text }) => [line, text]),
    ];
    return this.#texts.add(JSON.stringify(row));
  }

  at(place: number): LoggedFinding {
    if (this.#last?.place !== place) this.#last = { place, finding: this.#read(place) };
    return this.#last.finding;
  }

  #read(place: number): LoggedFinding {
    const row: Row = JSON.parse(this.#texts.text(place));
    const [order, time, numbers, exact, message, fingerprint, evidence] = row;
    const [pid, job, op, step] = numbers.map((value) => value ?? undefined);
    const [vm = 0, addr, range, obj = 0, resv = 0] = exact.map(fromExact);
    const lines = evidence.map(([line, text]) => ({ line, text }));
    return { order, time, pid, job, op, step, vm, addr, range, obj, resv, message, fingerprint, evidence: lines };
  }
}

/** What a double does not hold is a bigint, and in JSON its digits. */
function toExact(value: Ptr | U64 | undefined): Exact | null {
  return typeof value === 'bigint' ? String(value) : (value ?? null);
}

function fromExact(value: Exact | null): Ptr | U64 | undefined {
  return typeof value === 'string' ? BigInt(value) : (value ?? undefined);
}
