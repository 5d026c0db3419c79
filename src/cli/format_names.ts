// What the forms are called that `check` gives its findings in.
import { FORMATS, type Format } from '../reporters/formats.ts';

const CI_FORMATS = ['sarif', 'junit', 'gitlab', 'github', 'ktap'] as const;
export type CiFormat = (typeof CI_FORMATS)[number];

/** What the results of a run suffice for. */
export type ResultFormat = Format | CiFormat;
/** The page shows more of a trace than its results. */
export type CheckFormat = ResultFormat | 'html';

export const RESULT_FORMATS: readonly ResultFormat[] = [...FORMATS, ...CI_FORMATS];
export const CHECK_FORMATS: readonly CheckFormat[] = [...RESULT_FORMATS, 'html'];

export function isForCi(format: CheckFormat): format is CiFormat {
  return CI_FORMATS.some((one) => one === format);
}
