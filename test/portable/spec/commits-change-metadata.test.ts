import { expect, test } from 'vitest';
import { applyUpdates } from '../../../src/spec/apply-updates.ts';
import { appendMetadataLog } from '../../../src/spec/metadata-log.ts';
import type { TableRequirement } from '../../../src/spec/requirements.ts';
import { checkRequirements } from '../../../src/spec/requirements-check.ts';
import type { Schema } from '../../../src/spec/schema.ts';
import type { Snapshot } from '../../../src/spec/snapshot.ts';
import type { TableMetadata } from '../../../src/spec/table-metadata.ts';
import { newTableMetadata } from '../../../src/spec/table-metadata-new.ts';
import { parseTableMetadata, stringifyTableMetadata } from '../../../src/spec/table-metadata-parse.ts';
import type { TableUpdate } from '../../../src/spec/updates.ts';

const schema: Schema = {
  type: 'struct',
  'identifier-field-ids': [7],
  fields: [
    { id: 7, name: 'id', required: true, type: 'long' },
    {
      id: 8,
      name: 'address',
      required: false,
      type: { type: 'struct', fields: [{ id: 20, name: 'street', required: false, type: 'string' }] },
    },
    {
      id: 9,
      name: 'tags',
      required: false,
      type: { type: 'map', 'key-id': 30, key: 'string', 'value-id': 31, 'value-required': false, value: 'int' },
    },
    { id: 10, name: 'date', required: false, type: 'timestamp' },
  ],
};

function table(version: '2' | '3' = '2'): TableMetadata {
  return newTableMetadata({
    schema,
    partitionSpec: { fields: [{ 'source-id': 10, name: 'date_month', transform: 'month' }] },
    sortOrder: { fields: [{ 'source-id': 7, transform: 'identity', direction: 'asc', 'null-order': 'nulls-first' }] },
    location: 's3://bucket/warehouse/t/',
    properties: { 'format-version': version, owner: 'me' },
    uuid: '9c12d441-03fe-4693-9a96-a0705ddf69c1',
    now: 1_000_000,
  });
}

function snapshot(id: bigint, sequence: bigint, more: Partial<Snapshot> = {}): Snapshot {
  return {
    'snapshot-id': id,
    'sequence-number': sequence,
    'timestamp-ms': 2_000_000n,
    'manifest-list': `s3://bucket/warehouse/t/metadata/snap-${id}.avro`,
    summary: { operation: 'append' },
    'schema-id': 0,
    ...more,
  };
}

function toMain(id: bigint): TableUpdate {
  return { action: 'set-snapshot-ref', 'ref-name': 'main', type: 'branch', 'snapshot-id': id };
}

test('a new table gets fresh ids, a struct before what is inside it', () => {
  const metadata = table();
  expect(metadata.schemas[0]).toEqual({
    type: 'struct',
    'schema-id': 0,
    'identifier-field-ids': [1],
    fields: [
      { id: 1, name: 'id', required: true, type: 'long' },
      {
        id: 2,
        name: 'address',
        required: false,
        type: { type: 'struct', fields: [{ id: 5, name: 'street', required: false, type: 'string' }] },
      },
      {
        id: 3,
        name: 'tags',
        required: false,
        type: { type: 'map', 'key-id': 6, key: 'string', 'value-id': 7, 'value-required': false, value: 'int' },
      },
      { id: 4, name: 'date', required: false, type: 'timestamp' },
    ],
  });
  expect(metadata['partition-specs'][0]?.fields).toEqual([
    { 'source-id': 4, 'field-id': 1000, name: 'date_month', transform: 'month' },
  ]);
  expect(metadata['sort-orders'][0]?.fields[0]?.['source-id']).toBe(1);
  expect(metadata['last-column-id']).toBe(7);
  expect(metadata['last-partition-id']).toBe(1000);
  expect(metadata.location).toBe('s3://bucket/warehouse/t');
  expect(metadata.properties).toEqual({ 'write.parquet.compression-codec': 'zstd', owner: 'me' });
  expect(metadata['next-row-id']).toBeUndefined();
  expect(table('3')['next-row-id']).toBe(0n);
  expect(parseTableMetadata(stringifyTableMetadata(metadata))).toEqual(metadata);
});

