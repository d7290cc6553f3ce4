import fc from 'fast-check';
import { expect, test } from 'vitest';
import { comparatorOf, compareBytes } from '../../../src/spec/compare.ts';
import type { DataFile } from '../../../src/spec/data-file.ts';
import { metricsModes } from '../../../src/spec/metrics-modes.ts';
import type { Snapshot } from '../../../src/spec/snapshot.ts';
import { SummaryBuilder } from '../../../src/spec/summary.ts';
import { truncateBinaryMax, truncateStringMax, truncateStringMin } from '../../../src/spec/truncate-bounds.ts';
import type { StructType } from '../../../src/spec/types.ts';
import { compareUtf8, utf8 } from '../../../src/util/encoding.ts';

const schema: StructType = {
  type: 'struct',
  fields: [
    {
      id: 1,
      name: 'place',
      required: false,
      type: {
        type: 'struct',
        fields: [
          { id: 4, name: 'city', required: false, type: 'string' },
          { id: 5, name: 'zip', required: false, type: 'string' },
        ],
      },
    },
    { id: 2, name: 'id', required: true, type: 'long' },
    { id: 3, name: '__proto__', required: false, type: 'string' },
  ],
};

test('metrics default to truncate(16)', () => {
  expect([...metricsModes({}, schema)]).toEqual([
    [4, { kind: 'truncate', length: 16 }],
    [5, { kind: 'truncate', length: 16 }],
    [2, { kind: 'truncate', length: 16 }],
    [3, { kind: 'truncate', length: 16 }],
  ]);
});

test('a default and columns of their own', () => {
  const properties = Object.fromEntries([
    ['write.metadata.metrics.default', 'counts'],
    ['write.metadata.metrics.column.place.city', 'Truncate(4)'],
    ['write.metadata.metrics.column.__proto__', 'full'],
    ['write.metadata.metrics.column.gone', 'none'],
  ]);
  const sorted = {
    fields: [
      { 'source-id': 2, transform: 'identity', direction: 'asc', 'null-order': 'nulls-first' },
      { 'source-id': 5, transform: 'bucket[4]', direction: 'asc', 'null-order': 'nulls-first' },
    ],
  } as const;
  expect(new Map(metricsModes(properties, schema, sorted))).toEqual(
    new Map([
      [4, { kind: 'truncate', length: 4 }],
      [5, { kind: 'counts' }],
      [2, { kind: 'truncate', length: 16 }],
      [3, { kind: 'full' }],
    ]),
  );
});

test('wide tables keep metrics of their first columns, a struct before what is inside its fields', () => {
  const modes = metricsModes({ 'write.metadata.metrics.max-inferred-column-defaults': '3' }, schema);
  expect([...modes].filter(([, mode]) => mode.kind !== 'none').map(([id]) => id)).toEqual([4, 2, 3]);
});

test.each([
  ['write.metadata.metrics.default', 'some'],
  ['write.metadata.metrics.column.id', 'truncate(0)'],
])('%s = %s is refused', (key, value) => {
  expect(() => metricsModes({ [key]: value }, schema)).toThrow(
    expect.objectContaining({ code: 'INVALID_METADATA', place: { option: key } }),
  );
});

test('cut bounds still bound', () => {
  const scalar = fc.string({ unit: 'binary', maxLength: 8 });
  fc.assert(
    fc.property(scalar, fc.integer({ min: 1, max: 5 }), (value, length) => {
      const lower = truncateStringMin(value, length);
      const upper = truncateStringMax(value, length);
      expect(compareUtf8(lower, value)).toBeLessThanOrEqual(0);
      expect(Array.from(lower).length).toBeLessThanOrEqual(length);
      if (upper !== null) {
        expect(compareUtf8(upper, value)).toBeGreaterThanOrEqual(0);
        expect(Array.from(upper).length).toBeLessThanOrEqual(length);
        expect(upper.isWellFormed()).toBe(true);
      }
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 8 }), fc.integer({ min: 1, max: 5 }), (value, length) => {
      const upper = truncateBinaryMax(value, length);
      if (upper !== null) expect(compareBytes(upper, value)).toBeGreaterThanOrEqual(0);
      else expect(value.subarray(0, length).every((byte) => byte === 255)).toBe(true);
    }),
  );
});

