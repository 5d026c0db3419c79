// A finding of a report as it stands: what most readers ask for at once, the rest read from the log when it is asked for,
// since a trace may have many thousands of them.
import type { LineNames } from '../events/lines.ts';
import { type Confidence, type EvidenceLine, type Finding, plainFinding, type Severity } from './finding.ts';
import type { FindingLog, LoggedFinding } from './finding_log.ts';

/** What the rest is read from. */
interface Source {
  readonly log: FindingLog;
  readonly lines: LineNames;
}

/** What was told of it when it was made. */
interface Told extends Pick<Finding, 'rule' | 'severity' | 'order' | 'job'> {
  /** Of the rest, in the log. */
  readonly place: number;
}

export class StandingFinding implements Finding {
  readonly confidence: Confidence;
  readonly #source: Source;
  readonly #told: Told;

  constructor(source: Source, told: Told, confidence: Confidence) {
    this.confidence = confidence;
    this.#source = source;
    this.#told = told;
  }

  get #logged(): LoggedFinding {
    return this.#source.log.at(this.#told.place);
  }

  get rule(): string {
    return this.#told.rule;
  }

  get severity(): Severity {
    return this.#told.severity;
  }

  get order(): number {
    return this.#told.order;
  }

  get job(): number | undefined {
    return this.#told.job;
  }

  get file(): string {
    return this.#source.lines.placeOf(this.order).file;
  }

  get line(): number {
    return this.#source.lines.placeOf(this.order).line;
  }

  get time(): string {
    return this.#logged.time;
  }

  get pid(): number | undefined {
    return this.#logged.pid;
  }

  get op(): number | undefined {
    return this.#logged.op;
  }

  get step(): number | undefined {
    return this.#logged.step;
  }

  get vm() {
    return this.#logged.vm;
  }

  get addr() {
    return this.#logged.addr;
  }

  get range() {
    return this.#logged.range;
  }

  get obj() {
    return this.#logged.obj;
  }

  get resv() {
    return this.#logged.resv;
  }

  get message(): string {
    return this.#logged.message;
  }

  get fingerprint(): string {
    return this.#logged.fingerprint;
  }

  get evidence(): readonly EvidenceLine[] {
    const { evidence } = this.#logged;
    const { lines } = this.#source;
    if (!lines.isMerged) return evidence;
    return evidence.map(({ line, text }) => ({ ...lines.placeOf(line), order: line, text }));
  }

  toJSON(): Finding {
    return plainFinding(this);
  }
}
