// Every probe that is understood: the kernel's common ones and those of each driver. A new dialect is one line here.
import type { ProbeSpec } from '../events/probe.ts';
import { coreProbes } from './core.ts';
import { labProbes } from './lab.ts';

export const probes: readonly ProbeSpec[] = [...coreProbes, ...labProbes];
