// Which job a finding is of: numbers of jobs may come again in a trace, places do not.
import type { Finding } from '../findings/finding.ts';
import type { JobRow } from '../replay/job_row.ts';

export class FindingJobs {
  readonly #rows = new Map<number, JobRow[]>();

  constructor(jobs: readonly JobRow[]) {
    for (const row of jobs) {
      const rows = this.#rows.get(row.job);
      if (rows === undefined) this.#rows.set(row.job, [row]);
      else rows.push(row);
    }
  }

  of({ job, order }: Finding): JobRow | undefined {
    const rows = job === undefined ? [] : (this.#rows.get(job) ?? []);
    return rows.find((one) => one.line <= order && order <= one.endLine) ?? rows[0];
  }
}
