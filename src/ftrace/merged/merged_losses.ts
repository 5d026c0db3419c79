// The losses of merged files, as their common order has them.
import { type BufferSize, type CpuLoss, Gaps, type LossPlaces, type LossWindow } from '../losses.ts';
import type { MergedTrace } from './merged_trace.ts';

export class MergedLosses implements LossPlaces {
  readonly windows: readonly LossWindow[];
  readonly times: number;
  readonly byCpu: readonly CpuLoss[];
  /** The largest: buffers of instances have their own sizes. */
  readonly bufferSize: BufferSize | undefined;
  readonly #trace: MergedTrace;
  readonly #fileOf = new Map<LossWindow, number>();
  readonly #gaps = new Gaps();
  readonly #areAnywhere: boolean;

  constructor(trace: MergedTrace) {
    this.#trace = trace;
    const all = trace.files.map(({ reader }) => reader.stats.losses);
    this.times = all.reduce((n, { times }) => n + times, 0);
    this.byCpu = all.flatMap(({ byCpu }) => byCpu);
    this.windows = all.flatMap(({ windows }, i) => windows.map((window) => this.#named(window, i)));
    const sizes = all.map(({ bufferSize }) => bufferSize).filter((size) => size !== undefined);
    this.bufferSize = sizes.toSorted((a, b) => b.kb - a.kb)[0];
    this.#areAnywhere = all.some(({ areAnywhere }) => areAnywhere);
    const gaps = all.flatMap(({ gaps }, i) => [...gaps].map(([from, to]) => this.#extent(i, from, to)));
    gaps.push(...trace.ties.map(({ first, last }) => ({ after: first - 1, before: last + 1 })));
    for (const { after, before } of gaps.toSorted((a, b) => a.before - b.before)) this.#gaps.cover(after, before);
  }

  #named(window: LossWindow, file: number): LossWindow {
    const named = { ...window, file: this.#trace.files[file]?.reader.file ?? '' };
    this.#fileOf.set(named, file);
    return named;
  }

  #extent(file: number, from: number, to: number): { readonly after: number; readonly before: number } {
    const { lines } = this.#trace;
    return { after: lines.before(file, from), before: lines.behind(file, to) };
  }

  touches(first: number, last: number): boolean {
    return this.#areAnywhere || this.#gaps.touches(first, last);
  }

  extentOf(window: LossWindow): { readonly after: number; readonly before: number } {
    return this.#extent(this.#fileOf.get(window) ?? 0, window.from?.line ?? 0, window.line);
  }
}
