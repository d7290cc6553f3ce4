/** A piece of a scan as plain JSON: it can be sent to another machine, and read there. */
import { IcestreamError } from '../errors.ts';
import { constantText } from '../format/constant-text.ts';
import type { DataFile } from '../spec/data-file.ts';
import { sourceIds } from '../spec/partition-fields.ts';
import type { PartitionFieldType } from '../spec/partition-types.ts';
import type { Projection } from './projection.ts';

/** One data file, all of its rows. */
export interface ScanTask {
  readonly filePath: string;
  readonly fileFormat: 'parquet';
  readonly fileSizeInBytes: number;
  readonly recordCount: number;
  readonly specId: number;
  readonly partition: readonly TaskPartitionValue[];
  /** Where row groups begin, ascending; empty: the writer did not say. */
  readonly splitOffsets: readonly number[];
  /** The table's schema, and its top-level columns to read, in order. */
  readonly schemaId: number;
  readonly fieldIds: readonly number[];
  /** What is left of the filter for the rows of the file: every row matches. */
  readonly residual: true;
  /** Delete files to apply: none. */
  readonly deletes: readonly never[];
}

export interface TaskPartitionValue {
  readonly name: string;
  readonly transform: string;
  /** Field ids of the columns it is made of. */
  readonly sourceIds: readonly number[];
  /** In the spec's JSON single-value form, without quotes. */
  readonly value: string | null;
}

/** @throws IcestreamError UNSUPPORTED for a file that this version cannot read. */
export function scanTask(file: DataFile, partition: readonly PartitionFieldType[], projection: Projection): ScanTask {
  requireReadable(file);
  return {
    filePath: file.filePath,
    fileFormat: 'parquet',
    fileSizeInBytes: safe(file.fileSizeInBytes, file, 'size'),
    recordCount: safe(file.recordCount, file, 'row count'),
    specId: file.specId,
    partition: partition.map(({ name, type, field }, index) => {
      const value = file.partition[index] ?? null;
      return {
        name,
        transform: field.transform,
        sourceIds: sourceIds(field),
        value: value === null ? null : constantText(type, value),
      };
    }),
    splitOffsets: (file.splitOffsets ?? []).map((offset) => safe(offset, file, 'split offset')),
    schemaId: projection.schemaId,
    fieldIds: projection.schema.fields.map(({ id }) => id),
    residual: true,
    deletes: [],
  };
}

function requireReadable(file: DataFile): void {
  const why =
    file.content !== 'data'
      ? `holds ${file.content}`
      : file.fileFormat !== 'parquet'
        ? `is of format ${file.fileFormat}; only Parquet is read yet`
        : file.keyMetadata !== undefined
          ? 'is encrypted'
          : null;
  if (why === null) return;
  throw new IcestreamError('UNSUPPORTED', `the scan cannot read ${file.filePath}: it ${why}`, { file: file.filePath });
}

function safe(value: bigint, file: DataFile, what: string): number {
  if (value >= 0n && value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
  throw new IcestreamError('INVALID_METADATA', `${file.filePath} has the ${what} ${value} in its manifest`, {
    file: file.filePath,
  });
}
