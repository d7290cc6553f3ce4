/** Table properties as a write needs them (defaults: Iceberg's TableProperties). */

import type { ArrowSchema } from '../engine/arrow-schema.ts';
import type { Codec, EncoderOptions } from '../engine/encoder.ts';
import { IcestreamError } from '../errors.ts';
import { ownValue } from '../spec/json-cursor.ts';
import { bindPartitionSpec } from '../spec/partition-bind.ts';
import { partitionPath } from '../spec/partition-path.ts';
import type { PartitionSpec, PartitionTuple } from '../spec/partition-spec.ts';
import type { Schema } from '../spec/schema.ts';
import type { TableMetadata } from '../spec/table-metadata.ts';
import { joinLocation } from '../util/location.ts';
import type { CommitPolicy } from './commit-loop.ts';
import type { ManifestMergeOptions } from './manifest-merge-plan.ts';

const MiB = 1024 * 1024;

function whole(metadata: TableMetadata, key: string, fallback: number): number {
  const text = ownValue(metadata.properties, key);
  if (text === undefined) return fallback;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new IcestreamError('INVALID_METADATA', `table property ${key} is not a whole number: ${text}`);
}

export function writeSettings(metadata: TableMetadata) {
  const times = (name: string, numRetries: number, minWaitMs: number) => ({
    numRetries: whole(metadata, `commit.${name}.num-retries`, numRetries),
    minWaitMs: whole(metadata, `commit.${name}.min-wait-ms`, minWaitMs),
    maxWaitMs: whole(metadata, `commit.${name}.max-wait-ms`, 60_000),
    totalTimeoutMs: whole(metadata, `commit.${name}.total-timeout-ms`, 1_800_000),
  });
  const commit: CommitPolicy = { retry: times('retry', 4, 100), statusCheck: times('status-check', 3, 1000) };
  return {
    targetFileSizeBytes: whole(metadata, 'write.target-file-size-bytes', 512 * MiB),
    rowGroupSizeBytes: whole(metadata, 'write.parquet.row-group-size-bytes', 128 * MiB),
    commit,
  };
}

export function manifestSettings(metadata: TableMetadata): ManifestMergeOptions & { codec: 'deflate' | 'null' } {
  return {
    enabled: ownValue(metadata.properties, 'commit.manifest-merge.enabled') !== 'false',
    minCountToMerge: whole(metadata, 'commit.manifest.min-count-to-merge', 100),
    targetSizeBytes: whole(metadata, 'commit.manifest.target-size-bytes', 8 * MiB),
    codec: ownValue(metadata.properties, 'write.manifest.compression-codec') === 'uncompressed' ? 'null' : 'deflate',
  };
}

export function metadataFolder(metadata: TableMetadata): string {
  return ownValue(metadata.properties, 'write.metadata.path') ?? joinLocation(metadata.location, 'metadata');
}

export function dataLocations(metadata: TableMetadata, schema: Schema, spec: PartitionSpec, operationId: string) {
  const folder = ownValue(metadata.properties, 'write.data.path') ?? joinLocation(metadata.location, 'data');
  const bound = bindPartitionSpec(spec, schema);
  let count = 0;
  return (tuple: PartitionTuple) => {
    const name = `00000-0-${operationId}-${String(++count).padStart(5, '0')}.parquet`;
    const path = partitionPath(bound, tuple);
    return path === '' ? joinLocation(folder, name) : joinLocation(folder, path, name);
  };
}

export function encoderSettings(
  metadata: TableMetadata,
  schema: ArrowSchema,
  encoding: 'default' | 'compact',
): EncoderOptions {
  return {
    schema,
    codec: (ownValue(metadata.properties, 'write.parquet.compression-codec') ?? 'zstd') as Codec,
    level: null,
    encoding,
    pageSizeBytes: MiB,
    pageRowLimit: 20_000,
    dictionarySizeBytes: 2 * MiB,
    statisticsTruncateBytes: 64,
  };
}