test('an append moves main and the snapshot log', () => {
  const base = table();
  const next = applyUpdates(base, [{ action: 'add-snapshot', snapshot: snapshot(11n, 1n) }, toMain(11n)], {
    now: 2_000_000,
  });
  expect(next['current-snapshot-id']).toBe(11n);
  expect(next['last-sequence-number']).toBe(1n);
  expect(next['snapshot-log']).toEqual([{ 'timestamp-ms': 2_000_000n, 'snapshot-id': 11n }]);
  expect(base.snapshots).toEqual([]);
  expect(parseTableMetadata(stringifyTableMetadata(next))).toEqual(next);
});

test('time never runs backwards, whatever the clocks say', () => {
  const ahead = applyUpdates(table(), [{ action: 'add-snapshot', snapshot: snapshot(1n, 1n) }, toMain(1n)], { now: 5 });
  expect(ahead['last-updated-ms']).toBe(2_000_000n);
  const behind = applyUpdates(
    ahead,
    [{ action: 'add-snapshot', snapshot: snapshot(2n, 2n, { 'timestamp-ms': 7n }) }, toMain(2n)],
    { now: 6 },
  );
  expect(behind['last-updated-ms']).toBe(2_000_000n);
  expect(behind['snapshot-log']?.map((entry) => entry['timestamp-ms'])).toEqual([2_000_000n, 2_000_000n]);
});

test('a snapshot that was current only inside the commit is not in the log', () => {
  const next = applyUpdates(
    table(),
    [
      { action: 'add-snapshot', snapshot: snapshot(1n, 1n) },
      toMain(1n),
      { action: 'add-snapshot', snapshot: snapshot(2n, 2n, { 'parent-snapshot-id': 1n }) },
      toMain(2n),
    ],
    { now: 2_000_000 },
  );
  expect(next['snapshot-log']?.map((entry) => entry['snapshot-id'])).toEqual([2n]);
  expect(next.snapshots).toHaveLength(2);
});

test('a stale sequence number is a conflict that can be retried', () => {
  const base = applyUpdates(table(), [{ action: 'add-snapshot', snapshot: snapshot(1n, 1n) }, toMain(1n)], { now: 1 });
  expect(() => applyUpdates(base, [{ action: 'add-snapshot', snapshot: snapshot(2n, 1n) }], { now: 1 })).toThrow(
    expect.objectContaining({ code: 'COMMIT_CONFLICT', retryable: true }),
  );
  expect(() => applyUpdates(base, [{ action: 'add-snapshot', snapshot: snapshot(1n, 2n) }], { now: 1 })).toThrow(
    expect.objectContaining({ code: 'COMMIT_FAILED', retryable: false }),
  );
});

test('v3 counts row ids', () => {
  const base = table('3');
  const add = (id: bigint, sequence: bigint, first: bigint, rows: bigint): TableUpdate => ({
    action: 'add-snapshot',
    snapshot: snapshot(id, sequence, { 'first-row-id': first, 'added-rows': rows }),
  });
  const next = applyUpdates(base, [add(1n, 1n, 0n, 125n), toMain(1n)], { now: 1 });
  expect(next['next-row-id']).toBe(125n);
  expect(() => applyUpdates(next, [add(2n, 2n, 100n, 1n)], { now: 1 })).toThrow(
    expect.objectContaining({ code: 'COMMIT_CONFLICT' }),
  );
  expect(() => applyUpdates(next, [{ action: 'add-snapshot', snapshot: snapshot(2n, 2n) }], { now: 1 })).toThrow(
    /first-row-id/,
  );
});

test('an upgrade to v3 starts row ids at 0', () => {
  const next = applyUpdates(table(), [{ action: 'upgrade-format-version', 'format-version': 3 }], { now: 1 });
  expect(next['format-version']).toBe(3);
  expect(next['next-row-id']).toBe(0n);
  expect(() => applyUpdates(next, [{ action: 'upgrade-format-version', 'format-version': 2 }], { now: 1 })).toThrow(
    /cannot go back/,
  );
});

