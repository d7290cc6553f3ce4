/** Data files and manifest entries as Avro records, both ways. */
import type { AvroValue, ReadShape, WantedField } from '../avro/decode.ts';
import { IcestreamError } from '../errors.ts';
import type { DataFile, DataFileContent, ManifestEntry, ManifestEntryStatus } from './data-file.ts';
import { DATA_FILE_FIELDS, fieldsOf, PARTITION_FIELD_ID, PARTITION_POSITION } from './manifest-schema.ts';
import { type PartitionFieldType, partitionValueFromAvro, partitionValueToAvro } from './partition-types.ts';

const CONTENTS: readonly DataFileContent[] = ['data', 'position-deletes', 'equality-deletes'];
const STATUSES: readonly ManifestEntryStatus[] = ['existing', 'added', 'deleted'];

type FieldName = (typeof DATA_FILE_FIELDS)[number]['name'];

/** An entry as the record that `manifestEntrySchema` describes. */
export function entryToAvro(
  entry: ManifestEntry,
  formatVersion: 2 | 3,
  partition: readonly PartitionFieldType[],
): AvroValue {
  const { dataFile } = entry;
  const values = fieldsOf(DATA_FILE_FIELDS, formatVersion).map(({ name }) => storedValue(dataFile, name));
  values.splice(
    PARTITION_POSITION,
    0,
    partition.map(({ type }, index) => partitionValueToAvro(type, dataFile.partition[index] ?? null)),
  );
  return [STATUSES.indexOf(entry.status), entry.snapshotId, entry.sequenceNumber, entry.fileSequenceNumber, values];
}

function storedValue(file: DataFile, name: FieldName): AvroValue {
  switch (name) {
    case 'content':
      return CONTENTS.indexOf(file.content);
    case 'file_path':
      return file.filePath;
    case 'file_format':
      // As Java and PyIceberg write it; readers compare in any case.
      return file.fileFormat.toUpperCase();
    case 'record_count':
      return file.recordCount;
    case 'file_size_in_bytes':
      return file.fileSizeInBytes;
    case 'column_sizes':
      return pairs(file.columnSizes);
    case 'value_counts':
      return pairs(file.valueCounts);
    case 'null_value_counts':
      return pairs(file.nullValueCounts);
    case 'nan_value_counts':
      return pairs(file.nanValueCounts);
    case 'lower_bounds':
      return pairs(file.lowerBounds);
    case 'upper_bounds':
      return pairs(file.upperBounds);
    case 'key_metadata':
      return file.keyMetadata;
    case 'split_offsets':
      return file.splitOffsets;
    case 'equality_ids':
      return file.equalityIds;
    case 'sort_order_id':
      return file.sortOrderId;
    case 'first_row_id':
      return file.content === 'data' ? file.firstRowId : null;
    case 'referenced_data_file':
      return file.referencedDataFile;
    case 'content_offset':
      return file.contentOffset;
    case 'content_size_in_bytes':
      return file.contentSizeInBytes;
  }
}

function pairs(map: ReadonlyMap<number, AvroValue> | undefined): AvroValue {
  return map === undefined ? null : [...map];
}

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

/** The object without its undefined members. */
export function defined<T extends object>(object: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

function longOrNull(value: AvroValue): bigint | null {
  return typeof value === 'bigint' ? value : null;
}

function invalid(why: string): IcestreamError {
  return new IcestreamError('INVALID_METADATA', `A manifest is damaged: ${why}.`);
}
