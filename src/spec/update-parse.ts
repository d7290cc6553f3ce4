/** A commit's updates from their JSON form (REST OpenAPI: TableUpdate). */
import type { JsonCursor } from './json-cursor.ts';
import type { PartitionSpec } from './partition-spec.ts';
import { parsePartitionSpec, parseSortOrder } from './partition-spec-parse.ts';
import { parseSchema } from './schema-parse.ts';
import type { SnapshotRef } from './snapshot.ts';
import { parseSnapshot, parseSnapshotRef, parseStatistics, parseStringMap } from './snapshot-parse.ts';
import type { TableUpdate } from './updates.ts';

type Reader<A> = (cursor: JsonCursor) => Extract<TableUpdate, { readonly action: A }>;

const READERS: { readonly [A in TableUpdate['action']]: Reader<A> } = {
  'assign-uuid': (cursor) => ({ action: 'assign-uuid', uuid: cursor.get('uuid').string() }),
  'upgrade-format-version': (cursor) => ({
    action: 'upgrade-format-version',
    'format-version': cursor.get('format-version').int(),
  }),
  'add-schema': (cursor) => {
    const lastColumnId = cursor.optional('last-column-id')?.int();
    return {
      action: 'add-schema',
      schema: parseSchema(cursor.get('schema')),
      ...(lastColumnId === undefined ? {} : { 'last-column-id': lastColumnId }),
    };
  },
  'set-current-schema': (cursor) => ({ action: 'set-current-schema', 'schema-id': cursor.get('schema-id').int() }),
  'remove-schemas': (cursor) => ({ action: 'remove-schemas', 'schema-ids': ints(cursor.get('schema-ids')) }),
  'add-spec': (cursor) => ({ action: 'add-spec', spec: parseNewPartitionSpec(cursor.get('spec')) }),
  'set-default-spec': (cursor) => ({ action: 'set-default-spec', 'spec-id': cursor.get('spec-id').int() }),
  'remove-partition-specs': (cursor) => ({
    action: 'remove-partition-specs',
    'spec-ids': ints(cursor.get('spec-ids')),
  }),
  'add-sort-order': (cursor) => ({ action: 'add-sort-order', 'sort-order': parseSortOrder(cursor.get('sort-order')) }),
  'set-default-sort-order': (cursor) => ({
    action: 'set-default-sort-order',
    'sort-order-id': cursor.get('sort-order-id').int(),
  }),
  'add-snapshot': (cursor) => ({
    action: 'add-snapshot',
    snapshot: withoutNulls(parseSnapshot(cursor.get('snapshot'))),
  }),
  'set-snapshot-ref': (cursor) => {
    const { 'snapshot-id': id, type, ...rest } = parseSnapshotRef(cursor) as SnapshotRef & Record<string, unknown>;
    const { action: _, 'ref-name': __, ...retention } = rest;
    return {
      action: 'set-snapshot-ref',
      'ref-name': cursor.get('ref-name').string(),
      ...withoutNulls(retention),
      'snapshot-id': id,
      type,
    };
  },
  'remove-snapshots': (cursor) => ({
    action: 'remove-snapshots',
    'snapshot-ids': cursor
      .get('snapshot-ids')
      .array()
      .map((id) => id.long()),
  }),
  'remove-snapshot-ref': (cursor) => ({ action: 'remove-snapshot-ref', 'ref-name': cursor.get('ref-name').string() }),
  'set-location': (cursor) => ({ action: 'set-location', location: cursor.get('location').string() }),
  'set-properties': (cursor) => ({ action: 'set-properties', updates: parseStringMap(cursor.get('updates')) }),
  'remove-properties': (cursor) => ({
    action: 'remove-properties',
    removals: cursor
      .get('removals')
      .array()
      .map((key) => key.string()),
  }),
  'set-statistics': (cursor) => {
    const statistics = parseStatistics(cursor.get('statistics'));
    return { action: 'set-statistics', 'snapshot-id': statistics['snapshot-id'], statistics };
  },
  'remove-statistics': (cursor) => ({ action: 'remove-statistics', 'snapshot-id': cursor.get('snapshot-id').long() }),
  'set-partition-statistics': (cursor) => ({
    action: 'set-partition-statistics',
    'partition-statistics': parseStatistics(cursor.get('partition-statistics')),
  }),
  'remove-partition-statistics': (cursor) => ({
    action: 'remove-partition-statistics',
    'snapshot-id': cursor.get('snapshot-id').long(),
  }),
  'add-encryption-key': (cursor) => {
    const key = cursor.get('encryption-key');
    key.get('key-id').string();
    return { action: 'add-encryption-key', 'encryption-key': key.object() };
  },
  'remove-encryption-key': (cursor) => ({ action: 'remove-encryption-key', 'key-id': cursor.get('key-id').string() }),
};

/** @throws IcestreamError INVALID_METADATA with the JSON path, also for an action this version does not know. */
export function parseTableUpdate(cursor: JsonCursor): TableUpdate {
  const action = cursor.get('action').string();
  if (!Object.hasOwn(READERS, action)) {
    cursor.fail(`${JSON.stringify(action)} is not an update that this version knows`);
  }
  return READERS[action as TableUpdate['action']](cursor);
}

/** A spec that is to be added: fields that come without an id get theirs from the table. */
export function parseNewPartitionSpec(cursor: JsonCursor): PartitionSpec {
  const spec = parsePartitionSpec(cursor);
  const given = cursor
    .get('fields')
    .array()
    .map((field) => field.optional('field-id') !== null);
  const fields = spec.fields.map(({ 'field-id': id, ...field }, index) =>
    given[index] && id !== undefined ? { ...field, 'field-id': id } : field,
  );
  return { ...spec, fields };
}

function ints(cursor: JsonCursor): number[] {
  return cursor.array().map((item) => item.int());
}

/** Some clients write absent members as null; metadata files leave them out. */
function withoutNulls<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null)) as T;
}
