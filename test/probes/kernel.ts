// The profile of a version that is known to have one.
import { type KernelProfile, profileOf } from '../../src/kernels/index.ts';

export function kernelOf(version: string): KernelProfile {
  const profile = profileOf(version);
  if (profile === undefined || profile === 'old') throw new Error(`no profile of ${version}`);
  return profile;
}
