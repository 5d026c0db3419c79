// Reads patches: what a series does to what is modelled.
import { UserError } from '../base/user_error.ts';
import { probes } from '../dialects/index.ts';
import { type KernelSwitches, switches } from '../kernels/index.ts';
import { capabilitiesOf, type NameChange } from './capabilities.ts';
import type {
  CallChange,
  CallEdit,
  Capability,
  FunctionChange,
  PatchEffects,
  PatchText,
  SignatureChange,
  TouchedFunction,
} from './effects.ts';
import { changesOf, type Head } from './hunk_changes.ts';
import { type Mail, mailsOf } from './mail.ts';
import { type FileDiff, readDiffs } from './unified_diff.ts';

export type * from './effects.ts';
export { LARGEST_PATCH } from './mail.ts';

const PROBED: ReadonlySet<string> = new Set(
  probes.filter(({ at }) => at !== 'tracepoint').map(({ symbol }) => symbol.split('.')[0] ?? symbol),
);
const MARKS: ReadonlySet<string> = new Set(
  switches.flatMap(({ on = [], off = [], params = [] }) => [...on, ...off, ...params.flatMap(({ of }) => of)]),
);

function isModelled(name: string): boolean {
  return PROBED.has(name) || MARKS.has(name);
}

/** Reads patches as one series, in order. Throws UserError naming patch and line where one cannot be read. */
export function readPatches(texts: readonly PatchText[]): PatchEffects {
  const series = new Series();
  for (const text of texts) {
    const mails = mailsOf(text).map((mail) => ({ mail, diffs: readDiffs(text.name, mail.lines) }));
    if (mails.every(({ diffs }) => diffs.length === 0))
      throw new UserError(`${text.name}: no diff in it; expected a unified diff, a git format-patch mail or a mailbox`);
    for (const { mail, diffs } of mails) if (diffs.length > 0) series.add(text.name, mail, diffs);
  }
  return series;
}

/** How the switches stand behind a series, those that it changes. */
export function patchedSwitches({ capabilities }: PatchEffects): Partial<KernelSwitches> {
  return Object.fromEntries(capabilities.map(({ name, value }) => [name, value]));
}

/** The heads of one function that a mail changes, wherever: its file has a definition, a header a prototype. */
interface Heads {
  before: { head: Head; file: string } | undefined;
  after: { head: Head; file: string } | undefined;
}

class Series implements PatchEffects {
  readonly patches: PatchEffects['patches'][number][] = [];
  readonly functionsAdded: FunctionChange[] = [];
  readonly functionsRemoved: FunctionChange[] = [];
  readonly signatureChanges: SignatureChange[] = [];
  readonly callChanges: CallChange[] = [];
  readonly callEdits: CallEdit[] = [];
  readonly touchedFunctions: TouchedFunction[] = [];
  readonly capabilities: Capability[] = [];

  /** One commit's diffs. */
  add(patch: string, { subject }: Mail, diffs: readonly FileDiff[]): void {
    const damaged = diffs.some(({ hunks }) => hunks.some((hunk) => hunk.damaged));
    this.patches.push({ name: patch, subject, files: [...new Set(diffs.map(({ path }) => path))], damaged });
    const heads = new Map<string, Heads>();
    const names: NameChange[] = [];
    for (const { path: file, hunks } of diffs) {
      if (!/\.[ch]$/.test(file)) continue;
      for (const hunk of hunks) {
        const changes = changesOf(hunk, isModelled);
        const place = <T extends { readonly line: number }>({ line, ...rest }: T) => ({
          ...rest,
          file,
          at: { patch, line },
        });
        this.callChanges.push(...changes.callChanges.map(place));
        this.callEdits.push(...changes.callEdits.map(place));
        for (const { name, line } of changes.touched) this.#touch(file, name, patch, line);
        for (const { name, before, after } of changes.heads) meetHeads(heads, name, file, before, after);
        for (const { name, line } of changes.valuesAdded) names.push({ name, added: true, at: { patch, line } });
        for (const { name, line } of changes.valuesRemoved) names.push({ name, added: false, at: { patch, line } });
      }
    }
    this.#settle(patch, heads, names);
  }

  #touch(file: string, name: string, patch: string, line: number): void {
    if (this.touchedFunctions.some((one) => one.file === file && one.function === name)) return;
    const modelled = isModelled(name);
    this.touchedFunctions.push({ file, function: name, modelled, driver: driverOf(file), at: { patch, line } });
  }

  #settle(patch: string, heads: ReadonlyMap<string, Heads>, names: readonly NameChange[]): void {
    const functionsAdded: FunctionChange[] = [];
    const functionsRemoved: FunctionChange[] = [];
    const signatureChanges: SignatureChange[] = [];
    for (const [name, { before, after }] of heads) {
      const modelled = isModelled(name);
      const shown = after ?? before;
      if (shown === undefined) continue;
      const at = { patch, line: shown.head.line };
      const { file } = shown;
      const { params } = shown.head.declaration;
      if (before === undefined) functionsAdded.push({ name, file, params, modelled, at });
      else if (after === undefined) functionsRemoved.push({ name, file, params, modelled, at });
      else if (isOtherSignature(before.head, after.head))
        signatureChanges.push({ name, file, before: before.head.declaration.params, after: params, modelled, at });
    }
    this.functionsAdded.push(...functionsAdded);
    this.functionsRemoved.push(...functionsRemoved);
    this.signatureChanges.push(...signatureChanges);
    this.capabilities.push(
      ...capabilitiesOf({ functionsAdded, functionsRemoved, signatureChanges, names: moved(names) }),
    );
  }
}

function meetHeads(all: Map<string, Heads>, name: string, file: string, before?: Head, after?: Head): void {
  const known = all.get(name) ?? { before: undefined, after: undefined };
  all.set(name, { before: better(known.before, before, file), after: better(known.after, after, file) });
}

/** A definition goes before a prototype, else the first. */
function better(known: Heads['before'], head: Head | undefined, file: string): Heads['before'] {
  if (head === undefined) return known;
  const wins = known === undefined || (head.declaration.isDefinition && !known.head.declaration.isDefinition);
  return wins ? { head, file } : known;
}

/** A prototype may call its parameters otherwise than the definition does. */
function isOtherSignature(before: Head, after: Head): boolean {
  const [old, now] = [before.declaration, after.declaration];
  if (old.isDefinition !== now.isDefinition) return old.params.length !== now.params.length;
  return old.params.join(', ') !== now.params.join(', ');
}

/** Without the names that both come and go. */
function moved(names: readonly NameChange[]): NameChange[] {
  const both = new Set(names.filter(({ added }) => added).map(({ name }) => name));
  const gone = new Set(names.filter(({ added }) => !added).map(({ name }) => name));
  return names.filter(({ name }) => !(both.has(name) && gone.has(name)));
}

/** imagination is the folder of pvr; what several drivers share is no driver's. */
function driverOf(file: string): string | undefined {
  const folder = /^drivers\/gpu\/drm\/(\w+)\//.exec(file)?.[1];
  if (folder === 'imagination') return 'pvr';
  return folder === undefined || /^(?:ttm|scheduler|tests|display|clients|lib)$/.test(folder) ? undefined : folder;
}
