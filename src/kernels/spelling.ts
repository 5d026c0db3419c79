// How users name a kernel: `6.12`, `6.12.117-amd64`, `6.12,keeps-prelocked=off`, or single switches alone.
import { UserError } from '../base/user_error.ts';
import type { KernelProfile, KernelSwitches } from './profile.ts';
import { kernels, profileOf } from './profiles.ts';
import { switches, switchNamed } from './switches.ts';

export interface NamedKernel {
  /** As the user wrote it. */
  readonly text: string;
  /** The release, such as `6.12.117-amd64`; undefined where only switches are named. */
  readonly release: string | undefined;
  readonly profile: KernelProfile | undefined;
  /** Those that were set alone. */
  readonly set: Partial<KernelSwitches>;
}

/** Throws UserError where it is not a kernel. */
export function parseKernel(text: string): NamedKernel {
  const words = text.split(',').map((word) => word.trim());
  const set: { -readonly [name in keyof KernelSwitches]?: boolean } = {};
  let release: string | undefined;
  let profile: KernelProfile | undefined;
  for (const [at, word] of words.entries()) {
    const [, name, value] = /^([a-z-]+)(?:=(on|off))?$/.exec(word) ?? [];
    const known = name === undefined ? undefined : switchNamed(name);
    if (known !== undefined && value !== undefined) {
      set[known.key] = value === 'on';
    } else if (at === 0 && /^v?\d/.test(word)) {
      release = word;
      profile = profileNamed(word);
    } else {
      throw new UserError(
        `${quote(word)} is ${known === undefined ? 'no switch of a kernel' : 'neither on nor off'}; ${spelling()}`,
      );
    }
  }
  return { text, release, profile, set };
}

function profileNamed(release: string): KernelProfile {
  const profile = profileOf(release);
  if (profile === undefined) throw new UserError(`${quote(release)} is no kernel version; ${spelling()}`);
  if (profile === 'old')
    throw new UserError(`kernel ${quote(release)} is too old: drm_gpuvm is known from ${kernels[0]?.name} on`);
  return profile;
}

function quote(word: string): string {
  return JSON.stringify(word.length > 60 ? `${word.slice(0, 60)}...` : word);
}

function spelling(): string {
  return `expected a version, such as 6.12, and switches as in 6.12,exec-lock=on (${switches.map((one) => one.name).join(', ')})`;
}
