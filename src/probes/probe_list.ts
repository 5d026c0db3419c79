// Which probes a kernel and a driver call for.
import { UserError } from '../base/user_error.ts';
import type { KernelProfile, KernelSwitches, SwitchName } from '../kernels/index.ts';
import { coreFunctions } from './core.ts';
import { type KernelFunction, type Probe, probesOf } from './function.ts';
import { labFunctions } from './lab.ts';
import { msmFunctions } from './msm.ts';
import { nouveauFunctions } from './nouveau.ts';
import { panthorFunctions } from './panthor.ts';
import { pvrFunctions } from './pvr.ts';
import { schedulerEvents } from './scheduler.ts';
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

/** An event of the kernel's own, `system/event`, by the names that kernels have for it: the newest first. */
export type KernelEvent = readonly [string, ...string[]];

/** Drivers whose bind jobs the GPU scheduler runs; those of xe and pvr are over with the ioctl. */
const SCHEDULED: ReadonlySet<ProbedDriver> = new Set(['msm', 'nouveau', 'panthor']);

/** Those that are to be enabled too. */
export function kernelEvents(driver: ProbedDriver): readonly KernelEvent[] {
  if (SCHEDULED.has(driver)) return schedulerEvents;
  return driver === 'xe' ? xeEvents : [];
}

export interface ProbeChoice {
  readonly kernel: KernelProfile;
  /** Switches that it may have thus instead. Functions that come with them are tried. */
  readonly backports?: Partial<KernelSwitches>;
  /** `none`: the functions common to all drivers. */
  readonly driver: ProbedDriver;
  /** Only those that finding missing locks takes: exported functions and the ioctl. */
  readonly minimal: boolean;
}

/** In the order in which they are installed. */
export function probeList({ kernel, backports = {}, driver, minimal }: ProbeChoice): Probe[] {
  const { name, switches } = kernel;
  if (driver !== 'none' && !FUNCTIONS[driver].some((fn) => isIn(fn, switches)))
    throw new UserError(`${driver} has no VM_BIND in Linux ${name}`);
  const functions = [...coreFunctions, ...FUNCTIONS[driver]].filter((fn) => !minimal || fn.minimal === true);
  const certain = functions.filter((fn) => isIn(fn, switches)).flatMap(probesOf);
  const known = new Set(certain.map(({ symbol }) => symbol));
  const all = functions.filter((fn) => isIn(fn, { ...switches, ...backports })).flatMap(probesOf);
  const more = all.filter(({ symbol }) => !known.has(symbol)).map((probe) => ({ ...probe, certain: false }));
  return numbered([...certain, ...more]);
}

/** The tracer takes an event's name once: functions that mean the same get a number. */
function numbered(probes: readonly Probe[]): Probe[] {
  const seen = new Map<string, number>();
  return probes.map((probe) => {
    const count = (seen.get(probe.event) ?? 0) + 1;
    seen.set(probe.event, count);
    return count === 1 ? probe : { ...probe, event: `${probe.event}_${count}` };
  });
}

function isIn({ only = {} }: KernelFunction, switches: KernelSwitches): boolean {
  return Object.entries(only).every(([name, value]) => switches[name as SwitchName] === value);
}
