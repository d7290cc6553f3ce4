/** Reading manifest lists of any format version (spec: Manifest Lists). */
import { type AvroReadOptions, openAvro } from '../avro/container-read.ts';
import type { AvroValue, ReadShape } from '../avro/decode.ts';
import { IcestreamError } from '../errors.ts';
import { defined } from '../util/defined.ts';
import type { FieldSummary, ManifestFile } from './data-file.ts';
import { MANIFEST_FILE_FIELDS, SUMMARIES_FIELD_ID, SUMMARY_FIELD_IDS } from './manifest-schema.ts';

type FieldName = (typeof MANIFEST_FILE_FIELDS)[number]['name'];

const LIST_SHAPE: ReadShape = {
  kind: 'record',
  fields: [
    ...MANIFEST_FILE_FIELDS.map(({ id }) => ({ id, shape: 'any' as const })),
    {
      id: SUMMARIES_FIELD_ID,
      shape: {
        kind: 'array',
        items: { kind: 'record', fields: SUMMARY_FIELD_IDS.map((id) => ({ id, shape: 'any' as const })) },
      },
    },
  ],
};
const POSITION = new Map<FieldName, number>(MANIFEST_FILE_FIELDS.map((field, index) => [field.name, index]));

/**
 * The manifests of a snapshot, as they are read. Lists of v1 lack sequence numbers (0) and may lack counts.
 * @throws IcestreamError INVALID_METADATA
 */
export async function* readManifestList(
  input: Uint8Array | AsyncIterable<Uint8Array>,
  options: AvroReadOptions = {},
): AsyncGenerator<ManifestFile> {
  const file = await openAvro(input, options);
  for await (const record of file.records(LIST_SHAPE)) yield manifestFromAvro(record as readonly AvroValue[], options);
}

function manifestFromAvro(values: readonly AvroValue[], options: AvroReadOptions): ManifestFile {
  const get = (name: FieldName) => values[POSITION.get(name) ?? -1] ?? undefined;
  const [path, length, specId] = [get('manifest_path'), get('manifest_length'), get('partition_spec_id')];
  const snapshotId = get('added_snapshot_id');
  if (typeof path !== 'string' || typeof length !== 'bigint' || typeof specId !== 'number') {
    throw damaged('a manifest has no path, length or partition spec', options);
  }
  if (typeof snapshotId !== 'bigint') throw damaged(`manifest ${path} has no snapshot`, options);
  const summaries = values[MANIFEST_FILE_FIELDS.length];
  return {
    manifestPath: path,
    manifestLength: length,
    partitionSpecId: specId,
    content: get('content') === 1 ? 'deletes' : 'data',
    sequenceNumber: (get('sequence_number') as bigint | undefined) ?? 0n,
    minSequenceNumber: (get('min_sequence_number') as bigint | undefined) ?? 0n,
    addedSnapshotId: snapshotId,
    ...defined({
      addedFilesCount: get('added_files_count') as number | undefined,
      existingFilesCount: get('existing_files_count') as number | undefined,
      deletedFilesCount: get('deleted_files_count') as number | undefined,
      addedRowsCount: get('added_rows_count') as bigint | undefined,
      existingRowsCount: get('existing_rows_count') as bigint | undefined,
      deletedRowsCount: get('deleted_rows_count') as bigint | undefined,
      partitions: Array.isArray(summaries) ? summaries.map(summaryFromAvro) : undefined,
      keyMetadata: get('key_metadata') as Uint8Array | undefined,
      firstRowId: get('first_row_id') as bigint | undefined,
    }),
  };
}

function summaryFromAvro(value: AvroValue): FieldSummary {
  const [containsNull, containsNan, lowerBound, upperBound] = value as readonly AvroValue[];
  return {
    containsNull: containsNull === true,
    ...defined({
      containsNan: (containsNan ?? undefined) as boolean | undefined,
      lowerBound: (lowerBound ?? undefined) as Uint8Array | undefined,
      upperBound: (upperBound ?? undefined) as Uint8Array | undefined,
    }),
  };
}

function damaged(why: string, options: AvroReadOptions): IcestreamError {
  const place = options.file === undefined ? {} : { file: options.file };
  return new IcestreamError('INVALID_METADATA', `A manifest list is damaged: ${why}.`, place);
}
