// Chrome's trace event JSON, as ui.perfetto.dev opens it: tracks of slices, counters and arrows, written as they come.
import { printable } from '../reporters/escape.ts';

type Arg = string | number | boolean | undefined;
export type Args = Readonly<Record<string, Arg>>;

/** Times are nanoseconds, or whatever else the trace's clock counts. */
export interface Slice {
  readonly name: string;
  readonly from: bigint;
  readonly to: bigint;
  readonly args?: Args;
  readonly inner?: readonly Slice[];
}

export interface Track {
  readonly pid: number;
  readonly tid: number;
}

export interface Pin extends Track {
  readonly at: bigint;
}

/** Beyond Linux's largest pid (2^22), so that no track is taken for a process of a system trace beside it. */
const FIRST_ID = 1 << 30;

interface Lane extends Track {
  /** The end of its last slice. */
  until: bigint;
}

export class TraceJson {
  readonly #write: (text: string) => void;
  readonly #groups = new Map<string, number>();
  readonly #lanes = new Map<string, Lane[]>();
  #tids = FIRST_ID + 1024; // none is a group’s
  #flows = 0;
  #before = '{"displayTimeUnit":"ns","traceEvents":[\n';

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  /** Slices of a track never overlap: one that would goes to a lane beside it. `inner` ones are cut to their outer one. */
  slice(group: string, name: string, slice: Slice): Track {
    const lane = this.#laneFrom(group, name, slice.from);
    lane.until = slice.to;
    this.#nest(lane, slice);
    return lane;
  }

  instant(group: string, name: string, at: bigint, title: string, args: Args): void {
    this.#event({ ph: 'i', s: 't', ...this.#first(group, name), name: printable(title), ts: at, args });
  }

  counter(group: string, name: string, at: bigint, value: number): void {
    this.#event({ ph: 'C', pid: this.#group(group), name: printable(name), ts: at, args: { value } });
  }

  /** An arrow from pin to pin; each must lie in a slice of its track. */
  flow(name: string, pins: readonly Pin[]): void {
    if (pins.length < 2) return;
    const id = ++this.#flows;
    for (const [i, { pid, tid, at }] of pins.entries()) {
      const ph = i === 0 ? 's' : i === pins.length - 1 ? 'f' : 't';
      this.#event({ ph, bp: ph === 'f' ? 'e' : undefined, cat: 'job', name, id, pid, tid, ts: at });
    }
  }

  finish(told: Readonly<Record<string, string>>): void {
    this.#write(`${this.#before === ',\n' ? '' : this.#before}\n],"otherData":${JSON.stringify(told)}}\n`);
  }

  #nest(track: Track, { name, from, to, args, inner = [] }: Slice): void {
    this.#event({ ph: 'X', ...idsOf(track), name: printable(name), ts: from, dur: to - from, args });
    let free = from;
    for (const one of inner) {
      const since = one.from > free ? one.from : free;
      const until = one.to < to ? one.to : to;
      if (since > until) continue;
      free = until;
      this.#nest(track, { ...one, from: since, to: until });
    }
  }

  #group(name: string): number {
    const known = this.#groups.get(name);
    if (known !== undefined) return known;
    const pid = FIRST_ID + this.#groups.size;
    this.#groups.set(name, pid);
    this.#event({ ph: 'M', pid, tid: pid, name: 'process_name', args: { name } });
    this.#event({ ph: 'M', pid, tid: pid, name: 'process_sort_index', args: { sort_index: this.#groups.size } });
    return pid;
  }

  #first(group: string, name: string): Track {
    return idsOf(this.#lanesOf(group, name)[0] ?? this.#newLane(group, name));
  }

  #laneFrom(group: string, name: string, from: bigint): Lane {
    return this.#lanesOf(group, name).find(({ until }) => until <= from) ?? this.#newLane(group, name);
  }

  #lanesOf(group: string, name: string): Lane[] {
    return this.#lanes.get(`${group}\0${name}`) ?? [];
  }

  #newLane(group: string, name: string): Lane {
    const pid = this.#group(group);
    const lanes = this.#lanesOf(group, name);
    const lane = { pid, tid: ++this.#tids, until: -1n };
    this.#lanes.set(`${group}\0${name}`, [...lanes, lane]);
    const shown = lanes.length === 0 ? name : `${name} (${lanes.length + 1})`;
    this.#event({ ph: 'M', ...idsOf(lane), name: 'thread_name', args: { name: printable(shown) } });
    return lane;
  }

  #event(event: Readonly<Record<string, Arg | bigint | Args>>): void {
    const members = Object.entries(event).flatMap(([key, value]) =>
      value === undefined ? [] : [`"${key}":${typeof value === 'bigint' ? micros(value) : JSON.stringify(value)}`],
    );
    this.#write(`${this.#before}{${members.join(',')}}`);
    this.#before = ',\n';
  }
}

function idsOf({ pid, tid }: Track): Track {
  return { pid, tid };
}

/** The format's unit. */
function micros(ns: bigint): string {
  const part = ns % 1000n;
  return part === 0n ? `${ns / 1000n}` : `${ns / 1000n}.${String(part).padStart(3, '0')}`;
}
