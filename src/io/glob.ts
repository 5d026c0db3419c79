// Patterns of file names that the shell has not expanded: *, ?, [a-z] and ** of any depth.
import { type Dirent, existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { UserError } from '../base/user_error.ts';

const SPECIAL = /[*?[]/;

/**
 * The files that a name means: itself where there is such a file or it holds no pattern, else all that match, in the order
 * of their characters. A UserError where none does.
 */
export function expand(name: string): string[] {
  if (!SPECIAL.test(name) || existsSync(name)) return [name];
  const [root = '', ...parts] = name.startsWith('/') ? ['/', ...name.slice(1).split('/')] : ['', ...name.split('/')];
  const found = [...new Set(matches(root, parts))].sort();
  if (found.length === 0) throw new UserError(`${name}: no file matches`);
  return found;
}

/** Files below `folder` that the rest of a pattern, folder by folder, matches. */
function* matches(folder: string, [part, ...rest]: readonly string[]): Generator<string> {
  if (part === undefined) return;
  const isLast = rest.length === 0;
  if (part === '**') yield* matches(folder, isLast ? ['*'] : rest);
  else if (!SPECIAL.test(part)) {
    const there = path.join(folder, part);
    if (!isLast) yield* matches(there, rest);
    else if (existsSync(there)) yield there;
    return;
  }
  const isMatch = part === '**' ? () => true : matcherOf(part);
  for (const entry of entriesOf(folder)) {
    if (entry.name.startsWith('.') !== part.startsWith('.') || !isMatch(entry.name)) continue;
    const there = path.join(folder, entry.name);
    if (part === '**') {
      if (entry.isDirectory()) yield* matches(there, ['**', ...rest]); // what links lead to may lead back
    } else if (!isLast) {
      if (!entry.isFile()) yield* matches(there, rest);
    } else if (!entry.isDirectory()) yield there;
  }
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder === '' ? '.' : folder, { withFileTypes: true });
  } catch {
    return []; // no folder, or not one for us
  }
}

/** Of one name. Characters that mean something to a regular expression stand for themselves. */
function matcherOf(part: string): (name: string) => boolean {
  const source = part.replace(
    /\[(!?)([^\]]+)\]|\*+|\?|[^*?[]+|\[/g,
    (token, not: string | undefined, set: string | undefined) => {
      if (set !== undefined) return `[${not === '!' ? '^' : ''}${set.replace(/[\\^]/g, '\\$&')}]`;
      if (token.startsWith('*')) return '.*';
      return token === '?' ? '.' : token.replace(/[.+^${}()|[\]\\]/g, '\\$&');
    },
  );
  try {
    const regex = new RegExp(`^${source}$`, 's');
    return (name) => regex.test(name);
  } catch {
    return () => false; // [z-a]
  }
}
