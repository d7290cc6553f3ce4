/** What ids in table metadata name. */
import { IcestreamError } from '../errors.ts';
import type { PartitionSpec } from './partition-spec.ts';
import type { Schema } from './schema.ts';
import type { Snapshot } from './snapshot.ts';
import type { TableMetadata } from './table-metadata.ts';

/** @throws IcestreamError INVALID_METADATA when the table has none of that id. */
export function schemaById(metadata: TableMetadata, id: number): Schema {
  const schema = metadata.schemas.find((one) => one['schema-id'] === id);
  if (schema !== undefined) return schema;
  throw new IcestreamError('INVALID_METADATA', `the table metadata has no schema ${id}`);
}

/** @throws IcestreamError INVALID_METADATA when `current-schema-id` names nothing. */
export function currentSchema(metadata: TableMetadata): Schema {
  return schemaById(metadata, metadata['current-schema-id']);
}

/** @throws IcestreamError INVALID_METADATA when `default-spec-id` names nothing. */
export function defaultSpec(metadata: TableMetadata): PartitionSpec {
  const id = metadata['default-spec-id'];
  const spec = metadata['partition-specs'].find((one) => one['spec-id'] === id);
  if (spec !== undefined) return spec;
  throw new IcestreamError('INVALID_METADATA', `the table metadata has no partition spec ${id}`);
}

/** Null: there is none of that id, or it has expired. */
export function findSnapshot(metadata: TableMetadata, snapshotId: bigint): Snapshot | null {
  return metadata.snapshots?.find((snapshot) => snapshot['snapshot-id'] === snapshotId) ?? null;
}
