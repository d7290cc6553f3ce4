import { expect, test } from 'vitest';
import { parseTableMetadata, stringifyTableMetadata } from '../../../src/spec/table-metadata-parse.ts';
import { metadataFiles } from '../../fixtures/iceberg-table-metadata.ts';

const valid = [
  'TableMetadataV2Valid',
  'TableMetadataV2ValidMinimal',
  'TableMetadataV3ValidMinimal',
  'TableMetadataStatisticsFiles',
  'TableMetadataPartitionStatisticsFiles',
  'TableMetadataV1Valid',
] as const;

test.each(valid)('%s survives a round trip', (name) => {
  const metadata = parseTableMetadata(metadataFiles[name]);
  expect(parseTableMetadata(stringifyTableMetadata(metadata))).toEqual(metadata);
});

test('64-bit numbers of a v2 file are exact', () => {
  const metadata = parseTableMetadata(metadataFiles.TableMetadataV2Valid);
  expect(metadata['current-snapshot-id']).toBe(3055729675574597004n);
  expect(metadata.refs).toEqual({ main: { 'snapshot-id': 3055729675574597004n, type: 'branch' } });
  expect(metadata.snapshots?.[1]?.['parent-snapshot-id']).toBe(3051729675574597004n);
  expect(metadata['last-sequence-number']).toBe(34n);
  expect(stringifyTableMetadata(metadata)).toContain('"current-snapshot-id":3055729675574597004');
});

test('a v1 file is brought to lists', () => {
  const metadata = parseTableMetadata(metadataFiles.TableMetadataV1Valid);
  expect(metadata['format-version']).toBe(1);
  expect(metadata['current-snapshot-id']).toBeNull();
  expect(metadata.schemas).toHaveLength(1);
  expect(metadata['partition-specs']).toEqual([
    { 'spec-id': 0, fields: [{ name: 'x', transform: 'identity', 'source-id': 1, 'field-id': 1000 }] },
  ]);
  expect(metadata['last-partition-id']).toBe(1000);
  expect(metadata['sort-orders']).toEqual([{ 'order-id': 0, fields: [] }]);
});

test.each([
  ['TableMetadataUnsupportedVersion', 'UNSUPPORTED', /format version/],
  ['TableMetadataV1MissingSchemaType', 'INVALID_METADATA', /\$\.schema\.type: is missing/],
  ['TableMetadataV2CurrentSchemaNotFound', 'INVALID_METADATA', /\$\.current-schema-id: there is no schema with id 2/],
  ['TableMetadataV2MissingLastPartitionId', 'INVALID_METADATA', /\$\.last-partition-id: is missing/],
  ['TableMetadataV2MissingPartitionSpecs', 'INVALID_METADATA', /\$\.partition-specs: is missing/],
  ['TableMetadataV2MissingSchemas', 'INVALID_METADATA', /\$\.schemas: is missing/],
  ['TableMetadataV2MissingSortOrder', 'INVALID_METADATA', /\$\.sort-orders: is missing/],
] as const)('%s is refused', (name, code, message) => {
  expect(() => parseTableMetadata(metadataFiles[name], { file: 's3://b/m.json' })).toThrow(
    expect.objectContaining({
      code,
      message: expect.stringMatching(message),
      place: expect.objectContaining({ file: 's3://b/m.json' }),
    }),
  );
});

test('members this version does not know are kept, at every level', () => {
  const text = metadataFiles.TableMetadataV2Valid.replace(
    '"format-version"',
    '"x-top": {"big": 12345678901234567890}, "format-version"',
  )
    .replace('"operation"', '"x-note": "kept", "operation"')
    .replace('"doc": "comment"', '"doc": "comment", "x-field": [1, 2]');
  const again = stringifyTableMetadata(parseTableMetadata(text));
  expect(again).toContain('"x-top":{"big":12345678901234567890}');
  expect(again).toContain('"x-note":"kept"');
  expect(again).toContain('"x-field":[1,2]');
});

test('a property called __proto__ is a property', () => {
  const text = metadataFiles.TableMetadataV2Valid.replace('"properties": {}', '"properties": {"__proto__": "x"}');
  const metadata = parseTableMetadata(text);
  expect(Object.keys(metadata.properties ?? {})).toEqual(['__proto__']);
  expect(stringifyTableMetadata(metadata)).toContain('"properties":{"__proto__":"x"}');
});

test.each([
  [
    '"snapshot-id": 3051729675574597004,',
    '"snapshot-id": "abc",',
    /\$\.snapshots\[0\]\.snapshot-id: expected a 64-bit/,
  ],
  ['"type": "long"', '"type": "lung"', /"lung" is not a type/],
  ['"current-snapshot-id": 3055729675574597004', '"current-snapshot-id": 7', /no snapshot with id 7/],
  ['"direction": "asc"', '"direction": "up"', /expected one of asc, desc/],
])('a wrong value %s is named with its path', (from, to, message) => {
  expect(metadataFiles.TableMetadataV2Valid).toContain(from);
  expect(() => parseTableMetadata(metadataFiles.TableMetadataV2Valid.replace(from, to))).toThrow(message);
});
