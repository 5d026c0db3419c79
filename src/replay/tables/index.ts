// What the rest of the replay has to do with page tables: nothing else in this folder is imported from outside.
export { deriveStep } from './derive.ts';
export { closeTables, noteTreeChange, tableHandlers } from './handlers.ts';
export type { RunFrame } from './judge.ts';
export { Memory, placeIn } from './memory.ts';
export { schedRunHandlers } from './sched_runs.ts';
export { siteOf } from './site.ts';
export { type TableStep, VmTables } from './vm_tables.ts';
export { type TableRun, type UndoneMap, writeMap, writeUnmap } from './write.ts';
