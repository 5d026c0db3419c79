// A page table with real tables and real entries, one page at a time: what the runs of src/mmu must be equal to.

import { entrySize, type Format, granule, levelOfPage, tableSpan } from '../../src/mmu/format.ts';
import { EEXIST } from '../../src/mmu/result.ts';
import { advance, type Target, targetAddr } from '../../src/mmu/run.ts';
import { segments } from '../../src/mmu/segments.ts';

interface Leaf {
  readonly kind: 'leaf';
  readonly target: Target;
  readonly prot: number;
  readonly line: number;
  readonly hint: number;
}
interface Table {
  readonly kind: 'table';
  readonly entries: Map<number, Entry>;
}
type Entry = Leaf | Table;

const newTable = (): Table => ({ kind: 'table', entries: new Map() });

function clone(table: Table): Table {
  const copy = newTable();
  for (const [index, entry] of table.entries) copy.entries.set(index, entry.kind === 'table' ? clone(entry) : entry);
  return copy;
}

export interface Write {
  readonly target: Target;
  readonly prot: number;
  readonly line: number;
}

export class Oracle {
  readonly format: Format;
  root: Table = newTable();

  constructor(format: Format) {
    this.format = format;
  }

  #index(addr: number, level: number): number {
    return Math.floor((addr % tableSpan(this.format, level)) / entrySize(this.format, level));
  }

  #left(addr: number, level: number): number {
    return tableSpan(this.format, level) / entrySize(this.format, level) - this.#index(addr, level);
  }

  map(addr: number, pgsize: number, count: number, write: Write): { ret: number; mapped: number } {
    if (this.format.semantics.call === 'range') return this.mapAll(addr, pgsize, count, write);
    return this.mapAll(addr, pgsize, Math.min(count, this.#left(addr, levelOfPage(this.format, pgsize))), write);
  }

  mapAll(addr: number, pgsize: number, count: number, write: Write): { ret: number; mapped: number } {
    const before = this.format.semantics.onError === 'undo' ? clone(this.root) : undefined;
    let mapped = 0;
    while (mapped < pgsize * count) {
      const target = advance(write.target, mapped);
      const part = { ...write, target };
      const done = this.#mapTable(addr + mapped, pgsize, count - mapped / pgsize, part, [addr, pgsize * count]);
      mapped += done.mapped;
      if (done.ret !== 0 && before !== undefined) {
        this.root = before;
        return { ret: done.ret, mapped: 0 };
      }
      if (done.ret !== 0) return { ret: done.ret, mapped };
    }
    return { ret: 0, mapped };
  }

  mapRange(addr: number, size: number, write: Write, sizes: readonly number[]): { ret: number; mapped: number } {
    let mapped = 0;
    for (const part of segments(addr, addr + size, targetAddr(write.target), sizes)) {
      const target = advance(write.target, part.addr - addr);
      const done = this.mapAll(part.addr, part.pgsize, part.count, { ...write, target });
      mapped += done.mapped;
      if (done.ret !== 0) return { ret: done.ret, mapped };
    }
    return { ret: 0, mapped };
  }

  #mapTable(addr: number, pgsize: number, count: number, write: Write, whole: readonly [number, number]) {
    const leafLevel = levelOfPage(this.format, pgsize);
    const eexist = this.format.semantics.overLeaf === 'eexist';
    let table = this.root;
    for (let level = 0; level < leafLevel; level++) {
      const index = this.#index(addr, level);
      const entry = table.entries.get(index);
      if (entry?.kind === 'leaf' && eexist) return { ret: EEXIST, mapped: 0 };
      const next = entry?.kind === 'table' ? entry : newTable();
      table.entries.set(index, next);
      table = next;
    }
    const first = this.#index(addr, leafLevel);
    let number = Math.min(count, this.#left(addr, leafLevel));
    let ret = 0;
    for (let i = 0; i < number; i++) {
      const entry = table.entries.get(first + i);
      if (entry?.kind === 'leaf' && eexist) {
        if (this.format.semantics.refusedAt === 'table') return { ret: EEXIST, mapped: 0 };
        number = i;
        ret = EEXIST;
        break;
      }
      if (entry?.kind === 'table') table.entries.delete(first + i);
    }
    for (let i = 0; i < number; i++) {
      const target = advance(write.target, i * pgsize);
      const written = ret === 0 ? whole : ([whole[0], addr + number * pgsize - whole[0]] as const);
      const hint = this.#hint(addr + i * pgsize, pgsize, target, written);
      table.entries.set(first + i, { kind: 'leaf', target, prot: write.prot, line: write.line, hint });
    }
    return { ret, mapped: number * pgsize };
  }

  #hint(addr: number, pgsize: number, target: Target, [start, size]: readonly [number, number]): number {
    const { hint } = this.format;
    if (hint === 0 || pgsize !== granule(this.format)) return 0;
    const chunk = addr - (addr % hint);
    const at = targetAddr(target);
    if (at !== undefined && (Number(at) - addr) % hint !== 0) return 0;
    return chunk >= start && chunk + hint <= start + size ? hint : 0;
  }

  unmap(addr: number, pgsize: number, count: number, through = this.format.semantics.call === 'range'): number {
    let bytes = 0;
    if (this.format.semantics.unmapHole === 'skip') {
      const number = through ? count : Math.min(count, this.#left(addr, levelOfPage(this.format, pgsize)));
      bytes = this.#clear(this.root, 0, 0, addr, addr + number * pgsize);
    } else {
      do {
        const done = this.#unmapTable(addr + bytes, pgsize, count - bytes / pgsize);
        bytes += done;
        if (done === 0) break;
      } while (through && bytes < count * pgsize);
    }
    if (this.format.semantics.emptyTables === 'free') this.#prune(this.root);
    return bytes;
  }

  unmapRange(addr: number, size: number, sizes: readonly number[]): number {
    let bytes = 0;
    for (const part of segments(addr, addr + size, undefined, sizes)) {
      const done = this.unmap(part.addr, part.pgsize, part.count, true);
      bytes += done;
      if (this.format.semantics.unmapHole === 'short' && done < part.count * part.pgsize) break;
    }
    return bytes;
  }

  #unmapTable(addr: number, pgsize: number, count: number): number {
    const leafLevel = levelOfPage(this.format, pgsize);
    let table = this.root;
    for (let level = 0; level < leafLevel; level++) {
      const index = this.#index(addr, level);
      const entry = table.entries.get(index);
      if (entry === undefined) return 0;
      if (entry.kind === 'leaf' && this.format.semantics.partialBlock === 'refuse') return 0;
      const next = entry.kind === 'leaf' ? this.#split(entry, level) : entry;
      table.entries.set(index, next);
      table = next;
    }
    const first = this.#index(addr, leafLevel);
    const number = Math.min(count, this.#left(addr, leafLevel));
    let i = 0;
    for (; i < number && table.entries.has(first + i); i++) table.entries.delete(first + i);
    return i * pgsize;
  }

  #split(leaf: Leaf, level: number): Table {
    const table = newTable();
    const size = entrySize(this.format, level + 1);
    for (let i = 0; i < entrySize(this.format, level) / size; i++) {
      table.entries.set(i, { ...leaf, hint: 0, target: advance(leaf.target, i * size) });
    }
    return table;
  }

  /** Clears leaves that lie whole in [start, end). */
  #clear(table: Table, level: number, base: number, start: number, end: number): number {
    const own = entrySize(this.format, level);
    let bytes = 0;
    for (const [index, entry] of table.entries) {
      const addr = base + index * own;
      if (entry.kind === 'table') bytes += this.#clear(entry, level + 1, addr, start, end);
      else if (addr >= start && addr + own <= end) {
        table.entries.delete(index);
        bytes += own;
      }
    }
    return bytes;
  }

  #prune(table: Table): boolean {
    for (const [index, entry] of table.entries) {
      if (entry.kind === 'table' && this.#prune(entry)) table.entries.delete(index);
    }
    return table.entries.size === 0;
  }

  /** One line per step of a walk. */
  walk(addr: number): string[] {
    const steps: string[] = [];
    let table = this.root;
    for (let level = 0; level < this.format.levels.length; level++) {
      const index = this.#index(addr, level);
      const entry = table.entries.get(index);
      if (entry === undefined) return [...steps, `${level}:${index} hole`];
      if (entry.kind === 'leaf') return [...steps, `${level}:${index} ${showLeaf(entry)}`];
      steps.push(`${level}:${index} table`);
      table = entry;
    }
    return steps;
  }

  tables(level: number, table: Table = this.root, at = 0): number {
    if (at === level) return 1;
    let count = 0;
    for (const entry of table.entries.values()) if (entry.kind === 'table') count += this.tables(level, entry, at + 1);
    return count;
  }
}

export function showLeaf(leaf: Omit<Leaf, 'kind'>): string {
  const { target } = leaf;
  const to =
    target.kind === 'obj' ? `${target.obj}+${target.offset}` : target.kind === 'phys' ? `@${target.addr}` : 'null';
  return `${to} prot ${leaf.prot} line ${leaf.line} hint ${leaf.hint}`;
}
