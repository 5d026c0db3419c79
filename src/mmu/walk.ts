// What the MMU's table walker meets on its way to an address, as arm_lpae_iova_to_phys() and msm's pgtable_walk see it.

import type { Entries } from './entries.ts';
import { entrySize, type Format, floorTo } from './format.ts';
import { type Run, sliceRun } from './run.ts';

/** One entry of the walk; only the last of a walk is no table. */
export interface WalkStep {
  /** 0 = root. */
  readonly level: number;
  /** Index of the entry in its table. */
  readonly index: number;
  /** What the entry covers. */
  readonly addr: number;
  readonly end: number;
  readonly kind: 'table' | 'block' | 'page' | 'hole';
  /** The leaf, for a block or a page: what it points to, with which rights, written by whom. */
  readonly leaf: Run | undefined;
  /** For a hole: who cleared it last, where anybody did. */
  readonly clearedBy: number | undefined;
}

export function walkSteps(format: Format, entries: Entries, at: number): WalkStep[] {
  const steps: WalkStep[] = [];
  const run = entries.runs.at(at);
  const last = format.levels.length - 1;
  for (let level = 0; level <= last; level++) {
    const size = entrySize(format, level);
    const start = entries.tableStart(at, level);
    const addr = start + floorTo(at - start, size);
    const place = { level, index: (addr - start) / size, addr, end: addr + size };
    const isLeaf = run !== undefined && run.pgsize === size;
    if (!isLeaf && level < last && entries.tables.has(level + 1, at)) {
      steps.push({ ...place, kind: 'table', leaf: undefined, clearedBy: undefined });
      continue;
    }
    const leaf = isLeaf ? sliceRun(run, addr, addr + size) : undefined;
    const kind = leaf === undefined ? 'hole' : level === last ? 'page' : 'block';
    const clearedBy = leaf === undefined ? entries.cleared.at(at)?.line : undefined;
    steps.push({ ...place, kind, leaf, clearedBy });
    break;
  }
  return steps;
}
