// Reads Parquet files by hyparquet, with decimals as the numbers that they are.
import { readFileSync } from 'node:fs';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';

export type Read = Record<string, string | bigint | boolean | null>;

export async function readParquet(bytes: Uint8Array): Promise<Read[]> {
  const file = Uint8Array.from(bytes).buffer;
  const metadata = parquetMetadata(file);
  // hyparquet makes doubles of decimals: without their type they come as bytes.
  const decimals = new Set<string>();
  for (const element of metadata.schema) {
    if (element.converted_type !== 'DECIMAL') continue;
    decimals.add(element.name);
    delete element.converted_type;
    delete element.logical_type;
  }
  const rows = await parquetReadObjects({ file, metadata, utf8: false });
  return rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [name, decimals.has(name) ? decimal(value) : (value ?? null)]),
    ),
  );
}

export function metadataOf(file: string): Record<string, string | undefined> {
  const { key_value_metadata: pairs = [] } = parquetMetadata(Uint8Array.from(readFileSync(file)).buffer);
  return Object.fromEntries(pairs.map(({ key, value }) => [key, value]));
}

function decimal(value: unknown): bigint | null {
  if (!(value instanceof Uint8Array)) return null;
  return value.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}
