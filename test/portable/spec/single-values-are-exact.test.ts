import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatDate, formatTimestamp, parseDate, parseTimestamp } from '../../../src/spec/date-time.ts';
import {
  decimalRequiredBytes,
  decimalText,
  fromBigEndian,
  minimalBigEndian,
  parseDecimalText,
} from '../../../src/spec/decimal.ts';
import { singleValueFromBytes, singleValueToBytes } from '../../../src/spec/single-value.ts';
import { singleValueFromJson, singleValueToJson } from '../../../src/spec/single-value-json.ts';
import type { PrimitiveType, SingleValue } from '../../../src/spec/types.ts';
import { toHex } from '../../../src/util/encoding.ts';
import { parseJson, stringifyJson } from '../../../src/util/json.ts';

const long = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const int = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const arbitraries: [PrimitiveType, fc.Arbitrary<SingleValue>][] = [
  ['boolean', fc.boolean()],
  ['int', int],
  ['long', long],
  ['float', fc.float({ noNaN: true, noDefaultInfinity: true })],
  ['double', fc.double({ noNaN: true, noDefaultInfinity: true })],
  ['date', fc.integer({ min: -3_000_000, max: 3_000_000 })],
  ['time', fc.bigInt({ min: 0n, max: 86_399_999_999n })],
  ['timestamp', fc.bigInt({ min: -(10n ** 17n), max: 10n ** 17n })],
  ['timestamptz', fc.bigInt({ min: -(10n ** 17n), max: 10n ** 17n })],
  ['timestamp_ns', long],
  ['timestamptz_ns', long],
  ['string', fc.string({ unit: 'binary' })],
  ['uuid', fc.uint8Array({ minLength: 16, maxLength: 16 })],
  ['fixed[3]', fc.uint8Array({ minLength: 3, maxLength: 3 })],
  ['binary', fc.uint8Array()],
  ['decimal(38, 10)', fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n })],
];

test.each(arbitraries)('%s as bytes and as JSON', (type, values) => {
  fc.assert(
    fc.property(values, (value) => {
      expect(singleValueFromBytes(type, singleValueToBytes(type, value))).toEqual(value);
      const json = parseJson(stringifyJson(singleValueToJson(type, value)));
      // JSON has no -0: it is written as 0.
      const expected = typeof value === 'number' && value === 0 ? 0 : value;
      expect(singleValueFromJson(type, json)).toEqual(expected);
    }),
    { numRuns: 100 },
  );
});

test.each<[PrimitiveType, SingleValue, string]>([
  ['boolean', true, '01'],
  ['int', 34, '22000000'],
  ['long', 34n, '2200000000000000'],
  ['float', -4.5, '000090c0'],
  ['double', 6, '0000000000001840'],
  ['decimal(9, 2)', 1420n, '058c'],
  ['decimal(9, 2)', -1n, 'ff'],
  ['decimal(9, 2)', 128n, '0080'],
  ['decimal(9, 2)', 0n, '00'],
  ['string', 'ABC', '414243'],
  ['date', 1, '01000000'],
])('%s %s is %s', (type, value, hex) => {
  expect(toHex(singleValueToBytes(type, value))).toBe(hex);
});

test('bounds keep the type they were written with', () => {
  const four = singleValueToBytes('int', -7);
  expect(singleValueFromBytes('long', four)).toBe(-7n);
  expect(singleValueFromBytes('double', singleValueToBytes('float', 0.5))).toBe(0.5);
  expect(singleValueFromBytes('timestamp', singleValueToBytes('date', 1))).toBe(86_400_000_000n);
  expect(singleValueFromBytes('timestamp_ns', singleValueToBytes('date', -1))).toBe(-86_400_000_000_000n);
  expect(singleValueFromBytes('timestamptz', four)).toBeNull();
  expect(singleValueFromBytes('int', Uint8Array.of(1))).toBeNull();
});

test.each<[PrimitiveType, unknown]>([
  ['int', 1.5],
  ['int', '1'],
  ['date', '2017-02-30'],
  ['time', '25:00:00'],
  ['timestamp', '2017-11-16T22:31:08+00:00'],
  ['timestamptz', '2017-11-16T22:31:08'],
  ['timestamp', '2017-11-16T22:31:08.0000001'],
  ['decimal(3, 1)', '100.0'],
  ['decimal(3, 1)', '1.23'],
  ['uuid', 'f79c3e09'],
  ['fixed[2]', '000102'],
  ['binary', '0'],
])('%s from %j is refused', (type, json) => {
  expect(() => singleValueFromJson(type, json)).toThrow(expect.objectContaining({ code: 'INVALID_METADATA' }));
});

test.each<[PrimitiveType, unknown, SingleValue]>([
  ['decimal(9, 2)', '14.20', 1420n],
  ['decimal(38, 2)', '2E+20', 20_000_000_000_000_000_000_000n],
  ['timestamptz', '2017-11-16T14:31:08-08:00', 1_510_871_468_000_000n],
  ['timestamp_ns', '2017-11-16T22:31:08.000001001', 1_510_871_468_000_001_001n],
  ['date', '1969-12-31', -1],
])('%s from %j', (type, json, expected) => {
  expect(singleValueFromJson(type, json)).toBe(expected);
});

test('dates beyond four digits', () => {
  expect(formatDate(-719_529)).toBe('-0001-12-31');
  fc.assert(
    fc.property(fc.integer({ min: -50_000_000, max: 50_000_000 }), (days) => {
      expect(parseDate(formatDate(days))).toBe(days);
    }),
  );
  expect(parseTimestamp(formatTimestamp(-1n, 'ns'), 'ns', 'none')).toBe(-1n);
});

test('decimals as text and bytes', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 38n), max: 10n ** 38n }), fc.integer({ min: 0, max: 38 }), (value, scale) => {
      expect(parseDecimalText(decimalText(value, scale), scale)).toBe(value);
      expect(fromBigEndian(minimalBigEndian(value))).toBe(value);
    }),
  );
  expect([1, 2, 3, 9, 18, 19, 38].map(decimalRequiredBytes)).toEqual([1, 1, 2, 4, 8, 9, 16]);
});
