/** Fields of manifests and manifest lists with their ids, and their Avro schemas (spec: Manifests, Manifest Lists). */
import type { DataFileContent, ManifestEntryStatus } from './data-file.ts';
import { type PartitionFieldType, partitionAvroType } from './partition-types.ts';
import { sanitizeNames } from './sanitize-name.ts';

type Scalar = 'int' | 'long' | 'string' | 'bytes' | 'boolean';

/** How a field is stored. Maps with int keys are arrays of key-value records. */
export type StoredType =
  | Scalar
  | { readonly list: Scalar; readonly elementId: number }
  | { readonly mapTo: 'long' | 'bytes'; readonly keyId: number; readonly valueId: number };

export interface StoredField {
  readonly id: number;
  readonly name: string;
  readonly type: StoredType;
  readonly required?: boolean;
  readonly doc?: string;
  /** Format version that brought it. Default 2. */
  readonly since?: 3;
}

/** By the number that stands for each. */
export const CONTENTS: readonly DataFileContent[] = ['data', 'position-deletes', 'equality-deletes'];
/** By the number that stands for each. */
export const STATUSES: readonly ManifestEntryStatus[] = ['existing', 'added', 'deleted'];

/** Members of `data_file` but the partition, in the order of writing. */
export const DATA_FILE_FIELDS = [
  {
    id: 134,
    name: 'content',
    type: 'int',
    required: true,
    doc: 'Contents of the file: 0=data, 1=position deletes, 2=equality deletes',
  },
  { id: 100, name: 'file_path', type: 'string', required: true, doc: 'Location URI with FS scheme' },
  { id: 101, name: 'file_format', type: 'string', required: true, doc: 'File format name: avro, orc, or parquet' },
  { id: 103, name: 'record_count', type: 'long', required: true, doc: 'Number of records in the file' },
  { id: 104, name: 'file_size_in_bytes', type: 'long', required: true, doc: 'Total file size in bytes' },
  {
    id: 108,
    name: 'column_sizes',
    type: { mapTo: 'long', keyId: 117, valueId: 118 },
    doc: 'Map of column id to total size on disk',
  },
  {
    id: 109,
    name: 'value_counts',
    type: { mapTo: 'long', keyId: 119, valueId: 120 },
    doc: 'Map of column id to total count, including null and NaN',
  },
  {
    id: 110,
    name: 'null_value_counts',
    type: { mapTo: 'long', keyId: 121, valueId: 122 },
    doc: 'Map of column id to null value count',
  },
  {
    id: 137,
    name: 'nan_value_counts',
    type: { mapTo: 'long', keyId: 138, valueId: 139 },
    doc: 'Map of column id to number of NaN values in the column',
  },
  {
    id: 125,
    name: 'lower_bounds',
    type: { mapTo: 'bytes', keyId: 126, valueId: 127 },
    doc: 'Map of column id to lower bound',
  },
  {
    id: 128,
    name: 'upper_bounds',
    type: { mapTo: 'bytes', keyId: 129, valueId: 130 },
    doc: 'Map of column id to upper bound',
  },
  { id: 131, name: 'key_metadata', type: 'bytes', doc: 'Encryption key metadata blob' },
  { id: 132, name: 'split_offsets', type: { list: 'long', elementId: 133 }, doc: 'Splittable offsets' },
  { id: 135, name: 'equality_ids', type: { list: 'int', elementId: 136 }, doc: 'Equality comparison field IDs' },
  { id: 140, name: 'sort_order_id', type: 'int', doc: 'Sort order ID' },
  {
    id: 142,
    name: 'first_row_id',
    type: 'long',
    since: 3,
    doc: 'The first row ID assigned to the first row in the data file',
  },
  {
    id: 143,
    name: 'referenced_data_file',
    type: 'string',
    doc: 'Fully qualified location (URI with FS scheme) of a data file that all deletes reference',
  },
  { id: 144, name: 'content_offset', type: 'long', since: 3, doc: 'The offset in the file where the content starts' },
  {
    id: 145,
    name: 'content_size_in_bytes',
    type: 'long',
    since: 3,
    doc: 'The length of referenced content stored in the file',
  },
] as const satisfies readonly StoredField[];

/** `partition` stands after `file_format`. */
export const PARTITION_POSITION = 3;
export const PARTITION_FIELD_ID = 102;

/** Members of `manifest_file`, but the partition summaries. */
export const MANIFEST_FILE_FIELDS = [
  { id: 500, name: 'manifest_path', type: 'string', required: true, doc: 'Location URI with FS scheme' },
  { id: 501, name: 'manifest_length', type: 'long', required: true, doc: 'Total file size in bytes' },
  { id: 502, name: 'partition_spec_id', type: 'int', required: true, doc: 'Spec ID used to write' },
  { id: 517, name: 'content', type: 'int', required: true, doc: 'Contents of the manifest: 0=data, 1=deletes' },
  {
    id: 515,
    name: 'sequence_number',
    type: 'long',
    required: true,
    doc: 'Sequence number when the manifest was added',
  },
  { id: 516, name: 'min_sequence_number', type: 'long', required: true, doc: 'Lowest sequence number in the manifest' },
  { id: 503, name: 'added_snapshot_id', type: 'long', required: true, doc: 'Snapshot ID that added the manifest' },
  { id: 504, name: 'added_files_count', type: 'int', required: true, doc: 'Added entry count' },
  { id: 505, name: 'existing_files_count', type: 'int', required: true, doc: 'Existing entry count' },
  { id: 506, name: 'deleted_files_count', type: 'int', required: true, doc: 'Deleted entry count' },
  { id: 512, name: 'added_rows_count', type: 'long', required: true, doc: 'Added rows count' },
  { id: 513, name: 'existing_rows_count', type: 'long', required: true, doc: 'Existing rows count' },
  { id: 514, name: 'deleted_rows_count', type: 'long', required: true, doc: 'Deleted rows count' },
  { id: 519, name: 'key_metadata', type: 'bytes', doc: 'Encryption key metadata blob' },
  {
    id: 520,
    name: 'first_row_id',
    type: 'long',
    since: 3,
    doc: 'Starting row ID to assign to new rows in ADDED data files',
  },
] as const satisfies readonly StoredField[];

