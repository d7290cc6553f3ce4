/** What a snapshot consists of, as plain data. */
import type { LoadedTable } from '../catalog/catalog.ts';
import { IcestreamError } from '../errors.ts';
import type { DataFile, ManifestFile } from '../spec/data-file.ts';
import { partitionPath } from '../spec/partition-path.ts';
import type { PartitionSpec, PartitionTuple } from '../spec/partition-spec.ts';
import { partitionFieldTypes, schemasNewestFirst } from '../spec/partition-types.ts';
import type { Snapshot } from '../spec/snapshot.ts';
import { readManifestEntries } from './read-manifest.ts';
import { readSnapshotManifests } from './read-manifest-list.ts';

/** The rows of a snapshot's manifest list. Default: the current snapshot's. */
export async function manifests(table: LoadedTable, snapshotId?: bigint): Promise<readonly ManifestFile[]> {
  const snapshot = snapshotOf(table, snapshotId);
  return snapshot === null ? [] : readSnapshotManifests(table.store, snapshot);
}

export interface FileInfo {
  readonly file: DataFile;
  /** Partition values by field name, in the spec's order. */
  readonly partition: ReadonlyMap<string, PartitionTuple[number]>;
  /** The same for people: `date_month=2026-11`; empty for a file without partition. */
  readonly partitionPath: string;
  readonly snapshotId: bigint | null;
  readonly sequenceNumber: bigint | null;
}

/** The live files of a snapshot, manifest by manifest. Default: the current snapshot's. */
export async function* files(table: LoadedTable, snapshotId?: bigint): AsyncGenerator<FileInfo, void, undefined> {
  const { schemas, 'current-schema-id': current } = table.metadata;
  for (const manifest of await manifests(table, snapshotId)) {
    const spec = table.metadata['partition-specs'].find((one) => one['spec-id'] === manifest.partitionSpecId);
    const types = spec === undefined ? [] : partitionFieldTypes(spec, schemasNewestFirst(schemas, current));
    const fields = types.map(({ field, type }) => ({ field, resultType: type }));
    for await (const entry of readManifestEntries(table.store, manifest, table.metadata)) {
      if (entry.status === 'deleted') continue;
      const { dataFile: file, snapshotId: addedBy, sequenceNumber } = entry;
      const { partition } = file;
      yield {
        file,
        partition: namedTuple(spec, partition),
        partitionPath: partitionPath(fields, partition),
        snapshotId: addedBy,
        sequenceNumber,
      };
    }
  }
}

function namedTuple(spec: PartitionSpec | undefined, tuple: PartitionTuple): Map<string, PartitionTuple[number]> {
  return new Map(tuple.map((value, index) => [spec?.fields[index]?.name ?? String(index), value]));
}

function snapshotOf({ metadata }: LoadedTable, snapshotId: bigint | undefined): Snapshot | null {
  const id = snapshotId ?? metadata['current-snapshot-id'] ?? null;
  if (id === null) return null;
  const snapshot = metadata.snapshots?.find((one) => one['snapshot-id'] === id);
  if (snapshot !== undefined) return snapshot;
  throw new IcestreamError('NOT_FOUND', `the table has no snapshot ${id}`, { option: 'snapshotId' });
}
