// The profiles, oldest first: one line says what changed since the one before.
import type { KernelProfile, KernelSwitches } from './profile.ts';

export type { KernelProfile, KernelSwitches, SwitchName } from './profile.ts';

const V6_7: KernelSwitches = {
  mapReq: false,
  execLock: false,
  madviseOps: false,
  immediateMode: false,
  deferredVmBo: false,
  vmBo: false,
  execInitNr: false,
  keepsPrelocked: true,
  splitsBlocks: true,
};
const V6_8 = { ...V6_7, vmBo: true, execInitNr: true };
const V6_12 = V6_8;
const V6_16 = { ...V6_12, splitsBlocks: false };
const V6_17 = { ...V6_16, execLock: true };
const V6_18 = { ...V6_17, mapReq: true, madviseOps: true, immediateMode: true };
const V6_19 = { ...V6_18, deferredVmBo: true };

export const kernels: readonly KernelProfile[] = [
  { name: '6.7', switches: V6_7 },
  { name: '6.8', switches: V6_8 },
  { name: '6.12', switches: V6_12 },
  { name: '6.16', switches: V6_16 },
  { name: '6.17', switches: V6_17 },
  { name: '6.18', switches: V6_18 },
  { name: '6.19', switches: V6_19 },
];
