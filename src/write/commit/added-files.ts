/**
 * The files that a snapshot adds. Each goes into a manifest as soon as it is known: a record takes kilobytes (4 of a
 * file of 5 columns, 68 of one of 100), and a load may make very many files.
 */
import type { LoadedTable } from '../../catalog/catalog.ts';
import { zstandardBy } from '../../engine/zstandard.ts';
import type { DataFile, ManifestFile } from '../../spec/data-file.ts';
import { newSnapshotId } from '../../spec/locations.ts';
import type { ManifestWriter } from '../../spec/manifest-write.ts';
import { SummaryBuilder } from '../../spec/summary.ts';
import type { TableMetadata } from '../../spec/table-metadata.ts';
import { findSnapshot } from '../../spec/table-parts.ts';
import type { MemoryLease } from '../../util/memory-budget.ts';
import { onDemand } from '../../util/on-demand.ts';
import type { StagedFiles } from '../staged-files.ts';
import type { WriteSession } from '../write-session.ts';
import { manifestSettings, writeSettings } from '../write-settings.ts';
import { ManifestStore } from './manifest-store.ts';

/** Of the memory limit, what a manifest may have when it is closed; its parts are joined then. */
const MANIFEST_SHARE = 1 / 32;

/** For a write to `table`; manifests are noted as staged. */
export function addedFiles(
  session: WriteSession,
  table: LoadedTable,
  staged: StagedFiles,
  operationId: string,
): AddedFiles {
  const { world, signal, engine, lease } = session;
  const { metadata, store } = table;
  const snapshotId = newSnapshotId(world.randomBytes, (id) => findSnapshot(metadata, id) !== null);
  const codecs = zstandardBy(engine);
  const stopped = signal === undefined ? {} : { signal };
  const manifests = new ManifestStore({ store, staged, world, operationId, snapshotId, codecs, ...stopped });
  return new AddedFiles({ manifests, metadata, lease });
}

export interface AddedFilesOptions {
  readonly manifests: ManifestStore;
  /** Of the table the files are written for. */
  readonly metadata: TableMetadata;
  readonly lease: MemoryLease;
}

/** Lifecycle: `add`*, one after the other → `finish`. What was written is noted as staged. */
export class AddedFiles {
  readonly #options: AddedFilesOptions;
  readonly #targetSizeBytes: number;
  readonly #written: ManifestFile[] = [];
  readonly #specIds = new Set<number>();
  /** Of the files; the commit completes it. */
  readonly summary: SummaryBuilder;
  #open: { readonly specId: number; readonly writer: ManifestWriter } | null = null;
  #partitionKey: ((metadata: TableMetadata, file: DataFile) => string) | null = null;
  #count = 0;
  #rows = 0n;
  #bytes = 0n;

  constructor(options: AddedFilesOptions) {
    const { metadata, lease } = options;
    this.#options = options;
    const { targetSizeBytes } = manifestSettings(metadata);
    this.#targetSizeBytes = Math.min(targetSizeBytes, Math.floor(lease.limitBytes * MANIFEST_SHARE));
    this.summary = new SummaryBuilder(writeSettings(metadata).partitionSummaryLimit);
  }

  get count(): number {
    return this.#count;
  }

  get rows(): bigint {
    return this.#rows;
  }

  get bytes(): bigint {
    return this.#bytes;
  }

  /** The partition specs that the files belong to. */
  get specIds(): ReadonlySet<number> {
    return this.#specIds;
  }

  get manifests(): ManifestStore {
    return this.#options.manifests;
  }

  /** Their manifests, once `finish` has ended. */
  get written(): readonly ManifestFile[] {
    return this.#written;
  }

  async add(dataFile: DataFile): Promise<void> {
    const { manifests, metadata, lease } = this.#options;
    const { specId } = dataFile;
    this.#count += 1;
    this.#rows += dataFile.recordCount;
    this.#bytes += dataFile.fileSizeInBytes;
    this.#specIds.add(specId);
    if (dataFile.partition.length > 0 && this.#partitionKey === null) {
      this.#partitionKey = (await onDemand(import('../partition-values.ts'))).partitionKey;
    }
    this.summary.added(dataFile, this.#partitionKey?.(metadata, dataFile) ?? '');
    if (this.#open !== null && this.#open.specId !== specId) await this.#close();
    this.#open ??= { specId, writer: manifests.openManifest(metadata, specId, 'data') };
    const { writer } = this.#open;
    const { snapshotId } = manifests;
    await writer.add({ status: 'added', snapshotId, sequenceNumber: null, fileSequenceNumber: null, dataFile });
    lease.set('manifests', writer.sizeBytes);
    if (writer.sizeBytes >= this.#targetSizeBytes) await this.#close();
  }

  /** Writes what is left. */
  finish(): Promise<void> {
    return this.#close();
  }

  async #close(): Promise<void> {
    if (this.#open === null) return;
    const { manifests, metadata, lease } = this.#options;
    const { writer } = this.#open;
    this.#open = null;
    lease.set('manifests', 2 * writer.sizeBytes);
    this.#written.push(await manifests.store(metadata, await writer.finish()));
    lease.set('manifests', 0);
  }
}
