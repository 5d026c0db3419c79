// The profiles, oldest first: one line says what changed since the one before. Sources: drm_gpuvm.h, drm_exec.h and
// io-pgtable-arm.c of the versions named, and the commits that profile.ts names.
import type { KernelProfile, KernelSwitches, SwitchName } from './profile.ts';

const V6_7: KernelSwitches = {
  mapReq: false,
  execLock: false,
  madviseOps: false,
  immediateMode: false,
  deferredVmBo: false,
  obtainLocked: false,
  findNeighbours: true,
  thinMutex: false,
  vmBo: false,
  keepsPrelocked: true,
  splitsBlocks: true,
};
const V6_8 = { ...V6_7, vmBo: true };
const V6_12 = V6_8;
/** Debian's 6.12.117: its drm_exec.h counts an implicitly prelocked object among those that are not locked. */
const V6_12_117 = { ...V6_12, keepsPrelocked: false };
const V6_13 = { ...V6_12, splitsBlocks: false };
const V6_16 = V6_13;
const V6_17 = { ...V6_16, execLock: true };
const V6_18 = { ...V6_17, mapReq: true, madviseOps: true, immediateMode: true };
/** Seen in 6.18.35; which 6.18.y brought it is not known: probes are tried on all of them. */
const V6_18_35 = { ...V6_18, deferredVmBo: true };
const V6_19 = V6_18_35;
const V7_0 = { ...V6_19, obtainLocked: true };
const V7_1 = { ...V7_0, thinMutex: true };
const V7_3 = { ...V7_1, findNeighbours: false };

export const kernels: readonly KernelProfile[] = [
  { name: '6.7', switches: V6_7 },
  { name: '6.8', switches: V6_8 },
  { name: '6.12', switches: V6_12 },
  { name: '6.12.117', switches: V6_12_117 },
  { name: '6.13', switches: V6_13 },
  { name: '6.16', switches: V6_16 },
  { name: '6.17', switches: V6_17 },
  { name: '6.18', switches: V6_18 },
  { name: '6.18.35', switches: V6_18_35 },
  { name: '6.19', switches: V6_19 },
  { name: '7.0', switches: V7_0 },
  { name: '7.1', switches: V7_1 },
  { name: '7.3', switches: V7_3 },
];

/** What later versions of a profile's own stable series have otherwise: a kernel that goes by it may have that too. */
export function backportsTo(profile: KernelProfile): Partial<KernelSwitches> {
  const [major, minor] = versionOf(profile.name) ?? [];
  const later = kernels.slice(kernels.indexOf(profile) + 1).filter(({ name }) => {
    const [ownMajor, ownMinor, patch = 0] = versionOf(name) ?? [];
    return ownMajor === major && ownMinor === minor && patch > 0;
  });
  const switched = later.flatMap(({ switches }) => Object.entries(switches));
  return Object.fromEntries(switched.filter(([name, value]) => profile.switches[name as SwitchName] !== value));
}

/** Numbers of `6.12.117-amd64`; undefined where the text is no release. */
function versionOf(release: string): readonly [number, number, number] | undefined {
  const [, major, minor, patch] = /^v?(\d{1,3})\.(\d{1,4})(?:\.(\d{1,6}))?(?:[-+~_]\S*)?$/.exec(release) ?? [];
  return major === undefined ? undefined : [Number(major), Number(minor), Number(patch ?? 0)];
}

/**
 * The newest profile that is not above the release, as `uname -r` or a user names it; 'old' below the first one, undefined
 * where the text is no release.
 */
export function profileOf(release: string): KernelProfile | 'old' | undefined {
  const version = versionOf(release);
  if (version === undefined) return undefined;
  const [major, minor, patch] = version;
  const fits = kernels.filter(({ name }) => {
    const [ownMajor, ownMinor, ownPatch] = versionOf(name) ?? [0, 0, 0];
    if (ownPatch > 0) return ownMajor === major && ownMinor === minor && ownPatch <= patch;
    return ownMajor < major || (ownMajor === major && ownMinor <= minor);
  });
  return fits.at(-1) ?? 'old';
}
