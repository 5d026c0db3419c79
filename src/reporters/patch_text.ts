// What `gpuvm-trace patch` says of patches, for people and as JSON.
import { switchTitle } from '../kernels/index.ts';
import type { CallChange, CallEdit, FunctionChange, PatchEffects, PatchPlace } from '../patch/index.ts';
import { printable, printablePath } from './escape.ts';
import { counted, type Style } from './style.ts';

/** Functions that mean nothing to the model are counted beyond so many. */
const MANY = 20;

export function patchText(effects: PatchEffects, style: Style): string {
  const sections = [
    ...effects.patches.map((one) => patchHead(one, style)),
    section('switches of the kernel', effects.capabilities, style, ({ name, value, because, at }) => ({
      text: `${switchTitle(name, value)}: ${because}`,
      at,
    })),
    section('functions added', modelled(effects.functionsAdded), style, functionLine),
    section('functions removed', modelled(effects.functionsRemoved), style, functionLine),
    section('signatures changed', modelled(effects.signatureChanges), style, ({ name, before, after, at }) => ({
      text: `${name}(${before.join(', ')}) -> (${after.join(', ')})`,
      at,
    })),
    section('calls changed', effects.callChanges, style, callLine),
    section('calls added and removed', effects.callEdits, style, editLine),
    section('functions touched', effects.touchedFunctions, style, ({ function: name, file, driver, at, ...one }) => ({
      text: `${name}() in ${file}${driver === undefined ? '' : `, ${driver}`}${one.modelled ? '' : ', not probed'}`,
      at,
    })),
  ];
  const shown = sections.filter((lines) => lines.length > 0);
  const news = shown.length > effects.patches.length;
  if (!news) shown.push(['it changes nothing of what is modelled']);
  return `${shown.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

/** Texts made harmless; the shape is that of PatchEffects, which others may read by its names. */
export function patchObject(effects: PatchEffects): Record<string, unknown> {
  const { patches, functionsAdded, functionsRemoved, signatureChanges, callChanges, callEdits } = effects;
  const { touchedFunctions, capabilities } = effects;
  const all = { patches, capabilities, functionsAdded, functionsRemoved, signatureChanges };
  const object = { ...all, callChanges, callEdits, touchedFunctions };
  return JSON.parse(JSON.stringify(object), (_, value) => (typeof value === 'string' ? printable(value) : value));
}

function patchHead({ name, subject, files, damaged }: PatchEffects['patches'][number], style: Style): string[] {
  const title = subject === '' ? printablePath(name) : `${printablePath(name)}: ${printable(subject)}`;
  const lost = damaged ? ', blanks lost on its way' : '';
  return [style.bold(title), `  ${counted(files.length, 'file')}${lost}`];
}

/** Of what nothing in the model knows, as much as a reader can take in. */
function modelled<T extends { readonly modelled: boolean }>(all: readonly T[]): readonly T[] {
  return all.length <= MANY ? all : all.filter((one) => one.modelled);
}

interface Line {
  readonly text: string;
  readonly at: PatchPlace;
}

function section<T>(title: string, all: readonly T[], style: Style, line: (one: T) => Line): string[] {
  if (all.length === 0) return [];
  const shown = all.slice(0, 10 * MANY).map(line);
  const more = all.length - shown.length;
  return [
    style.bold(title),
    ...shown.map(({ text, at }) => `  ${style.dim(`${printablePath(at.patch)}:${at.line}:`)} ${printable(text)}`),
    ...(more > 0 ? [`  ... and ${counted(more, 'more', 'more')}`] : []),
  ];
}

function functionLine({ name, params, at }: FunctionChange): Line {
  return { text: `${name}(${params.join(', ')})`, at };
}

function callLine({ inFunction, callee, args, before, after, at }: CallChange): Line {
  const changes = args.map(({ index, name, before: old, after: now }) => {
    const which = name === undefined ? `argument ${index + 1}` : name;
    return `${which} is ${now ?? 'gone'}, was ${old ?? 'not there'}`;
  });
  const text = before.length === after.length ? changes.join('; ') : `(${before.join(', ')}) -> (${after.join(', ')})`;
  return { text: `${inWhich(inFunction)}${callee}(): ${text}`, at };
}

function editLine({ kind, inFunction, callee, args, at }: CallEdit): Line {
  return { text: `${inWhich(inFunction)}${kind}: ${callee}(${args.join(', ')})`, at };
}

function inWhich(name: string | undefined): string {
  return name === undefined ? '' : `${name}(): `;
}
