/** Data files and manifest entries from Avro records. */
import type { AvroValue, ReadShape, WantedField } from '../avro/decode.ts';
import { IcestreamError } from '../errors.ts';
import { defined } from '../util/defined.ts';
import type { DataFile, ManifestEntry } from './data-file.ts';
import { fromBigEndian } from './decimal.ts';
import { CONTENTS, DATA_FILE_FIELDS, PARTITION_FIELD_ID, STATUSES } from './manifest-schema.ts';
import type { PartitionFieldType } from './partition-types.ts';
import { parseUuid } from './single-value-json.ts';
import { parsePrimitive } from './type-parse.ts';
import type { PrimitiveType, SingleValue } from './types.ts';

type FieldName = (typeof DATA_FILE_FIELDS)[number]['name'];

/** What a reader takes of an entry: by field id, so that every format version reads the same. */
export function entryShape(partition: readonly PartitionFieldType[]): ReadShape {
  const any = (id: number): WantedField => ({ id, shape: 'any' });
  const files = DATA_FILE_FIELDS.map((field): WantedField => {
    if (typeof field.type === 'string' || 'list' in field.type) return any(field.id);
    const pair: ReadShape = { kind: 'record', fields: [any(field.type.keyId), any(field.type.valueId)] };
    return { id: field.id, shape: { kind: 'array', items: pair } };
  });
  const tuple: ReadShape = { kind: 'record', fields: partition.map(({ fieldId }) => any(fieldId)) };
  return {
    kind: 'record',
    fields: [
      any(0),
      any(1),
      any(3),
      any(4),
      { id: 2, shape: { kind: 'record', fields: [...files, { id: PARTITION_FIELD_ID, shape: tuple }] } },
    ],
  };
}

const POSITION = new Map<FieldName, number>(DATA_FILE_FIELDS.map((field, index) => [field.name, index]));

/** An entry from a record read with {@link entryShape}; nothing is inherited yet. */
export function entryFromAvro(
  record: AvroValue,
  specId: number,
  partition: readonly PartitionFieldType[],
): ManifestEntry {
  const [status, snapshotId, sequence, fileSequence, file] = record as readonly AvroValue[];
  const state = STATUSES[status as number];
  if (state === undefined || !Array.isArray(file)) throw invalid('an entry has no status or no data file');
  return {
    status: state,
    snapshotId: longOrNull(snapshotId),
    sequenceNumber: longOrNull(sequence),
    fileSequenceNumber: longOrNull(fileSequence),
    dataFile: dataFileFromAvro(file, specId, partition),
  };
}

function dataFileFromAvro(
  values: readonly AvroValue[],
  specId: number,
  partition: readonly PartitionFieldType[],
): DataFile {
  const get = (name: FieldName) => values[POSITION.get(name) ?? -1] ?? undefined;
  const tuple = (values[DATA_FILE_FIELDS.length] ?? []) as readonly AvroValue[];
  const [path, format, rows, size] = [
    get('file_path'),
    get('file_format'),
    get('record_count'),
    get('file_size_in_bytes'),
  ];
  const content = CONTENTS[(get('content') ?? 0) as number];
  if (typeof path !== 'string' || typeof format !== 'string' || content === undefined) {
    throw invalid('a data file has no path, format or content');
  }
  if (typeof rows !== 'bigint' || typeof size !== 'bigint') throw invalid(`data file ${path} has no row count or size`);
  return {
    content,
    filePath: path,
    fileFormat: format.toLowerCase(),
    specId,
    partition: partition.map(({ type }, index) => partitionValueFromAvro(type, tuple[index])),
    recordCount: rows,
    fileSizeInBytes: size,
    ...defined({
      columnSizes: mapOf<bigint>(get('column_sizes')),
      valueCounts: mapOf<bigint>(get('value_counts')),
      nullValueCounts: mapOf<bigint>(get('null_value_counts')),
      nanValueCounts: mapOf<bigint>(get('nan_value_counts')),
      lowerBounds: mapOf<Uint8Array>(get('lower_bounds')),
      upperBounds: mapOf<Uint8Array>(get('upper_bounds')),
      keyMetadata: get('key_metadata') as Uint8Array | undefined,
      splitOffsets: get('split_offsets') as readonly bigint[] | undefined,
      equalityIds: get('equality_ids') as readonly number[] | undefined,
      sortOrderId: get('sort_order_id') as number | undefined,
      firstRowId: get('first_row_id') as bigint | undefined,
      referencedDataFile: get('referenced_data_file') as string | undefined,
      contentOffset: get('content_offset') as bigint | undefined,
      contentSizeInBytes: get('content_size_in_bytes') as bigint | undefined,
    }),
  };
}

function mapOf<V extends AvroValue>(value: AvroValue): Map<number, V> | undefined {
  return Array.isArray(value) ? new Map(value as readonly (readonly [number, V])[]) : undefined;
}

function longOrNull(value: AvroValue): bigint | null {
  return typeof value === 'bigint' ? value : null;
}

function invalid(why: string): IcestreamError {
  return new IcestreamError('INVALID_METADATA', `A manifest is damaged: ${why}.`);
}

/** A partition value as Avro gave it; integers are widened where the column was promoted after the file was written. */
function partitionValueFromAvro(type: PrimitiveType, value: AvroValue): SingleValue | null {
  if (value === null || value === undefined) return null;
  const { kind } = parsePrimitive(type);
  if (value instanceof Uint8Array) return kind === 'decimal' ? fromBigEndian(value) : value;
  if (kind === 'uuid' && typeof value === 'string') return parseUuid(value);
  const wide = ['long', 'time', 'timestamp', 'timestamptz', 'timestamp_ns', 'timestamptz_ns'].includes(kind);
  if (wide && typeof value === 'number') return BigInt(value);
  const narrow = kind === 'int' || kind === 'date';
  return narrow && typeof value === 'bigint' ? Number(value) : (value as SingleValue);
}
