// The script of the HTML report: compiled modules that lie beside this one, joined into a single one.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';

/** In the order in which they need each other. */
const MODULES = [
  'dom',
  'words',
  'trace',
  'view',
  'links',
  'table',
  'colours',
  'canvas',
  'axis',
  'timeline',
  'heights',
  'space',
  'before_after',
  'job',
  'lists',
  'summary',
  'main',
] as const;

/** Where tsconfig.page.json puts them. */
const FOLDER = path.join(__dirname, '../page');

export function readPageScript(): string {
  return MODULES.map((name) => asFunction(name, readFileSync(path.join(FOLDER, `${name}.js`), 'utf8'))).join('\n');
}

/** A module as a call that gives what it exports; it takes the same from those before it. */
function asFunction(name: string, text: string): string {
  const names = [...text.matchAll(/^export (?:class|const|function) (\w+)/gm)].map(([, exported]) => exported);
  const body = text
    .replace(/^import \{([^}]*)\} from ["']\.\/(\w+)\.js["'];$/gm, 'const {$1} = module_$2;')
    .replace(/^export (?:\{\};)?/gm, '');
  return `const module_${name} = (() => {\n${body.trim()}\nreturn { ${names.join(', ')} };\n})();`;
}

/** As a Content-Security-Policy names a text. */
export function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
