// Folders that the user named: what lies in them, and one that lasts as long as it is used.
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export function isFolder(name: string): boolean {
  return existsSync(name) && statSync(name).isDirectory();
}

/** The files that lie in it, in the order of their names; not those in folders below. */
export function filesIn(folder: string): string[] {
  const files = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile());
  return files.map(({ name }) => path.join(folder, name)).sort();
}

export async function withTemporaryFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(path.join(tmpdir(), 'gpuvm-trace-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