/** `partitions` stands after `deleted_rows_count`. */
export const SUMMARIES_POSITION = 13;
export const SUMMARIES_FIELD_ID = 507;
/** Members of a field summary: contains_null, contains_nan, lower_bound, upper_bound. */
export const SUMMARY_FIELD_IDS = [509, 518, 510, 511] as const;

/** Fields that a format version has. */
export function fieldsOf<F extends StoredField>(fields: readonly F[], formatVersion: number): F[] {
  return fields.filter((field) => (field.since ?? 2) <= formatVersion);
}

/** The Avro schema of `manifest_entry`. */
export function manifestEntrySchema(formatVersion: 2 | 3, partition: readonly PartitionFieldType[]): unknown {
  const fields = fieldsOf<StoredField>(DATA_FILE_FIELDS, formatVersion).map(avroField);
  fields.splice(PARTITION_POSITION, 0, {
    name: 'partition',
    type: partitionRecord(partition),
    doc: 'Partition data tuple, schema based on the partition spec',
    'field-id': PARTITION_FIELD_ID,
  });
  return {
    type: 'record',
    name: 'manifest_entry',
    fields: [
      avroField({ id: 0, name: 'status', type: 'int', required: true }),
      avroField({ id: 1, name: 'snapshot_id', type: 'long' }),
      avroField({ id: 3, name: 'sequence_number', type: 'long' }),
      avroField({ id: 4, name: 'file_sequence_number', type: 'long' }),
      { name: 'data_file', type: { type: 'record', name: 'r2', fields }, 'field-id': 2 },
    ],
  };
}

/** The Avro schema of `manifest_file`. */
export function manifestFileSchema(formatVersion: 2 | 3): unknown {
  const fields = fieldsOf<StoredField>(MANIFEST_FILE_FIELDS, formatVersion).map(avroField);
  const summary = {
    type: 'record',
    name: 'r508',
    fields: [
      avroField({
        id: 509,
        name: 'contains_null',
        type: 'boolean',
        required: true,
        doc: 'True if any file has a null partition value',
      }),
      avroField({ id: 518, name: 'contains_nan', type: 'boolean', doc: 'True if any file has a nan partition value' }),
      avroField({ id: 510, name: 'lower_bound', type: 'bytes', doc: 'Partition lower bound for all files' }),
      avroField({ id: 511, name: 'upper_bound', type: 'bytes', doc: 'Partition upper bound for all files' }),
    ],
  };
  fields.splice(SUMMARIES_POSITION, 0, {
    name: 'partitions',
    type: ['null', { type: 'array', items: summary, 'element-id': 508 }],
    doc: 'Summary for each partition',
    default: null,
    'field-id': SUMMARIES_FIELD_ID,
  });
  return { type: 'record', name: 'manifest_file', fields };
}

function partitionRecord(partition: readonly PartitionFieldType[]): unknown {
  const names = sanitizeNames(partition.map(({ name, fieldId }) => ({ name, id: fieldId })));
  const defined = new Set<string>();
  return {
    type: 'record',
    name: 'r102',
    fields: partition.map(({ name, fieldId, type }, index) => {
      const stored = partitionAvroType(type);
      // Avro names a type once; a second use is by name.
      const named = typeof stored === 'object' ? (stored as { readonly name?: string }).name : undefined;
      const branch = named !== undefined && defined.has(named) ? named : stored;
      if (named !== undefined) defined.add(named);
      return {
        name: names[index],
        type: stored === 'null' ? 'null' : ['null', branch],
        default: null,
        ...(names[index] === name ? {} : { 'iceberg-field-name': name }),
        'field-id': fieldId,
      };
    }),
  };
}

function avroField(field: StoredField): Record<string, unknown> {
  const type = avroType(field.type);
  return {
    name: field.name,
    type: field.required === true ? type : ['null', type],
    ...(field.doc === undefined ? {} : { doc: field.doc }),
    ...(field.required === true ? {} : { default: null }),
    'field-id': field.id,
  };
}

function avroType(type: StoredType): unknown {
  if (typeof type === 'string') return type;
  if ('list' in type) return { type: 'array', items: type.list, 'element-id': type.elementId };
  const fields = [
    { name: 'key', type: 'int', 'field-id': type.keyId },
    { name: 'value', type: type.mapTo, 'field-id': type.valueId },
  ];
  return {
    type: 'array',
    logicalType: 'map',
    items: { type: 'record', name: `k${type.keyId}_v${type.valueId}`, fields },
  };
}
