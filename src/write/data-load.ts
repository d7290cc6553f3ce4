/** The data half of a write: a source's rows as data files of a table, or read again to see whether they are the same. */
import { encodePool } from '../engine/encode-threads.ts';
import type { Encoder, EncoderOptions } from '../engine/encoder.ts';
import { IcestreamError } from '../errors.ts';
import { arrowSchemaFromIceberg } from '../format/arrow-from-iceberg.ts';
import { dataFileFromFooter } from '../format/data-file-from-footer.ts';
import { estimateRowBytes, leafColumns } from '../format/row-estimate.ts';
import { hasWriteDefaults } from '../format/write-defaults.ts';
import type { OpenSource } from '../source/source.ts';
import { dataFolder } from '../spec/locations.ts';
import type { PartitionSpec } from '../spec/partition-spec.ts';
import type { Schema } from '../spec/schema.ts';
import type { TableMetadata } from '../spec/table-metadata.ts';
import type { Store } from '../storage/store.ts';
import type { Bytes } from '../util/bytes.ts';
import { onDemand } from '../util/on-demand.ts';
import { Semaphore } from '../util/semaphore.ts';
import type { AddedFiles } from './commit/added-files.ts';
import { PayloadDigest } from './commit/payload-digest.ts';
import { limitBesides, type MemoryPlan, planMemory, plannedThreads } from './memory-plan.ts';
import { DataWriter } from './rows/data-writer.ts';
import { DiscardUpload } from './rows/discard-upload.ts';
import type { WrittenFile } from './rows/file-writer.ts';
import { loadRows } from './rows/load-rows.ts';
import type { PartitionId } from './rows/partition-router.ts';
import type { RowWriter } from './rows/row-writer.ts';
import { StagedUpload } from './rows/staged-upload.ts';
import type { StagedFiles } from './staged-files.ts';
import type { WriteSession } from './write-session.ts';
import { dataLocations, encoderSettings, writeSettings } from './write-settings.ts';

/** Rows are written in the order they come: no file claims a sort order. */
const UNSORTED_ORDER_ID = 0;

/** What is kept of a file besides its location until the commit: that it is ours to remove, and its partition. */
const FILE_BYTES = 128;

export interface DataLoad {
  readonly rows: number;
  /** Of the data, for the snapshot summary. */
  readonly payload: string;
}

/** Where files are noted: before they are opened, and once they are finished. */
export interface StoredFiles {
  readonly staged: StagedFiles;
  readonly added: AddedFiles;
}

export interface DataLoadRequest {
  readonly session: WriteSession;
  readonly source: OpenSource;
  readonly metadata: TableMetadata;
  readonly schema: Schema;
  readonly spec: PartitionSpec;
  readonly store: Store;
  /** Null: nothing is stored, only counted and hashed. */
  readonly stored: StoredFiles | null;
  /** Unique part of file names. */
  readonly operationId: string;
}

