// Which object of one trace stands for which of the other: those that jobs that are paired use in the same place.
import { usesOf } from './job_digest.ts';
import { NULL_OBJ, UNKNOWN, type UsedObject, VM_RESV } from './object_numbers.ts';
import type { JobPair } from './pairing.ts';
import type { TraceDigest } from './trace_digest.ts';

export class ObjectPairs {
  readonly #after = new Map<number, number>();
  readonly #before = new Map<number, number>();
  readonly #objects: { readonly before: TraceDigest['objects']; readonly after: TraceDigest['objects'] };
  readonly #areNamed: boolean;

  constructor(before: TraceDigest, after: TraceDigest, jobs: readonly JobPair[]) {
    this.#objects = { before: before.objects, after: after.objects };
    this.#areNamed = before.shows.lives && after.shows.lives;
    if (this.#areNamed) this.#elect(jobs);
  }

  /** Those that most jobs name in the same place of the same request are the same. */
  #elect(jobs: readonly JobPair[]): void {
    const votes = new Map<number, Map<number, number>>();
    for (const { before, after } of jobs) {
      if (before.ops !== after.ops) continue;
      const others = usesOf(after).ops;
      usesOf(before).ops.forEach((obj, i) => {
        const other = others[i] ?? UNKNOWN;
        if (obj <= NULL_OBJ || other <= NULL_OBJ) return;
        const own = votes.get(obj) ?? new Map<number, number>();
        votes.set(obj, own.set(other, (own.get(other) ?? 0) + 1));
      });
    }
    const ballots = [...votes].flatMap(([obj, own]) => [...own].map(([other, count]) => ({ obj, other, count })));
    ballots.sort((a, b) => b.count - a.count || a.obj - b.obj || a.other - b.other);
    for (const { obj, other } of ballots) if (this.#isFree(obj, other)) this.#bind(obj, other);
  }

  /**
   * Are these the same, one in each trace? Objects that stand for none yet are, from now on. `asked`: user space named
   * them, so that where objects' ends are not shown, another one has got the pointer meanwhile.
   */
  meet(before: number, after: number, asked: boolean): boolean {
    if (before === UNKNOWN || after === UNKNOWN) return true;
    if (before === NULL_OBJ || after === NULL_OBJ) return before === after;
    if (this.#after.get(before) === after) return true;
    if (!this.#isFree(before, after) && (this.#areNamed || !asked)) return false;
    this.#bind(before, after);
    return true;
  }

  #isFree(before: number, after: number): boolean {
    return !this.#after.has(before) && !this.#before.has(after);
  }

  #bind(before: number, after: number): void {
    const [oldAfter, oldBefore] = [this.#after.get(before), this.#before.get(after)];
    if (oldAfter !== undefined) this.#before.delete(oldAfter);
    if (oldBefore !== undefined) this.#after.delete(oldBefore);
    this.#after.set(before, after);
    this.#before.set(after, before);
  }

  /**
   * The dma_resvs, by the objects that have them, that only one side has. Undefined: some are not known. Objects that no
   * job names are taken for each other.
   */
  apart(before: readonly number[], after: readonly number[]): LocksApart | undefined {
    if (before.includes(UNKNOWN) || after.includes(UNKNOWN)) return undefined;
    const left = new Set(after);
    const only: number[] = [];
    for (const lock of before) if (!left.delete(this.#lockAfter(lock))) only.push(lock);
    const others = [...left];
    const isNew = (map: ReadonlyMap<number, number>) => (lock: number) => lock !== VM_RESV && !map.has(lock);
    const spare = Math.min(only.filter(isNew(this.#after)).length, others.filter(isNew(this.#before)).length);
    return { before: without(only, isNew(this.#after), spare), after: without(others, isNew(this.#before), spare) };
  }

  /** The name that both traces' objects go by: the number that it has before, or with a prime the one after. */
  name(number: number, side: 'before' | 'after'): string {
    if (number === NULL_OBJ) return 'NULL';
    if (number === UNKNOWN) return '?';
    if (number === VM_RESV) return 'the VM’s own';
    if (side === 'before') return `obj ${number}`;
    const before = this.#before.get(number);
    return before === undefined ? `obj ${number}′` : `obj ${before}`;
  }

  object(number: number, side: 'before' | 'after'): UsedObject | undefined {
    return this.#objects[side][number];
  }

  #lockAfter(lock: number): number {
    if (lock === VM_RESV) return VM_RESV;
    const other = this.#after.get(lock);
    const known = other === undefined ? undefined : this.#objects.after[other]?.lock;
    return known === undefined || known === UNKNOWN ? (other ?? UNKNOWN) : known;
  }
}

export interface LocksApart {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** All but the first `count` of those that are so. */
function without(numbers: readonly number[], isSo: (number: number) => boolean, count: number): number[] {
  let left = count;
  return numbers.filter((number) => !(isSo(number) && left-- > 0));
}
