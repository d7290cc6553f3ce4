import { describe, expect, it } from 'vitest';
import { JsonCursor } from '../../../src/spec/json-cursor.ts';
import { parseTableRequirement } from '../../../src/spec/requirement-parse.ts';
import type { TableRequirement } from '../../../src/spec/requirements.ts';
import { parseTableUpdate } from '../../../src/spec/update-parse.ts';
import type { TableUpdate } from '../../../src/spec/updates.ts';
import { parseJson, stringifyJson } from '../../../src/util/json.ts';

const LARGEST = 9_223_372_036_854_775_807n;

/** One of each, as TypeScript checks. */
const UPDATES: { readonly [A in TableUpdate['action']]: Extract<TableUpdate, { readonly action: A }> } = {
  'assign-uuid': { action: 'assign-uuid', uuid: '9c12d441-03fe-4693-9a96-a0705ddf69c1' },
  'upgrade-format-version': { action: 'upgrade-format-version', 'format-version': 3 },
  'add-schema': {
    action: 'add-schema',
    schema: {
      type: 'struct',
      'schema-id': 1,
      'identifier-field-ids': [1],
      fields: [{ id: 1, name: 'x', required: true, type: 'long' }],
    },
    'last-column-id': 1,
  },
  'set-current-schema': { action: 'set-current-schema', 'schema-id': -1 },
  'add-spec': {
    action: 'add-spec',
    spec: {
      'spec-id': 1,
      fields: [
        { 'source-id': 1, 'field-id': 1007, name: 'x_bucket', transform: 'bucket[4]' },
        { 'source-id': 1, name: 'x', transform: 'identity' },
      ],
    },
  },
  'set-default-spec': { action: 'set-default-spec', 'spec-id': -1 },
  'add-sort-order': {
    action: 'add-sort-order',
    'sort-order': {
      'order-id': 1,
      fields: [{ 'source-id': 1, transform: 'identity', direction: 'asc', 'null-order': 'nulls-first' }],
    },
  },
  'set-default-sort-order': { action: 'set-default-sort-order', 'sort-order-id': -1 },
  'add-snapshot': {
    action: 'add-snapshot',
    snapshot: {
      'snapshot-id': LARGEST,
      'parent-snapshot-id': LARGEST - 1n,
      'sequence-number': 2n,
      'timestamp-ms': 1_700_000_000_000n,
      'manifest-list': 's3://b/t/metadata/snap.avro',
      summary: { operation: 'append', 'added-records': '1' },
      'schema-id': 0,
      'first-row-id': 9_007_199_254_740_993n,
      'added-rows': 1n,
    },
  },
  'set-snapshot-ref': {
    action: 'set-snapshot-ref',
    'ref-name': 'constructor',
    type: 'branch',
    'snapshot-id': LARGEST,
    'min-snapshots-to-keep': 2,
    'max-snapshot-age-ms': 5n,
    'max-ref-age-ms': 6n,
  },
  'remove-snapshots': { action: 'remove-snapshots', 'snapshot-ids': [LARGEST, 1n] },
  'remove-snapshot-ref': { action: 'remove-snapshot-ref', 'ref-name': 'old' },
  'set-location': { action: 'set-location', location: 's3://b/t' },
  'set-properties': { action: 'set-properties', updates: { a: 'b' } },
  'remove-properties': { action: 'remove-properties', removals: ['a'] },
  'set-statistics': {
    action: 'set-statistics',
    'snapshot-id': LARGEST,
    statistics: { 'snapshot-id': LARGEST, 'statistics-path': 's3://b/t/stats.puffin', 'file-size-in-bytes': 1 },
  },
  'remove-statistics': { action: 'remove-statistics', 'snapshot-id': LARGEST },
  'set-partition-statistics': {
    action: 'set-partition-statistics',
    'partition-statistics': { 'snapshot-id': LARGEST, 'statistics-path': 's3://b/t/p.parquet' },
  },
  'remove-partition-statistics': { action: 'remove-partition-statistics', 'snapshot-id': LARGEST },
  'remove-partition-specs': { action: 'remove-partition-specs', 'spec-ids': [1, 2] },
  'remove-schemas': { action: 'remove-schemas', 'schema-ids': [1] },
  'add-encryption-key': {
    action: 'add-encryption-key',
    'encryption-key': { 'key-id': 'k', 'encrypted-key-metadata': 'bWV0YQ==' },
  },
  'remove-encryption-key': { action: 'remove-encryption-key', 'key-id': 'k' },
};

