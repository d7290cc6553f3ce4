/** Writing manifest lists, with sequence numbers and row ids assigned (spec: Manifest Lists). */

import type { WriteCodec } from '../avro/compress.ts';
import { AvroWriter } from '../avro/container-write.ts';
import type { AvroValue } from '../avro/decode.ts';
import { IcestreamError } from '../errors.ts';
import type { Bytes } from '../util/bytes.ts';
import type { ManifestFile } from './data-file.ts';
import { fieldsOf, MANIFEST_FILE_FIELDS, manifestFileSchema, SUMMARIES_POSITION } from './manifest-schema.ts';
import { UNASSIGNED_SEQUENCE_NUMBER, writableVersion } from './manifest-write.ts';

export interface ManifestListWriteOptions {
  readonly formatVersion: number;
  readonly snapshotId: bigint;
  readonly parentSnapshotId: bigint | null;
  /** The snapshot's: the table's last plus 1. Manifests without one get it. */
  readonly sequenceNumber: bigint;
  /** v3, required there: the table's `next-row-id` at this attempt. */
  readonly firstRowId?: bigint;
  readonly manifests: readonly ManifestFile[];
  /** Default `deflate`. */
  readonly codec?: WriteCodec;
  readonly randomBytes: (length: number) => Uint8Array;
}

export interface WrittenManifestList {
  readonly bytes: Bytes;
  /** The rows as they were written. */
  readonly manifests: readonly ManifestFile[];
  /** v3: the snapshot's `added-rows`. 0 in v2. */
  readonly addedRows: bigint;
}

/** Writes the list of a snapshot's manifests. */
export async function writeManifestList(options: ManifestListWriteOptions): Promise<WrittenManifestList> {
  const version = writableVersion(options.formatVersion);
  const first = options.firstRowId;
  if (version >= 3 && first === undefined) {
    throw new IcestreamError('INVALID_ARGUMENT', 'The manifest list of a v3 snapshot needs a firstRowId.');
  }
  const sequenced = options.manifests.map((manifest) => withSequenceNumber(manifest, options));
  const { manifests, nextRowId } = version >= 3 ? assignFirstRowIds(sequenced, first ?? 0n) : withoutRowIds(sequenced);
  const avro = new AvroWriter({
    schema: manifestFileSchema(version),
    metadata: new Map([
      ['snapshot-id', String(options.snapshotId)],
      ['parent-snapshot-id', String(options.parentSnapshotId)],
      ['sequence-number', String(options.sequenceNumber)],
      ...(version >= 3 ? [['first-row-id', String(first)] as const] : []),
      ['format-version', String(version)],
    ]),
    randomBytes: options.randomBytes,
    ...(options.codec === undefined ? {} : { codec: options.codec }),
  });
  for (const manifest of manifests) await avro.add(manifestToAvro(manifest, version));
  return { bytes: await avro.finish(), manifests, addedRows: nextRowId - (first ?? 0n) };
}

function withSequenceNumber(manifest: ManifestFile, options: ManifestListWriteOptions): ManifestFile {
  const unassigned = [manifest.sequenceNumber, manifest.minSequenceNumber].includes(UNASSIGNED_SEQUENCE_NUMBER);
  if (!unassigned) return manifest;
  if (manifest.addedSnapshotId !== options.snapshotId) {
    throw new IcestreamError(
      'INVALID_ARGUMENT',
      `Manifest ${manifest.manifestPath} has no sequence number, but another snapshot added it.`,
    );
  }
  const assign = (value: bigint) => (value === UNASSIGNED_SEQUENCE_NUMBER ? options.sequenceNumber : value);
  return {
    ...manifest,
    sequenceNumber: assign(manifest.sequenceNumber),
    minSequenceNumber: assign(manifest.minSequenceNumber),
  };
}

/**
 * Gives each data manifest without one its `first_row_id`, in list order (spec: First Row ID Assignment): room for its
 * added and its existing rows, since files from before the upgrade to v3 have no ids yet.
 */
function assignFirstRowIds(
  manifests: readonly ManifestFile[],
  firstRowId: bigint,
): { readonly manifests: readonly ManifestFile[]; readonly nextRowId: bigint } {
  let nextRowId = firstRowId;
  const assigned = manifests.map((manifest): ManifestFile => {
    if (manifest.content === 'deletes') return withoutRowId(manifest);
    if (manifest.firstRowId !== undefined) return manifest;
    const { addedRowsCount, existingRowsCount } = manifest;
    if (addedRowsCount === undefined || existingRowsCount === undefined) {
      throw new IcestreamError(
        'UNSUPPORTED',
        `Manifest ${manifest.manifestPath} does not say how many rows it has; rewrite the manifests first.`,
        { file: manifest.manifestPath },
      );
    }
    const own = nextRowId;
    nextRowId += addedRowsCount + existingRowsCount;
    return { ...manifest, firstRowId: own };
  });
  return { manifests: assigned, nextRowId };
}

function withoutRowIds(manifests: readonly ManifestFile[]) {
  return { manifests: manifests.map(withoutRowId), nextRowId: 0n };
}

function withoutRowId(manifest: ManifestFile): ManifestFile {
  const { firstRowId: _, ...rest } = manifest;
  return rest;
}

type FieldName = (typeof MANIFEST_FILE_FIELDS)[number]['name'];

function manifestToAvro(manifest: ManifestFile, version: 2 | 3): AvroValue {
  const values = fieldsOf(MANIFEST_FILE_FIELDS, version).map(({ name }) => storedValue(manifest, name));
  values.splice(
    SUMMARIES_POSITION,
    0,
    manifest.partitions?.map((summary) => [
      summary.containsNull,
      summary.containsNan,
      summary.lowerBound,
      summary.upperBound,
    ]),
  );
  return values;
}

function storedValue(manifest: ManifestFile, name: FieldName): AvroValue {
  switch (name) {
    case 'manifest_path':
      return manifest.manifestPath;
    case 'manifest_length':
      return manifest.manifestLength;
    case 'partition_spec_id':
      return manifest.partitionSpecId;
    case 'content':
      return manifest.content === 'data' ? 0 : 1;
    case 'sequence_number':
      return manifest.sequenceNumber;
    case 'min_sequence_number':
      return manifest.minSequenceNumber;
    case 'added_snapshot_id':
      return manifest.addedSnapshotId;
    // Required since v2; a list of v1 may lack them, and 0 would hide files from readers that prune by count.
    case 'added_files_count':
      return known(manifest.addedFilesCount, manifest);
    case 'existing_files_count':
      return known(manifest.existingFilesCount, manifest);
    case 'deleted_files_count':
      return known(manifest.deletedFilesCount, manifest);
    case 'added_rows_count':
      return known(manifest.addedRowsCount, manifest);
    case 'existing_rows_count':
      return known(manifest.existingRowsCount, manifest);
    case 'deleted_rows_count':
      return known(manifest.deletedRowsCount, manifest);
    case 'key_metadata':
      return manifest.keyMetadata;
    case 'first_row_id':
      return manifest.firstRowId;
  }
}

function known<T extends number | bigint>(count: T | undefined, manifest: ManifestFile): T {
  if (count !== undefined) return count;
  throw new IcestreamError(
    'UNSUPPORTED',
    `Manifest ${manifest.manifestPath} does not say how many files and rows it has; rewrite the manifests first.`,
    { file: manifest.manifestPath },
  );
}
