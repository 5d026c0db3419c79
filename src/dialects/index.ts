// Every probe that is understood: the kernel's common ones and those of each driver. A new dialect is one line here.
import type { ProbeSpec } from '../events/probe.ts';
import type { DriverName } from '../events/vm_event.ts';
import { coreProbes } from './core.ts';
import { dmaFenceProbes } from './dma_fence.ts';
import { gpuSchedulerProbes } from './gpu_scheduler.ts';
import { ioPgtableProbes } from './io_pgtable.ts';
import { iommuProbes } from './iommu.ts';
import { labProbes } from './lab.ts';
import { msmProbes } from './msm.ts';
import { nouveauProbes } from './nouveau.ts';
import { panthorProbes } from './panthor.ts';
import { pvrProbes } from './pvr.ts';
import { xeProbes } from './xe.ts';

/** Those of each driver. */
const driverProbes: Readonly<Record<DriverName, readonly ProbeSpec[]>> = {
  lab: labProbes,
  msm: msmProbes,
  nouveau: nouveauProbes,
  xe: xeProbes,
  panthor: panthorProbes,
  pvr: pvrProbes,
};

export const drivers = Object.keys(driverProbes) as readonly DriverName[];

/**
 * The probes that are understood: with a driver, none of the others'. Where a trace shows no symbols the first of an
 * event's name counts: a driver's own go before what drivers share.
 */
export function probesOf(driver: DriverName | undefined): readonly ProbeSpec[] {
  const own = driver === undefined ? Object.values(driverProbes).flat() : driverProbes[driver];
  return [...coreProbes, ...own, ...ioPgtableProbes, ...iommuProbes, ...gpuSchedulerProbes, ...dmaFenceProbes];
}

/** The functions and tracepoints that are a driver's own. */
export function functionsOf(driver: DriverName): readonly string[] {
  return [...new Set(driverProbes[driver].map(({ symbol }) => symbol))];
}

export const probes: readonly ProbeSpec[] = probesOf(undefined);