const REQUIREMENTS: { readonly [T in TableRequirement['type']]: Extract<TableRequirement, { readonly type: T }> } = {
  'assert-create': { type: 'assert-create' },
  'assert-table-uuid': { type: 'assert-table-uuid', uuid: '9c12d441-03fe-4693-9a96-a0705ddf69c1' },
  'assert-ref-snapshot-id': { type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': LARGEST },
  'assert-last-assigned-field-id': { type: 'assert-last-assigned-field-id', 'last-assigned-field-id': 3 },
  'assert-current-schema-id': { type: 'assert-current-schema-id', 'current-schema-id': 0 },
  'assert-last-assigned-partition-id': { type: 'assert-last-assigned-partition-id', 'last-assigned-partition-id': 999 },
  'assert-default-spec-id': { type: 'assert-default-spec-id', 'default-spec-id': 0 },
  'assert-default-sort-order-id': { type: 'assert-default-sort-order-id', 'default-sort-order-id': 0 },
};

const update = (value: unknown) => parseTableUpdate(new JsonCursor(parseJson(stringifyJson(value)), 'update'));
const requirement = (value: unknown) =>
  parseTableRequirement(new JsonCursor(parseJson(stringifyJson(value)), 'requirement'));

describe('updates and requirements of commits', () => {
  it.each(Object.values(UPDATES))('come out of their JSON as they went in: $action', (value) => {
    expect(update(value)).toEqual(value);
  });

  it.each(Object.values(REQUIREMENTS))('come out of their JSON as they went in: $type', (value) => {
    expect(requirement(value)).toEqual(value);
  });

  it('take null for what is absent', () => {
    const ref = { type: 'branch', 'snapshot-id': 1n };
    expect(update({ action: 'set-snapshot-ref', 'ref-name': 'main', ...ref, 'max-ref-age-ms': null })).toEqual({
      action: 'set-snapshot-ref',
      'ref-name': 'main',
      ...ref,
    });
    const snapshot = { 'snapshot-id': 1n, 'timestamp-ms': 2n, 'manifest-list': 'x' };
    expect(update({ action: 'add-snapshot', snapshot: { ...snapshot, 'parent-snapshot-id': null } })).toEqual({
      action: 'add-snapshot',
      snapshot,
    });
    expect(requirement({ type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': null })).toEqual({
      type: 'assert-ref-snapshot-id',
      ref: 'main',
      'snapshot-id': null,
    });
  });

  it('are refused with the place of what is wrong', () => {
    expect(() => update({ action: 'toString' })).toThrow(/update\.action|toString/);
    expect(() => update({})).toThrow(/update\.action: is missing/);
    expect(() => update({ action: 'remove-snapshots', 'snapshot-ids': ['1'] })).toThrow(/snapshot-ids\[0\]/);
    expect(() => update({ action: 'set-properties', updates: { a: 1 } })).toThrow(/update\.updates\.a/);
    expect(() => update({ action: 'remove-snapshots', 'snapshot-ids': [2n ** 63n] })).toThrow(/64-bit/);
    expect(() => requirement({ type: 'assert-weather' })).toThrow(/assert-weather/);
    expect(() => requirement({ type: 'assert-table-uuid' })).toThrow(/requirement\.uuid: is missing/);
  });
});