/** Reads the source to its end. What could not be removed is added to `leftBehind`, also when it throws. */
export async function loadData(request: DataLoadRequest, leftBehind: string[]): Promise<DataLoad> {
  const { session, metadata, schema, spec, store, stored } = request;
  const { engine, engineCharge, lease, meter, signal, options, threads } = session;
  const stopped = signal === undefined ? {} : { signal };
  const settings = writeSettings(metadata);
  const mode = options.distributionMode ?? settings.distributionMode;
  const clustered = mode !== 'none' && spec.fields.length > 0 ? await onDemand(import('./runs/index.ts')) : null;
  const constants = hasWriteDefaults(schema)
    ? (await onDemand(import('../format/default-constants.ts'))).writeDefaults(schema)
    : [];
  const target = arrowSchemaFromIceberg(schema);
  const leaves = leafColumns(target);
  const plan = planMemory({
    limitBytes: session.limitBytes,
    threads: plannedThreads(threads),
    capabilities: store.capabilities,
    rowBytes: estimateRowBytes(target),
    leafColumns: leaves,
    partitioned: spec.fields.length > 0,
    targetFileSizeBytes: settings.targetFileSizeBytes,
    sourceEngineBytes: request.source.engineBytes ?? 0,
    sourceBatchRows: request.source.batchRows ?? 0,
    engineLimitBytes: engine.maxMemoryBytes,
  });
  engineCharge.shareBytes = plan.engineBytes;
  const merge = clustered?.planMerge(plan, leaves, settings, request.source.columnsApart === true) ?? null;
  const encoderOptions = encoderSettings(metadata, schema, target, options.encoding ?? 'default');
  const openEncoder = (): Encoder => (options.encoder ?? ((o) => engine.encoder(o)))(encoderOptions);
  await using pool = threads === 1 ? null : await encodePool(threads, plan.limitBytes, encoderOptions);
  const { transforms, tupleOf, pathOf } = await partitioning(spec, schema);
  const newLocation = dataLocations(metadata, pathOf, request.operationId);
  const partSlots = new Semaphore(plan.partsInFlight * plan.partSizeBytes);
  using checksum = engine.checksum();
  const digest = new PayloadDigest(
    JSON.stringify([
      plan,
      settings.targetFileSizeBytes,
      settings.rowGroupSizeBytes,
      spec.fields,
      schema.fields,
      encoderText(encoderOptions),
      ...(merge === null ? [] : [merge]),
    ]),
    checksum,
  );
  const inFiles = {
    engine,
    plan,
    transforms,
    leafColumns: leaves,
    targetFileSizeBytes: settings.targetFileSizeBytes,
    newLocation: ({ values }: Pick<PartitionId, 'values'>) => newLocation(tupleOf(values)),
    openEncoder,
    threads: pool ?? undefined,
    openUpload: async (location: string) => {
      if (stored === null) return new DiscardUpload(location);
      lease.charge('files', FILE_BYTES + location.length);
      requireRoomForFiles(session, plan);
      const uploadOptions = {
        partSizeBytes: plan.partSizeBytes,
        partSlots,
        contentType: 'application/vnd.apache.parquet',
        ...stopped,
      };
      return new StagedUpload(await store.openUpload(location, uploadOptions), stored.staged);
    },
    onEncoded: (bytes: Bytes) => digest.addEncoded(bytes),
    onFile: async (file: WrittenFile, { values }: Pick<PartitionId, 'values'>) => {
      digest.addFile(file.footer);
      meter.filesWritten += 1;
      const dataFile = dataFileFromFooter({
        footer: file.footer,
        location: file.location,
        sizeBytes: file.sizeBytes,
        schema,
        spec,
        partition: tupleOf(values),
        metadata,
        sortOrderId: UNSORTED_ORDER_ID,
      });
      await stored?.added.add(dataFile);
    },
  };
  const openWriter = (onState: () => void): RowWriter => {
    if (clustered === null || merge === null) {
      return new DataWriter({ ...inFiles, rowGroupSizeBytes: settings.rowGroupSizeBytes, onState });
    }
    const { store: runStore, location: folder } = session.spill ?? { store, location: dataFolder(metadata) };
    const runs = new clustered.RunFiles({
      store: runStore,
      folder,
      operationId: request.operationId,
      plan,
      ...stopped,
    });
    return new clustered.ClusteredWriter({ ...inFiles, merge, runs, onState, ...stopped });
  };
  meter.tick('write');
  const rows = await loadRows(
    {
      engine,
      engineCharge,
      source: request.source,
      target,
      constants,
      lease,
      limitBytes: session.limitBytes,
      meter,
      plan,
      openWriter,
      ...stopped,
    },
    leftBehind,
  );
  return { rows, payload: await digest.value() };
}

/**
 * What is kept of files grows with their number, and nothing is set aside for it. Input in large pieces may need more
 * than was set aside for it, too.
 * @throws IcestreamError MEMORY_LIMIT_TOO_SMALL once there is no room for more.
 */
function requireRoomForFiles({ engine, lease, meter }: WriteSession, plan: MemoryPlan): void {
  const { files = 0, rows = 0 } = lease.usage();
  // Rows lie in the engine.
  const besides = lease.usedBytes - rows;
  const held = Math.min(engine.memoryBytes, plan.engineBytes) + besides;
  if (held <= lease.limitBytes) return;
  const option = 'memoryLimitBytes';
  if (files < besides / 2) {
    const neededBytes = lease.limitFor(Math.max(held, Math.min(engine.memoryBytes + besides, limitBesides(besides))));
    throw new IcestreamError(
      'MEMORY_LIMIT_TOO_SMALL',
      `memoryLimitBytes ${lease.limitFor(lease.limitBytes)} is too small: besides the engine, ${besides} bytes are ` +
        `needed; raise memoryLimitBytes to at least ${neededBytes}`,
      { option, neededBytes },
    );
  }
  throw new IcestreamError(
    'MEMORY_LIMIT_TOO_SMALL',
    `memoryLimitBytes is too small for a load of more than ${meter.filesWritten} files: their names take ${files} bytes; ` +
      'raise it, or write fewer files, with another partitioning or clustered (write.distribution-mode = hash)',
    { option },
  );
}

/** What rows are grouped by, and what becomes of a group's values. */
async function partitioning(spec: PartitionSpec, schema: Schema) {
  if (spec.fields.length === 0) return { transforms: [], tupleOf: () => [], pathOf: () => '' };
  const { partitionTransforms, pathReader, tupleReader } = await onDemand(import('./partition-values.ts'));
  return {
    transforms: partitionTransforms(spec),
    tupleOf: tupleReader(spec, schema),
    pathOf: pathReader(spec, schema),
  };
}

/** Encoder options as text, maps included. */
function encoderText(options: EncoderOptions): string {
  return JSON.stringify(options, (_, value: unknown) => (value instanceof Map ? [...value] : value));
}
