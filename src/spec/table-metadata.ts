/**
 * Table metadata in its JSON form (spec: Table Metadata, Appendix C). Kept as the parsed JSON object, so that fields
 * this version does not know survive a rewrite; 64-bit numbers are bigint. `parseTableMetadata` validates and brings
 * v1 files to this shape (`schema`, `partition-spec` become lists).
 */
import type { PartitionSpec } from './partition-spec.ts';
import type { Schema } from './schema.ts';
import type { Snapshot, SnapshotRef } from './snapshot.ts';
import type { SortOrder } from './sort-order.ts';

export interface SnapshotLogEntry {
  readonly 'timestamp-ms': bigint;
  readonly 'snapshot-id': bigint;
}

export interface MetadataLogEntry {
  readonly 'timestamp-ms': bigint;
  readonly 'metadata-file': string;
}

export interface TableMetadata {
  readonly 'format-version': 1 | 2 | 3;
  readonly 'table-uuid': string;
  readonly location: string;
  readonly 'last-sequence-number': bigint;
  readonly 'last-updated-ms': bigint;
  readonly 'last-column-id': number;
  readonly schemas: readonly Schema[];
  readonly 'current-schema-id': number;
  readonly 'partition-specs': readonly PartitionSpec[];
  readonly 'default-spec-id': number;
  readonly 'last-partition-id': number;
  readonly 'sort-orders': readonly SortOrder[];
  readonly 'default-sort-order-id': number;
  readonly properties?: Readonly<Record<string, string>>;
  /** Absent or null: no current snapshot (a v1/v2 file's -1 is brought to this). */
  readonly 'current-snapshot-id'?: bigint | null;
  readonly snapshots?: readonly Snapshot[];
  readonly 'snapshot-log'?: readonly SnapshotLogEntry[];
  readonly 'metadata-log'?: readonly MetadataLogEntry[];
  readonly refs?: Readonly<Record<string, SnapshotRef>>;
  readonly statistics?: readonly unknown[];
  readonly 'partition-statistics'?: readonly unknown[];
  /** v3. */
  readonly 'next-row-id'?: bigint;
  readonly 'encryption-keys'?: readonly unknown[];
}
