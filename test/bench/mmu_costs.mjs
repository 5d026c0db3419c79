// What the simulated page tables cost in memory: by the ranges that are mapped, not by their size.
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const TABLES = 50;

/** KB of one table in which 1 TiB is mapped, with the leaves that the format gives it. */
export async function sparseKilobytes(root) {
  const load = (file) => import(pathToFileURL(path.join(root, 'dist/src/mmu', file)).href);
  const { PageTable } = await load('pgtable.js');
  const { PANTHOR } = await load('formats/arm_lpae.js');
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  const tables = [];
  for (let i = 0; i < TABLES; i++) {
    const table = new PageTable(PANTHOR);
    table.mapRange(2 ** 41 + 4096, 2 ** 40, { kind: 'null' });
    tables.push(table);
  }
  globalThis.gc?.();
  return (process.memoryUsage().heapUsed - before) / tables.length / 1024;
}
