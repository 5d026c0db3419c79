// Which job a finding is of: numbers of jobs may come again in a trace, places do not.
import type { Finding } from './finding.ts';

/** What tells of a job where it is, in lines. */
interface Placed {
  readonly job: number;
  readonly line: number;
  readonly endLine: number;
}

export class FindingJobs<Row extends Placed> {
  readonly #rows = new Map<number, Row[]>();

  constructor(jobs: Iterable<Row>) {
    for (const row of jobs) {
      const rows = this.#rows.get(row.job);
      if (rows === undefined) this.#rows.set(row.job, [row]);
      else rows.push(row);
    }
  }

  of({ job, order }: Pick<Finding, 'job' | 'order'>): Row | undefined {
    const rows = job === undefined ? [] : (this.#rows.get(job) ?? []);
    return rows.find((one) => one.line <= order && order <= one.endLine) ?? rows[0];
  }
}
