// Which jobs and findings a user asked for: --vm, --pid, --job, --rule, --ignore, --since, --until.
import type { Command } from 'commander';
import type { Report } from '../analyze.ts';
import { ptrHex } from '../base/u64.ts';
import { UserError } from '../base/user_error.ts';
import { rules } from '../checks/index.ts';
import type { Finding } from '../findings/finding.ts';
import { integer, seconds, vmOption } from './options.ts';

/** A report, or an analysis that is not over. */
type Analyzed = Pick<Report, 'world'>;

export interface Selection {
  readonly rule?: readonly string[];
  readonly ignore?: readonly string[];
  readonly vm?: readonly string[];
  readonly pid?: number;
  readonly job?: number;
  readonly since?: number;
  readonly until?: number;
}

export function addSelection(command: Command): Command {
  return command
    .addOption(vmOption())
    .option('--pid <pid>', 'only jobs of this task', integer)
    .option('--job <id>', 'only this job', integer)
    .option('--since <time>', 'only what is not before this time stamp', seconds)
    .option('--until <time>', 'only what is not after this time stamp', seconds);
}

/** Refuses names of rules that do not exist. */
export function checkRuleNames(names: readonly string[] | undefined): void {
  for (const name of names ?? []) {
    if (rules.some((rule) => rule.id === name)) continue;
    throw new UserError(`no rule is named ${name}; the rules are ${rules.map((rule) => rule.id).join(', ')}`);
  }
}

export function wantsFinding(selection: Selection, report: Analyzed, finding: Finding): boolean {
  const { rule, ignore, vm, pid, job } = selection;
  if (rule !== undefined && !rule.includes(finding.rule)) return false;
  if (ignore?.includes(finding.rule)) return false;
  if (job !== undefined && finding.job !== job) return false;
  if (pid !== undefined && finding.pid !== pid) return false;
  return wantsVm(vm, report, finding.vm) && wantsTime(selection, finding.time, finding.time);
}

export interface Selectable {
  readonly job: number;
  readonly pid: number;
  readonly vm: number | bigint;
  readonly start: string;
  readonly end: string;
}

export function wantsJob(selection: Selection, report: Analyzed, row: Selectable): boolean {
  const { vm, pid, job } = selection;
  if ((job !== undefined && row.job !== job) || (pid !== undefined && row.pid !== pid)) return false;
  return wantsVm(vm, report, row.vm) && (hasNoTimes(selection) || wantsTime(selection, row.start, row.end));
}

/** Is this VM among those that were asked for? By pointer, name, or order of appearance. */
export function wantsVm(wanted: readonly string[] | undefined, report: Analyzed, id: number | bigint): boolean {
  if (wanted === undefined) return true;
  const shown = report.world.vmIdentity(id);
  return isVm(wanted, { id, name: shown?.name, ordinal: shown?.ordinal });
}

interface Identity {
  readonly id: number | bigint;
  readonly name: string | undefined;
  readonly ordinal: number | undefined;
}

/** The same for a VM at hand, whatever has become of its pointer since. */
export function isVm(wanted: readonly string[] | undefined, vm: Identity): boolean {
  if (wanted === undefined) return true;
  return wanted.some((one) => one === ptrHex(vm.id) || one === vm.name || one === `#${vm.ordinal}`);
}

function hasNoTimes({ since, until }: Selection): boolean {
  return since === undefined && until === undefined;
}

function wantsTime({ since, until }: Selection, start: string, end: string): boolean {
  if (since !== undefined && Number(end === '' ? start : end) < since) return false;
  return until === undefined || Number(start) <= until;
}
