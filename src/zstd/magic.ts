// How a frame begins, as a number of four bytes: RFC 8878 3.1.1 and 3.1.2.

export const MAGIC = 0xfd2fb528;

/** Does such a frame hold nothing of the data? */
export function isSkipped(magic: number): boolean {
  return magic >>> 4 === 0x184d2a5;
}
