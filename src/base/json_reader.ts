// JSON that others wrote, taken apart with the path to whatever is not as it should be.
import { UserError } from './user_error.ts';

/** A value of a document and where it stands in it: `traces[3].file`. */
export class JsonReader {
  readonly #file: string;
  readonly #path: string;
  readonly value: unknown;

  constructor(file: string, value: unknown, path = '') {
    this.#file = file;
    this.#path = path;
    this.value = value;
  }

  member(name: string): JsonReader {
    const path = this.#path === '' ? name : `${this.#path}.${name}`;
    return new JsonReader(this.#file, this.object[name], path);
  }

  get object(): Readonly<Record<string, unknown>> {
    const { value } = this;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw this.error('an object');
    return value as Readonly<Record<string, unknown>>;
  }

  get list(): JsonReader[] {
    const { value } = this;
    if (!Array.isArray(value)) throw this.error('a list');
    return value.map((one: unknown, i) => new JsonReader(this.#file, one, `${this.#path}[${i}]`));
  }

  get text(): string {
    if (typeof this.value !== 'string') throw this.error('a text');
    return this.value;
  }

  /** 0 or more. */
  get count(): number {
    const { value } = this;
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw this.error('a whole number');
    return value;
  }

  oneOf<T extends string>(allowed: readonly T[]): T {
    const found = allowed.find((one) => one === this.value);
    if (found === undefined) throw this.error(`one of ${allowed.join(', ')}`);
    return found;
  }

  /** undefined for null. */
  or<T>(read: (reader: JsonReader) => T): T | undefined {
    return this.value === null ? undefined : read(this);
  }

  error(expected: string): UserError {
    return new UserError(`${this.#file}: ${this.#path || 'the document'} is not ${expected}`);
  }
}

/** The place of the error in bytes and lines, as V8's message or the shortest broken beginning tells it. */
export function readJson(file: string, bytes: Uint8Array): JsonReader {
  const text = new TextDecoder().decode(bytes);
  try {
    return new JsonReader(file, JSON.parse(text));
  } catch (error) {
    const at = brokenAt(text, error);
    const before = text.slice(0, at);
    const byte = new TextEncoder().encode(before).length;
    const line = before.split('\n').length;
    const what = at >= text.length ? 'it ends too early' : 'not JSON';
    throw new UserError(`${file}:${line}: ${what} (byte ${byte})`);
  }
}

function brokenAt(text: string, error: unknown): number {
  const [, position] = /at position (\d+)/.exec(String(error)) ?? [];
  if (position !== undefined) return Number(position);
  // Of what V8 gives no position: so much of it is the beginning of some document.
  let [good, bad] = [0, text.length + 1];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (isBeginning(text.slice(0, middle))) good = middle;
    else bad = middle;
  }
  return good;
}

function isBeginning(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    const message = String(error);
    const [, position] = /at position (\d+)/.exec(message) ?? [];
    return position === undefined ? /end of JSON input/.test(message) : Number(position) >= text.length;
  }
}
