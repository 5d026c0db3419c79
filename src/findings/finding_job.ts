// Which job a finding is of: numbers of jobs may come again in a trace, places do not.
import type { Finding } from './finding.ts';

/** What tells of a job where it is, in lines. */
interface Placed {
  readonly job: number;
  readonly line: number;
  readonly endLine: number;
}

export class FindingJobs<Row extends Placed> {
  /** Of the jobs that findings are of, which are few. */
  readonly #rows = new Map<number, Row[]>();

  constructor(jobs: Iterable<Row>, findings: readonly Pick<Finding, 'job'>[]) {
    for (const { job } of findings) if (job !== undefined) this.#rows.set(job, []);
    for (const row of jobs) this.#rows.get(row.job)?.push(row);
  }

  of({ job, order }: Pick<Finding, 'job' | 'order'>): Row | undefined {
    const rows = job === undefined ? [] : (this.#rows.get(job) ?? []);
    return rows.find((one) => one.line <= order && order <= one.endLine) ?? rows[0];
  }
}
