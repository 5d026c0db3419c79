// A trace to the tables of an export, in the folders of its driver, kernel and capture.

import type { Report } from '../analyze.ts';
import { CaptureTables } from '../export/capture_tables.ts';
import { type Partition, partitionPath } from '../export/partition.ts';
import { StagedFolder } from '../io/staged_folder.ts';
import { printable } from '../reporters/escape.ts';
import { type RunOptions, runAnalysis } from './run_analysis.ts';
import { traceOf } from './traces.ts';

export interface Exported {
  readonly report: Report;
  readonly partition: Partition;
  /** Files that another export had written. */
  readonly replaced: readonly string[];
}

export async function exportTables(
  file: string,
  folder: string,
  capture: string,
  options: RunOptions,
): Promise<Exported> {
  const staged = new StagedFolder(folder);
  try {
    const tables = new CaptureTables(await import('hyparquet-writer'), (name) => staged.file(name));
    const report = await runAnalysis(traceOf([file], {}), { ...options, ...tables.hooks });
    tables.finish(report);
    const partition = {
      driver: driverOf(report),
      kernel: printable(report.stats.release || report.kernel.name),
      capture,
    };
    return { report, partition, replaced: staged.commit((name) => partitionPath(name, partition)) };
  } finally {
    staged.discard();
  }
}

function driverOf({ world }: Report): string {
  return [...world.drivers].sort().join('+') || 'unknown';
}
