// Delta debugging: the fewest of some things with which something still happens. Zeller and Hildebrandt, Simplifying and
// Isolating Failure-Inducing Input (2002), with the complements tried after the subsets.

/**
 * A part of `all`, in order, with which `happens` is true and without any one of which it is not. `happens` must be true
 * of all, and must give the same answer each time.
 */
export function ddmin<T>(all: readonly T[], happens: (some: readonly T[]) => boolean): readonly T[] {
  if (all.length > 0 && happens([])) return [];
  let left = all;
  let pieces = 2;
  while (left.length >= 2) {
    const smaller = smallerPart(left, pieces, happens);
    if (smaller !== undefined) {
      pieces = smaller.isPiece ? 2 : Math.max(pieces - 1, 2);
      left = smaller.part;
    } else if (pieces < left.length) {
      pieces = Math.min(pieces * 2, left.length);
    } else {
      break;
    }
  }
  return left;
}

interface Smaller<T> {
  readonly part: readonly T[];
  /** One of the pieces, not all but one. */
  readonly isPiece: boolean;
}

function smallerPart<T>(
  all: readonly T[],
  pieces: number,
  happens: (some: readonly T[]) => boolean,
): Smaller<T> | undefined {
  const cuts = Array.from({ length: pieces + 1 }, (_, i) => Math.floor((i * all.length) / pieces));
  for (let i = 0; i < pieces; i++) {
    const part = all.slice(cuts[i], cuts[i + 1]);
    if (happens(part)) return { part, isPiece: true };
  }
  if (pieces === 2) return undefined;
  // What was added last shapes the end more than what came first: that goes first.
  for (let i = 0; i < pieces; i++) {
    const part = [...all.slice(0, cuts[i]), ...all.slice(cuts[i + 1])];
    if (happens(part)) return { part, isPiece: false };
  }
  return undefined;
}
