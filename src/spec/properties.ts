/** Table properties that writing honours, typed, with Iceberg's defaults (configuration reference; Java: TableProperties). */

import type { WriteCodec } from '../avro/compress.ts';
import { IcestreamError } from '../errors.ts';
import { ownValue } from './json-cursor.ts';
import {
  badProperty,
  booleanProperty,
  choiceProperty,
  columnsWithPrefix,
  fractionProperty,
  intProperty,
  type Properties,
} from './property-readers.ts';
import type { TableMetadata } from './table-metadata.ts';

const MIB = 1024 * 1024;
const MAX_INT = 2 ** 31 - 1;

export type ParquetCodec = 'uncompressed' | 'snappy' | 'gzip' | 'lz4_raw' | 'zstd';
export type IsolationLevel = 'serializable' | 'snapshot';
export type WriteMode = 'copy-on-write' | 'merge-on-read';

/** Settings of one column (`write.parquet.*.column.<name>`). */
export interface ParquetColumnProperties {
  readonly bloomFilter?: { readonly fpp: number; readonly ndv?: number; readonly maxBytes: number };
  readonly dictionary?: boolean;
  readonly statistics?: boolean;
}

export interface ParquetProperties {
  readonly rowGroupSizeBytes: number;
  readonly pageSizeBytes: number;
  readonly pageRowLimit: number;
  readonly dictionarySizeBytes: number;
  readonly codec: ParquetCodec;
  /** Null: the codec's own. */
  readonly level: number | null;
  /** By column name. */
  readonly columns: ReadonlyMap<string, ParquetColumnProperties>;
}

/** Waiting between attempts, in milliseconds (`commit.retry.*`, `commit.status-check.*`). */
export interface RetryProperties {
  readonly numRetries: number;
  readonly minWaitMs: number;
  readonly maxWaitMs: number;
  readonly totalTimeoutMs: number;
}

export interface RowLevelProperties {
  readonly mode: WriteMode;
  readonly isolationLevel: IsolationLevel;
}

export interface WriteProperties {
  readonly targetFileSizeBytes: number;
  readonly distributionMode: 'none' | 'hash' | 'range' | null;
  readonly parquet: ParquetProperties;
  readonly manifestCodec: WriteCodec;
  readonly manifestTargetSizeBytes: number;
  readonly manifestMinCountToMerge: number;
  readonly manifestMergeEnabled: boolean;
  readonly commitRetry: RetryProperties;
  readonly statusCheck: RetryProperties;
  readonly partitionSummaryLimit: number;
  readonly wapEnabled: boolean;
  readonly delete: RowLevelProperties;
  readonly update: RowLevelProperties;
  readonly merge: RowLevelProperties;
}

/**
 * Reads the write properties of a table.
 * @throws IcestreamError INVALID_METADATA naming the property whose value cannot be used.
 */
export function parseWriteProperties(properties: Properties = {}): WriteProperties {
  const p = properties;
  return {
    targetFileSizeBytes: intProperty(p, 'write.target-file-size-bytes', 512 * MIB, 1),
    distributionMode:
      ownValue(p, 'write.distribution-mode') === undefined
        ? null
        : choiceProperty<'none' | 'hash' | 'range'>(p, 'write.distribution-mode', ['none', 'hash', 'range'], 'none'),
    parquet: parquetProperties(p),
    manifestCodec: manifestCodec(p),
    manifestTargetSizeBytes: intProperty(p, 'commit.manifest.target-size-bytes', 8 * MIB, 1),
    manifestMinCountToMerge: intProperty(p, 'commit.manifest.min-count-to-merge', 100, 0, MAX_INT),
    manifestMergeEnabled: booleanProperty(p, 'commit.manifest-merge.enabled', true),
    commitRetry: retryProperties(p, 'commit.retry', { numRetries: 4, minWaitMs: 100 }),
    statusCheck: retryProperties(p, 'commit.status-check', { numRetries: 3, minWaitMs: 1000 }),
    partitionSummaryLimit: intProperty(p, 'write.summary.partition-limit', 0, 0, MAX_INT),
    wapEnabled: booleanProperty(p, 'write.wap.enabled', false),
    delete: rowLevelProperties(p, 'write.delete'),
    update: rowLevelProperties(p, 'write.update'),
    merge: rowLevelProperties(p, 'write.merge'),
  };
}

function parquetProperties(p: Properties): ParquetProperties {
  const codec = parquetCodec(p);
  // Java writes v2 pages when told to; v1 pages are what every reader takes, so v2 is read as a wish.
  choiceProperty(p, 'write.parquet.page-version', ['v1', 'v2'], 'v1');
  return {
    rowGroupSizeBytes: intProperty(p, 'write.parquet.row-group-size-bytes', 128 * MIB, 1),
    pageSizeBytes: intProperty(p, 'write.parquet.page-size-bytes', MIB, 1, MAX_INT),
    pageRowLimit: intProperty(p, 'write.parquet.page-row-limit', 20_000, 1, MAX_INT),
    dictionarySizeBytes: intProperty(p, 'write.parquet.dict-size-bytes', 2 * MIB, 1, MAX_INT),
    codec,
    level: parquetLevel(p, codec),
    columns: parquetColumns(p),
  };
}

const WRITTEN_CODECS = 'one of zstd, gzip, snappy, lz4_raw, uncompressed';

