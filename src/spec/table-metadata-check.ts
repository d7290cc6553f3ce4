/** What must hold between the parts of table metadata, whoever wrote it (spec: Table Metadata). */
import { IcestreamError } from '../errors.ts';
import { ownValue } from './json-cursor.ts';
import type { TableMetadata } from './table-metadata.ts';

/** Commits come from machines whose clocks differ a little; more than this is a broken log. */
const LOG_TOLERANCE_MS = 60_000n;

/** @throws IcestreamError INVALID_METADATA with the JSON path. */
export function checkTableMetadata(metadata: TableMetadata): void {
  const current = metadata['current-schema-id'];
  if (!metadata.schemas.some((schema) => schema['schema-id'] === current)) {
    throw problem('$.current-schema-id', `there is no schema with id ${current}`);
  }
  const defaultSpec = metadata['default-spec-id'];
  if (!metadata['partition-specs'].some((spec) => spec['spec-id'] === defaultSpec)) {
    throw problem('$.default-spec-id', `there is no partition spec with id ${defaultSpec}`);
  }
  const defaultOrder = metadata['default-sort-order-id'];
  const orders = metadata['sort-orders'];
  // Order 0 is "unsorted" everywhere, listed or not.
  if (defaultOrder !== 0 && !orders.some((order) => order['order-id'] === defaultOrder)) {
    throw problem('$.default-sort-order-id', `there is no sort order with id ${defaultOrder}`);
  }
  checkUnique(
    '$.schemas',
    metadata.schemas.map((schema) => schema['schema-id']),
  );
  checkUnique(
    '$.partition-specs',
    metadata['partition-specs'].map((spec) => spec['spec-id']),
  );
  checkUnique(
    '$.sort-orders',
    orders.map((order) => order['order-id']),
  );
  checkSnapshots(metadata);
  checkLogs(metadata);
}

function checkSnapshots(metadata: TableMetadata): void {
  const snapshots = metadata.snapshots ?? [];
  const ids = new Set(snapshots.map((snapshot) => snapshot['snapshot-id']));
  checkUnique(
    '$.snapshots',
    snapshots.map((snapshot) => snapshot['snapshot-id']),
  );
  const last = metadata['last-sequence-number'];
  snapshots.forEach((snapshot, index) => {
    const sequence = snapshot['sequence-number'] ?? 0n;
    if (sequence > last) {
      throw problem(`$.snapshots[${index}].sequence-number`, `${sequence} is above last-sequence-number ${last}`);
    }
  });
  const main = ownValue(metadata.refs, 'main');
  const current = metadata['current-snapshot-id'] ?? null;
  if (current !== null && !ids.has(current)) {
    throw problem('$.current-snapshot-id', `there is no snapshot with id ${current}`);
  }
  if (current !== null && main === undefined) throw problem('$.refs', 'there is a current snapshot but no main branch');
  if (main !== undefined && main['snapshot-id'] !== current) {
    throw problem('$.refs.main', `it points to ${main['snapshot-id']}, but current-snapshot-id is ${current}`);
  }
  for (const [name, ref] of Object.entries(metadata.refs ?? {})) {
    if (!ids.has(ref['snapshot-id'])) {
      throw problem(`$.refs[${JSON.stringify(name)}]`, `there is no snapshot with id ${ref['snapshot-id']}`);
    }
  }
}

function checkLogs(metadata: TableMetadata): void {
  for (const key of ['snapshot-log', 'metadata-log'] as const) {
    let previous: bigint | null = null;
    for (const [index, entry] of (metadata[key] ?? []).entries()) {
      const time = entry['timestamp-ms'];
      if (previous !== null && time - previous < -LOG_TOLERANCE_MS) {
        throw problem(`$.${key}[${index}].timestamp-ms`, 'it is more than a minute before the entry that precedes it');
      }
      previous = time;
    }
    if (previous !== null && metadata['last-updated-ms'] - previous < -LOG_TOLERANCE_MS) {
      throw problem('$.last-updated-ms', `it is more than a minute before the last entry of ${key}`);
    }
  }
}

function checkUnique(path: string, ids: readonly (number | bigint | undefined)[]): void {
  const seen = new Set<number | bigint | undefined>();
  for (const id of ids) {
    if (seen.has(id)) throw problem(path, `id ${id} occurs more than once`);
    seen.add(id);
  }
}

function problem(path: string, what: string): IcestreamError {
  return new IcestreamError('INVALID_METADATA', `${path}: ${what}.`);
}
