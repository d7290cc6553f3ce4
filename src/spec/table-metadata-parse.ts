/** Table metadata files: text to {@link TableMetadata} and back (spec: Table Metadata, Appendix C and E). */
import { IcestreamError } from '../errors.ts';
import { parseJson, stringifyJson } from '../util/json.ts';
import { JsonCursor } from './json-cursor.ts';
import type { PartitionSpec } from './partition-spec.ts';
import {
  FIRST_PARTITION_FIELD_ID,
  parsePartitionFields,
  parsePartitionSpec,
  parseSortOrder,
} from './partition-spec-parse.ts';
import type { Schema } from './schema.ts';
import { parseSchema } from './schema-parse.ts';
import type { SnapshotRef } from './snapshot.ts';
import {
  parseMetadataLogEntry,
  parseSnapshot,
  parseSnapshotLogEntry,
  parseSnapshotRef,
  parseStatistics,
  parseStringMap,
} from './snapshot-parse.ts';
import type { TableMetadata } from './table-metadata.ts';
import { checkTableMetadata } from './table-metadata-check.ts';

/** The newest format version this library reads and writes. */
export const MAX_FORMAT_VERSION = 3;
/** The branch that "the table" means. */
export const MAIN_BRANCH = 'main';

/**
 * Reads the text of a metadata file of format version 1, 2 or 3.
 * @param options.file Where it came from, for errors.
 * @throws IcestreamError INVALID_METADATA with the JSON path; UNSUPPORTED for a newer format version.
 */
export function parseTableMetadata(text: string, options: { readonly file?: string } = {}): TableMetadata {
  return tableMetadataFromJson(parseJson(text, options), options);
}

/** Reads metadata that is parsed JSON already (from `parseJson`), such as the `metadata` of a REST answer. */
export function tableMetadataFromJson(value: unknown, options: { readonly file?: string } = {}): TableMetadata {
  try {
    const metadata = readMetadata(new JsonCursor(value));
    checkTableMetadata(metadata);
    return metadata;
  } catch (cause) {
    if (!(cause instanceof IcestreamError) || options.file === undefined) throw cause;
    throw new IcestreamError(cause.code, `Table metadata of ${options.file} is not valid: ${cause.message}`, {
      ...cause.place,
      file: options.file,
      cause,
    });
  }
}

/** The text of a metadata file: one line, longs as bare numbers. v1 files also get the fields that v1 readers need. */
export function stringifyTableMetadata(metadata: TableMetadata): string {
  if (metadata['format-version'] > 1) return stringifyJson(metadata);
  const schema = metadata.schemas.find((item) => item['schema-id'] === metadata['current-schema-id']);
  const spec = metadata['partition-specs'].find((item) => item['spec-id'] === metadata['default-spec-id']);
  return stringifyJson({
    ...metadata,
    'table-uuid': metadata['table-uuid'] === '' ? undefined : metadata['table-uuid'],
    schema,
    'partition-spec': spec?.fields ?? [],
  });
}

function readMetadata(cursor: JsonCursor): TableMetadata {
  const version = readVersion(cursor.get('format-version'));
  const currentSnapshotId = readCurrentSnapshot(cursor);
  const nextRowId = version >= 3 ? cursor.get('next-row-id').long() : undefined;
  const { schema: _, 'partition-spec': __, ...rest } = cursor.object();
  const lists = (key: string) => cursor.optional(key)?.array();
  const optional = <K extends string, T>(key: K, read: (item: JsonCursor) => T): { [key in K]?: T[] } => {
    const items = lists(key);
    return (items === undefined ? {} : { [key]: items.map(read) }) as { [key in K]?: T[] };
  };
  const properties = cursor.optional('properties');
  return {
    ...rest,
    'format-version': version,
    // v1 files may lack a uuid; an empty one never equals another.
    'table-uuid': (version === 1 ? cursor.optional('table-uuid') : cursor.get('table-uuid'))?.string() ?? '',
    location: withoutTrailingSlash(cursor.get('location').string()),
    'last-sequence-number': version === 1 ? 0n : cursor.get('last-sequence-number').long(),
    'last-updated-ms': cursor.get('last-updated-ms').long(),
    'last-column-id': cursor.get('last-column-id').int(),
    ...readSchemas(cursor, version),
    ...readSpecs(cursor, version),
    ...readSortOrders(cursor, version),
    ...(properties === null ? {} : { properties: parseStringMap(properties) }),
    'current-snapshot-id': currentSnapshotId,
    ...optional('snapshots', parseSnapshot),
    ...optional('snapshot-log', parseSnapshotLogEntry),
    ...optional('metadata-log', parseMetadataLogEntry),
    ...readRefs(cursor, currentSnapshotId),
    ...optional('statistics', parseStatistics),
    ...optional('partition-statistics', parseStatistics),
    ...(nextRowId === undefined ? {} : { 'next-row-id': nextRowId }),
    ...optional('encryption-keys', (item) => item.object()),
  };
}

