// One record of a trace.dat, as whoever listens to its events sees it.
import type { RecordBytes } from './fields.ts';
import type { EventFormat } from './formats.ts';

/** Of each CPU there is one object, which stands on one record after the other: copy what must last. */
export interface DatEvent extends RecordBytes {
  readonly format: EventFormat;
  readonly cpu: number;
  readonly pid: number;
  /** common_flags and common_preempt_count as recorded. */
  readonly flags: number;
  readonly preempt: number;
  /** The stamp as sec * 10^9 + nsec; of a clock that does not count nanoseconds, its count split likewise. */
  readonly sec: number;
  readonly nsec: number;
  /** The instance; '' for the top buffer. */
  readonly buffer: string;
  /** Of the page, or of the packed chunk of pages, in the file. */
  readonly fileOffset: number;
}