test('-1 means the schema, spec or order added last; equal ones are reused', () => {
  const base = table();
  const wider: Schema = {
    type: 'struct',
    fields: [...(base.schemas[0]?.fields ?? []), { id: 8, name: 'note', required: false, type: 'string' }],
  };
  const updates: TableUpdate[] = [
    { action: 'add-schema', schema: wider },
    { action: 'set-current-schema', 'schema-id': -1 },
    { action: 'add-spec', spec: { fields: [{ 'source-id': 8, name: 'note_bucket', transform: 'bucket[4]' }] } },
    { action: 'set-default-spec', 'spec-id': -1 },
    { action: 'add-sort-order', 'sort-order': { fields: [] } },
    { action: 'set-default-sort-order', 'sort-order-id': -1 },
  ];
  const next = applyUpdates(base, updates, { now: 1 });
  expect(next['current-schema-id']).toBe(1);
  expect(next['last-column-id']).toBe(8);
  expect(next['default-spec-id']).toBe(1);
  expect(next['partition-specs'][1]?.fields[0]?.['field-id']).toBe(1001);
  expect(next['default-sort-order-id']).toBe(0);
  const again = applyUpdates(next, updates, { now: 1 });
  expect(again.schemas).toHaveLength(2);
  expect(again['partition-specs']).toHaveLength(2);
  expect(again['sort-orders']).toHaveLength(2);
});

test('an equivalent partition field keeps its id in a new spec', () => {
  const next = applyUpdates(
    table(),
    [
      {
        action: 'add-spec',
        spec: {
          fields: [
            { 'source-id': 1, name: 'id_bucket', transform: 'bucket[8]' },
            { 'source-id': 4, name: 'date_month', transform: 'month' },
          ],
        },
      },
    ],
    { now: 1 },
  );
  expect(next['partition-specs'][1]?.fields.map((field) => field['field-id'])).toEqual([1001, 1000]);
});

test('removing a snapshot cuts the log behind it and drops its references', () => {
  let metadata = table();
  for (const id of [1n, 2n, 3n]) {
    metadata = applyUpdates(metadata, [{ action: 'add-snapshot', snapshot: snapshot(id, id) }, toMain(id)], { now: 1 });
  }
  metadata = applyUpdates(
    metadata,
    [
      { action: 'set-snapshot-ref', 'ref-name': 'constructor', type: 'tag', 'snapshot-id': 2n },
      { action: 'set-statistics', 'snapshot-id': 2n, statistics: { 'snapshot-id': 2n, 'statistics-path': 's3://x' } },
    ],
    { now: 1 },
  );
  expect(Object.keys(metadata.refs ?? {})).toEqual(['main', 'constructor']);
  const next = applyUpdates(metadata, [{ action: 'remove-snapshots', 'snapshot-ids': [2n] }], { now: 1 });
  expect(next['snapshot-log']?.map((entry) => entry['snapshot-id'])).toEqual([3n]);
  expect(Object.keys(next.refs ?? {})).toEqual(['main']);
  expect(next.statistics).toEqual([]);
});

test.each([
  [{ type: 'branch', 'min-snapshots-to-keep': 0 }, /at least 1/],
  [{ type: 'branch', 'max-snapshot-age-ms': -1n }, /at least 1/],
  [{ type: 'tag', 'max-ref-age-ms': 0n }, /at least 1/],
  [{ type: 'tag', 'min-snapshots-to-keep': 1 }, /only branches/],
  [{ type: 'tag', 'max-snapshot-age-ms': 1n }, /only branches/],
] as const)('a reference that the Java library could not read is refused (%#)', (ref, message) => {
  const updates: TableUpdate[] = [
    { action: 'add-snapshot', snapshot: snapshot(1n, 1n) },
    { action: 'set-snapshot-ref', 'ref-name': 'other', 'snapshot-id': 1n, ...ref },
  ];
  expect(() => applyUpdates(table(), updates, { now: 1 })).toThrow(message);
});

test('updates alone can create a table', () => {
  const made = table('3');
  const [fields] = [made.schemas[0]?.fields ?? []];
  const next = applyUpdates(
    null,
    [
      { action: 'assign-uuid', uuid: made['table-uuid'] },
      { action: 'upgrade-format-version', 'format-version': 3 },
      { action: 'add-schema', schema: { type: 'struct', fields } },
      { action: 'set-current-schema', 'schema-id': -1 },
      { action: 'add-spec', spec: { fields: [] } },
      { action: 'set-default-spec', 'spec-id': -1 },
      { action: 'set-location', location: 's3://b/t' },
      { action: 'set-properties', updates: { __proto__x: '1' } },
    ],
    { now: 9 },
  );
  expect(next['format-version']).toBe(3);
  expect(next['default-spec-id']).toBe(0);
  expect(next['last-partition-id']).toBe(999);
  expect(next['next-row-id']).toBe(0n);
  expect(parseTableMetadata(stringifyTableMetadata(next))['table-uuid']).toBe(made['table-uuid']);
});