function parquetCodec(p: Properties): ParquetCodec {
  const key = 'write.parquet.compression-codec';
  const text = ownValue(p, key);
  if (text === undefined) return 'zstd';
  const lower = text.trim().toLowerCase();
  switch (lower) {
    case 'none':
    case 'uncompressed':
      return 'uncompressed';
    case 'snappy':
    case 'gzip':
    case 'lz4_raw':
    case 'zstd':
      return lower;
    case 'brotli':
    case 'lz4':
    case 'lzo':
      throw new IcestreamError(
        'UNSUPPORTED',
        `Table property ${key} is ${lower}, which cannot be written here; set it to ${WRITTEN_CODECS}.`,
        { option: key },
      );
    default:
      throw badProperty(key, text, WRITTEN_CODECS);
  }
}

/** Levels of a codec that has some; others have their one way. */
const CODEC_LEVELS: Partial<Readonly<Record<ParquetCodec, readonly [number, number]>>> = {
  gzip: [0, 9],
  zstd: [-131_072, 22],
};

function parquetLevel(p: Properties, codec: ParquetCodec): number | null {
  const key = 'write.parquet.compression-level';
  if (ownValue(p, key) === undefined) return null;
  const [least, most] = CODEC_LEVELS[codec] ?? [];
  return intProperty(p, key, 0, least ?? -MAX_INT, most ?? MAX_INT);
}

function parquetColumns(p: Properties): Map<string, ParquetColumnProperties> {
  const prefix = 'write.parquet';
  const kinds = ['bloom-filter-enabled', 'stats-enabled', 'dict-encoding-enabled'].map(
    (kind) => `${prefix}.${kind}.column.`,
  );
  const names = new Set(kinds.flatMap((kind) => columnsWithPrefix(p, kind)));
  const maxBytes = intProperty(p, `${prefix}.bloom-filter-max-bytes`, MIB, 32, MAX_INT);
  const flag = (kind: string, name: string) => {
    const key = `${prefix}.${kind}.column.${name}`;
    return ownValue(p, key) === undefined ? undefined : booleanProperty(p, key, false);
  };
  const columns = new Map<string, ParquetColumnProperties>();
  for (const name of names) {
    const [statistics, dictionary] = [flag('stats-enabled', name), flag('dict-encoding-enabled', name)];
    const ndvKey = `${prefix}.bloom-filter-ndv.column.${name}`;
    const ndv = ownValue(p, ndvKey) === undefined ? undefined : intProperty(p, ndvKey, 0, 1);
    const fpp = fractionProperty(p, `${prefix}.bloom-filter-fpp.column.${name}`, 0.01);
    columns.set(name, {
      ...(statistics === undefined ? {} : { statistics }),
      ...(dictionary === undefined ? {} : { dictionary }),
      ...(flag('bloom-filter-enabled', name) === true
        ? { bloomFilter: { fpp, maxBytes, ...(ndv === undefined ? {} : { ndv }) } }
        : {}),
    });
  }
  return columns;
}

/** Avro's names; snappy and zstd manifests are written as deflate, which every reader takes. */
function manifestCodec(p: Properties): WriteCodec {
  const choices = ['gzip', 'zstd', 'snappy', 'uncompressed', 'none'] as const;
  const codec = choiceProperty(p, 'write.manifest.compression-codec', choices, 'gzip');
  return codec === 'uncompressed' || codec === 'none' ? 'null' : 'deflate';
}

function retryProperties(
  p: Properties,
  prefix: string,
  defaults: { numRetries: number; minWaitMs: number },
): RetryProperties {
  return {
    numRetries: intProperty(p, `${prefix}.num-retries`, defaults.numRetries, 0, MAX_INT),
    minWaitMs: intProperty(p, `${prefix}.min-wait-ms`, defaults.minWaitMs),
    maxWaitMs: intProperty(p, `${prefix}.max-wait-ms`, 60_000),
    totalTimeoutMs: intProperty(p, `${prefix}.total-timeout-ms`, 1_800_000),
  };
}

function rowLevelProperties(p: Properties, prefix: string): RowLevelProperties {
  return {
    mode: choiceProperty(p, `${prefix}.mode`, ['copy-on-write', 'merge-on-read'], 'copy-on-write'),
    isolationLevel: choiceProperty(p, `${prefix}.isolation-level`, ['serializable', 'snapshot'], 'serializable'),
  };
}

/**
 * Refuses tables whose properties or metadata this library cannot honour when writing: other data formats, location
 * providers, encryption.
 * @throws IcestreamError UNSUPPORTED naming the property.
 */
export function requireWritableTable(metadata: TableMetadata): void {
  const properties = metadata.properties ?? {};
  const refuse = (option: string, why: string): never => {
    throw new IcestreamError('UNSUPPORTED', `This table cannot be written here: ${why}.`, { option });
  };
  if (metadata['format-version'] < 2) refuse('format-version', 'it has format version 1; upgrade it first');
  const format = (ownValue(properties, 'write.format.default') ?? 'parquet').toLowerCase();
  if (format !== 'parquet')
    refuse('write.format.default', `its files are to be ${format}, and only parquet is written`);
  const provider = ownValue(properties, 'write.location-provider.impl');
  if (provider !== undefined) refuse('write.location-provider.impl', `it places its files by ${provider}`);
  const encryption = Object.keys(properties).find((key) => key.startsWith('encryption.'));
  if (encryption !== undefined) refuse(encryption, 'its files are to be encrypted');
  if ((metadata['encryption-keys'] ?? []).length > 0) refuse('encryption-keys', 'its files are encrypted');
  for (const key of ['write.object-storage.path', 'write.folder-storage.path']) {
    if (Object.hasOwn(properties, key)) refuse(key, `property ${key} is no longer honoured; use write.data.path`);
  }
}
