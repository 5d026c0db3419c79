// What every part of the reader needs to know of the file it reads.
import type { ByteSource } from './byte_source.ts';
import type { Damage } from './damage.ts';
import type { Decompress } from './decompress.ts';
import type { DatHeader } from './header.ts';

export interface DatFile {
  readonly source: ByteSource;
  readonly header: DatHeader;
  /** Undefined where the file is not compressed, or by something that cannot be undone here. */
  readonly decompress: Decompress | undefined;
  readonly damage: Damage;
}
