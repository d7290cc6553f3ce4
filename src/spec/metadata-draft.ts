/** Table metadata while updates are applied to it: the mutable parts, and what this commit has done so far. */
import { IcestreamError } from '../errors.ts';
import type { PartitionSpec } from './partition-spec.ts';
import type { Schema } from './schema.ts';
import type { Snapshot, SnapshotRef } from './snapshot.ts';
import type { SortOrder } from './sort-order.ts';
import type { SnapshotLogEntry, TableMetadata } from './table-metadata.ts';

/** An entry of `statistics` or `partition-statistics`. */
export type StatisticsEntry = { readonly 'snapshot-id': bigint };

/** Private to the functions that apply updates. */
export interface MetadataDraft {
  readonly base: TableMetadata | null;
  /** Clamped so that it never runs backwards. */
  nowMs: bigint;
  version: 1 | 2 | 3;
  uuid: string | null;
  location: string | null;
  lastSequenceNumber: bigint;
  lastColumnId: number;
  schemas: Schema[];
  currentSchemaId: number;
  specs: PartitionSpec[];
  defaultSpecId: number;
  lastPartitionId: number;
  orders: SortOrder[];
  defaultOrderId: number;
  properties: Map<string, string>;
  currentSnapshotId: bigint | null;
  snapshots: Snapshot[];
  snapshotIds: Set<bigint>;
  snapshotLog: SnapshotLogEntry[];
  refs: Map<string, SnapshotRef>;
  statistics: StatisticsEntry[];
  partitionStatistics: StatisticsEntry[];
  nextRowId: bigint;
  encryptionKeys: unknown[];
  // what "-1" means, and what the snapshot log needs to know
  lastAddedSchema: number | null;
  lastAddedSpec: number | null;
  lastAddedOrder: number | null;
  addedSnapshots: Set<bigint>;
  /** Snapshots of this commit that `main` pointed to at some moment. */
  mainWasAt: Set<bigint>;
  removedSnapshots: boolean;
}

export function draftOf(base: TableMetadata | null, nowMs: bigint): MetadataDraft {
  const atLeast = base?.['last-updated-ms'] ?? 0n;
  const snapshots = [...(base?.snapshots ?? [])];
  return {
    base,
    nowMs: nowMs > atLeast ? nowMs : atLeast,
    version: base?.['format-version'] ?? 2,
    uuid: base?.['table-uuid'] ?? null,
    location: base?.location ?? null,
    lastSequenceNumber: base?.['last-sequence-number'] ?? 0n,
    lastColumnId: base?.['last-column-id'] ?? 0,
    schemas: [...(base?.schemas ?? [])],
    currentSchemaId: base?.['current-schema-id'] ?? -1,
    specs: [...(base?.['partition-specs'] ?? [])],
    defaultSpecId: base?.['default-spec-id'] ?? -1,
    lastPartitionId: base?.['last-partition-id'] ?? 999,
    orders: [...(base?.['sort-orders'] ?? [])],
    defaultOrderId: base?.['default-sort-order-id'] ?? -1,
    properties: new Map(Object.entries(base?.properties ?? {})),
    currentSnapshotId: base?.['current-snapshot-id'] ?? null,
    snapshots,
    snapshotIds: new Set(snapshots.map((snapshot) => snapshot['snapshot-id'])),
    snapshotLog: [...(base?.['snapshot-log'] ?? [])],
    refs: new Map(Object.entries(base?.refs ?? {})),
    statistics: [...((base?.statistics ?? []) as StatisticsEntry[])],
    partitionStatistics: [...((base?.['partition-statistics'] ?? []) as StatisticsEntry[])],
    nextRowId: base?.['next-row-id'] ?? 0n,
    encryptionKeys: [...(base?.['encryption-keys'] ?? [])],
    lastAddedSchema: null,
    lastAddedSpec: null,
    lastAddedOrder: null,
    addedSnapshots: new Set(),
    mainWasAt: new Set(),
    removedSnapshots: false,
  };
}

/** An update that can never apply: not a conflict, so no retry. */
export function refuseUpdate(why: string): never {
  throw new IcestreamError('COMMIT_FAILED', `This change cannot be applied: ${why}.`);
}
