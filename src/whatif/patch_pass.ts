// What a series of patches makes of a driver's lock pass, as far as its calls tell: C is not evaluated.
import { UserError } from '../base/user_error.ts';
import type { ArgChange, CallChange, CallEdit, PatchEffects, PatchPlace } from '../patch/effects.ts';
import type { LockAsk } from '../replay/job.ts';
import { type Argument, lockingPass, type OpPart, type OtherPass } from './other_pass.ts';

export interface PatchPass {
  readonly pass: OtherPass;
  /** The driver whose lock pass it is; undefined: of any. */
  readonly driver: string | undefined;
  /** What was understood, in a sentence each. */
  readonly because: readonly string[];
}

const HELPERS: Readonly<Record<string, LockAsk['call']>> = {
  drm_gpuvm_sm_map_exec_lock: 'map',
  drm_gpuvm_sm_unmap_exec_lock: 'unmap',
};
const SWEEP = 'drm_gpuvm_prepare_objects';
/** Other calls that take locks: which objects they are called for is known to the driver alone. */
const LOCK_CALLS: ReadonlySet<string> = new Set([
  'drm_exec_lock_obj',
  'drm_exec_prepare_obj',
  'drm_exec_prepare_array',
  'drm_exec_unlock_obj',
  'drm_gpuvm_prepare_range',
  'drm_gpuvm_prepare_vm',
  'drm_gpuvm_exec_lock',
  'drm_gpuvm_exec_lock_array',
  'drm_gpuvm_exec_lock_range',
]);
/** The helpers' own code. */
const OWN_CODE: ReadonlySet<string> = new Set([...Object.keys(HELPERS), 'drm_gpuva_sm_step_lock', SWEEP]);

/** What their parameters are called; `req` is a struct drm_gpuvm_map_req, the op itself (6.18). */
const PARAMETERS: Readonly<Record<LockAsk['call'], readonly (OpPart | 'vm' | 'exec' | 'fences')[]>> = {
  map: ['vm', 'exec', 'fences', 'addr', 'range', 'obj', 'offset'],
  unmap: ['vm', 'exec', 'addr', 'range'],
};

/** The same as members of `req`. */
const MEMBERS: Readonly<Record<string, OpPart>> = {
  'map.va.addr': 'addr',
  'map.va.range': 'range',
  'map.gem.obj': 'obj',
  'map.gem.offset': 'offset',
};

/** Which part of its op a driver's member or variable of this name is. */
const PARTS: readonly (readonly [RegExp, OpPart])[] = [
  [/^(?:\w+_)?(?:range|size|length|len)$/, 'range'],
  [/^(?:\w+_)?offset$/, 'offset'],
  [/^(?:\w+_)?(?:iova|addr|address|va|start)$/, 'addr'],
  [/^(?:\w+_)?(?:obj|bo|gem)$/, 'obj'],
];

/**
 * The lock pass behind the series: with helpers that it adds or calls, with other arguments of their calls, or as it was.
 * Throws UserError naming the patch and its line where it changes what is locked in a way that is not understood.
 */
export function passOfPatches(effects: PatchEffects): PatchPass {
  const edits = effects.callEdits.filter(({ inFunction }) => !OWN_CODE.has(inFunction ?? ''));
  const changes = effects.callChanges.filter(({ inFunction }) => !OWN_CODE.has(inFunction ?? ''));
  const files = [...edits, ...changes].map(({ file }) => file);
  const driver = effects.touchedFunctions.find((one) => files.includes(one.file))?.driver;
  const called = helpersCalled(edits, driver);
  const changed = argumentsChanged(changes, driver);
  if (called !== undefined) return changed === undefined ? called : amended(called, changed);
  for (const { callee, at } of [...edits, ...changes])
    if (LOCK_CALLS.has(callee)) throw notUnderstood(at, `what ${callee}() is called for`);
  return changed ?? helpersAdded(effects) ?? asRecorded();
}

/** A later patch of the series changes the calls that an earlier one adds. */
function amended({ pass, driver, because }: PatchPass, later: PatchPass): PatchPass {
  if (pass.kind !== 'locking' || later.pass.kind !== 'arguments') return later;
  const { changed } = later.pass;
  const kept = pass.wrong.filter((arg) => !changed.some((one) => sameArgument(one, arg)));
  const wrong = [...kept, ...changed.filter(({ argument, is }) => argument !== is)];
  return { pass: { ...pass, wrong }, driver, because: [...because, ...later.because] };
}

function sameArgument(one: Argument, other: Argument): boolean {
  return one.call === other.call && one.argument === other.argument;
}

