/** Writing manifests (spec: Manifests). */

import type { WriteCodec } from '../avro/compress.ts';
import { AvroWriter } from '../avro/container-write.ts';
import { IcestreamError } from '../errors.ts';
import type { Bytes } from '../util/bytes.ts';
import { stringifyJson } from '../util/json.ts';
import type { ManifestEntry, ManifestFile } from './data-file.ts';
import { entryToAvro } from './data-file-to-avro.ts';
import { FieldSummaries } from './field-summary.ts';
import { manifestEntrySchema } from './manifest-schema.ts';
import type { PartitionSpec } from './partition-spec.ts';
import { type PartitionFieldType, partitionFieldTypes } from './partition-types.ts';
import type { Schema } from './schema.ts';

/** Stands for the sequence number that the manifest list gives when it is written. */
export const UNASSIGNED_SEQUENCE_NUMBER = -1n;

export interface ManifestWriteOptions {
  readonly formatVersion: number;
  /** The table's schema; goes into the header. */
  readonly schema: Schema;
  readonly spec: PartitionSpec;
  /** Further schemas in which the spec's columns are looked up, when the current one has them no more. */
  readonly olderSchemas?: readonly Schema[];
  /** A manifest holds either data files or delete files. */
  readonly content: 'data' | 'deletes';
  /** The snapshot that adds the manifest. */
  readonly snapshotId: bigint;
  /** Default `deflate`. */
  readonly codec?: WriteCodec;
  readonly randomBytes: (length: number) => Uint8Array;
  /** v3: the manifest keeps the row ids it had, as one that was only filtered does. */
  readonly firstRowId?: bigint;
}

/** A finished manifest: its bytes, and its row of the manifest list but for the path. */
export interface WrittenManifest {
  readonly bytes: Bytes;
  readonly manifestFile: Omit<ManifestFile, 'manifestPath'>;
}

/** Writes the entries of one manifest as they come. */
export class ManifestWriter {
  readonly #options: ManifestWriteOptions;
  readonly #version: 2 | 3;
  readonly #partition: readonly PartitionFieldType[];
  readonly #avro: AvroWriter;
  readonly #summaries: FieldSummaries;
  readonly #files = { existing: 0, added: 0, deleted: 0 };
  readonly #rows = { existing: 0n, added: 0n, deleted: 0n };
  #minSequence: bigint | null = null;

  /** @throws IcestreamError UNSUPPORTED for a v1 table. */
  constructor(options: ManifestWriteOptions) {
    this.#version = writableVersion(options.formatVersion);
    this.#options = options;
    this.#partition = partitionFieldTypes(options.spec, [options.schema, ...(options.olderSchemas ?? [])]);
    this.#summaries = new FieldSummaries(this.#partition);
    this.#avro = new AvroWriter({
      schema: manifestEntrySchema(this.#version, this.#partition),
      metadata: header(options, this.#version),
      randomBytes: options.randomBytes,
      ...(options.codec === undefined ? {} : { codec: options.codec }),
    });
  }

  /** Size of the file so far, an upper estimate. */
  get sizeBytes(): number {
    return this.#avro.sizeBytes;
  }

  /** @throws IcestreamError INVALID_ARGUMENT for an entry that breaks the rules of inheritance, or of another kind. */
  async add(entry: ManifestEntry): Promise<void> {
    checkEntry(entry, this.#options);
    const { status, dataFile, sequenceNumber } = entry;
    this.#files[status] += 1;
    this.#rows[status] += dataFile.recordCount;
    this.#summaries.add(dataFile.partition);
    if (status !== 'deleted' && sequenceNumber !== null) {
      if (this.#minSequence === null || sequenceNumber < this.#minSequence) this.#minSequence = sequenceNumber;
    }
    await this.#avro.add(entryToAvro(entry, this.#version, this.#partition));
  }

  async finish(): Promise<WrittenManifest> {
    const bytes = await this.#avro.finish();
    const { content, firstRowId, snapshotId, spec } = this.#options;
    return {
      bytes,
      manifestFile: {
        manifestLength: BigInt(bytes.length),
        partitionSpecId: spec['spec-id'] ?? 0,
        content,
        sequenceNumber: UNASSIGNED_SEQUENCE_NUMBER,
        minSequenceNumber: this.#minSequence ?? UNASSIGNED_SEQUENCE_NUMBER,
        addedSnapshotId: snapshotId,
        addedFilesCount: this.#files.added,
        existingFilesCount: this.#files.existing,
        deletedFilesCount: this.#files.deleted,
        addedRowsCount: this.#rows.added,
        existingRowsCount: this.#rows.existing,
        deletedRowsCount: this.#rows.deleted,
        partitions: this.#summaries.finish(),
        ...(firstRowId === undefined || content === 'deletes' ? {} : { firstRowId }),
      },
    };
  }
}

/**
 * Writes as many manifests as the entries need: a new one begins when the last has reached the target size. Gives
 * none for no entries.
 */
export async function* writeManifests(
  options: ManifestWriteOptions & {
    readonly entries: Iterable<ManifestEntry> | AsyncIterable<ManifestEntry>;
    /** Table property `commit.manifest.target-size-bytes`. */
    readonly targetSizeBytes: number;
  },
): AsyncGenerator<WrittenManifest> {
  let writer: ManifestWriter | null = null;
  for await (const entry of options.entries) {
    writer ??= new ManifestWriter(options);
    await writer.add(entry);
    if (writer.sizeBytes >= options.targetSizeBytes) {
      yield await writer.finish();
      writer = null;
    }
  }
  if (writer !== null) yield await writer.finish();
}

/** @throws IcestreamError UNSUPPORTED for a version that is not written. */
export function writableVersion(formatVersion: number): 2 | 3 {
  if (formatVersion === 2 || formatVersion === 3) return formatVersion;
  throw new IcestreamError(
    'UNSUPPORTED',
    `Tables of format version ${formatVersion} can be read, not written; upgrade the table to version 2 first.`,
  );
}

function header(options: ManifestWriteOptions, version: 2 | 3): Map<string, string> {
  const { schema, spec, content } = options;
  return new Map([
    ['schema', stringifyJson(schema)],
    ['schema-id', String(schema['schema-id'] ?? 0)],
    ['partition-spec', stringifyJson(spec.fields)],
    ['partition-spec-id', String(spec['spec-id'] ?? 0)],
    ['format-version', String(version)],
    ['content', content],
  ]);
}

function checkEntry(entry: ManifestEntry, options: ManifestWriteOptions): void {
  const { dataFile, status } = entry;
  const refuse = (why: string): never => {
    throw new IcestreamError('INVALID_ARGUMENT', `${dataFile.filePath} cannot be an entry of this manifest: ${why}.`);
  };
  if ((dataFile.content === 'data') !== (options.content === 'data')) refuse(`it holds ${dataFile.content}`);
  if (dataFile.specId !== (options.spec['spec-id'] ?? 0)) refuse(`it belongs to partition spec ${dataFile.specId}`);
  if (dataFile.partition.length !== options.spec.fields.length) refuse('its partition tuple has another length');
  const inherits = entry.sequenceNumber === null || entry.fileSequenceNumber === null;
  if (status !== 'added' && inherits) refuse(`a ${status} entry states both sequence numbers`);
  if (entry.sequenceNumber === null && entry.snapshotId !== null && entry.snapshotId !== options.snapshotId) {
    refuse(`it inherits its sequence number but belongs to snapshot ${entry.snapshotId}`);
  }
}