function readVersion(cursor: JsonCursor): 1 | 2 | 3 {
  const version = cursor.int();
  if (version === 1 || version === 2 || version === 3) return version;
  if (version < 1) return cursor.fail('expected a format version of 1 to 3');
  throw new IcestreamError(
    'UNSUPPORTED',
    `The table has format version ${version}; this library reads and writes up to ${MAX_FORMAT_VERSION}.`,
  );
}

function readSchemas(
  cursor: JsonCursor,
  version: number,
): { readonly schemas: readonly Schema[]; readonly 'current-schema-id': number } {
  const list = version === 1 ? cursor.optional('schemas') : cursor.get('schemas');
  if (list !== null) {
    const schemas = list.array().map((item) => withSchemaId(parseSchema(item)));
    const current = cursor.get('current-schema-id');
    const id = current.int();
    if (!schemas.some((schema) => schema['schema-id'] === id)) current.fail(`there is no schema with id ${id}`);
    return { schemas, 'current-schema-id': id };
  }
  const schema = withSchemaId(parseSchema(cursor.get('schema')));
  return { schemas: [schema], 'current-schema-id': schema['schema-id'] };
}

function withSchemaId(schema: Schema): Schema & { readonly 'schema-id': number } {
  return { ...schema, 'schema-id': schema['schema-id'] ?? 0 };
}

function readSpecs(cursor: JsonCursor, version: number) {
  const list = version === 1 ? cursor.optional('partition-specs') : cursor.get('partition-specs');
  const specs: PartitionSpec[] =
    list === null
      ? [{ 'spec-id': 0, fields: parsePartitionFields(cursor.get('partition-spec')) }]
      : list.array().map((item) => ({ 'spec-id': item.get('spec-id').int(), ...parsePartitionSpec(item) }));
  const lastPartitionId = version === 1 ? cursor.optional('last-partition-id') : cursor.get('last-partition-id');
  return {
    'partition-specs': specs,
    'default-spec-id': list === null ? 0 : cursor.get('default-spec-id').int(),
    'last-partition-id': lastPartitionId?.int() ?? highestPartitionFieldId(specs),
  };
}

/** 999 when there is no field. */
function highestPartitionFieldId(specs: readonly PartitionSpec[]): number {
  const ids = specs.flatMap((spec) => spec.fields.map((field) => field['field-id'] ?? 0));
  return Math.max(FIRST_PARTITION_FIELD_ID - 1, ...ids);
}

function readSortOrders(cursor: JsonCursor, version: number) {
  const list = version === 1 ? cursor.optional('sort-orders') : cursor.get('sort-orders');
  if (list === null) return { 'sort-orders': [{ 'order-id': 0, fields: [] }], 'default-sort-order-id': 0 };
  return {
    'sort-orders': list.array().map((item) => ({ 'order-id': item.get('order-id').int(), ...parseSortOrder(item) })),
    'default-sort-order-id': cursor.get('default-sort-order-id').int(),
  };
}

function readCurrentSnapshot(cursor: JsonCursor): bigint | null {
  const id = cursor.optional('current-snapshot-id')?.long() ?? null;
  return id === -1n ? null : id;
}

function readRefs(cursor: JsonCursor, current: bigint | null): { refs?: Record<string, SnapshotRef> } {
  const refs = cursor.optional('refs');
  if (refs === null) {
    // Written before there were references: the current snapshot is what `main` points to.
    return current === null ? {} : { refs: { [MAIN_BRANCH]: { 'snapshot-id': current, type: 'branch' } } };
  }
  return { refs: Object.fromEntries(refs.entries().map(([name, item]) => [name, parseSnapshotRef(item)])) };
}

/** `s3://b/t/` and `s3://b/t` are one table; a root such as `s3://b/` keeps nothing either. */
export function withoutTrailingSlash(location: string): string {
  let end = location.length;
  while (end > 0 && location[end - 1] === '/' && !location.slice(0, end).endsWith('://')) end--;
  return location.slice(0, end);
}