test.each<[TableRequirement, RegExp]>([
  [{ type: 'assert-create' }, /exists already/],
  [{ type: 'assert-table-uuid', uuid: 'other' }, /replaced by another table/],
  [{ type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': 5n }, /"main" is gone/],
  [{ type: 'assert-last-assigned-field-id', 'last-assigned-field-id': 6 }, /field id is 7, expected 6/],
  [{ type: 'assert-current-schema-id', 'current-schema-id': 2 }, /schema id is 0, expected 2/],
  [{ type: 'assert-last-assigned-partition-id', 'last-assigned-partition-id': 1 }, /is 1000, expected 1/],
  [{ type: 'assert-default-spec-id', 'default-spec-id': 1 }, /partition spec id is 0, expected 1/],
  [{ type: 'assert-default-sort-order-id', 'default-sort-order-id': 0 }, /sort order id is 1, expected 0/],
])('requirement %# does not hold', (requirement, message) => {
  expect(() => checkRequirements(table(), [requirement])).toThrow(
    expect.objectContaining({ code: 'COMMIT_CONFLICT', message: expect.stringMatching(message) }),
  );
});

test('requirements that hold pass', () => {
  checkRequirements(null, [{ type: 'assert-create' }]);
  checkRequirements(table(), [
    { type: 'assert-table-uuid', uuid: '9C12D441-03fe-4693-9a96-a0705ddf69c1' },
    { type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': null },
    { type: 'assert-ref-snapshot-id', ref: 'constructor', 'snapshot-id': null },
    { type: 'assert-last-assigned-field-id', 'last-assigned-field-id': 7 },
  ]);
  expect(() => checkRequirements(null, [{ type: 'assert-table-uuid', uuid: 'x' }])).toThrow(
    expect.objectContaining({ code: 'NOT_FOUND' }),
  );
});

test('the metadata log keeps the newest files', () => {
  let metadata: TableMetadata = { ...table(), properties: { 'write.metadata.previous-versions-max': '2' } };
  const removed: string[] = [];
  for (const version of [1, 2, 3, 4]) {
    const step = appendMetadataLog(metadata, metadata, `s3://b/v${version}.metadata.json`);
    metadata = step.metadata;
    removed.push(...step.removed.map((entry) => entry['metadata-file']));
  }
  expect(metadata['metadata-log']?.map((entry) => entry['metadata-file'])).toEqual([
    's3://b/v3.metadata.json',
    's3://b/v4.metadata.json',
  ]);
  expect(removed).toEqual(['s3://b/v1.metadata.json', 's3://b/v2.metadata.json']);
});

test('a table is created also where the schema is made current last, as DuckDB does', () => {
  const created = table();
  const [added, spec, order] = [created.schemas[0], created['partition-specs'][0], created['sort-orders'][0]];
  if (added === undefined || spec === undefined || order === undefined) throw new Error('a table has these');
  const updates: TableUpdate[] = [
    { action: 'assign-uuid', uuid: created['table-uuid'] },
    { action: 'upgrade-format-version', 'format-version': 2 },
    { action: 'add-schema', schema: added },
    { action: 'add-spec', spec },
    { action: 'set-default-spec', 'spec-id': 0 },
    { action: 'add-sort-order', 'sort-order': order },
    { action: 'set-default-sort-order', 'sort-order-id': 1 },
    { action: 'set-location', location: created.location },
  ];
  const now = { now: 1_000_000 };
  const metadata = applyUpdates(null, [...updates, { action: 'set-current-schema', 'schema-id': 0 }], now);
  expect(metadata['partition-specs']).toEqual(created['partition-specs']);
  expect(metadata['sort-orders']).toContainEqual(order);
  expect(metadata['current-schema-id']).toBe(0);
  expect(() => applyUpdates(null, updates, now)).toThrow(/no schema/);
});
