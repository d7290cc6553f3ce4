import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseTimestamp } from '../../../src/spec/date-time.ts';
import { bindPartitionSpec } from '../../../src/spec/partition-bind.ts';
import { formatPartitioning } from '../../../src/spec/partition-format.ts';
import { parsePartitioning, parseSorting } from '../../../src/spec/partition-parse.ts';
import { formEncode, humanValue, partitionPath } from '../../../src/spec/partition-path.ts';
import { singleValueFromJson } from '../../../src/spec/single-value-json.ts';
import { parseTransform } from '../../../src/spec/transform.ts';
import { applyTransform, hashValue } from '../../../src/spec/transform-apply.ts';
import type { PrimitiveType, SingleValue, StructType } from '../../../src/spec/types.ts';
import { toHex } from '../../../src/util/encoding.ts';
import { murmur3 } from '../../../src/util/murmur3.ts';
import { hashVectors } from '../../fixtures/iceberg-hash-vectors.ts';

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

test.each(hashVectors)('hash of $type $value', ({ type, value, bytesHex, hash, bucket16 }) => {
  expect(murmur3(fromHex(bytesHex))).toBe(hash);
  if (type.includes('not bucketable')) {
    const json = value === 'true' ? true : Number(value);
    expect(hashValue(type.split(' ')[0] as PrimitiveType, json)).toBe(hash);
    return;
  }
  const json = type === 'int' || type === 'long' ? Number(value) : value;
  const single = singleValueFromJson(type as PrimitiveType, json) as SingleValue;
  expect(hashValue(type as PrimitiveType, single)).toBe(hash);
  expect(applyTransform(parseTransform('bucket[16]'), type as PrimitiveType, single)).toBe(bucket16);
});

const us = (text: string) => parseTimestamp(text, 'us', 'none') ?? -1n;

test.each([
  ['truncate[10]', 'int', 1, 0],
  ['truncate[10]', 'int', -1, -10],
  ['truncate[10]', 'long', -1n, -10n],
  ['truncate[50]', 'decimal(9, 2)', 1065n, 1050n],
  ['truncate[3]', 'string', 'iceberg', 'ice'],
  ['truncate[2]', 'string', '🎈🎈🎈', '🎈🎈'],
  ['truncate[3]', 'string', 'ab', 'ab'],
  ['year', 'date', -1, -1],
  ['month', 'date', -1, -1],
  ['month', 'date', 17_486, 574],
  ['year', 'date', 17_486, 47],
  ['day', 'date', -1, -1],
  ['year', 'timestamp', us('2017-11-16T22:31:08'), 47],
  ['month', 'timestamp', us('2017-11-16T22:31:08'), 574],
  ['day', 'timestamp', us('2017-11-16T22:31:08'), 17_486],
  ['hour', 'timestamp', us('2017-11-16T22:31:08'), 419_686],
  ['hour', 'timestamptz', -1n, -1],
  ['day', 'timestamp_ns', -1n, -1],
  ['year', 'timestamp_ns', us('1969-12-31T23:59:59') * 1000n, -1],
  ['identity', 'string', 'x', 'x'],
  ['void', 'string', 'x', null],
] as const)('%s of %s', (transform, type, value, expected) => {
  expect(applyTransform(parseTransform(transform), type, value)).toEqual(expected);
  expect(applyTransform(parseTransform(transform), type, null)).toBeNull();
});

