// Names for the objects of a whole trace, in the order in which a report meets them.
import { type Ptr, ptrHex } from '../../base/u64.ts';
import { showsObj } from '../../replay/vm_state.ts';
import type { Names } from '../show_view.ts';
import type { TraceData } from './page_data.ts';

export class ObjNames implements Names {
  readonly #rows = new Map<Ptr, number>();

  /** Its row, -1 for NULL and what is not shown. */
  row(obj: Ptr | undefined): number {
    if (obj === undefined || obj === 0 || !showsObj({ obj })) return -1;
    const known = this.#rows.get(obj);
    if (known !== undefined) return known;
    this.#rows.set(obj, this.#rows.size);
    return this.#rows.size - 1;
  }

  of(obj: Ptr | undefined): string {
    if (obj === 0) return 'NULL';
    const row = this.row(obj);
    return row < 0 ? '?' : `o${row + 1}`;
  }

  get all(): readonly Ptr[] {
    return [...this.#rows.keys()];
  }

  get objs(): TraceData['objs'] {
    return this.all.map((obj) => ({ name: this.of(obj), ptr: ptrHex(obj) }));
  }
}
