/** Manifests and manifest lists in the store: written under one operation's names, read with any codec. */
import type { ExtraCodecs } from '../../avro/codec.ts';
import { IcestreamError } from '../../errors.ts';
import type { ManifestEntry, ManifestFile } from '../../spec/data-file.ts';
import { manifestFileName, manifestListFileName, metadataFolder } from '../../spec/locations.ts';
import { writeManifestList } from '../../spec/manifest-list-write.ts';
import {
  type ManifestWriteOptions,
  ManifestWriter,
  type WrittenManifest,
  writeManifests,
} from '../../spec/manifest-write.ts';
import type { Snapshot } from '../../spec/snapshot.ts';
import type { TableMetadata } from '../../spec/table-metadata.ts';
import { currentSchema } from '../../spec/table-parts.ts';
import type { Store } from '../../storage/store.ts';
import type { Bytes } from '../../util/bytes.ts';
import { joinLocation } from '../../util/location.ts';
import { onDemand } from '../../util/on-demand.ts';
import type { World } from '../../util/world.ts';
import type { StagedFiles } from '../staged-files.ts';
import { manifestSettings } from '../write-settings.ts';

export interface ManifestStoreOptions {
  readonly store: Store;
  readonly staged: StagedFiles;
  readonly world: Pick<World, 'randomBytes'>;
  /** Unique part of file names. */
  readonly operationId: string;
  readonly snapshotId: bigint;
  readonly codecs?: ExtraCodecs;
  readonly signal?: AbortSignal;
}

export interface ListRequest {
  readonly metadata: TableMetadata;
  readonly head: Snapshot | null;
  readonly sequenceNumber: bigint;
  readonly attempt: number;
  readonly manifests: readonly ManifestFile[];
}

export interface StoredList {
  readonly location: string;
  /** v3: the snapshot's `first-row-id` and `added-rows`. */
  readonly rowIds: Pick<Snapshot, 'first-row-id' | 'added-rows'>;
}

/**
 * Imports what reads manifest lists, before it is needed: a page whose files are replaced by newer ones in the middle of
 * a load must not learn it at the commit.
 */
export async function importListReader(): Promise<void> {
  await onDemand(import('../../scan/read-manifest-list.ts'));
}

/** False where the code that reads manifests cannot be had any more. Few commits need it. */
export function canReadManifests(): Promise<boolean> {
  return import('../../scan/read-manifest.ts').then(
    () => true,
    () => false,
  );
}

export class ManifestStore {
  readonly #options: ManifestStoreOptions;
  #count = 0;

  constructor(options: ManifestStoreOptions) {
    this.#options = options;
  }

  get snapshotId(): bigint {
    return this.#options.snapshotId;
  }

  /** A new manifest of one partition spec, for `store`. */
  openManifest(metadata: TableMetadata, specId: number, content: 'data' | 'deletes'): ManifestWriter {
    return new ManifestWriter(this.#writeOptions(metadata, specId, content));
  }

  async store(metadata: TableMetadata, { bytes, manifestFile }: WrittenManifest): Promise<ManifestFile> {
    const name = manifestFileName(this.#options.operationId, this.#count++);
    const manifestPath = joinLocation(metadataFolder(metadata), name);
    await this.#put(manifestPath, bytes);
    return { manifestPath, ...manifestFile };
  }

  /** The live entries of manifests of one spec and content, as existing ones in as few manifests as hold them. */
  async writeMerged(metadata: TableMetadata, group: readonly ManifestFile[]): Promise<ManifestFile[]> {
    const [first] = group;
    if (first === undefined) return [];
    const manifests = writeManifests({
      ...this.#writeOptions(metadata, first.partitionSpecId, first.content),
      targetSizeBytes: manifestSettings(metadata).targetSizeBytes,
      entries: this.#liveEntries(metadata, group),
    });
    const stored: ManifestFile[] = [];
    for await (const manifest of manifests) stored.push(await this.store(metadata, manifest));
    return stored;
  }

  async readList(snapshot: Snapshot): Promise<ManifestFile[]> {
    const { readSnapshotManifests } = await onDemand(import('../../scan/read-manifest-list.ts'));
    return [...(await readSnapshotManifests(this.#options.store, snapshot, this.#options.codecs))];
  }

  async *readEntries(manifest: ManifestFile, metadata: TableMetadata): AsyncGenerator<ManifestEntry> {
    const { readManifestEntries } = await onDemand(import('../../scan/read-manifest.ts'));
    yield* readManifestEntries(this.#options.store, manifest, metadata, this.#options.codecs);
  }

  async writeList({ metadata, head, sequenceNumber, attempt, manifests }: ListRequest): Promise<StoredList> {
    const { snapshotId, operationId, world } = this.#options;
    const formatVersion = metadata['format-version'];
    const firstRowId = metadata['next-row-id'] ?? 0n;
    const { bytes, addedRows } = await writeManifestList({
      formatVersion,
      snapshotId,
      parentSnapshotId: head?.['snapshot-id'] ?? null,
      sequenceNumber,
      ...(formatVersion >= 3 ? { firstRowId } : {}),
      manifests,
      codec: manifestSettings(metadata).codec,
      randomBytes: world.randomBytes,
    });
    const location = joinLocation(metadataFolder(metadata), manifestListFileName(snapshotId, attempt, operationId));
    await this.#put(location, bytes);
    return { location, rowIds: formatVersion >= 3 ? { 'first-row-id': firstRowId, 'added-rows': addedRows } : {} };
  }

  #writeOptions(metadata: TableMetadata, specId: number, content: 'data' | 'deletes'): ManifestWriteOptions {
    const spec = metadata['partition-specs'].find((one) => one['spec-id'] === specId);
    if (spec === undefined) {
      throw new IcestreamError('INVALID_METADATA', `the table metadata has no partition spec ${specId}`);
    }
    return {
      formatVersion: metadata['format-version'],
      schema: currentSchema(metadata),
      olderSchemas: metadata.schemas,
      spec,
      content,
      snapshotId: this.#options.snapshotId,
      codec: manifestSettings(metadata).codec,
      randomBytes: this.#options.world.randomBytes,
    };
  }

  async #put(location: string, bytes: Bytes): Promise<void> {
    const { store, staged, signal } = this.#options;
    staged.add(location);
    const { sizeBytes } = await store.put(location, bytes, {
      contentType: 'application/avro',
      onNotStored: () => staged.drop(location),
      ...(signal === undefined ? {} : { signal }),
    });
    if (sizeBytes === bytes.length) return;
    throw new IcestreamError(
      'INVALID_RESPONSE',
      `${location}: ${bytes.length} bytes were written but the store holds ${sizeBytes}; nothing is committed`,
      { file: location },
    );
  }

  async *#liveEntries(metadata: TableMetadata, group: readonly ManifestFile[]): AsyncGenerator<ManifestEntry> {
    for (const manifest of group) {
      for await (const entry of this.readEntries(manifest, metadata)) {
        if (entry.status !== 'deleted') yield { ...entry, status: 'existing' };
      }
    }
  }
}
