/** A table's properties and metadata as the parts of a write take them. */
import type { WriteCodec } from '../avro/compress.ts';
import type { ArrowSchema } from '../engine/arrow-schema.ts';
import type { ColumnOptions, EncoderOptions } from '../engine/encoder.ts';
import { parquetPath } from '../format/parquet-path.ts';
import { dataFileLocation, dataFileName } from '../spec/locations.ts';
import { type MetricsMode, metricsModes } from '../spec/metrics-modes.ts';
import type { PartitionTuple } from '../spec/partition-spec.ts';
import { type ParquetColumnProperties, parseWriteProperties } from '../spec/properties.ts';
import type { Schema } from '../spec/schema.ts';
import type { TableMetadata } from '../spec/table-metadata.ts';
import type { CommitPolicy } from './commit/commit-loop.ts';
import type { ManifestMergeOptions } from './commit/manifest-merge-plan.ts';
import type { DistributionMode } from './write-options.ts';

/** UTF-8 bytes of a code point, at most: metrics count code points. */
const CODE_POINT_BYTES = 4;

/** @throws IcestreamError INVALID_METADATA naming a property that cannot be used. */
export function writeSettings(metadata: TableMetadata): {
  readonly targetFileSizeBytes: number;
  readonly rowGroupSizeBytes: number;
  readonly distributionMode: DistributionMode;
  readonly partitionSummaryLimit: number;
  readonly commit: CommitPolicy;
} {
  const properties = parseWriteProperties(metadata.properties);
  return {
    targetFileSizeBytes: properties.targetFileSizeBytes,
    rowGroupSizeBytes: properties.parquet.rowGroupSizeBytes,
    // Spark takes hash where the property is absent; a load that spills unasked would surprise more than small files.
    distributionMode: properties.distributionMode ?? 'none',
    partitionSummaryLimit: properties.partitionSummaryLimit,
    commit: { retry: properties.commitRetry, statusCheck: properties.statusCheck },
  };
}

export function manifestSettings(metadata: TableMetadata): ManifestMergeOptions & { readonly codec: WriteCodec } {
  const properties = parseWriteProperties(metadata.properties);
  return {
    enabled: properties.manifestMergeEnabled,
    minCountToMerge: properties.manifestMinCountToMerge,
    targetSizeBytes: properties.manifestTargetSizeBytes,
    codec: properties.manifestCodec,
  };
}

/** Gives each data file of an operation its location, numbered as they are asked for. */
export function dataLocations(
  metadata: TableMetadata,
  pathOf: (tuple: PartitionTuple) => string,
  operationId: string,
): (tuple: PartitionTuple) => string {
  let count = 0;
  return (tuple) => dataFileLocation(metadata, pathOf(tuple), dataFileName(operationId, ++count));
}

/** Metrics modes by field id. */
function tableMetricsModes(metadata: TableMetadata, schema: Schema): ReadonlyMap<number, MetricsMode> {
  const order = metadata['sort-orders'].find((one) => one['order-id'] === metadata['default-sort-order-id']);
  return metricsModes(metadata.properties ?? {}, schema, order);
}

/** `write.parquet.*`, with footer bounds long enough for the metrics that are made of them. */
export function encoderSettings(
  metadata: TableMetadata,
  schema: Schema,
  target: ArrowSchema,
  encoding: 'default' | 'compact',
): EncoderOptions {
  const { parquet } = parseWriteProperties(metadata.properties);
  const { codec, level, pageSizeBytes, pageRowLimit, dictionarySizeBytes } = parquet;
  return {
    schema: target,
    codec,
    level,
    encoding,
    pageSizeBytes,
    pageRowLimit,
    dictionarySizeBytes,
    statisticsTruncateBytes: boundBytes(tableMetricsModes(metadata, schema)),
    columns: columnSettings(parquet.columns, schema),
  };
}

/** By path in the file. Columns that are gone may have kept their properties. */
function columnSettings(
  columns: ReadonlyMap<string, ParquetColumnProperties>,
  schema: Schema,
): ReadonlyMap<string, ColumnOptions> {
  const settings = new Map<string, ColumnOptions>();
  for (const [name, properties] of columns) {
    const path = parquetPath(schema, name);
    if (path !== undefined) settings.set(path, columnOptions(properties));
  }
  return settings;
}

function columnOptions({ dictionary, statistics, bloomFilter }: ParquetColumnProperties): ColumnOptions {
  return {
    ...(dictionary === undefined ? {} : { dictionary: dictionary ? 'auto' : 'off' }),
    ...(statistics === undefined ? {} : { statistics }),
    ...(bloomFilter === undefined ? {} : { bloomFilter }),
  };
}

/** Null: some column keeps its bounds whole. */
function boundBytes(modes: ReadonlyMap<number, MetricsMode>): number | null {
  let longest = 16;
  for (const mode of modes.values()) {
    if (mode.kind === 'full') return null;
    if (mode.kind === 'truncate') longest = Math.max(longest, mode.length);
  }
  return longest * CODE_POINT_BYTES;
}
