import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ArrowType } from '../../../src/engine/arrow-schema.ts';
import type { LeafFacts, ParquetFooter } from '../../../src/engine/footer.ts';
import { type DataFileRequest, dataFileFromFooter } from '../../../src/format/data-file-from-footer.ts';
import { parquetBoundValue } from '../../../src/format/parquet-bound.ts';
import type { NestedField, PrimitiveType } from '../../../src/spec/types.ts';

const bytes = (...values: number[]) => Uint8Array.from(values);
const utf8 = (text: string) => new TextEncoder().encode(text);
const le = (write: (view: DataView) => void, length: number) => {
  const view = new DataView(new ArrayBuffer(length));
  write(view);
  return new Uint8Array(view.buffer);
};
const int32 = (v: number) => le((view) => view.setInt32(0, v, true), 4);
const int64 = (v: bigint) => le((view) => view.setBigInt64(0, v, true), 8);
const double = (v: number) => le((view) => view.setFloat64(0, v, true), 8);

function leaf(fieldId: number, physicalType: string, more: Partial<LeafFacts> = {}): LeafFacts {
  return {
    path: `c${fieldId}`,
    fieldId,
    physicalType,
    repeated: false,
    compressedBytes: 100 + fieldId,
    valueCount: 10,
    nullCount: 1,
    nanCount: null,
    min: null,
    max: null,
    minExact: true,
    maxExact: true,
    ...more,
  };
}

const footer = (...leaves: LeafFacts[]): ParquetFooter => ({
  numRows: 10,
  createdBy: null,
  rowGroups: [
    { numRows: 6, startOffset: 4, compressedBytes: 50 },
    { numRows: 4, startOffset: 54, compressedBytes: 50 },
  ],
  leaves,
  keyValueMetadata: new Map(),
});

const field = (id: number, type: NestedField['type']): NestedField => ({ id, name: `c${id}`, required: false, type });

function file(fields: NestedField[], leaves: LeafFacts[], more: Partial<DataFileRequest> = {}) {
  return dataFileFromFooter({
    footer: footer(...leaves),
    location: 's3://b/f.parquet',
    sizeBytes: 1234,
    schema: { type: 'struct', 'schema-id': 0, fields },
    spec: { 'spec-id': 3, fields: [] },
    partition: [],
    metadata: { 'sort-orders': [{ 'order-id': 0, fields: [] }], 'default-sort-order-id': 0 },
    ...more,
  });
}

test('a data file has what the footer says', () => {
  const made = file(
    [field(1, 'long'), field(2, 'double'), field(3, 'string')],
    [
      leaf(1, 'INT64', { min: int64(-5n), max: int64(7n) }),
      leaf(2, 'DOUBLE', { nanCount: 2, min: double(0), max: double(-0), nullCount: 0 }),
      leaf(3, 'BYTE_ARRAY', { min: utf8('a'), max: utf8('zebra, a striped animal'), nullCount: null }),
      leaf(99, 'INT32', { min: int32(1), max: int32(1) }),
    ],
  );
  expect(made).toEqual({
    content: 'data',
    filePath: 's3://b/f.parquet',
    fileFormat: 'parquet',
    specId: 3,
    partition: [],
    recordCount: 10n,
    fileSizeInBytes: 1234n,
    columnSizes: new Map([
      [1, 101n],
      [2, 102n],
      [3, 103n],
    ]),
    valueCounts: new Map([
      [1, 10n],
      [2, 10n],
      [3, 10n],
    ]),
    nullValueCounts: new Map([
      [1, 1n],
      [2, 0n],
    ]),
    nanValueCounts: new Map([[2, 2n]]),
    lowerBounds: new Map([
      [1, int64(-5n)],
      [2, double(-0)],
      [3, utf8('a')],
    ]),
    upperBounds: new Map([
      [1, int64(7n)],
      [2, double(0)],
      [3, utf8('zebra, a stripee')],
    ]),
    splitOffsets: [4n, 54n],
  });
});

describe('metrics modes', () => {
  const leaves = [leaf(1, 'BYTE_ARRAY', { min: utf8('aaaa'), max: utf8('bbbb') })];
  const made = (mode: string) =>
    file([field(1, 'string')], leaves, {
      metadata: {
        properties: { 'write.metadata.metrics.default': mode },
        'sort-orders': [],
        'default-sort-order-id': 0,
      },
    });

  test('none keeps nothing, counts keeps counts and sizes, truncate and full keep bounds', () => {
    expect([made('none').columnSizes?.size, made('none').valueCounts?.size]).toEqual([0, 0]);
    const counts = made('counts');
    expect([counts.columnSizes?.size, counts.valueCounts?.size, counts.lowerBounds?.size]).toEqual([1, 1, 0]);
    expect(made('truncate(2)').lowerBounds?.get(1)).toEqual(utf8('aa'));
    expect(made('truncate(2)').upperBounds?.get(1)).toEqual(utf8('bc'));
    expect(made('full').upperBounds?.get(1)).toEqual(utf8('bbbb'));
  });

  test('a binary bound that cannot be cut upwards is left out', () => {
    const high = [leaf(1, 'BYTE_ARRAY', { min: bytes(255, 255, 255), max: bytes(255, 255, 255) })];
    const cut = file([field(1, 'binary')], high, {
      metadata: {
        properties: { 'write.metadata.metrics.default': 'truncate(2)' },
        'sort-orders': [],
        'default-sort-order-id': 0,
      },
    });
    expect(cut.lowerBounds?.get(1)).toEqual(bytes(255, 255));
    expect(cut.upperBounds?.has(1)).toBe(false);
  });
});

