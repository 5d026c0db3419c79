// Every probe that is understood: the kernel's common ones and those of each driver. A new dialect is one line here.
import type { ProbeSpec } from '../events/probe.ts';
import { coreProbes } from './core.ts';
import { ioPgtableProbes } from './io_pgtable.ts';
import { iommuProbes } from './iommu.ts';
import { labProbes } from './lab.ts';
import { msmProbes } from './msm.ts';
import { nouveauProbes } from './nouveau.ts';
import { panthorProbes } from './panthor.ts';
import { pvrProbes } from './pvr.ts';
import { xeProbes } from './xe.ts';

export const probes: readonly ProbeSpec[] = [
  ...coreProbes,
  ...labProbes,
  ...ioPgtableProbes,
  ...iommuProbes,
  ...msmProbes,
  ...nouveauProbes,
  ...xeProbes,
  ...panthorProbes,
  ...pvrProbes,
];
