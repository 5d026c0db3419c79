// What a report's page is given, as JSON: the page's script reads these very types.

/** Exact: hex text where a double cannot hold it. */
export type Num = number | string;

/** Whole numbers, one a row: all the same, each less the one before, or as they are; -1 stands for "not known". */
export type NumberColumn = { readonly all: number; readonly count: number } | { readonly steps: number[] } | number[];

export interface PageData {
  readonly schema: 1;
  readonly version: string;
  readonly failOn: string;
  /** What the numbers in the column of verdicts stand for. */
  readonly verdicts: readonly string[];
  readonly traces: readonly TraceData[];
  readonly unread: readonly { readonly file: string; readonly message: string }[];
  /** Of the rules that were broken. */
  readonly rules: Readonly<Record<string, RuleText>>;
}

export interface RuleText {
  readonly severity: string;
  readonly summary: string;
  readonly meaning: string;
  readonly why: string;
  readonly kernel: string;
  readonly advice: string;
}

export interface TraceData {
  readonly file: string;
  /** As a shell takes it after a command; '' where it was standard input. */
  readonly shellFile: string;
  readonly verdict: { readonly kind: 'findings' | 'inconclusive' | 'clean'; readonly text: string };
  readonly kernel: string;
  readonly driver: string;
  readonly lines: number;
  readonly events: number;
  /** Findings in the baseline. */
  readonly known: number;
  /** Why the verdict is not a whole one. */
  readonly doubts: readonly string[];
  readonly losses: readonly string[];
  /** Why jobs were not judged whole, with how many they are and the first of them. */
  readonly reasons: readonly { readonly text: string; readonly jobs: number; readonly first: readonly number[] }[];
  readonly notProbed: readonly string[];
  readonly oddities: readonly string[];
  /** What lines are called, where the trace is several files: of those that anything here refers to by number. */
  readonly lineNames: Readonly<Record<number, string>>;
  readonly moments: MomentColumns;
  readonly tasks: readonly string[];
  /** Objects by their names in this report. */
  readonly objs: readonly { readonly name: string; readonly ptr: string }[];
  readonly vms: readonly VmData[];
  readonly jobs: JobColumns;
  readonly findings: readonly FindingData[];
  readonly stays: StayColumns;
  /** By the job's row. */
  readonly details: Readonly<Record<number, JobData>>;
  readonly leftOut: { readonly findings: number; readonly details: number; readonly stays: number };
}

/** When the lines were that anything here refers to: ascending lines; ticks since `start`. */
export interface MomentColumns {
  readonly line: NumberColumn;
  readonly tick: NumberColumn;
  /** As the trace spells it. */
  readonly start: string;
  /** Ticks in a second; 0: the clock counts something else. */
  readonly perSecond: number;
}

export interface VmData {
  readonly ordinal: number;
  readonly name: string;
  readonly ptr: string;
  readonly driver: string;
  /** Line of its init, 0: before the trace; of its end, 0: none. */
  readonly line: number;
  readonly endLine: number;
  readonly isWhole: boolean;
  readonly isImmediate: boolean;
  /** At the end of the trace. */
  readonly mappings: number;
  readonly bytes: Num;
}

/** Places are lines; behind `line` they are counted from it, and -1 is a place that was not seen. */
export interface JobColumns {
  readonly count: number;
  readonly job: NumberColumn;
  readonly line: NumberColumn;
  readonly end: NumberColumn;
  readonly task: NumberColumn;
  /** Rows of `vms`. */
  readonly vm: NumberColumn;
  readonly lockFrom: NumberColumn;
  readonly lockTo: NumberColumn;
  readonly holdFrom: NumberColumn;
  readonly holdTo: NumberColumn;
  readonly applyFrom: NumberColumn;
  readonly applyTo: NumberColumn;
  /** Task that applies it. */
  readonly applyTask: NumberColumn;
  readonly ops: NumberColumn;
  readonly attempts: NumberColumn;
  readonly failed: NumberColumn;
  readonly steps: NumberColumn;
  readonly missing: NumberColumn;
  readonly redundant: NumberColumn;
  readonly diverged: NumberColumn;
  readonly misapplied: NumberColumn;
  readonly unreserved: NumberColumn;
  /** Of VERDICTS. */
  readonly verdict: NumberColumn;
  /** The lines where further attempts begin, by row. */
  readonly retries: Readonly<Record<number, readonly number[]>>;
}

export const VERDICTS = ['bad', 'unknown', 'wasteful', 'failed', 'ok'] as const;

export interface FindingData {
  readonly rule: string;
  readonly severity: string;
  readonly confidence: string;
  /** Its place in the order of the trace: the line, where that is one file. */
  readonly line: number;
  /** Row of `jobs`, -1: none that is here. */
  readonly job: number;
  readonly op: number;
  readonly step: number;
  /** Row of `vms`, -1: none. */
  readonly vm: number;
  readonly addr?: Num;
  readonly range?: Num;
  /** Row of `objs`, -1: none. */
  readonly obj: number;
  readonly resv: string;
  readonly message: string;
  readonly evidence: readonly (readonly [line: string, text: string])[];
  readonly fingerprint: string;
}

/** A mapping's stay in a VA space. Lines: 0 is before the trace, or to its end; jobs are rows, -1: none that is here. */
export interface StayColumns {
  readonly vm: NumberColumn;
  readonly addr: readonly Num[];
  readonly range: readonly Num[];
  readonly obj: NumberColumn;
  readonly offset: readonly Num[];
  readonly from: NumberColumn;
  readonly to: NumberColumn;
  readonly fromJob: NumberColumn;
  readonly toJob: NumberColumn;
  readonly isRest: NumberColumn;
}

export interface JobData {
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly ops: readonly OpData[];
  readonly attempts: readonly AttemptData[];
  /** Where the lock pass ends, or ''. */
  readonly lockEnd: string;
  readonly locks: readonly LockData[];
  readonly space: readonly SpaceData[];
  readonly spaceNotes: readonly string[];
  /** What was left out of it, in words. */
  readonly leftOut: readonly string[];
}

export interface OpData {
  readonly index: number;
  readonly text: string;
  readonly line: string;
  readonly obj: string;
  /** What its lock pass was asked for, where that is another thing. */
  readonly asked: string;
  readonly why: { readonly severity: string; readonly text: string } | null;
  /** What the steps of a row are, but for the last column, which is what was applied. */
  readonly titles: readonly string[];
  readonly applied: string;
  readonly rows: readonly StepRow[];
}

export interface StepRow {
  /** One a title: the step, and how it stands to the applied one: `=` the same, `!` different, `<` only there, `>` only applied. */
  readonly others: readonly (readonly [text: string, mark: string])[];
  readonly text: string;
  readonly line: string;
  readonly step: number;
}

export interface AttemptData {
  readonly title: string;
  readonly line: string;
  readonly rows: readonly {
    readonly line: string;
    readonly what: string;
    readonly obj: string;
    readonly note: string;
  }[];
  readonly end: string;
}

export interface LockData {
  readonly resv: string;
  readonly objs: readonly string[];
  readonly need: string;
  /** Where it was locked; '' where not in its pass. */
  readonly held: string;
  readonly state: 'held' | 'missing' | 'redundant' | 'not judged' | 'not needed' | 'otherwise';
  readonly note: string;
}

export interface SpaceData {
  readonly rows: readonly {
    readonly name: string;
    readonly boxes: readonly {
      readonly addr: Num;
      readonly range: Num;
      readonly label: string;
      readonly offset: Num | null;
      readonly mark: string;
    }[];
  }[];
}
