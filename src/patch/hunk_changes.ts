// What one hunk changes in the code: heads of functions, calls of those that are modelled, lines of functions, names.
import { probes } from '../dialects/index.ts';
import { parameterName } from '../kernels/index.ts';
import { type Call, type CodeSide, type Declaration, readSide } from './c_code.ts';
import type { ArgChange, CallChange, CallEdit } from './effects.ts';
import type { RequestMember } from './map_requests.ts';
import type { DiffLine, Hunk } from './unified_diff.ts';

/** The head of a function, before or after, in a hunk that changes it. */
export interface Head {
  readonly declaration: Declaration;
  /** Line in the patch's file. */
  readonly line: number;
}

export interface HeadChange {
  readonly name: string;
  readonly before: Head | undefined;
  readonly after: Head | undefined;
}

type WithLine<T> = Omit<T, 'at' | 'file'> & { readonly line: number };

export interface HunkChanges {
  readonly heads: readonly HeadChange[];
  readonly callChanges: readonly WithLine<CallChange>[];
  readonly callEdits: readonly WithLine<CallEdit>[];
  /** Functions with added or removed lines, each once, at the first of them. */
  readonly touched: readonly { readonly name: string; readonly line: number }[];
  readonly valuesAdded: readonly { readonly name: string; readonly line: number }[];
  readonly valuesRemoved: readonly { readonly name: string; readonly line: number }[];
}

export function changesOf(hunk: Hunk, isModelled: (name: string) => boolean): HunkChanges {
  const before = readSide(hunk, '+');
  const after = readSide(hunk, '-');
  return {
    heads: headChanges(before, after),
    ...allCallChanges(before, after, isModelled),
    touched: touched(hunk, before, after),
    valuesAdded: values(after),
    valuesRemoved: values(before),
  };
}

function isChanged(line: DiffLine | undefined): boolean {
  return line !== undefined && line.kind !== ' ';
}

function lineOf(side: CodeSide, rows: { readonly first: number; readonly last: number }): number {
  const changed = side.lines.slice(rows.first, rows.last + 1).find(isChanged);
  return (changed ?? side.lines[rows.first])?.line ?? 0;
}

function hasChange(side: CodeSide, { first, last }: { readonly first: number; readonly last: number }): boolean {
  return side.lines.slice(first, last + 1).some(isChanged);
}

function headChanges(before: CodeSide, after: CodeSide): HeadChange[] {
  const changed = [before, after].flatMap((side) => side.declarations.filter((one) => hasChange(side, one)));
  const names = new Set(changed.map(({ name }) => name));
  return [...names].map((name) => ({ name, before: headOf(before, name), after: headOf(after, name) }));
}

/** A definition tells more than a prototype. */
function headOf(side: CodeSide, name: string): Head | undefined {
  const own = side.declarations.filter((one) => one.name === name);
  const declaration = own.find(({ isDefinition }) => isDefinition) ?? own[0];
  return declaration === undefined ? undefined : { declaration, line: lineOf(side, declaration) };
}

function callChanges(
  before: CodeSide,
  after: CodeSide,
  isModelled: (name: string) => boolean,
): Pick<HunkChanges, 'callChanges' | 'callEdits'> {
  const changes: WithLine<CallChange>[] = [];
  const edits: WithLine<CallEdit>[] = [];
  const added = changedCalls(after, isModelled);
  for (const [key, removed] of changedCalls(before, isModelled)) {
    const rest = added.get(key) ?? [];
    added.delete(key);
    const [old, now] = withoutEqual(removed, rest);
    const pairs = Math.min(old.length, now.length);
    for (const [at, call] of old.slice(0, pairs).entries()) {
      const next = now[at] as Call;
      const { callee, inFunction } = next;
      const args = differences(callee, call.args, next.args);
      changes.push({ inFunction, callee, args, before: call.args, after: next.args, line: lineOf(after, next) });
    }
    for (const call of old.slice(pairs)) edits.push(edit('removed', before, call));
    for (const call of now.slice(pairs)) edits.push(edit('added', after, call));
  }
  for (const calls of added.values()) for (const call of calls) edits.push(edit('added', after, call));
  return { callChanges: changes, callEdits: edits.sort((a, b) => a.line - b.line) };
}

/** A call, and the requests that are filled for one, which may be all that changes. */
function allCallChanges(
  before: CodeSide,
  after: CodeSide,
  isModelled: (name: string) => boolean,
): Pick<HunkChanges, 'callChanges' | 'callEdits'> {
  const { callChanges: changes, callEdits } = callChanges(before, after, isModelled);
  return { callChanges: [...changes, ...requestChanges(before, after)], callEdits };
}

