// The first half of the pipeline: which probes are listened to, and the decoding of text on a thread of its own.
import { probes } from './dialects/index.ts';
import type { Diagnostic } from './events/diagnostic.ts';
import type { Args, ProbeSpec } from './events/probe.ts';
import type { VmEventKind } from './events/vm_event.ts';
import type { ProbeDefinition } from './ftrace/dynamic_events.ts';
import { BatchWriter, type EventBatch } from './ftrace/event_batch.ts';
import { LineReader } from './ftrace/line_reader.ts';
import type { ProbeBinding } from './ftrace/probe_binding.ts';
import { ProbeTable } from './ftrace/probe_table.ts';
import { TextDecoder, type TraceStats } from './ftrace/text_decoder.ts';
import { handles, opensJob } from './replay/machine.ts';

export interface DecodeOptions {
  /** A saved dynamic_events: what the user's event names stand for, and what was installed. */
  readonly definitions?: readonly ProbeDefinition[] | undefined;
  /** Page table calls are listened to. */
  readonly tables?: boolean | undefined;
}

/** Ones for everything: enough for a spec to say what kind of event it makes. */
const ONES: Args = { ptr: () => 1, u64: () => 1, int: () => 1, str: () => '' };

/** The kind of event that a probe gives; undefined for those that only count. */
export function kindOf(spec: ProbeSpec): VmEventKind | undefined {
  return spec.decode(ONES)?.kind;
}

/** All probes that are understood; only those that the replay handles are read. */
export function makeProbeTable({ definitions, tables = false }: DecodeOptions): ProbeTable {
  const table = new ProbeTable(probes, definitions);
  for (const binding of table.bindings) {
    const kind = kindOf(binding.spec);
    binding.wanted = kind !== undefined && handles(kind, tables);
  }
  return table;
}

/** What a decoder has to say beside its events. */
export interface Decoded {
  readonly stats: TraceStats;
  readonly diagnostics: readonly Diagnostic[];
}

/** Decodes text to batches for Analysis.pushBatch(). */
export class BatchDecoder {
  readonly #decoder: TextDecoder;
  readonly #lines: LineReader;
  readonly #writer: BatchWriter;

  constructor(options: DecodeOptions, full: (batch: EventBatch) => void) {
    const table = makeProbeTable(options);
    const naming = new Set<ProbeBinding>();
    for (const binding of table.bindings) {
      const kind = kindOf(binding.spec);
      if (kind !== undefined && opensJob(kind)) naming.add(binding);
    }
    this.#writer = new BatchWriter(table, (binding) => naming.has(binding), full);
    this.#decoder = new TextDecoder(table, { event: () => undefined, loss: () => undefined }, this.#writer);
    this.#lines = new LineReader(this.#decoder);
  }

  push(chunk: Uint8Array): void {
    this.#lines.push(chunk);
  }

  finish(): Decoded {
    this.#lines.end();
    this.#decoder.finish();
    this.#writer.flush();
    return { stats: this.#decoder.stats, diagnostics: this.#decoder.diagnostics };
  }
}
