/** Where a table's files go and what they are called (Java: LocationProviders, OutputFileFactory). */
import { IcestreamError } from '../errors.ts';
import { utf8 } from '../util/encoding.ts';
import { murmur3 } from '../util/murmur3.ts';
import { ownValue } from './json-cursor.ts';
import { booleanProperty } from './property-readers.ts';
import type { TableMetadata } from './table-metadata.ts';
import { withoutTrailingSlash } from './table-metadata-parse.ts';

/** What a location depends on. */
export type LocatedTable = Pick<TableMetadata, 'location' | 'properties'>;

const HASH_BITS = 20;

/** The folder of data files: `write.data.path`, else `<location>/data`; without a slash at the end. */
export function dataFolder(table: LocatedTable): string {
  return withoutTrailingSlash(ownValue(table.properties, 'write.data.path') ?? `${table.location}/data`);
}

/** The folder of manifests, lists and metadata: `write.metadata.path`, else `<location>/metadata`. */
export function metadataFolder(table: LocatedTable): string {
  return withoutTrailingSlash(ownValue(table.properties, 'write.metadata.path') ?? `${table.location}/metadata`);
}

/**
 * The location of a new data file. With `write.object-storage.enabled`, folders made of a hash spread files over an
 * object store's partitions; `write.object-storage.partitioned-paths` (default true) keeps partition names in them.
 * @param partitionPath As `partitionPath` gives it; empty for an unpartitioned table.
 */
export function dataFileLocation(table: LocatedTable, partitionPath: string, fileName: string): string {
  const properties = table.properties ?? {};
  const folder = dataFolder(table);
  const spread = booleanProperty(properties, 'write.object-storage.enabled', false);
  const named = !spread || booleanProperty(properties, 'write.object-storage.partitioned-paths', true);
  const path = partitionPath === '' || !named ? fileName : `${partitionPath}/${fileName}`;
  if (!spread) return `${folder}/${path}`;
  const hash = hashFolders(path);
  if (!folder.startsWith(table.location)) return `${folder}/${hash}/${lastFolders(table.location)}/${path}`;
  return named ? `${folder}/${hash}/${path}` : `${folder}/${hash}-${path}`;
}

/** `1001/1001/1001/10011001`: the last 20 bits of the path's hash. */
function hashFolders(path: string): string {
  const bits = (murmur3(utf8(path)) >>> 0).toString(2).padStart(32, '0').slice(-HASH_BITS);
  return `${bits.slice(0, 4)}/${bits.slice(4, 8)}/${bits.slice(8, 12)}/${bits.slice(12)}`;
}

/** `db/table` of a table's location. */
function lastFolders(location: string): string {
  const [, path = location] = /^[a-z][a-z0-9+.-]*:\/\/[^/]*\/(.*)$/i.exec(location) ?? [];
  return path
    .split('/')
    .filter((part) => part !== '')
    .slice(-2)
    .join('/');
}

/**
 * `00000-0-<operation>-00001.parquet`.
 * @param count Number of the file within the operation, from 1.
 */
export function dataFileName(operationId: string, count: number, extension = 'parquet'): string {
  return `00000-0-${operationId}-${padded(count)}.${extension}`;
}

/** `<commit>-m0.avro`. */
export function manifestFileName(commitUuid: string, number: number): string {
  return `${commitUuid}-m${number}.avro`;
}

/** `snap-<snapshot>-<attempt>-<commit>.avro`; attempts count from 1. */
export function manifestListFileName(snapshotId: bigint, attempt: number, commitUuid: string): string {
  return `snap-${snapshotId}-${attempt}-${commitUuid}.avro`;
}

/**
 * A snapshot id: positive, random, not among those in use.
 * @param randomBytes Cryptographically random.
 */
export function newSnapshotId(randomBytes: (length: number) => Uint8Array, taken: (id: bigint) => boolean): bigint {
  for (let attempt = 0; attempt < 100; attempt++) {
    const bytes = randomBytes(8);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const id = view.getBigUint64(0) & 0x7fff_ffff_ffff_ffffn;
    if (id > 0n && !taken(id)) return id;
  }
  throw new IcestreamError('INVALID_ARGUMENT', 'The source of random bytes gives the same snapshot id every time.');
}

function padded(number: number): string {
  return number.toString().padStart(5, '0');
}
