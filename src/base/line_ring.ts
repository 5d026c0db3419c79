// The last lines of something that is read, found again by their numbers: what is known of each is kept at its place.

export class LineRing {
  readonly #kept: number;
  readonly #lines: Float64Array;
  #count = 0;

  /** kept: how many lines. */
  constructor(kept: number) {
    this.#kept = kept;
    this.#lines = new Float64Array(kept);
  }

  /** Lines only go up. Returns the place of this one, from 0 to `kept` less one; whatever was there is forgotten. */
  push(line: number): number {
    const place = this.#count++ % this.#kept;
    this.#lines[place] = line;
    return place;
  }

  /** The place of the line, or else of the last one before it; -1 where that is forgotten. */
  floor(line: number): number {
    const first = Math.max(0, this.#count - this.#kept);
    let low = first;
    let high = this.#count;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (this.#at(middle) <= line) low = middle + 1;
      else high = middle;
    }
    return low === first ? -1 : (low - 1) % this.#kept;
  }

  /** The place of the line; -1 where it is none of those, or forgotten. */
  find(line: number): number {
    const place = this.floor(line);
    return place >= 0 && this.#lines[place] === line ? place : -1;
  }

  #at(number: number): number {
    return this.#lines[number % this.#kept] ?? 0;
  }
}