/** Members that the patch sets otherwise, in requests that stand on both sides. */
function requestChanges(before: CodeSide, after: CodeSide): WithLine<CallChange>[] {
  const now = changedMembers(after);
  return changedMembers(before).flatMap((old) => {
    const at = now.findIndex(
      (one) => one.owner === old.owner && one.set.request === old.set.request && one.set.member === old.set.member,
    );
    const [next] = at < 0 ? [] : now.splice(at, 1);
    if (next === undefined || next.set.value === old.set.value) return [];
    const call = callOf(after, next.set) ?? callByRole(next.owner);
    if (call === undefined) return [];
    const { callee, args, index } = call;
    const arg = { index, name: next.set.member, before: old.set.value, after: next.set.value };
    const line = lineOf(after, next.set);
    return [{ inFunction: next.owner, callee, args: [arg], before: args, after: args, line }];
  });
}

interface OwnedMember {
  readonly owner: string | undefined;
  readonly set: RequestMember;
}

function changedMembers(side: CodeSide): OwnedMember[] {
  const changed = side.requestMembers.filter((set) => hasChange(side, set));
  return changed.map((set) => ({ owner: side.owners[set.first], set }));
}

interface RequestCall {
  readonly callee: string;
  readonly args: readonly string[];
  /** Of the request among the arguments. */
  readonly index: number;
}

/** The next call of the function that takes the request. */
function callOf(side: CodeSide, { request, first: row }: RequestMember): RequestCall | undefined {
  for (const { callee, args, inFunction, first } of side.calls) {
    if (first < row || inFunction !== side.owners[row]) continue;
    const index = args.findIndex((_, at) => parameterName(callee, args.length, at) === 'req');
    const given = args[index]?.replace(/^&/, '');
    if (given !== undefined && (request === undefined || given === request)) return { callee, args, index };
  }
  return undefined;
}

/** Where the hunk ends before the call: what a function makes of a request that is known for its part in a job. */
function callByRole(owner: string | undefined): RequestCall | undefined {
  const role = probes.find(({ symbol, at }) => at === 'entry' && symbol === owner)?.event;
  if (role === 'lock_pass') return { callee: 'drm_gpuvm_sm_map_exec_lock', args: [], index: 3 };
  return role === 'apply' ? { callee: 'drm_gpuvm_sm_map', args: [], index: 2 } : undefined;
}

function edit(kind: CallEdit['kind'], side: CodeSide, call: Call): WithLine<CallEdit> {
  const { callee, inFunction, args } = call;
  return { kind, inFunction, callee, args, line: lineOf(side, call) };
}

/** By function and callee. */
function changedCalls(side: CodeSide, isModelled: (name: string) => boolean): Map<string, Call[]> {
  const calls = new Map<string, Call[]>();
  for (const call of side.calls) {
    if (!isModelled(call.callee) || !hasChange(side, call)) continue;
    const key = `${call.inFunction ?? ''} ${call.callee}`;
    const own = calls.get(key);
    if (own === undefined) calls.set(key, [call]);
    else own.push(call);
  }
  return calls;
}

/** What only moved or was set anew is left out. */
function withoutEqual(old: readonly Call[], now: readonly Call[]): readonly [readonly Call[], readonly Call[]] {
  const count = new Map<string, number>();
  const keyOf = (call: Call) => call.args.join(', ');
  for (const call of now) count.set(keyOf(call), (count.get(keyOf(call)) ?? 0) + 1);
  const kept = old.filter((call) => {
    const left = count.get(keyOf(call)) ?? 0;
    if (left > 0) count.set(keyOf(call), left - 1);
    return left === 0;
  });
  const rest = now.filter((call) => {
    const left = count.get(keyOf(call)) ?? 0;
    if (left > 0) count.set(keyOf(call), left - 1);
    return left > 0;
  });
  return [kept, rest];
}

function differences(callee: string, before: readonly string[], after: readonly string[]): ArgChange[] {
  const changes: ArgChange[] = [];
  for (let index = 0; index < Math.max(before.length, after.length); index++) {
    if (before[index] === after[index]) continue;
    const name = before.length === after.length ? parameterName(callee, after.length, index) : undefined;
    changes.push({ index, name, before: before[index], after: after[index] });
  }
  return changes;
}

function touched(hunk: Hunk, before: CodeSide, after: CodeSide): { name: string; line: number }[] {
  const first = new Map<string, number>();
  let [old, now] = [0, 0];
  for (const { kind, line } of hunk.lines) {
    const owner = kind === '+' ? after.owners[now] : before.owners[old];
    if (kind !== '+') old++;
    if (kind !== '-') now++;
    if (kind !== ' ' && owner !== undefined && !first.has(owner)) first.set(owner, line);
  }
  return [...first].map(([name, line]) => ({ name, line }));
}

function values(side: CodeSide): { name: string; line: number }[] {
  return side.values.flatMap(({ name, row }) => {
    const line = side.lines[row];
    return line !== undefined && isChanged(line) ? [{ name, line: line.line }] : [];
  });
}
