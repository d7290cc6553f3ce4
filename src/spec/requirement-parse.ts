/** A commit's requirements from their JSON form (REST OpenAPI: TableRequirement). */
import type { JsonCursor } from './json-cursor.ts';
import type { TableRequirement } from './requirements.ts';

type Reader<T> = (cursor: JsonCursor) => Extract<TableRequirement, { readonly type: T }>;

const READERS: { readonly [T in TableRequirement['type']]: Reader<T> } = {
  'assert-create': () => ({ type: 'assert-create' }),
  'assert-table-uuid': (cursor) => ({ type: 'assert-table-uuid', uuid: cursor.get('uuid').string() }),
  'assert-ref-snapshot-id': (cursor) => ({
    type: 'assert-ref-snapshot-id',
    ref: cursor.get('ref').string(),
    // Null: there must be no such ref.
    'snapshot-id': cursor.optional('snapshot-id')?.long() ?? null,
  }),
  'assert-last-assigned-field-id': (cursor) => ({
    type: 'assert-last-assigned-field-id',
    'last-assigned-field-id': cursor.get('last-assigned-field-id').int(),
  }),
  'assert-current-schema-id': (cursor) => ({
    type: 'assert-current-schema-id',
    'current-schema-id': cursor.get('current-schema-id').int(),
  }),
  'assert-last-assigned-partition-id': (cursor) => ({
    type: 'assert-last-assigned-partition-id',
    'last-assigned-partition-id': cursor.get('last-assigned-partition-id').int(),
  }),
  'assert-default-spec-id': (cursor) => ({
    type: 'assert-default-spec-id',
    'default-spec-id': cursor.get('default-spec-id').int(),
  }),
  'assert-default-sort-order-id': (cursor) => ({
    type: 'assert-default-sort-order-id',
    'default-sort-order-id': cursor.get('default-sort-order-id').int(),
  }),
};

/** @throws IcestreamError INVALID_METADATA with the JSON path, also for a type this version does not know. */
export function parseTableRequirement(cursor: JsonCursor): TableRequirement {
  const type = cursor.get('type').string();
  if (!Object.hasOwn(READERS, type)) {
    cursor.fail(`${JSON.stringify(type)} is not a requirement that this version knows`);
  }
  return READERS[type as TableRequirement['type']](cursor);
}
