import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isJsonNumberText, parseJson, stringifyJson } from '../../../src/util/json.ts';

test('integers beyond 2^53 become bigint and are written back exactly', () => {
  const text = '{"snapshot-id":8656952484400131532,"low":-9223372036854775808,"small":12}';
  const value = parseJson(text) as Record<string, unknown>;
  expect(value['snapshot-id']).toBe(8656952484400131532n);
  expect(value['low']).toBe(-9223372036854775808n);
  expect(value['small']).toBe(12);
  expect(stringifyJson(value)).toBe(text);
});

test('the edge of exact integers', () => {
  expect(parseJson('9007199254740991')).toBe(9007199254740991);
  expect(parseJson('9007199254740992')).toBe(9007199254740992n);
  expect(parseJson('9007199254740993')).toBe(9007199254740993n);
});

test.each(['1.23456789012345678901', '1e400', '-0', '-0.0', '123456789.123456789123'])('%s keeps its text', (text) => {
  const value = parseJson(text);
  expect(isJsonNumberText(value)).toBe(true);
  expect(stringifyJson(value)).toBe(text);
});

test.each([
  ['0.1', 0.1],
  ['1.5e3', 1500],
  ['-2.25', -2.25],
])('%s is a number', (text, expected) => {
  expect(parseJson(text)).toBe(expected);
});

test('__proto__ and constructor are ordinary keys', () => {
  const text = '{"__proto__":{"x":1},"constructor":"c"}';
  const value = parseJson(text) as object;
  expect(Object.keys(value)).toEqual(['__proto__', 'constructor']);
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  expect(stringifyJson(value)).toBe(text);
});

test('deep nesting is refused before parsing', () => {
  expect(() => parseJson('['.repeat(500_000))).toThrow(/deeper than 200/);
  expect(() => parseJson(`${'['.repeat(100)}${']'.repeat(100)}`)).not.toThrow();
  expect(parseJson(`"${'['.repeat(500)}\\\\\\"${'{'.repeat(500)}"`)).toContain('[[{'.slice(0, 2));
});

test.each(['', '{', '{"a":}', '[1,]', '{"a":1,"a":2}', '01', 'nul', '"\n"', '<html>'])('%j is refused', (text) => {
  expect(() => parseJson(text, { file: 's3://b/x.json' })).toThrow(
    expect.objectContaining({ code: 'INVALID_METADATA', place: { file: 's3://b/x.json' } }),
  );
});

test('any JSON value survives', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value);
      expect(stringifyJson(parseJson(text))).toBe(JSON.stringify(JSON.parse(text)));
    }),
    { numRuns: 200 },
  );
});
