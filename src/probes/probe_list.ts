// Which probes a kernel and a driver call for.
import { kernels } from '../kernels/index.ts';
import type { KernelProfile, SwitchName } from '../kernels/profile.ts';
import { coreFunctions } from './core.ts';
import { type KernelFunction, type Probe, probesOf } from './function.ts';
import { labFunctions } from './lab.ts';
import { msmFunctions } from './msm.ts';
import { nouveauFunctions } from './nouveau.ts';
import { panthorFunctions } from './panthor.ts';
import { pvrFunctions } from './pvr.ts';
import { xeEvents, xeFunctions } from './xe.ts';

const FUNCTIONS = {
  none: [],
  lab: labFunctions,
  msm: msmFunctions,
  nouveau: nouveauFunctions,
  xe: xeFunctions,
  panthor: panthorFunctions,
  pvr: pvrFunctions,
} as const satisfies Record<string, readonly KernelFunction[]>;

export type ProbedDriver = keyof typeof FUNCTIONS;
export const PROBED_DRIVERS = Object.keys(FUNCTIONS) as readonly ProbedDriver[];

/** Events of the driver's own, `system/event`, that are to be enabled too. */
export function ownEvents(driver: ProbedDriver): readonly string[] {
  return driver === 'xe' ? xeEvents : [];
}

export interface ProbeChoice {
  readonly kernel: KernelProfile;
  /** `none`: the functions common to all drivers. */
  readonly driver: ProbedDriver;
  /** Only those that finding missing locks takes: exported functions and the ioctl. */
  readonly minimal: boolean;
}

/** In the order in which they are installed. */
export function probeList({ kernel, driver, minimal }: ProbeChoice): Probe[] {
  return [...coreFunctions, ...FUNCTIONS[driver]]
    .filter((fn) => isIn(fn, kernel) && (!minimal || fn.minimal === true))
    .flatMap(probesOf);
}

function isIn({ only = {} }: KernelFunction, kernel: KernelProfile): boolean {
  return Object.entries(only).every(([name, value]) => kernel.switches[name as SwitchName] === value);
}

export const KERNEL_NAMES = kernels.map(({ name }) => name);

/** The profile of a version such as `6.12` or `6.12.117`: the newest one that is not younger. */
export function kernelOf(version: string): KernelProfile | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return kernels.findLast(({ name }) => {
    const [from = 0, point = 0] = name.split('.').map(Number);
    return major > from || (major === from && minor >= point);
  });
}
