// The traces that a command is given: patterns are expanded, and --merge makes one trace of several files.
import { Option } from 'commander';
import { UserError } from '../base/user_error.ts';
import { expand } from '../io/glob.ts';

export interface TraceFile {
  /** As messages name it. */
  readonly name: string;
  /** '-': standard input. */
  readonly path: string;
}

/** One file, or several of one run that are read as one. */
export type Trace = readonly TraceFile[];

export function fileOf(path: string): TraceFile {
  return { name: path === '-' ? 'stdin' : path, path };
}

export interface MergeChoice {
  readonly merge?: true;
}

export function mergeOption(): Option {
  const text = 'read the files as one trace, in the order of time: those of its CPUs, instances, events, or its pieces';
  return new Option('--merge', text);
}

/** Each file is a trace of its own, or all are one. */
export function tracesOf(names: readonly string[], { merge }: MergeChoice): Trace[] {
  const files = names.flatMap(expand);
  if (merge !== true) return files.map((file) => [fileOf(file)]);
  const twice = files.find((file, i) => files.indexOf(file) !== i);
  if (twice !== undefined) throw new UserError(`${fileOf(twice).name}: cannot be merged with itself`);
  return [files.map(fileOf)];
}

/** For commands that take one. */
export function traceOf(names: readonly string[], choice: MergeChoice): Trace {
  const [trace = [], ...more] = tracesOf(names, choice);
  if (more.length > 0)
    throw new UserError(`${more.length + 1} traces, and one is expected; files of one run are one with --merge`);
  return trace;
}

/** As messages name it. */
export function nameOf([first, ...more]: Trace): string {
  const name = first?.name ?? '';
  return more.length === 0 ? name : `${name} and ${more.length} more`;
}
