// Builds dist before the tests, which run it, where it is not of the sources as they are: npm ci has built it already.
import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(import.meta.dirname, '../..');
const BUILT_OF = ['bin', 'src', 'package.json', 'tsconfig.json', 'tsconfig.build.json', 'tsconfig.page.json'];

export function setup(): void {
  if (changedAt('dist/bin/gpuvm-trace.js') > Math.max(...BUILT_OF.map(changedAt))) return;
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: ROOT, stdio: 'inherit' });
}

/** When the file, or what lies in the folder, was written last; 0 where there is none. */
function changedAt(name: string): number {
  const place = path.join(ROOT, name);
  const found = statSync(place, { throwIfNoEntry: false });
  if (found === undefined) return 0;
  if (!found.isDirectory()) return found.mtimeMs;
  // With the folders' own times, which tell what was taken out of them.
  return Math.max(found.mtimeMs, ...readdirSync(place).map((inside) => changedAt(path.join(name, inside))));
}
