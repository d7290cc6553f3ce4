/** Snapshots and references (spec: Snapshots, Snapshot References). Every `long` is a bigint. */

export type Operation = 'append' | 'replace' | 'overwrite' | 'delete';

export interface Snapshot {
  readonly 'snapshot-id': bigint;
  readonly 'parent-snapshot-id'?: bigint;
  /** v1 tables have none: read as 0. */
  readonly 'sequence-number'?: bigint;
  readonly 'timestamp-ms': bigint;
  readonly 'manifest-list'?: string;
  /** v1 only. */
  readonly manifests?: readonly string[];
  readonly summary?: Readonly<Record<string, string>>;
  readonly 'schema-id'?: number;
  readonly 'first-row-id'?: bigint;
  readonly 'added-rows'?: bigint;
  readonly 'key-id'?: string;
}

export interface SnapshotRef {
  readonly 'snapshot-id': bigint;
  readonly type: 'branch' | 'tag';
  readonly 'min-snapshots-to-keep'?: number;
  readonly 'max-snapshot-age-ms'?: bigint;
  readonly 'max-ref-age-ms'?: bigint;
}
