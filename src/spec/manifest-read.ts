/** Reading manifests of any format version, with inheritance (spec: Sequence Number Inheritance, First Row ID). */
import { type AvroReadOptions, openAvro } from '../avro/container-read.ts';
import { IcestreamError } from '../errors.ts';
import { parseJson } from '../util/json.ts';
import type { DataFile, ManifestEntry, ManifestFile } from './data-file.ts';
import { entryFromAvro, entryShape } from './data-file-from-avro.ts';
import { JsonCursor } from './json-cursor.ts';
import type { PartitionSpec } from './partition-spec.ts';
import { parsePartitionFields } from './partition-spec-parse.ts';
import { partitionFieldTypes, schemasNewestFirst } from './partition-types.ts';
import type { Schema } from './schema.ts';
import { parseSchema } from './schema-parse.ts';
import type { TableMetadata } from './table-metadata.ts';

/** What reading a manifest needs of the table. */
export type ManifestTable = Pick<TableMetadata, 'schemas' | 'current-schema-id' | 'partition-specs'>;

export interface ManifestReadOptions extends Pick<AvroReadOptions, 'codecs' | 'maxBlockBytes'> {
  /** Leaves out deleted entries. Default false. */
  readonly liveOnly?: boolean;
}

/**
 * The entries of a manifest as they are read, with snapshot id, sequence numbers and row ids inherited.
 * @param input The whole file, or its chunks.
 * @param manifest Its row of the manifest list.
 * @throws IcestreamError INVALID_METADATA naming the file.
 */
export async function* readManifest(
  input: Uint8Array | AsyncIterable<Uint8Array>,
  manifest: ManifestFile,
  table: ManifestTable,
  options: ManifestReadOptions = {},
): AsyncGenerator<ManifestEntry> {
  const file = await openAvro(input, { ...options, file: manifest.manifestPath });
  try {
    const headerText = (key: string) => file.text(key);
    const spec = findSpec(manifest, table, headerText);
    const partition = partitionFieldTypes(spec, findSchemas(spec, table, headerText));
    let nextRowId = manifest.content === 'data' ? (manifest.firstRowId ?? null) : null;
    for await (const record of file.records(entryShape(partition))) {
      const entry = inherit(entryFromAvro(record, manifest.partitionSpecId, partition), manifest);
      const { firstRowId: own, ...rest } = entry.dataFile;
      let dataFile: DataFile = rest;
      if (own !== undefined && manifest.firstRowId !== undefined) dataFile = entry.dataFile;
      else if (nextRowId !== null && entry.status !== 'deleted') {
        dataFile = { ...rest, firstRowId: nextRowId };
        nextRowId += rest.recordCount;
      }
      if (options.liveOnly !== true || entry.status !== 'deleted') yield { ...entry, dataFile };
    }
  } finally {
    await file.close();
  }
}

/** Null sequence numbers are inherited by added entries; everything in a v1 manifest has 0. */
function inherit(entry: ManifestEntry, manifest: ManifestFile): ManifestEntry {
  const inherits = entry.status === 'added' || manifest.sequenceNumber === 0n;
  const sequence = inherits ? manifest.sequenceNumber : null;
  const sequenceNumber = entry.sequenceNumber ?? sequence;
  if (sequenceNumber === null) {
    throw new IcestreamError(
      'INVALID_METADATA',
      `Manifest ${manifest.manifestPath} is damaged: a ${entry.status} entry has no sequence number.`,
      { file: manifest.manifestPath },
    );
  }
  return {
    ...entry,
    snapshotId: entry.snapshotId ?? manifest.addedSnapshotId,
    sequenceNumber,
    fileSequenceNumber: entry.fileSequenceNumber ?? sequence,
  };
}

function findSpec(manifest: ManifestFile, table: ManifestTable, header: (key: string) => string | null): PartitionSpec {
  const known = table['partition-specs'].find((spec) => spec['spec-id'] === manifest.partitionSpecId);
  if (known !== undefined) return known;
  const text = header('partition-spec');
  if (text === null) {
    throw new IcestreamError(
      'INVALID_METADATA',
      `Manifest ${manifest.manifestPath} has partition spec ${manifest.partitionSpecId}, which the table lacks.`,
      { file: manifest.manifestPath },
    );
  }
  const json = parseJson(text, { file: manifest.manifestPath });
  // Java once wrote the whole spec here, not only its fields.
  const cursor = new JsonCursor(json, 'partition-spec');
  const fields = Array.isArray(json) ? cursor : cursor.get('fields');
  return { 'spec-id': manifest.partitionSpecId, fields: parsePartitionFields(fields) };
}

/** The table's schemas; the one in the header stands in when the spec's columns are in none of them. */
function findSchemas(
  spec: PartitionSpec,
  table: ManifestTable,
  header: (key: string) => string | null,
): readonly Schema[] {
  const schemas = schemasNewestFirst(table.schemas, table['current-schema-id']);
  if (partitionFieldTypes(spec, schemas).every(({ type }) => type !== 'unknown')) return schemas;
  const text = header('schema');
  return text === null ? schemas : [...schemas, parseSchema(new JsonCursor(parseJson(text), 'schema'))];
}
