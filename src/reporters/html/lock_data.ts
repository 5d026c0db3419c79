// A job's lock set, one dma_resv a row: who needed it, whether it was held, and what the findings say of it.
import { type Ptr, ptrHex } from '../../base/u64.ts';
import { printable } from '../escape.ts';
import type { View } from '../show_view.ts';
import type { LockData } from './page_data.ts';

/** Rows shown, and lines of steps named in one. */
const MAX_LOCKS = 128;
const MANY_LINES = 3;

interface Row {
  readonly objs: Set<Ptr>;
  readonly needLines: number[];
  held: number;
}

export function locksOf(view: View): { locks: LockData[]; omitted: number } {
  const rows = collect(view);
  const order = ['missing', 'redundant', 'not judged', 'otherwise', 'not needed', 'held'];
  const all = [...rows]
    .map(([resv, row]) => lockData(view, resv, row))
    .sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
  return { locks: all.slice(0, MAX_LOCKS), omitted: Math.max(0, all.length - MAX_LOCKS) };
}

/** Of each locking context, the last attempt is the one that counts. */
function collect({ job, detail, findings }: View): Map<Ptr, Row> {
  const rows = new Map<Ptr, Row>();
  const row = (resv: Ptr): Row => {
    const known = rows.get(resv) ?? { objs: new Set(), needLines: [], held: 0 };
    rows.set(resv, known);
    return known;
  };
  for (const resv of job.needed) if (resv !== 0) row(resv);
  for (const need of detail.pass?.needs ?? []) {
    if (need.resv === 0) continue;
    row(need.resv).needLines.push(need.line);
    row(need.resv).objs.add(need.obj);
  }
  for (const { rule, obj, resv } of findings)
    if ((rule === 'missing-lock' || rule === 'redundant-lock') && resv !== 0) row(resv).objs.add(obj);
  for (const { attempt } of new Map(detail.attempts.map((one) => [one.init, one])).values()) {
    for (const { obj, resv, via, line } of attempt.entries) {
      const isHeld = (via === 'lock' || via === 'slow') && detail.pass?.held.has(resv) === true;
      if (isHeld) row(resv).held = line;
      rows.get(resv)?.objs.add(obj);
    }
  }
  for (const resv of detail.pass?.held ?? []) row(resv);
  for (const [obj, resv] of detail.resvs) rows.get(resv)?.objs.add(obj);
  return rows;
}

function lockData(view: View, resv: Ptr, lock: Row): LockData {
  const { job, detail, row, findings, letters, lines } = view;
  const mine = findings.filter((one) => one.resv === resv || (one.obj !== 0 && lock.objs.has(one.obj)));
  const missing = mine.find(({ rule }) => rule === 'missing-lock');
  const redundant = mine.find(({ rule }) => rule === 'redundant-lock');
  const isHeld = detail.pass?.held.has(resv) === true;
  const isNeeded = job.needed.has(resv) || lock.needLines.length > 0;
  const isVms = resv === job.vm?.resv;
  const unsure = row.unknown.length > 0;
  const [state, note] = ((): [LockData['state'], string] => {
    if (missing !== undefined)
      return missing.confidence === 'inconclusive'
        ? ['not judged', 'perhaps missing']
        : ['missing', 'no lock covers it'];
    if (redundant !== undefined)
      return redundant.confidence === 'inconclusive'
        ? ['not judged', 'perhaps not needed']
        : ['redundant', 'neither a listed object nor a step needs it'];
    if (isHeld && isVms) return ['held', 'the VM’s own: private objects share it'];
    if (isHeld && isNeeded) return ['held', ''];
    if (isHeld) return ['not judged', 'whether it was needed is not known'];
    if (job.vm?.ownListLock === true) return ['not needed', 'immediate mode: gpuva.lock protects the list'];
    if (detail.pass?.needs.some((need) => need.resv === resv && need.under === 'own lock') === true)
      return ['otherwise', 'held, but not by drm_exec'];
    if (unsure) return ['not judged', 'the trace does not show all of its locks'];
    return lock.needLines.length > 0
      ? ['not judged', 'no lock of it is in the trace']
      : ['not needed', 'listed, and no step touches it'];
  })();
  return {
    resv: ptrHex(resv),
    objs: [...lock.objs].filter((obj) => obj !== 0).map((obj) => letters.of(obj)),
    need: needText(view, lock.needLines, isNeeded, isVms),
    held: lock.held > 0 ? printable(lines.name(lock.held)) : '',
    state,
    note,
  };
}

function needText(view: View, lines: readonly number[], isNeeded: boolean, isVms: boolean): string {
  if (lines.length > 0) {
    const more = lines.length > MANY_LINES ? ` and ${lines.length - MANY_LINES} more` : '';
    const first = lines.slice(0, MANY_LINES).map((line) => view.lines.name(line));
    return `step${lines.length > 1 ? 's' : ''} at ${printable(first.join(', '))}${more}`;
  }
  if (isVms) return 'the VM’s tree and lists';
  return isNeeded ? 'an op lists its object' : 'nothing';
}
