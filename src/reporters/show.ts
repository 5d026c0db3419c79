// One job in full, as a driver developer reads it: ops, locks, steps as planned and as applied, fences, findings, VA space.
import { add, hex, type Ptr, ptrHex, type U64 } from '../base/u64.ts';
import type { StepEvent, StepPiece } from '../events/vm_event.ts';
import type { Finding } from '../findings/finding.ts';
import { describeOp, STEP_TYPES } from '../replay/describe.ts';
import type { AppliedStep, FenceUse, Job, JobDetail, LockAsk, LockAttempt, OpRun } from '../replay/job.ts';
import type { JobRow } from '../replay/job_row.ts';
import { printable, printablePath } from './escape.ts';
import { counted, plainStyle, type Style, wrapped } from './style.ts';
import { type Box, type Mark, type PictureRow, vaPicture } from './va_picture.ts';

export interface ShowOptions {
  readonly file: string;
  readonly style?: Style;
  /** Columns to keep within where that is possible. */
  readonly width?: number;
}

/** Lists longer than this are shown by their ends. */
const LONG = 40;
const ENDS = 12;
/** Places of the VA space drawn, and requests drawn in one of them. */
const MAX_PICTURES = 16;
const MAX_REQUESTS = 6;

interface View {
  readonly job: Job;
  readonly detail: JobDetail;
  readonly row: JobRow;
  readonly findings: readonly Finding[];
  readonly file: string;
  readonly style: Style;
  readonly width: number;
  readonly letters: Letters;
}

/** `findings` may hold those of other jobs too. */
export function showJob(job: Job, row: JobRow, findings: readonly Finding[], options: ShowOptions): string {
  const { detail } = job;
  const own = findings.filter((finding) => finding.job === row.job && isWithin(finding, row));
  const view: View = {
    job,
    detail: detail ?? job_without_detail,
    row,
    findings: own,
    file: printablePath(options.file),
    style: options.style ?? plainStyle,
    width: options.width ?? 80,
    letters: new Letters(job),
  };
  const sections = [header(view), opsSection(view), locksSection(view), stepsSection(view), fencesSection(view)];
  sections.push(findingsSection(view), spaceSection(view), legend(view));
  return `${sections
    .filter((section) => section.length > 0)
    .map((section) => section.join('\n'))
    .join('\n\n')}\n`;
}