test('years and months agree with the calendar', () => {
  fc.assert(
    fc.property(fc.integer({ min: -2_000_000, max: 2_000_000 }), (days) => {
      const date = new Date(days * 86_400_000);
      expect(applyTransform({ kind: 'year' }, 'date', days)).toBe(date.getUTCFullYear() - 1970);
      expect(applyTransform({ kind: 'month' }, 'date', days)).toBe(
        (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth(),
      );
    }),
  );
});

test.each([
  ['bucket[16]', 'double'],
  ['hour', 'date'],
  ['truncate[4]', 'uuid'],
  ['month', 'string'],
  ['zorder[3]', 'int'],
] as const)('%s does not take %s', (transform, type) => {
  expect(() => applyTransform(parseTransform(transform), type, null)).toThrow(/does not take/);
});

const schema: StructType = {
  type: 'struct',
  fields: [
    { id: 1, name: 'id', required: true, type: 'long' },
    { id: 2, name: 'date', required: false, type: 'timestamp' },
    { id: 3, name: 'name', required: false, type: 'string' },
    { id: 4, name: 'a b', required: false, type: 'string' },
    {
      id: 5,
      name: 'place',
      required: false,
      type: { type: 'struct', fields: [{ id: 6, name: 'city', required: false, type: 'string' }] },
    },
    {
      id: 7,
      name: 'tags',
      required: false,
      type: { type: 'list', 'element-id': 8, 'element-required': false, element: 'string' },
    },
    { id: 9, name: 'price', required: false, type: 'double' },
  ],
};

test.each([
  ['month(date)', [['date_month', 'month', 2]]],
  ['bucket(16, id)', [['id_bucket', 'bucket[16]', 1]]],
  ['truncate(name, 4)', [['name_trunc', 'truncate[4]', 3]]],
  ['name', [['name', 'identity', 3]]],
  ['identity(place.city)', [['place.city', 'identity', 6]]],
  [
    'Days( date ) , bucket(8,id) as b',
    [
      ['date_day', 'day', 2],
      ['b', 'bucket[8]', 1],
    ],
  ],
  ['"a b"', [['a b', 'identity', 4]]],
  ['truncate("a b", 2)', [['a b_trunc', 'truncate[2]', 4]]],
  ['', []],
] as const)('partitioning %j', (text, expected) => {
  const spec = parsePartitioning(text, schema);
  expect(spec.fields.map((field) => [field.name, field.transform, field['source-id']])).toEqual(expected);
  expect(parsePartitioning(formatPartitioning(spec, schema), schema)).toEqual(spec);
});

test('a partitioning is shown as it is typed', () => {
  const typed = 'month(date), bucket(8, id) as b, truncate(name, 4), place.city, void("a b") as "odd ""name"""';
  expect(formatPartitioning(parsePartitioning(typed, schema), schema)).toBe(typed);
  const strange = [
    { 'source-id': 99, name: 'gone', transform: 'day' },
    { 'source-id': 1, name: 'id later', transform: 'zorder' },
  ];
  expect(formatPartitioning({ fields: strange }, schema)).toBe('gone: day, "id later": zorder');
});

test.each([
  ['month(dat)', /no column "dat"; the table has id, date, name/],
  ['month(Date)', /did you mean "date"/],
  ['monthly(date)', /no transform "monthly"/],
  ['bucket(id)', /a number and a column, as in bucket\(16, id\)/],
  ['bucket(0, id)', /must be 1 to/],
  ['month(name)', /does not take column "name" of type string; it takes date, timestamp/],
  ['year(date), month(date)', /redundant/],
  ['name, name', /occurs twice/],
  ['bucket(4, id) as name', /name of another column/],
  ['tags.element', /cannot apply/],
  ['bucket(4, price)', /does not take column "price" of type double/],
  ['month(date', /not closed/],
  ['id,,name', /nothing between two commas/],
])('partitioning %j is refused', (text, message) => {
  expect(() => parsePartitioning(text, schema)).toThrow(message);
});

test('sort orders', () => {
  expect(parseSorting('date desc, bucket(4, id), name asc nulls last', schema).fields).toEqual([
    { 'source-id': 2, transform: 'identity', direction: 'desc', 'null-order': 'nulls-last' },
    { 'source-id': 1, transform: 'bucket[4]', direction: 'asc', 'null-order': 'nulls-first' },
    { 'source-id': 3, transform: 'identity', direction: 'asc', 'null-order': 'nulls-last' },
  ]);
});

test('paths are as Java writes them', () => {
  const fields = bindPartitionSpec(parsePartitioning('month(date), "a b", bucket(16, id)', schema), schema);
  expect(partitionPath(fields, [574, 'x/y z+ä', null])).toBe('date_month=2017-11/a+b=x%2Fy+z%2B%C3%A4/id_bucket=null');
  expect(partitionPath([], [])).toBe('');
  expect(formEncode("a.b-c*d_e~(f)'!:")).toBe('a.b-c*d_e%7E%28f%29%27%21%3A');
});

test.each([
  ['year', 'int', -1, '1969'],
  ['month', 'int', -1, '1969-12'],
  ['day', 'date', 17_486, '2017-11-16'],
  ['hour', 'int', 419_686, '2017-11-16-22'],
  ['hour', 'int', -1, '1969-12-31-23'],
  ['identity', 'decimal(9, 2)', -1420n, '-14.20'],
  ['identity', 'timestamptz', 1n, '1970-01-01T00:00:00.000001+00:00'],
  ['identity', 'binary', Uint8Array.of(1, 2, 3), 'AQID'],
  ['identity', 'boolean', true, 'true'],
] as const)('%s %s for people', (transform, type, value, expected) => {
  expect(humanValue(parseTransform(transform), type, value)).toBe(expected);
});

test('a uuid for people', () => {
  const uuid = fromHex('f79c3e09677c4bbda4793f349cb785e7');
  expect(humanValue({ kind: 'identity' }, 'uuid', uuid)).toBe('f79c3e09-677c-4bbd-a479-3f349cb785e7');
  expect(toHex(uuid)).toHaveLength(32);
});
