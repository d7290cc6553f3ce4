/** What a table must be for this version to write to it: everything it cannot honour is refused before a byte is sent. */
import type { TableIdentifier } from '../catalog/catalog.ts';
import { formatIdentifier } from '../catalog/identifier.ts';
import { IcestreamError } from '../errors.ts';
import { ownValue } from '../spec/json-cursor.ts';
import { requireWritableSpec } from '../spec/partition-fields.ts';
import { requireWritableTable } from '../spec/properties.ts';
import type { TableMetadata } from '../spec/table-metadata.ts';
import { defaultSpec } from '../spec/table-parts.ts';

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
