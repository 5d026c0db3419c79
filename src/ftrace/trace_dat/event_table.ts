// The formats of a file by the number that stands in every record, and which of them somebody wants to see.
import type { EventFormat } from './formats.ts';

export interface Slot {
  readonly format: EventFormat;
  readonly wanted: boolean;
}

/** Where the fields all records share are; the kernel has never had them elsewhere, but says so in each format. */
export interface CommonFields {
  readonly flags: number;
  readonly preempt: number;
  readonly pid: number;
  /** Every record has at least so many bytes. */
  readonly length: number;
}

export class EventTable {
  /** By event id; `accept` is asked when a format is first met. */
  readonly slots: (Slot | undefined)[];
  readonly common: CommonFields;
  private readonly formats: ReadonlyMap<number, EventFormat>;
  private readonly accept: (format: EventFormat) => boolean;

  constructor(formats: ReadonlyMap<number, EventFormat>, accept: (format: EventFormat) => boolean) {
    this.formats = formats;
    this.accept = accept;
    // Dense from the start: ids are in the thousands, and filling such an array from the top makes it a slow one.
    this.slots = Array.from({ length: Math.max(0, ...formats.keys()) + 1 });
    this.common = commonFields(formats.values().next().value);
  }

  /** The slot of an id met for the first time; undefined where the file has no such format. */
  open(id: number): Slot | undefined {
    const format = this.formats.get(id);
    if (format === undefined) return undefined;
    const slot = { format, wanted: this.accept(format) };
    this.slots[id] = slot;
    return slot;
  }
}

function commonFields(format: EventFormat | undefined): CommonFields {
  const at = (name: string, fallback: number): number =>
    format?.fields.find((field) => field.name === name && field.offset < 64)?.offset ?? fallback;
  const pid = at('common_pid', 4);
  const flags = at('common_flags', 2);
  const preempt = at('common_preempt_count', 3);
  return { flags, preempt, pid, length: Math.max(pid + 4, flags + 1, preempt + 1) };
}
