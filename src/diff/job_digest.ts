// What is compared of a job, in a few numbers: its ops, its steps, its locks, how long it held them.
import { hex, type Ptr, type U64 } from '../base/u64.ts';
import type { StepPiece } from '../events/vm_event.ts';
import { STEP_TYPES } from '../replay/describe.ts';
import type { AppliedStep, Job, OpRun } from '../replay/job.ts';
import type { JobRow } from '../replay/job_row.ts';
import { secondsBetween } from '../replay/resv_waits.ts';
import type { World } from '../replay/world.ts';
import type { ObjectNumbers } from './object_numbers.ts';
import type { Texts } from './texts.ts';

/** Where the object of an op or a step stands in its text. */
export const OBJECT = '{}';

/** dma_resvs by the numbers of objects that have them, in ascending order, each once. */
export interface LockSets {
  readonly needed: readonly number[];
  readonly held: readonly number[];
  readonly missing: readonly number[];
  readonly redundant: readonly number[];
}

/** Shared by all jobs that were judged whole. */
const NOTHING: readonly string[] = [];

export const LOCK_SETS = ['needed', 'held', 'missing', 'redundant'] as const satisfies readonly (keyof LockSets)[];

export interface JobDigest {
  /** One line an op, and one a step; numbers of Texts. */
  readonly ops: number;
  readonly steps: number;
  /** The kinds and addresses of its ops, for a job whose ops differ otherwise; a number of Texts. */
  readonly places: number;
  /** What usesOf() gives, packed: as text it takes a fifth of the room. */
  readonly uses: string;
  /** Seconds from the beginning of each locking context's last attempt to its end; undefined where none was seen. */
  readonly held: number | undefined;
}

/** The objects that a job uses, by number. */
export interface Uses {
  /** Of each op, and of each step. */
  readonly ops: readonly number[];
  readonly steps: readonly number[];
  readonly locks: LockSets;
}

/** A digest with what the whole trace says of its job. */
export interface DigestedJob extends JobDigest {
  readonly job: number;
  readonly line: number;
  readonly endLine: number;
  readonly pid: number;
  /** A number of Texts; the task's name as recorded. */
  readonly comm: number;
  /** The VM's ordinal; 0 while unknown. */
  readonly vm: number;
  readonly ret: number | undefined;
  readonly attempts: number | undefined;
  /** Seconds from its first event to its last less `held`; undefined where either is not known. */
  readonly outside: number | undefined;
  /** Could its missing and its redundant locks be judged? */
  readonly missingJudged: boolean;
  readonly redundantJudged: boolean;
  /** Why it was not judged whole. */
  readonly unknown: readonly string[];
}

/** Takes a job when it is over, from an analysis with `passes`. */
export function digestOf(job: Job, world: World, numbers: ObjectNumbers, texts: Texts): JobDigest {
  const { ops, vm } = job;
  const opObjs = ops.map((op) => numbers.of(op.obj, world, vm));
  const locks = locksOf(job, world, numbers);
  const lines: string[] = [];
  const stepObjs: number[] = [];
  for (const op of ops)
    for (const step of stepsOf(op)) {
      lines.push(stepText(op, step));
      stepObjs.push(numbers.of(step.obj, world, vm));
    }
  const opLines = ops.length > 0 ? ops.map(opText) : [`${job.opCount ?? 'no'} ops`];
  return {
    ops: texts.of(opLines.join('\n')),
    steps: texts.of(lines.join('\n')),
    places: texts.of(ops.map((op) => `${op.kind} ${op.addr ?? '?'}`).join('\n')),
    uses: [opObjs, stepObjs, ...LOCK_SETS.map((set) => locks[set])].map((all) => all.join()).join(';'),
    held: heldFor(job),
  };
}

export function usesOf({ uses }: JobDigest): Uses {
  const [ops = [], steps = [], needed = [], held = [], missing = [], redundant = []] = uses
    .split(';')
    .map((list) => (list === '' ? [] : list.split(',').map(Number)));
  return { ops, steps, locks: { needed, held, missing, redundant } };
}

export function digested(digest: JobDigest, row: JobRow, texts: Texts): DigestedJob {
  const whole = secondsBetween(row.start, row.end);
  const { held } = digest;
  return {
    ...digest,
    job: row.job,
    line: row.line,
    endLine: row.endLine,
    pid: row.pid,
    comm: texts.of(row.comm),
    vm: row.vmOrdinal,
    ret: row.ret,
    attempts: row.attempts,
    outside: whole === undefined || held === undefined ? undefined : Math.max(0, Number(whole) - held),
    missingJudged: row.counts.missing !== undefined,
    redundantJudged: row.counts.redundant !== undefined,
    unknown: row.unknown.length === 0 ? NOTHING : row.unknown,
  };
}

type AnyStep = Omit<AppliedStep, 'type' | 'index' | 'line'> & { readonly type: AppliedStep['type'] | undefined };

/** Those that the driver's callbacks were given, or where it has none those of its ops lists. */
function stepsOf(op: OpRun): readonly AnyStep[] {
  if (op.steps.length > 0) return op.steps;
  return op.list.map((step) => ({ ...step, type: STEP_TYPES[step.type] }));
}

function opText({ kind, addr, range, obj, offset }: OpRun): string {
  const of = obj === 0 ? '' : ` of ${OBJECT} at offset ${hex(offset)}`;
  return `${kind.toUpperCase()} ${spanText(addr, range)}${of}`;
}

function stepText(op: OpRun, { type = 'prefetch', addr, range, offset, keep, prev, next }: AnyStep): string {
  const at = offset === undefined ? '' : ` at offset ${hex(offset)}`;
  const pieces = `${pieceText('prev', prev)}${pieceText('next', next)}`;
  return `op ${op.index}: ${type.toUpperCase()} ${spanText(addr, range)} of ${OBJECT}${at}${keep ? ' keep' : ''}${pieces}`;
}

function pieceText(name: string, piece: StepPiece | undefined): string {
  if (piece === undefined) return '';
  return piece.addr === undefined ? `, ${name} stays` : `, ${name} ${spanText(piece.addr, piece.range)}`;
}

function spanText(addr: U64 | undefined, range: U64 | undefined): string {
  return `${addr === undefined ? '?' : hex(addr)}+${range === undefined ? '?' : hex(range)}`;
}

function locksOf(job: Job, world: World, numbers: ObjectNumbers): LockSets {
  const { vm, detail } = job;
  const lock = (resv: Ptr, obj: Ptr) => numbers.lockOf(resv, obj, world, vm);
  const told = (kind: 'step_unlocked' | 'lock_unneeded') =>
    job.facts.filter((fact) => fact.kind === kind).map(({ resv, obj }) => lock(resv, obj));
  const { needs = [], held = [] } = detail?.pass ?? {};
  const unlisted = needs.map(({ resv, obj }) => lock(resv, obj));
  return {
    needed: ascending([...unlisted, ...[...job.needed].map((resv) => lock(resv, 0))]),
    held: ascending([...held].map((resv) => lock(resv, 0))),
    missing: ascending(told('step_unlocked')),
    redundant: ascending(told('lock_unneeded')),
  };
}

function ascending(numbers: readonly number[]): number[] {
  return [...new Set(numbers)].sort((a, b) => a - b);
}

function heldFor({ detail }: Job): number | undefined {
  const holds = detail?.pass?.holds ?? [];
  const took = holds.map(({ since, until }) => secondsBetween(since, until));
  if (took.length === 0 || took.includes(undefined)) return undefined;
  return took.reduce((sum, one) => sum + Number(one), 0);
}
