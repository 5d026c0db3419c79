// What is wrong with a trace.dat, as values: where, and what could not be read because of it.

export interface Diagnostic {
  /** Byte offset in the file; for a damaged compressed part, where that part begins. */
  readonly offset: number;
  readonly message: string;
}

/** A file may be damaged in every page: more than this many diagnostics tell nobody anything. */
const LIMIT = 1000;

/** The diagnostics of one file: each is kept once, however often the file is walked. */
export class Damage {
  readonly list: Diagnostic[] = [];
  private readonly seen = new Set<string>();

  add(offset: number, message: string): void {
    if (this.list.length > LIMIT) return;
    const key = `${offset} ${message}`;
    if (this.seen.has(key)) return;
    this.seen.add(key);
    const last = this.list.length === LIMIT;
    this.list.push(last ? { offset, message: 'more damage from here on is not listed' } : { offset, message });
  }
}
