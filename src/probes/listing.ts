// The printed list of probes: dynamic_events lines under comments that say what they are.
import { fprobeLine } from './fprobe.ts';
import type { Probe } from './function.ts';
import { type Arch, kprobeLine } from './kprobe.ts';
import { ownEvents, type ProbeChoice, probeList } from './probe_list.ts';

export const MODES = ['fprobe', 'kprobe'] as const;
export type ProbeMode = (typeof MODES)[number];

export interface ProbeRequest extends ProbeChoice {
  readonly mode: ProbeMode;
  /** Of kprobe lines, which name registers. */
  readonly arch: Arch;
}

/** A file to append, line by line, to tracefs `dynamic_events`; the tracer passes over the comments. */
export function listing(request: ProbeRequest): string {
  const probes = probeList(request);
  const lines = (linkage: Probe['linkage']) =>
    probes.filter((probe) => probe.linkage === linkage).flatMap((probe) => lineOf(probe, request) ?? []);
  const inlined = lines('static');
  return [
    `# ${title(request)}`,
    '# Append each line to dynamic_events in tracefs, with the driver loaded. `gpuvm-trace capture` does, and more.',
    ...(request.mode === 'kprobe' ? OFFSETS : []),
    ...lines('exported'),
    ...(inlined.length === 0 ? [] : [STATIC, ...inlined]),
    ...ownEvents(request.driver).map((event) => `# enable: events/${event}/enable`),
    '',
  ].join('\n');
}

const OFFSETS = [
  '# Offsets hold for 64-bit kernels that do not debug their locks (CONFIG_LOCKDEP, CONFIG_DEBUG_MUTEXES).',
  '# What is not at the same place in all of them is left out.',
];
const STATIC = '# Static functions: refused where the compiler has inlined or renamed them.';

export function title({ kernel, driver, mode, arch, minimal }: ProbeRequest): string {
  const options = [`--kernel ${kernel.name}`, `--driver ${driver}`, `--mode ${mode}`];
  if (mode === 'kprobe') options.push(`--arch ${arch}`);
  if (minimal) options.push('--minimal');
  return `gpuvm-trace probes ${options.join(' ')}`;
}

function lineOf(probe: Probe, { mode, arch }: ProbeRequest): string | undefined {
  return mode === 'fprobe' ? fprobeLine(probe) : kprobeLine(probe, arch);
}
