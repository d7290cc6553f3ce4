/** Partition specs and sort orders from their JSON form (spec: Appendix C). Unknown members are kept. */
import type { JsonCursor } from './json-cursor.ts';
import type { PartitionField, PartitionSpec } from './partition-spec.ts';
import type { SortField, SortOrder } from './sort-order.ts';

/** Partition field ids start here (spec: Partitioning). */
export const FIRST_PARTITION_FIELD_ID = 1000;

export function parsePartitionSpec(cursor: JsonCursor): PartitionSpec {
  const specId = cursor.optional('spec-id')?.int();
  return {
    ...cursor.object(),
    ...(specId === undefined ? {} : { 'spec-id': specId }),
    fields: parsePartitionFields(cursor.get('fields')),
  };
}

/** The fields alone, as v1 metadata and manifests hold them. Fields without an id (v1) are numbered from 1000. */
export function parsePartitionFields(cursor: JsonCursor): PartitionField[] {
  return cursor.array().map((item, index) => {
    const fieldId = item.optional('field-id')?.int() ?? FIRST_PARTITION_FIELD_ID + index;
    return {
      ...item.object(),
      ...parseSource(item),
      'field-id': fieldId,
      name: item.get('name').string(),
      transform: item.get('transform').string(),
    };
  });
}

export function parseSortOrder(cursor: JsonCursor): SortOrder {
  const orderId = cursor.optional('order-id')?.int();
  return {
    ...cursor.object(),
    ...(orderId === undefined ? {} : { 'order-id': orderId }),
    fields: cursor
      .get('fields')
      .array()
      .map(
        (item): SortField => ({
          ...item.object(),
          ...parseSource(item),
          transform: item.get('transform').string(),
          direction: item.get('direction').oneOf(['asc', 'desc']),
          'null-order': item.get('null-order').oneOf(['nulls-first', 'nulls-last']),
        }),
      ),
  };
}

/** Either one source column, or the list that v3 transforms with several arguments have. */
function parseSource(item: JsonCursor): { 'source-id': number } | { 'source-ids': number[] } {
  const several = item.optional('source-ids');
  if (several === null) return { 'source-id': item.get('source-id').int() };
  const ids = several.array().map((id) => id.int());
  const [only] = ids;
  return ids.length === 1 && only !== undefined && item.optional('source-id') !== null
    ? { 'source-id': only }
    : { 'source-ids': ids };
}
