// An address as users give it to `walk` and `blame`, and the VMs that it can be of.

import type { Report } from '../analyze.ts';
import { hex, parseU64, type U64 } from '../base/u64.ts';
import { UserError } from '../base/user_error.ts';
import type { VmState } from '../replay/vm_state.ts';
import { coversAddress } from '../replay/watch.ts';
import { vmBounds, vmTitle } from '../reporters/vm_title.ts';
import { isVm } from './select.ts';
import type { MergeChoice } from './traces.ts';

/** Hexadecimal with 0x, or decimal. */
export function parseAddress(text: string): U64 {
  const address = parseU64(text);
  if (address === undefined) throw new UserError(`${text} is no address; expected one such as 0x114000, below 2^64`);
  return address;
}

/** The address behind the traces; undefined where the last argument is a trace too. */
export function splitAddress(
  args: readonly string[],
  { merge }: MergeChoice,
): { readonly files: readonly string[]; readonly address: U64 | undefined } {
  const last = args.at(-1) ?? '';
  const isFile = args.length === 1 || (merge === true && parseU64(last) === undefined);
  return isFile ? { files: args, address: undefined } : { files: args.slice(0, -1), address: parseAddress(last) };
}

/** The VMs of that moment that are wanted and cover the address. */
export function vmsAt(report: Report, address: U64, wanted: readonly string[] | undefined): VmState[] {
  return [...report.world.vms.values()].filter((vm) => isVm(wanted, vm) && coversAddress(vm, address));
}

/** Why there is none. `when`: the moment that is meant. */
export function noVm(
  { file, world }: Report,
  address: U64,
  { vm: wanted, when }: { readonly vm: readonly string[] | undefined; readonly when: string },
): UserError {
  const met = world.watch?.vms ?? [];
  const why = met.slice(0, 4).map((vm) => {
    if (!coversAddress(vm, address)) return vmBounds(vm);
    return `${vmTitle(vm)} does, and is gone by then`;
  });
  if (met.length > why.length) why.push(`${met.length - why.length} more`);
  if (why.length === 0) why.push(wanted === undefined ? 'it shows no VM' : `--vm ${wanted.join(',')} names none`);
  return new UserError(`${file}: no VM covers ${hex(address)} ${when}: ${why.join('; ')}`);
}
