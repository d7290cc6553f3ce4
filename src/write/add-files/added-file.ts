/** One file to register: what its footer says, as a data file of the table. */
import type { LoadedTable } from '../../catalog/catalog.ts';
import { formatIdentifier } from '../../catalog/identifier.ts';
import type { ArrowSchema } from '../../engine/arrow-schema.ts';
import type { RangeReader } from '../../engine/engine.ts';
import { IcestreamError } from '../../errors.ts';
import { columnError } from '../../format/column-problem.ts';
import { dataFileFromFooter } from '../../format/data-file-from-footer.ts';
import { checkFileCompatibility } from '../../format/file-compatibility.ts';
import { fileLeaves, hasFieldIds } from '../../format/file-leaves.ts';
import { HIVE_NULL } from '../../format/hive-path.ts';
import { withMappedIds } from '../../format/mapped-ids.ts';
import {
  completedMapping,
  NAME_MAPPING_PROPERTY,
  type NameMapping,
  parseNameMapping,
  stringifyNameMapping,
} from '../../format/name-mapping.ts';
import { DAMAGED, inFile } from '../../source/errors-in-file.ts';
import type { DataFile } from '../../spec/data-file.ts';
import { ownValue } from '../../spec/json-cursor.ts';
import type { PartitionSpec } from '../../spec/partition-spec.ts';
import type { Schema } from '../../spec/schema.ts';
import type { TableMetadata } from '../../spec/table-metadata.ts';
import { currentSchema, defaultSpec } from '../../spec/table-parts.ts';
import type { SingleValue } from '../../spec/types.ts';
import type { WriteSession } from '../write-session.ts';
import { inferPartition } from './infer-partition.ts';

/** What all files of one call share. */
export interface FileReading {
  readonly session: WriteSession;
  readonly table: LoadedTable;
  /** @throws IcestreamError NOT_FOUND, INVALID_ARGUMENT for a location that the table's store does not serve. */
  size(location: string): Promise<number>;
  /** The mapping for files without field ids. */
  mapping(): NameMapping;
  /** The value of `schema.name-mapping.default` that the commit has to set; null: what the table has will do. */
  mappingToSet(): string | null;
}

export function fileReading(session: WriteSession, table: LoadedTable): FileReading {
  const { metadata, store } = table;
  let mapping: NameMapping | null = null;
  return {
    session,
    table,
    async size(location) {
      if (!store.serves(location)) {
        throw new IcestreamError('INVALID_ARGUMENT', `${location} is not in the storage of the table`, {
          file: location,
        });
      }
      const stat = await store.stat(location, signalOf(session));
      if (stat !== null) return stat.sizeBytes;
      throw new IcestreamError('NOT_FOUND', `there is no file ${location}`, { file: location });
    },
    mapping() {
      mapping ??= completedMapping(storedMapping(metadata), currentSchema(metadata));
      return mapping;
    },
    mappingToSet: () => {
      if (mapping === null) return null;
      const text = stringifyNameMapping(mapping);
      return text === stringifyNameMapping(storedMapping(metadata)) ? null : text;
    },
  };
}

/** Empty when the table has none. */
function storedMapping(metadata: TableMetadata): NameMapping {
  const text = ownValue(metadata.properties, NAME_MAPPING_PROPERTY);
  return text === undefined ? [] : parseNameMapping(text);
}

export interface SizedFile {
  readonly location: string;
  readonly sizeBytes: number;
  readonly partition?: Readonly<Record<string, SingleValue | null>>;
}

/**
 * Reads the footer and makes a data file of it.
 * @throws IcestreamError naming the file: SCHEMA_MISMATCH, SOURCE_CORRUPT, INVALID_ARGUMENT (the partition cannot be
 * told).
 */
export async function readFileFacts(reading: FileReading, file: SizedFile): Promise<DataFile> {
  try {
    return await dataFileOf(reading, file);
  } catch (error) {
    throw inFile(error, file.location, DAMAGED);
  }
}

async function dataFileOf(reading: FileReading, file: SizedFile): Promise<DataFile> {
  const { session, table } = reading;
  const { metadata } = table;
  const { location, sizeBytes } = file;
  const schema = currentSchema(metadata);
  const spec = defaultSpec(metadata);
  using parquet = await session.engine.openParquet(rangesOf(reading, file), signalOf(session));
  const fileSchema: ArrowSchema = hasFieldIds(parquet.schema)
    ? parquet.schema
    : withMappedIds(parquet.schema, reading.mapping());
  checkFileCompatibility(fileSchema, parquet.footer, schema, {
    file: location,
    table: formatIdentifier(table.identifier),
    formatVersion: metadata['format-version'],
  });
  refuseValuesOfPath(location, fileSchema, schema, spec);
  const partition = inferPartition({
    location,
    ...(file.partition === undefined ? {} : { given: file.partition }),
    leaves: fileLeaves(parquet.footer.leaves, fileSchema),
    spec,
    schema,
  });
  session.meter.filesWritten += 1;
  session.meter.rowsWritten += parquet.footer.numRows;
  session.meter.tick();
  return dataFileFromFooter({
    footer: parquet.footer,
    fileSchema,
    location,
    sizeBytes,
    schema,
    spec,
    partition,
    metadata,
  });
}

/**
 * A column that is only in the path (`…/day=2026-11-01/…`) has its value from the file's partition, if that is the
 * value itself; else readers would find null.
 */
function refuseValuesOfPath(location: string, file: ArrowSchema, schema: Schema, spec: PartitionSpec): void {
  const held = new Set(file.fields.map((field) => field.fieldId));
  const inPartition = new Set(
    spec.fields.flatMap((field) => (field.transform === 'identity' ? [field['source-id']] : [])),
  );
  const folders = location.split('/').slice(0, -1);
  const problems = schema.fields.flatMap(({ id, name }) => {
    if (held.has(id) || inPartition.has(id)) return [];
    const spelled = [`${name}=`, `${encodeURIComponent(name)}=`];
    const folder = folders.find((one) => spelled.some((start) => one.startsWith(start)));
    if (folder === undefined || folder.endsWith(`=${HIVE_NULL}`)) return [];
    const problem = `is in the path (${folder}) and not in the file, and the table is not partitioned by its values, so that readers would find null; write the rows with append, which makes columns of such folders`;
    return [{ column: name, problem }];
  });
  if (problems.length > 0) throw columnError('SCHEMA_MISMATCH', `${location} cannot be added as it is`, problems);
}

function rangesOf({ session, table }: FileReading, { location, sizeBytes }: SizedFile): RangeReader {
  return {
    sizeBytes,
    read: async (start, end, signal) => {
      const bytes = await table.store.read(location, { start, end }, signal === undefined ? {} : { signal });
      session.meter.bytesRead += bytes.length;
      return bytes;
    },
  };
}

function signalOf(session: WriteSession) {
  return session.signal === undefined ? {} : { signal: session.signal };
}