test('fields inside lists and maps have sizes only; struct children have everything', () => {
  const list: NestedField = {
    id: 1,
    name: 'l',
    required: false,
    type: { type: 'list', 'element-id': 2, 'element-required': false, element: 'int' },
  };
  const struct: NestedField = {
    id: 3,
    name: 's',
    required: false,
    type: { type: 'struct', fields: [{ id: 4, name: 'x', required: true, type: 'int' }] },
  };
  const made = file(
    [list, struct],
    [
      leaf(2, 'INT32', { repeated: true, min: int32(1), max: int32(2) }),
      leaf(4, 'INT32', { min: int32(1), max: int32(2) }),
    ],
  );
  expect([...(made.columnSizes?.keys() ?? [])]).toEqual([2, 4]);
  expect([...(made.valueCounts?.keys() ?? [])]).toEqual([4]);
  expect([...(made.lowerBounds?.keys() ?? [])]).toEqual([4]);
});

describe('a bound of a footer as a value', () => {
  const value = (
    type: PrimitiveType,
    physicalType: string,
    data: Uint8Array,
    side: 'lower' | 'upper' = 'lower',
    fileType?: ArrowType,
  ) => parquetBoundValue({ physicalType, bytes: data, side, ...(fileType === undefined ? {} : { fileType }) }, type);
  const ts = (unit: 's' | 'ms' | 'us' | 'ns'): ArrowType => ({ kind: 'timestamp', unit, timezone: null });

  test.each<[PrimitiveType, string, Uint8Array, unknown]>([
    ['boolean', 'BOOLEAN', bytes(1), true],
    ['int', 'INT32', int32(-3), -3],
    ['int', 'INT64', int64(3n), null],
    ['long', 'INT32', int32(-3), -3n],
    ['date', 'INT32', int32(19_000), 19_000],
    ['double', 'FLOAT', le((v) => v.setFloat32(0, 1.5, true), 4), 1.5],
    ['double', 'DOUBLE', double(Number.NaN), null],
    ['decimal(9, 2)', 'INT32', int32(-1050), -1050n],
    ['decimal(18, 2)', 'INT64', int64(-1050n), -1050n],
    ['decimal(38, 2)', 'FIXED_LEN_BYTE_ARRAY', bytes(255, 255, 251, 230), -1050n],
    ['decimal(38, 2)', 'BYTE_ARRAY', bytes(0, 128), 128n],
    ['uuid', 'FIXED_LEN_BYTE_ARRAY', new Uint8Array(16), new Uint8Array(16)],
    ['uuid', 'FIXED_LEN_BYTE_ARRAY', new Uint8Array(15), null],
    ['timestamp', 'INT64', int64(12n), 12n],
    ['timestamp', 'INT96', new Uint8Array(12), null],
    ['string', 'BYTE_ARRAY', utf8('é'), 'é'],
  ])('%s from %s', (type, physical, data, expected) => {
    expect(value(type, physical, data)).toEqual(expected);
  });

  test('units of the file are brought to the table’s, away from the values', () => {
    expect(value('timestamp', 'INT64', int64(-3n), 'lower', ts('ms'))).toBe(-3000n);
    expect(value('timestamp', 'INT64', int64(-1n), 'lower', ts('ns'))).toBe(-1n);
    expect(value('timestamp', 'INT64', int64(-1n), 'upper', ts('ns'))).toBe(0n);
    expect(value('timestamp', 'INT64', int64(1n), 'lower', ts('ns'))).toBe(0n);
    expect(value('timestamp', 'INT64', int64(1n), 'upper', ts('ns'))).toBe(1n);
    expect(value('timestamp_ns', 'INT64', int64(2n ** 62n), 'upper', ts('us'))).toBe(null);
    expect(value('time', 'INT32', int32(5), 'lower', { kind: 'time', unit: 'ms' })).toBe(5000n);
    expect(value('timestamp', 'INT64', int64(5n), 'lower', { kind: 'int', bitWidth: 64, signed: true })).toBe(null);
  });

  test('unsigned integers and other decimal scales give no bound', () => {
    expect(value('long', 'INT32', int32(-1), 'lower', { kind: 'int', bitWidth: 32, signed: false })).toBe(null);
    const decimal: ArrowType = { kind: 'decimal', bitWidth: 128, precision: 9, scale: 3 };
    expect(value('decimal(9, 2)', 'INT32', int32(1), 'lower', decimal)).toBe(null);
  });

  test('text that was cut inside a character is a lower bound still, never an upper one', () => {
    const whole = utf8('ab€');
    expect(value('string', 'BYTE_ARRAY', whole.subarray(0, 4), 'lower')).toBe('ab');
    expect(value('string', 'BYTE_ARRAY', whole.subarray(0, 4), 'upper')).toBe(null);
    expect(value('string', 'BYTE_ARRAY', bytes(255, 255, 255, 255, 255), 'lower')).toBe(null);
  });

  test('decimals of any width agree', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 31n), max: 2n ** 31n - 1n }), (n) => {
        const flba = Uint8Array.from({ length: 9 }, (_, i) =>
          Number((BigInt.asUintN(72, n) >> BigInt(8 * (8 - i))) & 255n),
        );
        expect(value('decimal(9, 0)', 'INT32', int32(Number(n)))).toBe(n);
        expect(value('decimal(9, 0)', 'FIXED_LEN_BYTE_ARRAY', flba)).toBe(n);
      }),
    );
  });
});
