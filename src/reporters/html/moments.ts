// The clock of a trace: the times that it spells, as whole ticks.
import { numberColumn } from './number_column.ts';
import type { MomentColumns } from './page_data.ts';

/** `times`: by line, as the trace spells them; what is no number is left out. */
export function momentColumns(times: ReadonlyMap<number, string>): MomentColumns {
  const known = [...times].filter(([, time]) => /^\d+(\.\d+)?$/.test(time)).sort(([a], [b]) => a - b);
  const [, start = ''] = known[0] ?? [];
  const decimals = start.split('.')[1]?.length ?? 0;
  const perSecond = decimals === 0 ? 0 : 10 ** decimals;
  const ticks = (time: string) => Math.round(Number(time) * Math.max(1, perSecond));
  return {
    line: numberColumn(
      known.map(([line]) => line),
      true,
    ),
    tick: numberColumn(
      known.map(([, time]) => ticks(time) - ticks(start)),
      true,
    ),
    start,
    perSecond,
  };
}
