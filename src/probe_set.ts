// Which of the probes that are understood are listened to.
import { probesOf } from './dialects/index.ts';
import type { Args, ProbeSpec } from './events/probe.ts';
import type { DriverName, VmEventKind } from './events/vm_event.ts';
import type { ProbeDefinition } from './ftrace/dynamic_events.ts';
import { ProbeTable } from './ftrace/probe_table.ts';
import { type KernelKnowledge, switches } from './kernels/index.ts';
import type { Shown } from './replay/fact.ts';
import { handles } from './replay/machine.ts';
import { type MmuMode, STEPS_SHOWN } from './replay/world.ts';

export interface DecodeOptions {
  /** A saved dynamic_events: what the user's event names stand for, and what was installed. */
  readonly definitions?: readonly ProbeDefinition[] | undefined;
  /** Page table calls are listened to where it is 'trace', the default. */
  readonly mmu?: MmuMode | undefined;
  /** Whose functions are understood beside the kernel's common ones; those of all drivers where not given. */
  readonly driver?: DriverName | undefined;
}

/** Ones for everything: enough for a spec to say what kind of event it makes. */
const ONES: Args = { ptr: () => 1, u64: () => 1, int: () => 1, str: () => '', high: () => 1, low: () => 1 };

/** The kind of event that a probe gives; undefined for those that only count. */
export function kindOf(spec: ProbeSpec): VmEventKind | undefined {
  return spec.decode(ONES)?.kind;
}

/** What is in a trace if this probe fires. */
export function shownBy(spec: ProbeSpec): readonly Shown[] {
  const event = spec.decode(ONES);
  if (event === undefined) return [];
  const step = event.kind === 'step' ? STEPS_SHOWN[event.type] : undefined;
  return step === undefined ? [event.kind] : [event.kind, step];
}

/** All probes that are understood, whoever may listen to them. */
export function allProbes(definitions: readonly ProbeDefinition[] | undefined): ProbeTable {
  return new ProbeTable(probesOf(undefined), definitions);
}

/** All probes that are understood; only those that the replay handles are read. */
export function makeProbeTable({ definitions, mmu = 'trace', driver }: DecodeOptions): ProbeTable {
  return new ProbeTable(probesOf(driver), definitions, (spec) => {
    const kind = kindOf(spec);
    return kind !== undefined && handles(kind, mmu);
  });
}

/** What the probes that the trace shows tell of its kernel: functions that it has, and what they take; newest first. */
export function proveKernel(kernel: KernelKnowledge, table: ProbeTable): void {
  const met = table.bindings.filter((binding) => binding.met);
  for (const { key, on = [], off = [], params = [] } of switches.toReversed()) {
    for (const { spec, shown } of met) {
      const title = `${spec.symbol}()`;
      if (on.includes(spec.symbol)) kernel.prove(key, true, `${title} occurs`);
      else if (off.includes(spec.symbol)) kernel.prove(key, false, `${title} occurs`);
      const mark = params.find(({ of, param }) => of.includes(spec.symbol) && shown.has(param));
      if (mark !== undefined) kernel.prove(key, mark.value, `${title} has the argument ${mark.param}`);
    }
  }
}