test.each([
  ['abc', 2, 'ac'],
  ['ab', 2, 'ab'],
  ['a\uD7FFz', 2, 'a\uE000'],
  ['a\u{10FFFF}z', 2, 'b'],
  ['\u{10FFFF}z', 1, null],
  ['🎈🎈🎈', 2, '🎈\u{1F389}'],
])('the upper bound of %j in %i characters', (value, length, expected) => {
  expect(truncateStringMax(value, length)).toBe(expected);
});

test('strings order by their UTF-8 bytes, -0 comes before 0', () => {
  const compare = comparatorOf('string');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
      expect(Math.sign(compare(a, b))).toBe(Math.sign(compareBytes(utf8(a), utf8(b))));
    }),
  );
  const doubles = comparatorOf('double');
  const sorted = [Number.NaN, 0, 1, -0, -1, Number.NEGATIVE_INFINITY].sort(doubles);
  expect(sorted).toEqual([Number.NEGATIVE_INFINITY, -1, -0, 0, 1, Number.NaN]);
});

function file(more: Partial<DataFile> = {}): DataFile {
  return {
    content: 'data',
    filePath: 's3://b/f.parquet',
    fileFormat: 'parquet',
    specId: 0,
    partition: [],
    recordCount: 10n,
    fileSizeInBytes: 100n,
    ...more,
  };
}

function snapshot(summary: Record<string, string>): Snapshot {
  return { 'snapshot-id': 1n, 'timestamp-ms': 0n, summary };
}

test('the first append starts totals at 0', () => {
  const builder = new SummaryBuilder();
  builder.added(file(), 'p=1');
  builder.added(file({ recordCount: 5n }), 'p=2');
  expect(builder.build('append', null, { 'app.id': 'x', operation: 'mine', 'total-records': '9' })).toEqual({
    'app.id': 'x',
    operation: 'append',
    'added-data-files': '2',
    'added-records': '15',
    'added-files-size': '200',
    'changed-partition-count': '2',
    'total-records': '15',
    'total-data-files': '2',
    'total-files-size': '200',
    'total-delete-files': '0',
    'total-position-deletes': '0',
    'total-equality-deletes': '0',
  });
});

test('a total that the previous snapshot lacks is left out', () => {
  const builder = new SummaryBuilder();
  builder.added(file(), '');
  builder.removed(file({ recordCount: 4n }), '');
  const summary = builder.build(
    'overwrite',
    snapshot({ operation: 'append', 'total-records': '100', 'total-data-files': 'many', 'total-files-size': '0' }),
  );
  expect(summary).toEqual({
    operation: 'overwrite',
    'added-data-files': '1',
    'added-records': '10',
    'added-files-size': '100',
    'deleted-data-files': '1',
    'deleted-records': '4',
    'removed-files-size': '100',
    'changed-partition-count': '1',
    'total-records': '106',
    'total-files-size': '0',
  });
});

test('deletes, vectors and partition summaries', () => {
  const builder = new SummaryBuilder(5);
  builder.added(file({ content: 'equality-deletes', recordCount: 3n }), 'p=1');
  builder.added(file({ content: 'position-deletes', recordCount: 2n }), 'p=1');
  builder.added(file({ content: 'position-deletes', fileFormat: 'puffin', contentSizeInBytes: 40n }), 'p=1');
  expect(builder.build('delete', null)).toMatchObject({
    'added-delete-files': '3',
    'added-equality-delete-files': '1',
    'added-equality-deletes': '3',
    'added-position-delete-files': '1',
    'added-position-deletes': '12',
    'added-dvs': '1',
    'added-files-size': '240',
    'total-delete-files': '3',
    'partition-summaries-included': 'true',
    'partitions.p=1': expect.stringContaining('added-dvs=1'),
  });
});
