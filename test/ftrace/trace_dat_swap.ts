// Ring buffer pages of a little-endian machine as a big-endian one would have written them.
import type { EventFormat } from '../../src/ftrace/trace_dat/index.ts';

export function swapPages(pages: Uint8Array, pageSize: number, formats: readonly EventFormat[]): Uint8Array {
  const out = Uint8Array.from(pages);
  const view = new DataView(out.buffer);
  for (let start = 0; start < out.length; start += pageSize) {
    const commit = view.getUint32(start + 8, true);
    const end = start + 16 + (commit & 0x7ffffff);
    if ((commit & 0x40000000) !== 0) swap(view, end, 8);
    swap(view, start, 8);
    swap(view, start + 8, 8);
    for (let at = start + 16; at < end; ) at = swapEvent(view, at, end, formats);
  }
  return out;
}

function swap(view: DataView, at: number, size: number): void {
  if (size === 2) view.setUint16(at, view.getUint16(at, true));
  if (size === 4) view.setUint32(at, view.getUint32(at, true));
  if (size === 8) view.setBigUint64(at, view.getBigUint64(at, true));
}

/** type_len:5, time_delta:27 are bit fields: the first one is at the low end here, at the high end there. */
function swapEvent(view: DataView, at: number, end: number, formats: readonly EventFormat[]): number {
  const word = view.getUint32(at, true);
  const typeLen = word & 31;
  view.setUint32(at, ((typeLen << 27) | (word >>> 5)) >>> 0);
  if (typeLen === 29 && word >>> 5 === 0) return end;
  const second = typeLen === 0 || typeLen > 28 ? view.getUint32(at + 4, true) : 0;
  if (typeLen === 0 || typeLen > 28) swap(view, at + 4, 4);
  if (typeLen === 29) return at + 4 + second;
  if (typeLen > 29) return at + 8;
  const base = typeLen === 0 ? at + 8 : at + 4;
  const length = typeLen === 0 ? second - 4 : typeLen * 4;
  const id = view.getUint16(base, true);
  for (const field of formats.find((format) => format.id === id)?.fields ?? []) {
    if (field.kind !== 'string' && field.kind !== 'array') swap(view, base + field.offset, field.size);
  }
  return base + Math.ceil(length / 4) * 4;
}
