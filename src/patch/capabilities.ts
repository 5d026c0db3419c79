// Which switches of a kernel follow from functions that come, go or take other arguments.
import { type SwitchDoc, switches } from '../kernels/index.ts';
import type { Capability, FunctionChange, PatchPlace, SignatureChange } from './effects.ts';

export interface NameChange {
  readonly name: string;
  readonly added: boolean;
  readonly at: PatchPlace;
}

export interface Changes {
  readonly functionsAdded: readonly FunctionChange[];
  readonly functionsRemoved: readonly FunctionChange[];
  readonly signatureChanges: readonly SignatureChange[];
  readonly names: readonly NameChange[];
}

/** Each switch once. */
export function capabilitiesOf(changes: Changes): Capability[] {
  return switches.flatMap((doc) => byPresence(doc, changes) ?? byParams(doc, changes) ?? []);
}

function byPresence({ key, on = [], off = [] }: SwitchDoc, changes: Changes): Capability | undefined {
  const present = (list: readonly { name: string; at: PatchPlace }[], added: boolean) =>
    list.map(({ name, at }) => ({ name, at, added, title: `${name}()` }));
  const all = [
    ...present(changes.functionsAdded, true),
    ...present(changes.functionsRemoved, false),
    ...changes.names.map((one) => ({ ...one, title: one.name })),
  ];
  const marks = [...on, ...off];
  const found = marks.map((mark) => all.find(({ name }) => name === mark)).find((one) => one !== undefined);
  if (found === undefined) return undefined;
  const { name, added, title, at } = found;
  return { name: key, value: on.includes(name) === added, because: `${title} is ${added ? 'added' : 'removed'}`, at };
}

function byParams({ key, params = [] }: SwitchDoc, changes: Changes): Capability | undefined {
  const heads = [
    ...changes.signatureChanges.map(({ name, after, at }) => ({ name, params: after, at })),
    ...changes.functionsAdded,
  ];
  for (const head of heads) {
    const names = head.params.map((param) => /\w+$/.exec(param)?.[0]);
    const mark = params.find(({ of, param }) => of.includes(head.name) && names.includes(param));
    if (mark === undefined) continue;
    return { name: key, value: mark.value, because: `${head.name}() has the parameter ${mark.param}`, at: head.at };
  }
  return undefined;
}
