// Members of a struct drm_gpuvm_map_req (6.18) that a function sets: they are the arguments of the call that takes it.
import { codeOf, type Token } from './tokens.ts';

/** Of the kernel's struct: `map.va.range`. */
const MEMBER = /^map\.(?:va|gem)\.\w+$/;

export interface RequestMember {
  /** The variable; undefined where the hunk begins within its initialiser. */
  readonly request: string | undefined;
  readonly member: string;
  readonly value: string;
  /** Rows of the side's lines. */
  readonly first: number;
  readonly last: number;
}

/** Initialisers (`.map.va.range = op->range,`) and assignments (`req.map.va.range = op->range;`). */
export function membersSet(tokens: readonly Token[]): RequestMember[] {
  const texts = tokens.map(({ text }) => text);
  const set: RequestMember[] = [];
  let request: string | undefined;
  for (const [at, { text, row }] of tokens.entries()) {
    if (text === 'drm_gpuvm_map_req' && texts[at + 2] === '=') request = texts[at + 1];
    if (text !== 'map') continue;
    const member = texts.slice(at, at + 5).join('');
    if (texts[at + 5] !== '=' || texts[at + 6] === '=' || !MEMBER.test(member)) continue;
    const [owner, dot] = [texts[at - 2] ?? '', texts[at - 1]];
    if (dot !== '.' && dot !== '->') continue;
    const named = /^\w+$/.test(owner) ? owner : request;
    const end = valueEnd(texts, at + 6);
    const last = tokens[end - 1]?.row ?? row;
    set.push({ request: named, member, value: codeOf(tokens.slice(at + 6, end)), first: row, last });
  }
  return set;
}

function valueEnd(texts: readonly string[], from: number): number {
  let depth = 0;
  for (let at = from; at < texts.length; at++) {
    const text = texts[at] ?? '';
    if (text === '(' || text === '[') depth++;
    else if (text === ')' || text === ']') depth--;
    else if (depth <= 0 && /^[,;}]$/.test(text)) return at;
  }
  return texts.length;
}
