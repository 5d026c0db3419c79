// `what-if`: the same jobs under another lock pass.
import { Command, Option } from 'commander';
import { LOCKINGS, type Locking, type OtherPass, totalsOf, UserError, WhatIf, type WhatIfRow } from '../index.ts';
import { type Format, toFormat, toJson, toObject } from '../reporters/table.ts';
import { whatIfColumns, whatIfText } from '../reporters/what_if.ts';
import { formatOption, outputOption, probesOption } from './options.ts';
import { emit } from './output.ts';
import { runAnalysis } from './run_analysis.ts';
import { addSelection, type Selection, wantsJob } from './select.ts';

interface WhatIfOptions extends Selection {
  readonly locking?: Locking;
  readonly format: Format;
  readonly output?: string;
  readonly probes?: string;
}

export function whatIfCommand(): Command {
  const command = new Command('what-if')
    .description('replay the jobs of a trace under another lock pass: what would be missing, redundant, contended')
    .argument('<trace>', 'a trace; - is standard input')
    .addOption(
      new Option('--locking <how>', 'the lock pass to put in the place of the recorded one').choices(LOCKINGS),
    );
  return addSelection(command)
    .addOption(probesOption())
    .addOption(formatOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      `
exec-lock: the VM's resv, and for each op what drm_gpuvm_sm_map_exec_lock() or
drm_gpuvm_sm_unmap_exec_lock() locks on the VM as it stood at the job's lock pass.
listed: the VM's resv and the objects that the ops name. sweep: listed, and all
external objects of the VM (drm_gpuvm_prepare_objects()).

Examples:
  gpuvm-trace what-if trace.txt --locking exec-lock
  gpuvm-trace what-if trace.txt --locking sweep --format csv -o sweep.csv

verdict: fixed (no lock is missing any more), better, worse (fewer, more are missing),
cheaper, costlier (as many are missing, fewer or more locks are taken), same, unknown.

Exit codes: 0, 1 locks are missing under the other pass, 2 could not do the job,
3 of some job it is not known.`,
    )
    .action(whatIf);
}

async function whatIf(file: string, options: WhatIfOptions): Promise<void> {
  const pass = passOf(options);
  const replayed = new WhatIf(pass);
  const report = await runAnalysis(file, {
    probes: options.probes,
    mmu: 'off',
    passes: true,
    onJob: (job) => replayed.job(job),
  });
  const rows = replayed.rows(report.jobs).filter(({ row }) => wantsJob(options, report, row));
  emit(render(rows, options), options);
  process.exitCode = exitCode(rows);
}

function passOf({ locking }: WhatIfOptions): OtherPass {
  if (locking === undefined) throw new UserError('say which lock pass: --locking exec-lock, listed or sweep');
  return { kind: 'locking', locking };
}

function exitCode(rows: readonly WhatIfRow[]): number {
  if (rows.some(({ other }) => (other.missing ?? 0) > 0)) return 1;
  return rows.some(({ verdict }) => verdict === 'unknown') ? 3 : 0;
}

function render(rows: readonly WhatIfRow[], options: WhatIfOptions): string {
  const { format, locking } = options;
  const totals = totalsOf(rows);
  switch (format) {
    case 'text':
      return whatIfText(`${locking} in the place of the recorded lock pass`, rows, totals);
    case 'json':
      return toJson({ locking, totals, jobs: rows.map((row) => toObject(whatIfColumns, row)) });
    default:
      return toFormat(format, whatIfColumns, rows, { all: 'jobs', one: 'job' });
  }
}
