// The reader of trace-cmd's trace.dat, as the rest of the program sees it.
export { type ByteSource, sourceOf } from './byte_source.ts';
export type { Diagnostic } from './damage.ts';
export type { DatEvent } from './dat_event.ts';
export type { Decompress, Decompressors } from './decompress.ts';
export { fieldBytes, fieldOf, fieldPtr, fieldReader, fieldString, type RecordBytes } from './fields.ts';
export type { EventField, EventFormat, FieldKind } from './formats.ts';
export { isTraceDat } from './header.ts';
export { type OnLoss, TraceDat } from './trace_dat.ts';
