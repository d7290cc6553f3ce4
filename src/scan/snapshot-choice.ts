/** Which snapshot a scan reads, and under which schema. */
import { IcestreamError } from '../errors.ts';
import { ownValue } from '../spec/json-cursor.ts';
import type { Schema } from '../spec/schema.ts';
import type { Snapshot } from '../spec/snapshot.ts';
import type { TableMetadata } from '../spec/table-metadata.ts';
import { currentSchema, schemaById } from '../spec/table-parts.ts';
import type { ScanOptions } from './scan-options.ts';

export interface ScannedSnapshot {
  /** Null: the table is empty. */
  readonly snapshot: Snapshot | null;
  readonly schema: Schema;
}

/**
 * A branch, and the current snapshot, are read under the table's current schema; a tag, a time and a snapshot by its id
 * under the schema of their time, as in Iceberg Java.
 * @throws IcestreamError NOT_FOUND when there is no such snapshot.
 */
export function chooseSnapshot(metadata: TableMetadata, options: ScanOptions, table: string): ScannedSnapshot {
  const { snapshotId, ref, asOf } = options;
  if (snapshotId !== undefined) return ofItsTime(metadata, requireSnapshot(metadata, snapshotId, table, 'snapshotId'));
  if (ref !== undefined) {
    const found = ownValue(metadata.refs, ref);
    if (found === undefined && ref === 'main') return current(metadata, table);
    if (found === undefined) throw notFound(`${table} has no branch or tag ${JSON.stringify(ref)}`, table, 'ref');
    const snapshot = requireSnapshot(metadata, found['snapshot-id'], table, 'ref');
    return found.type === 'tag' ? ofItsTime(metadata, snapshot) : { snapshot, schema: currentSchema(metadata) };
  }
  if (asOf !== undefined) return ofItsTime(metadata, snapshotAt(metadata, Number(asOf), table));
  return current(metadata, table);
}

function current(metadata: TableMetadata, table: string): ScannedSnapshot {
  const id = metadata['current-snapshot-id'] ?? null;
  const snapshot = id === null ? null : requireSnapshot(metadata, id, table, 'ref');
  return { snapshot, schema: currentSchema(metadata) };
}

/** Older writers do not say which schema a snapshot had. */
function ofItsTime(metadata: TableMetadata, snapshot: Snapshot): ScannedSnapshot {
  const id = snapshot['schema-id'];
  return { snapshot, schema: id === undefined ? currentSchema(metadata) : schemaById(metadata, id) };
}

/** The log says what was current when; rollbacks are in it too. */
function snapshotAt(metadata: TableMetadata, atMs: number, table: string): Snapshot {
  const log = metadata['snapshot-log'] ?? [];
  const last = log.filter((entry) => Number(entry['timestamp-ms']) <= atMs).at(-1);
  if (last !== undefined) return requireSnapshot(metadata, last['snapshot-id'], table, 'asOf');
  const first = log[0];
  const since = first === undefined ? 'has no snapshots' : `is known since ${iso(Number(first['timestamp-ms']))}`;
  throw notFound(`${table} had no snapshot at ${iso(atMs)}; it ${since}`, table, 'asOf');
}

function requireSnapshot(metadata: TableMetadata, id: bigint, table: string, option: keyof ScanOptions): Snapshot {
  const snapshot = metadata.snapshots?.find((one) => one['snapshot-id'] === id);
  if (snapshot !== undefined) return snapshot;
  throw notFound(`${table} has no snapshot ${id}; it may have expired`, table, option);
}

function notFound(message: string, table: string, option: keyof ScanOptions): IcestreamError {
  return new IcestreamError('NOT_FOUND', message, { table, option });
}

function iso(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? `${ms} ms` : date.toISOString();
}
