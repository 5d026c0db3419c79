// Numbers of many rows in few characters.
import { hex, type U64 } from '../../base/u64.ts';
import type { Num, NumberColumn } from './page_data.ts';

/** The shortest of the three forms; `ascending`: the numbers go up, mostly. */
export function numberColumn(values: readonly number[], ascending = false): NumberColumn {
  const [first] = values;
  if (first !== undefined && values.every((value) => value === first)) return { all: first, count: values.length };
  if (!ascending) return [...values];
  return { steps: values.map((value, i) => (i === 0 ? value : value - (values[i - 1] ?? 0))) };
}

export function num(value: U64): Num {
  return typeof value === 'number' ? value : hex(value);
}
