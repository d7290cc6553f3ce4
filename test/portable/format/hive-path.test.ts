import { describe, expect, test } from 'vitest';
import { hivePathValues, partitionValueFromText, valueFromText } from '../../../src/format/hive-path.ts';
import { parseTransform } from '../../../src/spec/transform.ts';
import type { PrimitiveType } from '../../../src/spec/types.ts';

describe('values in a path', () => {
  test('are decoded, in order; the file’s own name does not count', () => {
    const values = hivePathValues(
      's3://b/t/year=2026/na%20me=a%2Fb+c=d/x=__HIVE_DEFAULT_PARTITION__/__proto__=1/part=0.parquet',
    );
    expect([...values]).toEqual([
      ['year', '2026'],
      ['na me', 'a/b+c=d'],
      ['x', null],
      ['__proto__', '1'],
    ]);
    expect(hivePathValues('s3://b/t/=1/x').size).toBe(0);
  });

  test('that are broken or twice are refused', () => {
    expect(() => hivePathValues('s3://b/a=%zz/x')).toThrow(/"%zz" is not valid percent-encoding/);
    expect(() => hivePathValues('s3://b/a=1/a=2/x')).toThrow(/a= twice/);
  });

  test.each<[PrimitiveType, string, unknown]>([
    ['boolean', 'TRUE', true],
    ['boolean', '1', undefined],
    ['int', '-5', -5],
    ['int', '2147483648', undefined],
    ['int', '1.0', undefined],
    ['long', '9223372036854775807', 9223372036854775807n],
    ['long', '9223372036854775808', undefined],
    ['double', '1e3', 1000],
    ['double', '-Infinity', Number.NEGATIVE_INFINITY],
    ['double', 'x', undefined],
    ['decimal(5, 2)', '12.5', 1250n],
    ['decimal(5, 2)', '1234.5', undefined],
    ['date', '1970-01-02', 1],
    ['date', '1970-13-02', undefined],
    ['timestamp', '1970-01-01 00:00:01.5', 1_500_000n],
    ['timestamp', '1970-01-02', 86_400_000_000n],
    ['timestamptz', '1970-01-01T01:00:00+01:00', 0n],
    ['timestamptz', '1970-01-01 00:00:01', 1_000_000n],
    ['string', 'null', 'null'],
    ['uuid', 'nope', undefined],
  ])('%s from %j', (type, text, expected) => {
    expect(valueFromText(type, text)).toEqual(expected);
  });

  test.each<[string, PrimitiveType, string, unknown]>([
    ['identity', 'string', 'x', 'x'],
    ['truncate[4]', 'string', 'abcd', 'abcd'],
    ['bucket[16]', 'string', '3', 3],
    ['year', 'timestamp', '2026', 56],
    ['year', 'date', '1969', -1],
    ['month', 'date', '2026-01', 672],
    ['month', 'date', '2026-13', undefined],
    ['day', 'timestamptz', '1970-01-02', 1],
    ['hour', 'timestamp', '1970-01-02-05', 29],
    ['hour', 'timestamp', '1970-01-02', undefined],
    ['void', 'int', '1', undefined],
  ])('%s of %s from %j', (transform, source, text, expected) => {
    expect(partitionValueFromText(parseTransform(transform), source, text)).toEqual(expected);
  });
});
