// A trace that is read more than once, standard input included.
import { spoolStdin } from '../io/trace_file.ts';

/** Standard input can be read once only: whoever needs several passes gets a copy of it. */
export async function withFile<T>(file: string, use: (path: string) => Promise<T>): Promise<T> {
  if (file !== '-') return use(file);
  const copy = await spoolStdin();
  try {
    return await use(copy.path);
  } finally {
    copy.remove();
  }
}
