// What the HTML report is made of beside its data: script and style with their hashes.
import { hashOf, readPageScript } from '../io/page_files.ts';
import type { PagePart, PageParts } from '../reporters/html/html.ts';
import { STYLE } from '../reporters/html/style.ts';

export function pageParts(): PageParts {
  return { script: part(readPageScript()), style: part(STYLE) };
}

function part(text: string): PagePart {
  return { text, hash: hashOf(text) };
}
