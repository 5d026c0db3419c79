// A trace that is read more than once, standard input included.
import { chunksOf } from '../io/input.ts';
import { TemporaryFile } from '../io/temporary_file.ts';
import type { Trace } from './traces.ts';

/** Standard input can be read once only: whoever needs several passes gets a copy of it. */
export async function withTrace<T>(trace: Trace, use: (trace: Trace) => Promise<T>): Promise<T> {
  if (!trace.some(({ path }) => path === '-')) return use(trace);
  const copy = await TemporaryFile.of(chunksOf('-'));
  try {
    return await use(trace.map(({ name, path }) => ({ name, path: path === '-' ? copy.path : path })));
  } finally {
    copy.remove();
  }
}
