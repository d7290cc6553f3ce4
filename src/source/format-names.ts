/** Formats of files, and what a file's name says of its own. */

export type Compression = 'gzip' | 'zstd';
export type FileFormat = 'arrow' | 'parquet' | 'csv' | 'json';

/** Bytes at a file's start that tell what it is, when there are as many. */
export const SNIFF_BYTES = 4096;

const EXTENSIONS: ReadonlyMap<string, FileFormat> = new Map([
  ['csv', 'csv'],
  ['tsv', 'csv'],
  ['tab', 'csv'],
  ['txt', 'csv'],
  ['json', 'json'],
  ['ndjson', 'json'],
  ['jsonl', 'json'],
  ['geojson', 'json'],
  ['parquet', 'parquet'],
  ['pq', 'parquet'],
  ['arrow', 'arrow'],
  ['arrows', 'arrow'],
  ['feather', 'arrow'],
  ['ipc', 'arrow'],
]);

/** What the name says: `orders.csv.gz` → csv. Null: nothing. */
export function formatByName(name: string): FileFormat | null {
  return EXTENSIONS.get(extension(name)) ?? null;
}

/** Whether the name says that cells are separated by tabs. */
export function isTabbed(name: string): boolean {
  return ['tsv', 'tab'].includes(extension(name));
}

/** Whether the name says that the file is compressed. */
export function isCompressedName(name: string): boolean {
  return /\.(gz|gzip|zst|zstd)$/i.test(name);
}

function extension(name: string): string {
  const plain = name.toLowerCase().replace(/\.(gz|gzip|zst|zstd)$/, '');
  return /\.([a-z0-9]+)$/.exec(plain)?.[1] ?? '';
}
