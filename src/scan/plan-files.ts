/** Planning: the live data files of a snapshot, manifest by manifest, each manifest block by block. */
import type { ExtraCodecs } from '../avro/codec.ts';
import { IcestreamError } from '../errors.ts';
import { streamChunks } from '../source/input-stream.ts';
import type { ManifestFile } from '../spec/data-file.ts';
import { readManifestList } from '../spec/manifest-list-read.ts';
import { readManifest } from '../spec/manifest-read.ts';
import { type PartitionFieldType, partitionFieldTypes, schemasNewestFirst } from '../spec/partition-types.ts';
import type { Snapshot } from '../spec/snapshot.ts';
import type { TableMetadata } from '../spec/table-metadata.ts';
import type { Store } from '../storage/store.ts';
import type { MemoryLease } from '../util/memory-budget.ts';
import type { Projection } from './projection.ts';
import { type ScanTask, scanTask } from './scan-task.ts';

export interface Planning {
  readonly store: Store;
  readonly metadata: TableMetadata;
  readonly snapshot: Snapshot;
  readonly projection: Projection;
  readonly codecs: ExtraCodecs;
  readonly lease: MemoryLease;
  readonly signal?: AbortSignal | undefined;
}

/** A manifest in memory, its path aside: roughly. */
const MANIFEST_BYTES = 256;
const TASK_BYTES = 1024;
/** Tasks that are kept while all files are looked at before the first is read. */
const MOST_KEPT = 1000;

/**
 * The files in the order of the snapshot's manifests.
 * @throws IcestreamError UNSUPPORTED for a snapshot with delete files, or a file that cannot be read.
 */
export async function* planFiles(planning: Planning): AsyncGenerator<ScanTask, void, undefined> {
  const manifests = await dataManifests(planning);
  const held = manifests.reduce((sum, { manifestPath }) => sum + MANIFEST_BYTES + 2 * manifestPath.length, 0);
  planning.lease.charge('manifests', held);
  try {
    for (const manifest of manifests) yield* manifestTasks(planning, manifest);
  } finally {
    planning.lease.charge('manifests', -held);
  }
}

/**
 * The same, but nothing is yielded before every file is known to be readable, up to those that hold `limit` rows: a
 * scan that must be refused is refused before its first row. Manifests are read a second time where there are many files.
 */
export async function* planReadableFiles(planning: Planning, limit: number): AsyncGenerator<ScanTask, void, undefined> {
  const kept: ScanTask[] = [];
  let files = 0;
  let rows = 0;
  for await (const task of planFiles(planning)) {
    files += 1;
    rows += task.recordCount;
    if (files <= MOST_KEPT) kept.push(task);
    if (rows >= limit) break;
  }
  if (files > kept.length) {
    yield* planFiles(planning);
    return;
  }
  const charged = kept.length * TASK_BYTES;
  planning.lease.charge('manifests', charged);
  try {
    yield* kept;
  } finally {
    planning.lease.charge('manifests', -charged);
  }
}

async function dataManifests({ store, snapshot, codecs, signal }: Planning): Promise<ManifestFile[]> {
  const location = snapshot['manifest-list'];
  if (location === undefined) {
    throw new IcestreamError(
      'UNSUPPORTED',
      `snapshot ${snapshot['snapshot-id']} has no manifest list (its writer was one of format version 1); rewrite its manifests first`,
    );
  }
  if (snapshot['key-id'] !== undefined) throw unsupported(location, 'is encrypted');
  const manifests: ManifestFile[] = [];
  for await (const manifest of readManifestList(chunks(store, location, signal), { codecs, file: location })) {
    const { manifestPath, content, keyMetadata, partitions: _, ...rest } = manifest;
    if (keyMetadata !== undefined) throw unsupported(manifestPath, 'is encrypted');
    if (content === 'data') manifests.push({ manifestPath, content, ...rest });
    else if (mayHoldLiveFiles(manifest)) {
      throw unsupported(
        manifestPath,
        `snapshot ${snapshot['snapshot-id']} has delete files, which cannot be applied yet; compact the table, or scan a snapshot without them`,
      );
    }
  }
  return manifests;
}

function mayHoldLiveFiles({ addedFilesCount, existingFilesCount }: ManifestFile): boolean {
  return addedFilesCount !== 0 || existingFilesCount !== 0;
}

async function* manifestTasks(planning: Planning, manifest: ManifestFile): AsyncGenerator<ScanTask, void, undefined> {
  if (!mayHoldLiveFiles(manifest)) return;
  const { store, metadata, projection, codecs, signal } = planning;
  const partition = partitionTypes(metadata, manifest);
  const input = chunks(store, manifest.manifestPath, signal);
  for await (const entry of readManifest(input, manifest, metadata, { codecs, liveOnly: true })) {
    yield scanTask(entry.dataFile, partition, projection);
  }
}

function partitionTypes(
  metadata: TableMetadata,
  { manifestPath, partitionSpecId }: ManifestFile,
): PartitionFieldType[] {
  const spec = metadata['partition-specs'].find((one) => one['spec-id'] === partitionSpecId);
  if (spec !== undefined) {
    return partitionFieldTypes(spec, schemasNewestFirst(metadata.schemas, metadata['current-schema-id']));
  }
  throw new IcestreamError(
    'INVALID_METADATA',
    `Manifest ${manifestPath} has partition spec ${partitionSpecId}, which the table lacks.`,
    { file: manifestPath },
  );
}

async function* chunks(store: Store, location: string, signal: AbortSignal | undefined) {
  yield* streamChunks(await store.stream(location, 0, signal === undefined ? {} : { signal }), signal);
}

function unsupported(file: string, why: string): IcestreamError {
  return new IcestreamError(
    'UNSUPPORTED',
    `the scan cannot read ${file}: ${why.startsWith('is') ? `it ${why}` : why}`,
    {
      file,
    },
  );
}
