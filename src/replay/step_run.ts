// One step callback of a driver while it runs: what it asked for and what the driver did to the tree meanwhile.
import type { Ptr, U64 } from '../base/u64.ts';
import { OP_MAP, OP_REMAP, type StepEvent, type StepPiece } from '../events/vm_event.ts';
import type { Misapplied, StepView } from './fact.ts';
import type { OpRun } from './job.ts';

export interface Inserted {
  readonly addr: U64;
  readonly range: U64;
  readonly obj: Ptr;
  readonly offset: U64;
  readonly line: number;
  /** As of the event. */
  readonly vmLock?: Ptr | undefined;
  ret: number | undefined;
}

/** One mistake of the driver, or doubt about the trace. */
export interface Mistake {
  readonly how: Misapplied;
  readonly step: StepRun;
  readonly line: number;
  readonly detail: { readonly wanted: StepPiece | undefined; readonly got: Inserted | undefined };
}

/** What the trace would have to show of a step that was carried out, as far as it is probed. */
export interface Probed {
  readonly insert: boolean;
  readonly remove: boolean;
}

export interface Judged {
  readonly mistakes: readonly Mistake[];
  readonly doubt: boolean;
}

export const AS_ASKED: Judged = { mistakes: [], doubt: false };
const DOUBTFUL: Judged = { mistakes: [], doubt: true };

export class StepRun {
  readonly event: StepEvent;
  readonly view: StepView;
  readonly op: OpRun | undefined;
  readonly line: number;
  readonly inserts: Inserted[] = [];
  removed = false;
  /** drm_gpuva_map(), _unmap() or _remap() was called. */
  helperCalled = false;
  remapPrev: Ptr | undefined;
  remapNext: Ptr | undefined;
  /** Any call that shows the old mapping going or a new one coming, beyond insert and remove themselves. */
  unlinked = false;
  readonly linkedAt: U64[] = [];

  constructor(event: StepEvent, view: StepView, op: OpRun | undefined, line: number) {
    this.event = event;
    this.view = view;
    this.op = op;
    this.line = line;
  }

  /** The mistakes of a step that returned 0. `doubt` is set where the trace contradicts itself instead. */
  judge(probed: Probed): Judged {
    if (this.event.type === OP_MAP) return this.#judgeMap(probed);
    if (this.event.type === OP_REMAP) return this.#judgeRemap(probed);
    if (this.inserts.length > 0 || this.linkedAt.length > 0) return DOUBTFUL;
    if (this.removed || !probed.remove) return AS_ASKED;
    if (this.helperCalled || this.unlinked) return DOUBTFUL;
    return { mistakes: [this.#mistake('unmap skipped', undefined, undefined)], doubt: false };
  }

  #judgeMap(probed: Probed): Judged {
    if (!probed.insert) return AS_ASKED;
    const [got] = this.inserts;
    const wanted = { addr: this.event.addr, range: this.event.range, offset: this.event.offset };
    if (got === undefined) {
      if (this.helperCalled || this.linkedAt.length > 0) return DOUBTFUL;
      return { mistakes: [this.#mistake('map skipped', wanted, undefined)], doubt: false };
    }
    if (got.ret !== undefined && got.ret !== 0)
      return { mistakes: [this.#mistake('insert refused', wanted, got)], doubt: false };
    const wrong = !same(got, wanted) || (this.event.obj !== undefined && got.obj !== this.event.obj);
    return { mistakes: wrong ? [this.#mistake('wrong map', wanted, got)] : [], doubt: false };
  }

  #judgeRemap(probed: Probed): Judged {
    const mistakes: Mistake[] = [];
    if (probed.remove && !this.removed) {
      const untouched = !this.helperCalled && !this.unlinked && this.inserts.length === 0 && this.linkedAt.length === 0;
      return { mistakes: untouched ? [this.#mistake('unmap skipped', undefined, undefined)] : [], doubt: !untouched };
    }
    if (!probed.insert) return { mistakes, doubt: false };
    const { prev, next } = this.event;
    const pieces = (prev === undefined ? 0 : 1) + (next === undefined ? 0 : 1);
    if (this.inserts.length > pieces) return { mistakes, doubt: true };
    const [first] = this.inserts;
    const gotPrev =
      prev && this.inserts.find((one) => (prev.addr === undefined ? one === first : one.addr === prev.addr));
    const gotNext = next && this.inserts.find((one) => one !== gotPrev);
    let doubt = false;
    doubt = this.#judgePiece(mistakes, 'prev', prev, gotPrev, this.remapPrev) || doubt;
    doubt = this.#judgePiece(mistakes, 'next', next, gotNext, this.remapNext) || doubt;
    return { mistakes, doubt };
  }

  /** True where the trace contradicts itself. */
  #judgePiece(
    mistakes: Mistake[],
    side: 'prev' | 'next',
    wanted: StepPiece | undefined,
    got: Inserted | undefined,
    passed: Ptr | undefined,
  ): boolean {
    if (wanted === undefined) return false;
    if (got === undefined) {
      const linked = wanted.addr !== undefined && this.linkedAt.includes(wanted.addr);
      if (linked || (passed !== undefined && passed !== 0)) return true;
      mistakes.push(this.#mistake(side === 'prev' ? 'prev lost' : 'next lost', wanted, undefined));
    } else if (got.ret !== undefined && got.ret !== 0) {
      mistakes.push(this.#mistake('insert refused', wanted, got));
    } else if (!same(got, wanted)) {
      mistakes.push(this.#mistake(side === 'prev' ? 'wrong prev' : 'wrong next', wanted, got));
    }
    return false;
  }

  #mistake(how: Misapplied, wanted: StepPiece | undefined, got: Inserted | undefined): Mistake {
    return { how, step: this, line: got?.line ?? this.line, detail: { wanted, got } };
  }
}

/** NULL mappings carry a computed but meaningless offset. */
function same(got: Inserted, wanted: StepPiece): boolean {
  return (
    (wanted.addr === undefined || got.addr === wanted.addr) &&
    (wanted.range === undefined || got.range === wanted.range) &&
    (wanted.offset === undefined || got.offset === wanted.offset)
  );
}
