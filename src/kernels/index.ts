// What kernels differ in, and what is known of the kernel that a trace is of.
export { KernelKnowledge, type KernelOptions, type KernelReport, type PatchedSwitches } from './knowledge.ts';
export type { KernelProfile, KernelSwitches, SwitchName } from './profile.ts';
export { backportsTo, kernels, profileOf } from './profiles.ts';
export { parameterName } from './signatures.ts';
export { type NamedKernel, parseKernel } from './spelling.ts';
export { type SwitchDoc, switches, switchNamed, switchTitle } from './switches.ts';
