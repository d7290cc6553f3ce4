/** What a table must be for this version to write to it: everything it cannot honour is refused before a byte is sent. */
import type { TableIdentifier } from '../catalog/catalog.ts';
import { formatIdentifier } from '../catalog/identifier.ts';
import { IcestreamError } from '../errors.ts';
import { ownValue } from '../spec/json-cursor.ts';
import { requireWritableSpec } from '../spec/partition-bind.ts';
import type { PartitionSpec } from '../spec/partition-spec.ts';
import { requireWritableTable } from '../spec/properties.ts';
import type { Schema } from '../spec/schema.ts';
import type { TableMetadata } from '../spec/table-metadata.ts';

/**
 * Refuses tables that cannot be written: format version 1, encryption, a location provider of the user's own, data
 * files other than Parquet, unknown partition transforms, a tag as the target.
 * @throws IcestreamError UNSUPPORTED or INVALID_ARGUMENT, naming the table and what is at fault.
 */
export function checkWritable(metadata: TableMetadata, identifier: TableIdentifier, branch: string): void {
  const table = formatIdentifier(identifier);
  try {
    requireWritableTable(metadata);
    requireWritableSpec(defaultSpec(metadata));
  } catch (error) {
    if (!(error instanceof IcestreamError)) throw error;
    throw new IcestreamError(error.code, `${table}: ${error.message}`, { ...error.place, table, cause: error });
  }
  if (ownValue(metadata.refs, branch)?.type === 'tag') {
    const message = `${table}: ${JSON.stringify(branch)} is a tag, and tags do not move; name a branch`;
    throw new IcestreamError('INVALID_ARGUMENT', message, { table, option: 'branch' });
  }
}

export function currentSchema(metadata: TableMetadata): Schema {
  return required(
    metadata.schemas.find((schema) => schema['schema-id'] === metadata['current-schema-id']),
    'current-schema-id',
  );
}

export function defaultSpec(metadata: TableMetadata): PartitionSpec {
  return required(
    metadata['partition-specs'].find((spec) => spec['spec-id'] === metadata['default-spec-id']),
    'default-spec-id',
  );
}

function required<T>(value: T | undefined, field: string): T {
  if (value === undefined) throw new IcestreamError('INVALID_METADATA', `${field} names nothing in the table metadata`);
  return value;
}
