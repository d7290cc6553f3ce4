/** A table of a catalog: its metadata as last seen, and what can be done with it. */
import type { Catalog, LoadedTable, TableIdentifier } from '../catalog/catalog.ts';
import { formatIdentifier } from '../catalog/identifier.ts';
import type { FileInfo } from '../scan/inspect-files.ts';
import type { ScanBatch } from '../scan/scan-batch.ts';
import type { ReadOptions, ScanOptions } from '../scan/scan-options.ts';
import type { ScanTask } from '../scan/scan-task.ts';
import { TableScan } from '../scan/table-scan.ts';
import { fromAny, type SourceInput } from '../source/from-any.ts';
import type { ManifestFile } from '../spec/data-file.ts';
import type { PartitionSpec } from '../spec/partition-spec.ts';
import type { Schema } from '../spec/schema.ts';
import type { Snapshot } from '../spec/snapshot.ts';
import type { TableMetadata } from '../spec/table-metadata.ts';
import { currentSchema, defaultSpec, findSnapshot } from '../spec/table-parts.ts';
import { defaultWorld, type World } from '../util/world.ts';
import type { AddFilesOptions, FileToAdd } from '../write/add-files/add-files.ts';
import type { WriteOptions, WriteResult } from '../write/write-options.ts';
import type { WriteEnd } from '../write/write-target.ts';
import { checkCall } from './call-options.ts';
import * as inspect from './inspect.ts';

/**
 * Methods that write bring `metadata` up to date; call `refresh` to see what others wrote. The code that writes and that
 * reads is imported when it is first used, so bundlers put it into chunks of their own.
 */
export class Table {
  readonly #catalog: Catalog;
  readonly #world: World;
  #loaded: LoadedTable;

  constructor(catalog: Catalog, loaded: LoadedTable, world: World = defaultWorld) {
    this.#catalog = catalog;
    this.#loaded = loaded;
    this.#world = world;
  }

  get identifier(): TableIdentifier {
    return this.#loaded.identifier;
  }

  /** Dotted, as `loadTable` takes it. */
  get name(): string {
    return formatIdentifier(this.identifier);
  }

  get metadata(): TableMetadata {
    return this.#loaded.metadata;
  }

  /** Null while the catalog does not say. */
  get metadataLocation(): string | null {
    return this.#loaded.metadataLocation;
  }

  get location(): string {
    return this.metadata.location;
  }

  get schema(): Schema {
    return currentSchema(this.metadata);
  }

  get spec(): PartitionSpec {
    return defaultSpec(this.metadata);
  }

  get properties(): Readonly<Record<string, string>> {
    return this.metadata.properties ?? {};
  }

  /** Null: nothing was committed to `main` yet. */
  get currentSnapshot(): Snapshot | null {
    const id = this.metadata['current-snapshot-id'];
    return id === null || id === undefined ? null : findSnapshot(this.metadata, id);
  }

  /** Reads the table's metadata again. */
  async refresh(options: { readonly signal?: AbortSignal } = {}): Promise<this> {
    this.#loaded = await this.#catalog.loadTable(this.identifier, checkCall('refresh', options));
    return this;
  }

  /**
   * Appends all rows of `source` as one snapshot: anything `fromAny` takes (give `fromAny`'s result where the source
   * needs options of its own). Columns match by name; a source without rows commits nothing (`snapshotId` null).
   * @throws IcestreamError: SCHEMA_MISMATCH, INVALID_VALUE, SOURCE_*, COMMIT_*, ABORTED, …; after any but
   * COMMIT_STATE_UNKNOWN the table is as before.
   */
  async append(source: SourceInput, options: WriteOptions = {}): Promise<WriteResult> {
    const [target, from] = [this.#target(), fromAny(source)];
    const { append } = await import('../write/append.ts');
    return this.#written(await append(target, from, options));
  }

  /**
   * Registers Parquet files that exist, without copying them, as one snapshot: metrics come from their footers.
   * @throws IcestreamError: SCHEMA_MISMATCH, INVALID_ARGUMENT (a file that is in the table already, or twice in the
   * list, or whose partition cannot be told), NOT_FOUND, SOURCE_CORRUPT, COMMIT_*.
   */
  async addFiles(files: readonly (string | FileToAdd)[], options: AddFilesOptions = {}): Promise<WriteResult> {
    const target = this.#target();
    const { addFiles } = await import('../write/add-files/add-files.ts');
    return this.#written(await addFiles(target, files, options));
  }

  /**
   * The rows of a snapshot, streamed: `for await (const batch of table.scan())`, or `.rows()`, or `recordBatches` of
   * `icestream/arrow`. Columns are those of the schema by field id, whatever the files call them. A table that cannot be
   * read rightly yet (delete files, other formats than Parquet) is refused before the first row.
   * @throws IcestreamError: NOT_FOUND (no such snapshot), INVALID_ARGUMENT (no such column), UNSUPPORTED; while it is
   * iterated UNSUPPORTED, SCHEMA_MISMATCH, INVALID_METADATA (a file with more or fewer rows than its manifest says),
   * SOURCE_CORRUPT, MEMORY_LIMIT_TOO_SMALL, ABORTED, and errors of the store. TypeError for an option that cannot be.
   */
  scan(options: ScanOptions = {}): TableScan {
    return new TableScan(this.#loaded, this.#world, options);
  }

  /** The rows of a task that `scan().planFiles()` gave, here or on another machine. Errors: as `scan`. */
  async *readTask(task: ScanTask, options: ReadOptions = {}): AsyncGenerator<ScanBatch, void, undefined> {
    const { readTaskBatches } = await import('../scan/reading.ts');
    yield* readTaskBatches(this.#loaded, this.#world, task, options);
  }

  /** All snapshots that the metadata keeps, oldest first. */
  snapshots(): inspect.SnapshotInfo[] {
    return inspect.snapshots(this.#loaded);
  }

  /** Which snapshot was current when, oldest first. */
  history(): inspect.HistoryEntry[] {
    return inspect.history(this.#loaded);
  }

  /** The columns of the current schema. */
  columns(): inspect.ColumnInfo[] {
    return inspect.columns(this.#loaded);
  }

  /** The manifests of a snapshot; default: of the current one. */
  async manifests(snapshotId?: bigint): Promise<readonly ManifestFile[]> {
    const { manifests } = await import('../scan/reading.ts');
    return manifests(this.#loaded, snapshotId);
  }

  /** The live files of a snapshot; default: of the current one. */
  async *files(snapshotId?: bigint): AsyncGenerator<FileInfo, void, undefined> {
    const { files } = await import('../scan/reading.ts');
    yield* files(this.#loaded, snapshotId);
  }

  #target() {
    return { catalog: this.#catalog, table: this.#loaded, world: this.#world };
  }

  #written(end: WriteEnd): WriteResult {
    // Of two writes at once through this handle, the one that ends last may have committed first.
    const newer = end.table.metadata['last-sequence-number'] >= this.metadata['last-sequence-number'];
    if (newer) this.#loaded = end.table;
    return end.result;
  }
}
