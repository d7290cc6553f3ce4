/** What a table's metadata says, as plain data: for the command line, for tests, for a person's own tools. */
import type { LoadedTable } from '../catalog/catalog.ts';
import { ownValue } from '../spec/json-cursor.ts';
import { visitFields } from '../spec/schema-index.ts';
import type { SnapshotRef } from '../spec/snapshot.ts';
import { currentSchema } from '../spec/table-parts.ts';
import { describeType } from '../spec/type-parse.ts';

export interface SnapshotInfo {
  readonly snapshotId: bigint;
  readonly parentId: bigint | null;
  readonly sequenceNumber: bigint;
  /** Milliseconds since the epoch. */
  readonly committedAtMs: bigint;
  readonly operation: string | null;
  readonly manifestList: string | null;
  readonly summary: Readonly<Record<string, string>>;
  /** Branches and tags that point to it. */
  readonly refs: readonly string[];
}

/** All snapshots the metadata keeps, oldest first. */
export function snapshots({ metadata }: LoadedTable): SnapshotInfo[] {
  const refs = Object.entries<SnapshotRef>(metadata.refs ?? {});
  return (metadata.snapshots ?? []).map((snapshot) => ({
    snapshotId: snapshot['snapshot-id'],
    parentId: snapshot['parent-snapshot-id'] ?? null,
    sequenceNumber: snapshot['sequence-number'] ?? 0n,
    committedAtMs: snapshot['timestamp-ms'],
    operation: ownValue(snapshot.summary, 'operation') ?? null,
    manifestList: snapshot['manifest-list'] ?? null,
    summary: snapshot.summary ?? {},
    refs: refs.filter(([, ref]) => ref['snapshot-id'] === snapshot['snapshot-id']).map(([name]) => name),
  }));
}

export interface HistoryEntry {
  readonly madeCurrentAtMs: bigint;
  readonly snapshotId: bigint;
  /** Whether the current snapshot descends from it: false for what a rollback left behind. */
  readonly isAncestor: boolean;
}

/** When which snapshot became the current one, oldest first. */
export function history({ metadata }: LoadedTable): HistoryEntry[] {
  const parents = new Map((metadata.snapshots ?? []).map((one) => [one['snapshot-id'], one['parent-snapshot-id']]));
  const ancestors = new Set<bigint>();
  let at: bigint | null | undefined = metadata['current-snapshot-id'];
  while (at !== null && at !== undefined && !ancestors.has(at)) {
    ancestors.add(at);
    at = parents.get(at);
  }
  return (metadata['snapshot-log'] ?? []).map((entry) => ({
    madeCurrentAtMs: entry['timestamp-ms'],
    snapshotId: entry['snapshot-id'],
    isAncestor: ancestors.has(entry['snapshot-id']),
  }));
}

export interface ColumnInfo {
  readonly id: number;
  /** Dotted. */
  readonly path: string;
  readonly type: string;
  readonly required: boolean;
}

/** The current schema's columns, nested ones after their parent. */
export function columns({ metadata }: LoadedTable): ColumnInfo[] {
  const found: ColumnInfo[] = [];
  visitFields(currentSchema(metadata), (field) => {
    found.push({
      id: field.id,
      path: field.path,
      type: describeType(field.type),
      required: field.required,
    });
  });
  return found;
}
