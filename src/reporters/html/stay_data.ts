// The mappings of a trace over time: all of them, or those that matter most.
import type { Stay } from '../../replay/space_history.ts';
import { num, numberColumn } from './number_column.ts';
import type { ObjNames } from './obj_names.ts';
import type { StayColumns } from './page_data.ts';

const MAX_STAYS = 40_000;

export interface StayRows {
  /** The row of the job that began at a line, -1 where there is none. */
  job(line: number): number;
  vm(stay: Stay): number;
}

/** Those that jobs with findings made or took away come first, then what was there longest. */
export function chosenStays(stays: readonly Stay[], broken: ReadonlySet<number>): Stay[] {
  if (stays.length <= MAX_STAYS) return byStart(stays);
  const weight = ({ fromJob, toJob, from, to }: Stay): number => {
    if (broken.has(fromJob) || broken.has(toJob) || to === 0) return Number.POSITIVE_INFINITY;
    return to - from;
  };
  const weighed = stays.map((stay) => ({ stay, weight: weight(stay) }));
  weighed.sort((a, b) => (a.weight === b.weight ? 0 : b.weight - a.weight));
  return byStart(weighed.slice(0, MAX_STAYS).map(({ stay }) => stay));
}

function byStart(stays: readonly Stay[]): Stay[] {
  return stays.toSorted((a, b) => a.from - b.from);
}

export function stayColumns(stays: readonly Stay[], names: ObjNames, rows: StayRows): StayColumns {
  return {
    vm: numberColumn(stays.map((stay) => rows.vm(stay))),
    addr: stays.map(({ addr }) => num(addr)),
    range: stays.map(({ range }) => num(range)),
    obj: numberColumn(stays.map(({ obj }) => names.row(obj))),
    offset: stays.map(({ offset }) => num(offset)),
    from: numberColumn(
      stays.map(({ from }) => from),
      true,
    ),
    to: numberColumn(stays.map(({ to }) => to)),
    fromJob: numberColumn(stays.map(({ fromJob }) => rows.job(fromJob))),
    toJob: numberColumn(stays.map(({ toJob }) => rows.job(toJob))),
    isRest: numberColumn(stays.map(({ isRest }) => Number(isRest))),
  };
}
