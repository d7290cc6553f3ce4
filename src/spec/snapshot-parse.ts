/** Snapshots, references and logs from their JSON form (spec: Snapshots, Snapshot References, Table Metadata). */
import type { JsonCursor } from './json-cursor.ts';
import type { Snapshot, SnapshotRef } from './snapshot.ts';
import type { MetadataLogEntry, SnapshotLogEntry } from './table-metadata.ts';

const LONG_FIELDS = ['parent-snapshot-id', 'sequence-number', 'first-row-id', 'added-rows'] as const;

export function parseSnapshot(cursor: JsonCursor): Snapshot {
  const manifestList = cursor.optional('manifest-list')?.string();
  const manifests = cursor.optional('manifests')?.array();
  const summary = cursor.optional('summary');
  const schemaId = cursor.optional('schema-id')?.int();
  const keyId = cursor.optional('key-id')?.string();
  return {
    ...cursor.object(),
    'snapshot-id': cursor.get('snapshot-id').long(),
    'timestamp-ms': cursor.get('timestamp-ms').long(),
    ...optionalLongs(cursor, LONG_FIELDS),
    ...(manifestList === undefined ? {} : { 'manifest-list': manifestList }),
    ...(manifests === undefined ? {} : { manifests: manifests.map((item) => item.string()) }),
    ...(summary === null ? {} : { summary: parseStringMap(summary) }),
    ...(schemaId === undefined ? {} : { 'schema-id': schemaId }),
    ...(keyId === undefined ? {} : { 'key-id': keyId }),
  };
}

export function parseSnapshotRef(cursor: JsonCursor): SnapshotRef {
  const minSnapshots = cursor.optional('min-snapshots-to-keep')?.int();
  return {
    ...cursor.object(),
    'snapshot-id': cursor.get('snapshot-id').long(),
    type: cursor.get('type').oneOf(['branch', 'tag']),
    ...(minSnapshots === undefined ? {} : { 'min-snapshots-to-keep': minSnapshots }),
    ...optionalLongs(cursor, ['max-snapshot-age-ms', 'max-ref-age-ms']),
  };
}

export function parseSnapshotLogEntry(cursor: JsonCursor): SnapshotLogEntry {
  return {
    ...cursor.object(),
    'timestamp-ms': cursor.get('timestamp-ms').long(),
    'snapshot-id': cursor.get('snapshot-id').long(),
  };
}

export function parseMetadataLogEntry(cursor: JsonCursor): MetadataLogEntry {
  return {
    ...cursor.object(),
    'timestamp-ms': cursor.get('timestamp-ms').long(),
    'metadata-file': cursor.get('metadata-file').string(),
  };
}

/** Strings under names that users choose. */
export function parseStringMap(cursor: JsonCursor): Record<string, string> {
  return Object.fromEntries(cursor.entries().map(([key, value]) => [key, value.string()]));
}

/** An entry of `statistics` or `partition-statistics`: only its snapshot matters here, the rest is kept. */
export function parseStatistics(cursor: JsonCursor): { readonly 'snapshot-id': bigint } {
  return { ...cursor.object(), 'snapshot-id': cursor.get('snapshot-id').long() };
}

function optionalLongs<K extends string>(cursor: JsonCursor, keys: readonly K[]): { [key in K]?: bigint } {
  const found: { [key in K]?: bigint } = {};
  for (const key of keys) {
    const value = cursor.optional(key);
    if (value !== null) found[key] = value.long();
  }
  return found;
}
