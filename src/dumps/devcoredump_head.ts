// How a devcoredump of msm begins, by which it is known.

const HEAD = '---\nkernel: ';

/** `text`: the file, or its first bytes. */
export function isDevcoredump(text: string): boolean {
  return text.startsWith(HEAD);
}
