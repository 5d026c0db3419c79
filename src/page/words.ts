// Numbers, times and names as a reader sees them.
import type { Num } from '../reporters/html/page_data.ts';

export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${grouped(count)} ${count === 1 ? one : many}`;
}

/** Exact. */
export function hexText(value: Num): string {
  return typeof value === 'string' ? value : `0x${BigInt(value).toString(16)}`;
}

export function rangeText(addr: Num, range: Num): string {
  return `${hexText(addr)}+${hexText(range)}`;
}

/** As near as a double comes. */
export function near(value: Num): number {
  return Number(value);
}

export function exact(value: Num): bigint {
  return BigInt(value);
}

export function bytesText(value: Num): string {
  let size = near(value);
  for (const unit of ['B', 'KiB', 'MiB', 'GiB', 'TiB']) {
    if (size < 1024) return `${size < 10 && unit !== 'B' ? size.toFixed(1) : Math.round(size)} ${unit}`;
    size /= 1024;
  }
  return `${Math.round(size)} PiB`;
}

/** A span of seconds, short. */
export function secondsText(seconds: number): string {
  if (seconds >= 1) return `${seconds.toPrecision(3)} s`;
  if (seconds >= 1e-3) return `${(seconds * 1e3).toPrecision(3)} ms`;
  return `${Math.round(seconds * 1e6)} µs`;
}

export const SEVERITY_MARKS: Readonly<Record<string, string>> = { error: '✖', warning: '▲', note: 'ℹ' };

export const VERDICT_MARKS: Readonly<Record<string, string>> = {
  bad: '✖',
  unknown: '?',
  wasteful: '▲',
  failed: '↩',
  ok: '✔',
};

export const VERDICT_CLASSES: Readonly<Record<string, string>> = {
  bad: 'error',
  unknown: 'warning',
  wasteful: 'warning',
  failed: 'note',
  ok: 'good',
};
