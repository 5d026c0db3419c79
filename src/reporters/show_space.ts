// `show`: the VA space around a job's ranges, before, asked for, and after.
import { add, type U64 } from '../base/u64.ts';
import type { Gpuva } from '../gpuvm/gpuva.ts';
import type { OpRun } from '../replay/job.ts';
import type { View } from './show_view.ts';
import { counted, wrapped } from './style.ts';
import { type Box, type Mark, type PictureRow, vaPicture } from './va_picture.ts';

/** Places drawn, and requests drawn in one of them. */
const MAX_PICTURES = 12;
const MAX_REQUESTS = 8;

interface Place {
  readonly addr: U64;
  readonly range: U64;
}

export function spaceSection(view: View): string[] {
  const { detail, style } = view;
  const { windows } = detail;
  if (windows.length === 0) return [];
  const marks = new Marks(view);
  const lines = [style.bold('VA space around the ranges of the job (not to scale)')];
  lines.push(...spaceNotes(view).flatMap((note) => wrapped(`  ${note}`, view.width, 2)));
  for (const window of windows.slice(0, MAX_PICTURES)) {
    const picture = vaPicture(rowsOf(view, marks, window), view.width - 2);
    lines.push(...picture.map((line) => (line === '' ? '' : `  ${line}`)), '');
  }
  if (windows.length > MAX_PICTURES)
    lines.push(`  ... ${counted(windows.length - MAX_PICTURES, 'more place')} ...`, '');
  const used = marks.legend;
  if (used !== '') lines.push(`  ${used}`);
  else lines.pop();
  return lines;
}

export function spaceNotes(view: View): string[] {
  const { detail } = view;
  const result: string[] = [];
  if (!detail.complete)
    result.push('The trace does not show all of this VM: there may be mappings that are not drawn.');
  if (detail.before === undefined) result.push('How it was before the job is not known.');
  if (detail.atLock !== undefined)
    result.push('lock: when the lock pass ended. Others changed the VM between then and the apply.');
  if (detail.wanted !== undefined) result.push('want: what the steps asked for. new: what the driver made of it.');
  return result;
}

export function rowsOf(view: View, marks: Marks, window: Place): PictureRow[] {
  const { detail } = view;
  const row = (name: string, vas: readonly Gpuva[] | undefined, past: boolean): PictureRow[] =>
    vas === undefined
      ? []
      : [{ name, boxes: vas.filter((va) => meets(va, window)).map((va) => boxOf(view, va, marks.of(va, past))) }];
  const requests = detail.ops.filter(
    (op) => op.addr !== undefined && op.range !== undefined && meets(op as Place, window),
  );
  const reqs = requests.slice(0, MAX_REQUESTS).map((op) => ({
    name: detail.ops.length === 1 ? 'req' : `req ${op.index}`,
    boxes: [requestBox(view, op)],
  }));
  if (requests.length > MAX_REQUESTS)
    reqs.push({ name: `... ${requests.length - MAX_REQUESTS} more requests`, boxes: [] });
  const after = row('new', detail.after, false);
  const wanted = (detail.wanted ?? []).filter((va) => meets(va, window));
  const asAsked = wanted.map((va) => boxOf(view, va, 'same'));
  return [
    ...row('lock', detail.atLock, true),
    ...row('old', detail.before, true),
    ...reqs,
    ...(detail.wanted === undefined || sameBoxes(asAsked, after[0]?.boxes ?? [])
      ? []
      : [{ name: 'want', boxes: asAsked }]),
    ...after,
  ];
}

function meets(one: Place, window: Place): boolean {
  const end = add(one.addr, one.range);
  return one.addr <= add(window.addr, window.range) && end >= window.addr;
}

function boxOf(view: View, va: Gpuva, mark: Mark): Box {
  const { addr, range, obj, offset } = va;
  return { addr, range, label: view.letters.of(obj), offset: obj === 0 ? undefined : offset, mark };
}

function requestBox(view: View, op: OpRun): Box {
  const mapped = op.kind === 'map' || op.kind === 'map_null';
  const label = mapped ? view.letters.of(op.obj) : op.kind;
  return {
    addr: op.addr ?? 0,
    range: op.range ?? 0,
    label,
    offset: mapped && op.obj !== 0 ? op.offset : undefined,
    mark: 'same',
  };
}

function sameBoxes(a: readonly Box[], b: readonly Box[]): boolean {
  return (
    a.length === b.length &&
    a.every((box, i) => {
      const other = b[i];
      return (
        box.addr === other?.addr &&
        box.range === other.range &&
        box.label === other.label &&
        box.offset === other.offset
      );
    })
  );
}

/** Who made a mapping come or go. */
export class Marks {
  readonly #inserted = new Map<Gpuva, Mark>();
  readonly #removed = new Map<Gpuva, Mark>();
  readonly #used = new Set<Mark>();

  constructor({ job, detail }: View) {
    for (const { inserted, va, job: by } of detail.changes) {
      if (inserted) this.#inserted.set(va, by === job ? 'new' : 'other');
      else this.#removed.set(va, by === job ? 'gone' : 'other');
    }
  }

  of(va: Gpuva, past: boolean): Mark {
    const mark = (past ? this.#removed : this.#inserted).get(va) ?? 'same';
    this.#used.add(mark);
    return mark;
  }

  get legend(): string {
    const words: Record<Mark, string> = {
      gone: 'xxx taken away by this job',
      new: '=== put there by it',
      other: '%%% taken away or put there by others meanwhile',
      same: '',
    };
    return (['gone', 'new', 'other'] as const)
      .filter((mark) => this.#used.has(mark))
      .map((mark) => words[mark])
      .join(', ');
  }
}
