/** Metadata of a table that does not exist yet (spec: Table Metadata; REST OpenAPI: CreateTableRequest). */
import { IcestreamError } from '../errors.ts';
import { requireColumnsOfProperties } from './column-properties.ts';
import { ownValue } from './json-cursor.ts';
import { checkSortOrder } from './partition-bind.ts';
import { sourceIds } from './partition-fields.ts';
import { assignPartitionFieldIds, checkNewPartitionSpec } from './partition-new.ts';
import type { PartitionField, PartitionSpec } from './partition-spec.ts';
import { FIRST_PARTITION_FIELD_ID } from './partition-spec-parse.ts';
import type { Schema } from './schema.ts';
import { assignFreshIds } from './schema-fresh-ids.ts';
import { schemaIndex } from './schema-index.ts';
import { validateSchema } from './schema-validate.ts';
import type { SortField, SortOrder } from './sort-order.ts';
import type { TableMetadata } from './table-metadata.ts';
import { checkTableMetadata } from './table-metadata-check.ts';
import { MAX_FORMAT_VERSION, withoutTrailingSlash } from './table-metadata-parse.ts';

/** What a new table should be. */
export interface NewTable {
  /** Ids in here are only names for the columns: fresh ones are assigned. */
  readonly schema: Schema;
  readonly partitionSpec?: PartitionSpec;
  readonly sortOrder?: SortOrder;
  /** Where the table's files go, without a trailing slash. */
  readonly location: string;
  /** `format-version` (2 or 3; default 2) is read and not kept. */
  readonly properties?: Readonly<Record<string, string>>;
  readonly uuid: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

const DEFAULT_FORMAT_VERSION = 2;
/** Properties that describe the metadata itself; they are never stored (Java: TableProperties). */
const RESERVED_PROPERTIES: ReadonlySet<string> = new Set([
  'format-version',
  'uuid',
  'snapshot-count',
  'current-snapshot-summary',
  'current-snapshot-id',
  'current-snapshot-timestamp-ms',
  'current-schema',
  'default-partition-spec',
  'default-sort-order',
]);
/** Set on new tables only, as Java does: tables without it keep the old default. */
const NEW_TABLE_PROPERTIES: Readonly<Record<string, string>> = { 'write.parquet.compression-codec': 'zstd' };

/**
 * Metadata of a new, empty table: fresh field ids (a struct's own fields first), partition field ids from 1000, no
 * snapshot.
 * @throws IcestreamError INVALID_METADATA or INVALID_ARGUMENT for a schema, spec, order or property of a column that
 * cannot be.
 */
export function newTableMetadata(table: NewTable): TableMetadata {
  const version = formatVersionOf(table.properties);
  const { schema, lastColumnId } = assignFreshIds(table.schema);
  validateSchema(schema, version);
  requireColumnsOfProperties(table.properties ?? {}, schema);
  const remap = sourceRemap(table.schema, schema);
  const fields = (table.partitionSpec?.fields ?? []).map((field): PartitionField => {
    const { 'field-id': _, ...rest } = remap(field);
    return rest;
  });
  const assigned = assignPartitionFieldIds(fields, [], FIRST_PARTITION_FIELD_ID - 1);
  const spec = { 'spec-id': 0, fields: assigned.fields };
  checkNewPartitionSpec(spec, schema);
  const sortFields = (table.sortOrder?.fields ?? []).map((field): SortField => remap(field));
  const order = { 'order-id': sortFields.length === 0 ? 0 : 1, fields: sortFields };
  checkSortOrder(order, schema);
  const given = Object.entries(table.properties ?? {}).filter(([key]) => !RESERVED_PROPERTIES.has(key));
  const metadata: TableMetadata = {
    'format-version': version,
    'table-uuid': table.uuid,
    location: withoutTrailingSlash(table.location),
    'last-sequence-number': 0n,
    'last-updated-ms': BigInt(table.now),
    'last-column-id': lastColumnId,
    'current-schema-id': 0,
    schemas: [{ ...schema, 'schema-id': 0 }],
    'default-spec-id': 0,
    'partition-specs': [spec],
    'last-partition-id': assigned.lastPartitionId,
    'default-sort-order-id': order['order-id'],
    'sort-orders': [order],
    properties: Object.fromEntries([...Object.entries(NEW_TABLE_PROPERTIES), ...given]),
    'current-snapshot-id': null,
    snapshots: [],
    'snapshot-log': [],
    'metadata-log': [],
    refs: {},
    ...(version >= 3 ? { 'next-row-id': 0n } : {}),
  };
  checkTableMetadata(metadata);
  return metadata;
}

/** The format version that the properties of a create ask for. */
export function formatVersionOf(properties: Readonly<Record<string, string>> | undefined): 2 | 3 {
  const text = ownValue(properties, 'format-version');
  if (text === undefined) return DEFAULT_FORMAT_VERSION;
  if (text === '2') return 2;
  if (text === '3') return 3;
  throw new IcestreamError(
    'UNSUPPORTED',
    `New tables have format version 2 or ${MAX_FORMAT_VERSION}, not ${JSON.stringify(text)}.`,
    { option: 'format-version' },
  );
}

/** Turns the source ids of the request into those of the new schema, by the column's place. */
function sourceRemap(asked: Schema, fresh: Schema): <F extends PartitionField | SortField>(field: F) => F {
  const before = schemaIndex(asked).fields;
  const after = schemaIndex(fresh).fields;
  const places = new Map<number, number[]>();
  before.forEach((field, place) => {
    places.set(field.id, [...(places.get(field.id) ?? []), place]);
  });
  const mapId = (id: number): number => {
    const found = places.get(id) ?? [];
    const [place] = found;
    const target = place === undefined ? undefined : after[place];
    if (target === undefined || found.length > 1) {
      throw new IcestreamError(
        'INVALID_ARGUMENT',
        `Partition or sort field refers to column id ${id}, which ${found.length > 1 ? 'several columns have' : 'no column has'}.`,
      );
    }
    return target.id;
  };
  return (field) => {
    const ids = sourceIds(field).map(mapId);
    return field['source-ids'] === undefined ? { ...field, 'source-id': ids[0] } : { ...field, 'source-ids': ids };
  };
}
