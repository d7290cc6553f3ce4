/** The data half of a write: a source's rows as data files of a table, or read again to see whether they are the same. */
import { encodePool } from '../engine/encode-threads.ts';
import type { Encoder, EncoderOptions } from '../engine/encoder.ts';
import { arrowSchemaFromIceberg } from '../format/arrow-from-iceberg.ts';
import { dataFileFromFooter } from '../format/data-file-from-footer.ts';
import { estimateRowBytes, leafColumns } from '../format/row-estimate.ts';
import { hasWriteDefaults } from '../format/write-defaults.ts';
import type { OpenSource } from '../source/source.ts';
import type { DataFile } from '../spec/data-file.ts';
import { dataFolder } from '../spec/locations.ts';
import type { PartitionSpec } from '../spec/partition-spec.ts';
import type { Schema } from '../spec/schema.ts';
import type { TableMetadata } from '../spec/table-metadata.ts';
import type { Store } from '../storage/store.ts';
import type { Bytes } from '../util/bytes.ts';
import { onDemand } from '../util/on-demand.ts';
import { Semaphore } from '../util/semaphore.ts';
import { PayloadDigest } from './commit/payload-digest.ts';
import { planMemory, plannedThreads } from './memory-plan.ts';
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

export interface DataLoad {
  readonly files: readonly DataFile[];
  readonly rows: number;
  /** Of the data, for the snapshot summary. */
  readonly payload: string;
}

export interface DataLoadRequest {
  readonly session: WriteSession;
  readonly source: OpenSource;
  readonly metadata: TableMetadata;
  readonly schema: Schema;
  readonly spec: PartitionSpec;
  readonly store: Store;
  /** Where files are noted before they are opened; null: nothing is stored, only counted and hashed. */
  readonly staged: StagedFiles | null;
  /** Unique part of file names. */
  readonly operationId: string;
}

/** Reads the source to its end. What could not be removed is added to `leftBehind`, also when it throws. */
export async function loadData(request: DataLoadRequest, leftBehind: string[]): Promise<DataLoad> {
  const { session, metadata, schema, spec, store, staged } = request;
  const { engine, lease, meter, signal, options, threads } = session;
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
  const files: DataFile[] = [];
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
      if (staged === null) return new DiscardUpload(location);
      const uploadOptions = {
        partSizeBytes: plan.partSizeBytes,
        partSlots,
        contentType: 'application/vnd.apache.parquet',
        ...stopped,
      };
      return new StagedUpload(await store.openUpload(location, uploadOptions), staged);
    },
    onEncoded: (bytes: Bytes) => digest.addEncoded(bytes),
    onFile: (file: WrittenFile, { values }: Pick<PartitionId, 'values'>, number: number) => {
      digest.addFile(file.footer);
      meter.filesWritten += 1;
      files[number] = dataFileFromFooter({
        footer: file.footer,
        location: file.location,
        sizeBytes: file.sizeBytes,
        schema,
        spec,
        partition: tupleOf(values),
        metadata,
        sortOrderId: UNSORTED_ORDER_ID,
      });
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
      source: request.source,
      target,
      constants,
      lease,
      meter,
      plan,
      openWriter,
      ...stopped,
    },
    leftBehind,
  );
  return { files, rows, payload: await digest.value() };
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