function helpersCalled(edits: readonly CallEdit[], driver: string | undefined): PatchPass | undefined {
  const added = edits.filter(({ kind }) => kind === 'added');
  const calls = added.filter(({ callee }) => HELPERS[callee] !== undefined);
  const sweeps = added.filter(({ callee }) => callee === SWEEP);
  const gone = edits.find(
    ({ kind, callee }) => kind === 'removed' && (callee === SWEEP || HELPERS[callee] !== undefined),
  );
  const [first] = [...calls, ...sweeps];
  if (first === undefined) {
    if (gone !== undefined) throw notUnderstood(gone.at, `what is locked without ${gone.callee}()`);
    return undefined;
  }
  // Where calls are taken out, those that come take their place.
  const adds = !edits.some(({ kind, callee }) => kind === 'removed' && takesLocks(callee));
  const because = [...new Set([...calls, ...sweeps].map(({ callee }) => `${callee}() is called`))];
  if (calls.length === 0) return { pass: { ...lockingPass('sweep'), adds }, driver, because };
  const helpers = [...new Set(calls.flatMap(({ callee }) => HELPERS[callee] ?? []))];
  const wrong = calls.flatMap(({ callee, args, at }) => wrongArguments(callee, args, at));
  const told = wrong.map(({ call, argument, is }) => `the ${argument} of each ${call} is its ${is}`);
  return { pass: { ...lockingPass('exec-lock'), helpers, adds, wrong }, driver, because: [...because, ...told] };
}

function takesLocks(callee: string): boolean {
  return callee === SWEEP || HELPERS[callee] !== undefined || LOCK_CALLS.has(callee);
}

function wrongArguments(callee: string, args: readonly string[], at: PatchPlace): Argument[] {
  const call = HELPERS[callee];
  // A struct drm_gpuvm_map_req is filled elsewhere; it is taken for the op's.
  if (call === undefined || args.length !== PARAMETERS[call].length) return [];
  return args.flatMap((text, index) => {
    const argument = PARAMETERS[call][index];
    if (argument === undefined || isAside(argument)) return [];
    const is = partOf(text, at);
    return is === argument ? [] : [{ call, argument, is }];
  });
}

function argumentsChanged(changes: readonly CallChange[], driver: string | undefined): PatchPass | undefined {
  const changed: Argument[] = [];
  const because: string[] = [];
  for (const { callee, args, before, at } of changes) {
    const call = HELPERS[callee];
    if (call === undefined) continue;
    for (const arg of args) {
      const scalar = before.length === PARAMETERS[call].length ? PARAMETERS[call][arg.index] : undefined;
      const argument = MEMBERS[arg.name ?? ''] ?? scalar;
      if (argument === undefined || !isKnown(arg)) throw notUnderstood(at, `argument ${arg.index} of ${callee}()`);
      if (argument === 'fences') continue;
      if (isAside(argument)) throw notUnderstood(at, `another ${argument} of ${callee}()`);
      changed.push({ call, argument, is: partOf(arg.after, at) });
      because.push(`the ${argument} of ${callee}() is ${arg.after} instead of ${arg.before}`);
    }
  }
  return changed.length === 0 ? undefined : { pass: { kind: 'arguments', changed }, driver, because };
}

function helpersAdded({ functionsAdded }: PatchEffects): PatchPass | undefined {
  const added = functionsAdded.filter(({ name }) => HELPERS[name] !== undefined);
  if (added.length === 0) return undefined;
  const because = [
    ...new Set(added.map(({ name }) => `${name}() is added: the driver is taken to call it for each op`)),
  ];
  return { pass: lockingPass('exec-lock'), driver: undefined, because };
}

function asRecorded(): PatchPass {
  return { pass: { kind: 'recorded' }, driver: undefined, because: ['it does not change what is locked'] };
}

function isKnown(arg: ArgChange): arg is ArgChange & { readonly before: string; readonly after: string } {
  return arg.before !== undefined && arg.after !== undefined;
}

function isAside(argument: OpPart | 'vm' | 'exec' | 'fences'): argument is 'vm' | 'exec' | 'fences' {
  return argument === 'vm' || argument === 'exec' || argument === 'fences';
}

/** By the last name of `op->map.va.range`; NULL is no object. */
function partOf(expression: string, at: PatchPlace): OpPart {
  const name = /^[\w\s>.&()[\]-]*?(\w+)\)*$/.exec(expression)?.[1] ?? '';
  const part = PARTS.find(([pattern]) => pattern.test(name));
  if (part === undefined || /[+*/?:,]| - /.test(expression))
    throw notUnderstood(at, `which part of an op ${expression} is`);
  return part[1];
}

function notUnderstood(at: PatchPlace, what: string): UserError {
  return new UserError(`${at.patch}:${at.line}: not understood: ${what}`);
}
