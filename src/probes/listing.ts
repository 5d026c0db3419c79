// The printed list of probes: dynamic_events lines under comments that say what they are.
import { UserError } from '../base/user_error.ts';
import { bpftraceBlock } from './bpftrace.ts';
import { fprobeLine } from './fprobe.ts';
import type { Probe } from './function.ts';
import { type Arch, kprobeLine } from './kprobe.ts';
import { kernelEvents, type ProbeChoice, probeList } from './probe_list.ts';

/** Those that tracefs takes as `dynamic_events`. */
export const TRACEFS_MODES = ['fprobe', 'kprobe'] as const;
export const MODES = [...TRACEFS_MODES, 'bpftrace'] as const;
export type TracefsMode = (typeof TRACEFS_MODES)[number];
export type ProbeMode = (typeof MODES)[number];

export interface ProbeRequest<Mode extends ProbeMode = ProbeMode> extends ProbeChoice {
  readonly mode: Mode;
  /** Of kprobe lines, which name registers. */
  readonly arch: Arch;
}

/** One definition, under the name of its event. */
interface ProbeLine {
  readonly event: string;
  readonly linkage: Probe['linkage'];
  readonly certain: boolean;
  readonly line: string;
}

/** In the order of the tables; those that the mode cannot express are left out. */
export function probeLines(request: ProbeRequest<TracefsMode>): ProbeLine[] {
  const { kernel, mode } = request;
  if (mode === 'kprobe' && !kernel.switches.vmBo)
    throw new UserError(`--mode kprobe: the offsets of Linux ${kernel.name} are not known`);
  return probeList(request).flatMap((probe) => {
    const line = lineOf(probe, request);
    return line === undefined ? [] : [{ event: probe.event, linkage: probe.linkage, certain: probe.certain, line }];
  });
}

export function listing(request: ProbeRequest): string {
  const { mode } = request;
  return mode === 'bpftrace' ? bpftraceScript(request) : definitionList({ ...request, mode });
}

/** `Lost` lines come first by the sort, and put all that follows in doubt. */
function bpftraceScript(request: ProbeRequest): string {
  return [
    `// ${title('probes', request)}`,
    '// bpftrace -o raw.txt -c PROGRAM this-script    (as root, the driver loaded; PROGRAM starts when all is attached)',
    '// LC_ALL=C sort -s -n -k 3,3 raw.txt > trace.txt    (CPUs are printed one after the other)',
    '// With -f json: LC_ALL=C sort -s -n -k 7,7.',
    '// Take out the functions that bpftrace does not find. BPFTRACE_PERF_RB_PAGES=4096 loses less.',
    ...probeList({ ...request, backports: {} }).map((probe) => bpftraceBlock(probe, request.arch)),
    '',
  ].join('\n');
}

/** A file to append, line by line, to tracefs `dynamic_events`; the tracer passes over the comments. */
function definitionList(request: ProbeRequest<TracefsMode>): string {
  const all = probeLines(request);
  const lines = (isOf: (one: ProbeLine) => boolean) => all.filter(isOf).map(({ line }) => line);
  const inlined = lines(({ linkage, certain }) => linkage === 'static' && certain);
  const uncertain = lines(({ certain }) => !certain);
  return [
    `# ${title('probes', request)}`,
    '# Append each line to dynamic_events in tracefs, with the driver loaded. `gpuvm-trace capture` does, and more.',
    ...(request.mode === 'kprobe' ? OFFSETS : []),
    ...lines(({ linkage, certain }) => linkage === 'exported' && certain),
    ...(inlined.length === 0 ? [] : [STATIC, ...inlined]),
    ...(uncertain.length === 0 ? [] : [BACKPORTS, ...uncertain]),
    ...kernelEvents(request.driver).map((names) => `# enable: events/${names.join(' or ')}`),
    '',
  ].join('\n');
}

const OFFSETS = [
  '# Offsets hold for 64-bit kernels that do not debug their locks (CONFIG_LOCKDEP, CONFIG_DEBUG_MUTEXES).',
  '# What is not at the same place in all of them is left out.',
];
const STATIC = '# Static functions: refused where the compiler has inlined or renamed them.';

const BACKPORTS = '# Functions of later stable versions: refused where this one lacks them.';

/** The command line that asks for it. */
export function title(subcommand: string, { kernel, driver, mode, arch, minimal }: ProbeRequest): string {
  const options = [`--kernel ${kernel.name}`, `--driver ${driver}`, `--mode ${mode}`];
  if (mode === 'kprobe') options.push(`--arch ${arch}`);
  if (minimal) options.push('--minimal');
  return `gpuvm-trace ${subcommand} ${options.join(' ')}`;
}

function lineOf(probe: Probe, { mode, arch }: ProbeRequest<TracefsMode>): string | undefined {
  return mode === 'fprobe' ? fprobeLine(probe) : kprobeLine(probe, arch);
}
