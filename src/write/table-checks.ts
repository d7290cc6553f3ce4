/** What a table must be for this version to write to it: everything it cannot honour is refused before a byte is sent. */
import type { TableIdentifier } from '../catalog/catalog.ts';
import { formatIdentifier } from '../catalog/identifier.ts';
import { type ErrorCode, IcestreamError } from '../errors.ts';
import { ownValue } from '../spec/json-cursor.ts';
import { requireWritableSpec } from '../spec/partition-bind.ts';
import type { PartitionSpec } from '../spec/partition-spec.ts';
import type { Schema } from '../spec/schema.ts';
import type { TableMetadata } from '../spec/table-metadata.ts';

/**
 * Refuses tables that cannot be written: format version 1, encryption, a location provider of the user's own, data
 * files other than Parquet, unknown partition transforms, a tag as the target.
 * @throws IcestreamError UNSUPPORTED or INVALID_ARGUMENT, naming the table and what is at fault.
 */
export function checkWritable(metadata: TableMetadata, identifier: TableIdentifier, branch: string): void {
  const table = formatIdentifier(identifier);
  const refuse = (code: ErrorCode, message: string): never => {
    throw new IcestreamError(code, `${table} cannot be written: ${message}`, { table });
  };
  if (metadata['format-version'] === 1) {
    refuse('UNSUPPORTED', 'its format version is 1; upgrade it to 2 with the engine that owns it');
  }
  const properties = metadata.properties;
  const encrypted = Object.keys(properties ?? {}).find((key) => key.startsWith('encryption.'));
  if (encrypted !== undefined || (metadata['encryption-keys'] ?? []).length > 0) {
    refuse('UNSUPPORTED', `it is encrypted (${encrypted ?? 'encryption-keys'}), and encryption is not supported`);
  }
  for (const key of ['write.location-provider.impl', 'write.object-storage.path', 'write.folder-storage.path']) {
    const value = ownValue(properties, key);
    if (value !== undefined)
      refuse('UNSUPPORTED', `the table property ${key} cannot be honoured (${value}); remove it`);
  }
  const format = ownValue(properties, 'write.format.default');
  if (format !== undefined && format.toLowerCase() !== 'parquet') {
    refuse('UNSUPPORTED', `the table property write.format.default asks for ${format}; only parquet is written`);
  }
  if (ownValue(metadata.refs, branch)?.type === 'tag') {
    refuse('INVALID_ARGUMENT', `${JSON.stringify(branch)} is a tag, and tags do not move; name a branch`);
  }
  requireWritableSpec(defaultSpec(metadata));
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
