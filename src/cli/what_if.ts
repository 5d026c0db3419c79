// `what-if`: the same jobs under another lock pass.
import { Command, Option } from 'commander';
import { UserError } from '../base/user_error.ts';
import type { LineNames } from '../events/lines.ts';
import type { NamedKernel } from '../kernels/index.ts';
import type { Format } from '../reporters/formats.ts';
import { placed, toFormat, toJson, toObject } from '../reporters/table.ts';
import { whatIfColumns, whatIfText } from '../reporters/what_if.ts';
import { LOCKINGS, type Locking, lockingPass } from '../whatif/other_pass.ts';
import { type PatchPass, passOfPatches } from '../whatif/patch_pass.ts';
import { totalsOf } from '../whatif/totals.ts';
import { WhatIf, type WhatIfRow } from '../whatif/what_if.ts';
import { addInputOptions, type InputChoice, inputOf } from './input_options.ts';
import { kernelOf, kernelOption, readPatchFiles } from './kernel_options.ts';
import { formatOption, outputOption, probesOption } from './options.ts';
import { emit } from './output.ts';
import { runAnalysis } from './run_analysis.ts';
import { addSelection, type Selection, wantsJob } from './select.ts';
import { type MergeChoice, mergeOption, traceOf } from './traces.ts';

interface WhatIfOptions extends Selection, InputChoice, MergeChoice {
  readonly locking?: Locking;
  readonly patch?: readonly string[];
  readonly kernel?: NamedKernel;
  readonly format: Format;
  readonly output?: string;
  readonly probes?: string;
}

export function whatIfCommand(): Command {
  const command = new Command('what-if')
    .description('replay the jobs of a trace under another lock pass: what would be missing, redundant, contended')
    .argument('<trace...>', 'a trace; - is standard input; several files of one run with --merge')
    .addOption(mergeOption())
    .addOption(
      new Option('--locking <how>', 'the lock pass to put in the place of the recorded one')
        .choices(LOCKINGS)
        .conflicts('patch'),
    )
    .option('--patch <file>', 'the lock pass that this patch makes of it: diff, mail or mbox (repeatable)', collect);
  return addInputOptions(addSelection(command).addOption(kernelOption()).addOption(probesOption()))
    .addOption(formatOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      `
exec-lock: the VM's resv, and for each op what drm_gpuvm_sm_map_exec_lock() or
drm_gpuvm_sm_unmap_exec_lock() locks on the VM as it stood at the job's lock pass.
listed: the VM's resv and the objects that the ops name. sweep: listed, and all
external objects of the VM (drm_gpuvm_prepare_objects()).

A patch that adds the two helpers, or calls of them, makes an exec-lock pass; one that
changes an argument of such a call has the recorded requests made again with it. C is
not evaluated: arguments are told by their names (iova, range, obj, obj_offset).

Examples:
  gpuvm-trace what-if trace.txt --locking exec-lock
  gpuvm-trace what-if trace.txt --patch fix.patch
  gpuvm-trace what-if trace.txt --locking sweep --format csv -o sweep.csv

verdict: fixed (no lock is missing any more), better, worse (fewer, more are missing),
cheaper, costlier (as many are missing, fewer or more locks are taken), same, unknown.

Exit codes: 0, 1 locks are missing under the other pass, 2 could not do the job,
3 of some job it is not known, or events are missing.`,
    )
    .action(whatIf);
}

async function whatIf(files: readonly string[], options: WhatIfOptions): Promise<void> {
  const { pass, driver, because } = await passOf(options);
  const replayed = new WhatIf(pass, driver);
  const report = await runAnalysis(traceOf(files, options), {
    kernel: await kernelOf({ kernel: options.kernel }),
    ...inputOf(options),
    probes: options.probes,
    mmu: 'off',
    passes: true,
    onJob: (job) => replayed.job(job),
  });
  const rows = replayed.rows(report.jobs).filter(({ row }) => wantsJob(options, report, row));
  const { doubts } = report;
  const remarks = [
    ...because,
    ...remarksOf(replayed, driver),
    ...doubts.map((doubt) => `could not be judged: ${doubt}`),
  ];
  emit(renderWhatIf(rows, remarks, report.lines, options), options);
  process.exitCode = exitCode(rows, doubts);
}

function collect(file: string, before: readonly string[] = []): string[] {
  return [...before, file];
}

async function passOf({ locking, patch = [] }: WhatIfOptions): Promise<PatchPass> {
  if (locking !== undefined) return { pass: lockingPass(locking), driver: undefined, because: [] };
  if (patch.length > 0) return passOfPatches(await readPatchFiles(patch));
  throw new UserError('say which lock pass: --locking exec-lock, listed or sweep, or --patch FILE');
}

function remarksOf({ requests: { changed, same }, aside }: WhatIf, driver: string | undefined): string[] {
  const remarks: string[] = [];
  if (changed + same > 0)
    remarks.push(`${changed} requests of the recorded lock passes would change, ${same} ask for that already`);
  if (aside > 0) remarks.push(`it is of ${driver}, and ${aside} jobs are of another driver: they stay as recorded`);
  return remarks;
}

function exitCode(rows: readonly WhatIfRow[], doubts: readonly string[]): number {
  if (rows.some(({ other }) => (other.missing ?? 0) > 0)) return 1;
  return doubts.length > 0 || rows.some(({ verdict }) => verdict === 'unknown') ? 3 : 0;
}

export function renderWhatIf(
  rows: readonly WhatIfRow[],
  remarks: readonly string[],
  lines: LineNames,
  options: Pick<WhatIfOptions, 'format' | 'locking' | 'patch'>,
): string {
  const columns = placed(whatIfColumns, lines);
  const { format, locking, patch } = options;
  const totals = totalsOf(rows);
  switch (format) {
    case 'text':
      return whatIfText(locking ?? `with ${patch?.join(', ')}`, remarks, rows, totals);
    case 'json':
      return toJson({ locking, patch, remarks, totals, jobs: rows.map((row) => toObject(columns, row)) });
    default:
      return toFormat(format, columns, rows, { all: 'jobs', one: 'job' });
  }
}
