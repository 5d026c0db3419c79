// What the text decoder makes of a text: a helper of the text_*.test.ts files.
import { probes } from '../../src/dialects/index.ts';
import type { Diagnostic } from '../../src/events/diagnostic.ts';
import type { VmEvent } from '../../src/events/vm_event.ts';
import { parseDynamicEvents } from '../../src/ftrace/dynamic_events.ts';
import { entryCount } from '../../src/ftrace/entry_count.ts';
import { LineReader } from '../../src/ftrace/line_reader.ts';
import { ProbeTable } from '../../src/ftrace/probe_table.ts';
import { TextDecoder, type TraceStats } from '../../src/ftrace/text_decoder.ts';

export interface Seen {
  readonly event: VmEvent;
  readonly line: number;
  readonly pid: number;
  readonly cpu: number;
  readonly time: string;
  readonly comm: string;
}

export interface Decoded {
  readonly seen: readonly Seen[];
  readonly events: readonly VmEvent[];
  /** `cpu:count` of each place where events are missing. */
  readonly losses: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
  readonly stats: TraceStats;
}

export interface DecodeOptions {
  readonly chunk?: number;
  /** The text of a saved dynamic_events. */
  readonly probes?: string;
}

/** `text` is latin1: a character is a byte. */
export function decode(text: string, options: DecodeOptions = {}): Decoded {
  const seen: Seen[] = [];
  const losses: string[] = [];
  const definitions = options.probes === undefined ? [] : parseDynamicEvents(options.probes);
  const decoder = new TextDecoder(new ProbeTable(probes, definitions), {
    event(event, where) {
      const { line, pid, cpu } = where;
      seen.push({ event, line, pid, cpu, time: where.time(), comm: where.comm() });
    },
    loss(cpu, count) {
      losses.push(`${cpu}:${count}`);
    },
  });
  const reader = new LineReader(decoder);
  const bytes = Buffer.from(text, 'latin1');
  const size = options.chunk ?? bytes.length;
  for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
  reader.end();
  decoder.finish();
  const { diagnostics, stats } = decoder;
  const count = entryCount(stats, diagnostics);
  if (count !== undefined) diagnostics.push(count);
  return { seen, events: seen.map((one) => one.event), losses, diagnostics, stats };
}

/** The one event of a text that holds one. */
export function only(text: string, options: DecodeOptions = {}): Seen {
  const { seen } = decode(text, options);
  const [first] = seen;
  if (first === undefined || seen.length > 1) throw new Error(`${seen.length} events instead of one in ${text}`);
  return first;
}

/** The plain layout with columns as the kernel prints them. */
export function plain(comm: string, pid: number, rest: string, time = '12.345678'): string {
  return `${comm.padStart(16)}-${String(pid).padEnd(7)} [001] ...1. ${time.padStart(12)}: ${rest}\n`;
}

/** An event with one pointer, in any layout. */
export const FREE = 'obj_free: (drm_gem_object_free+0x4/0x20) kref=0xffff888100000100';
export const FREED = { kind: 'obj_free', obj: 0x100 - 0x777f00000000 };
