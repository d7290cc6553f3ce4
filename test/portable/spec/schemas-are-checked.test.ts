import fc from 'fast-check';
import { expect, test } from 'vitest';
import { JsonCursor } from '../../../src/spec/json-cursor.ts';
import { sanitizeName, sanitizeNames } from '../../../src/spec/sanitize-name.ts';
import type { Schema } from '../../../src/spec/schema.ts';
import { assignFreshIds } from '../../../src/spec/schema-fresh-ids.ts';
import { findFieldByName, schemaIndex } from '../../../src/spec/schema-index.ts';
import { parseSchema } from '../../../src/spec/schema-parse.ts';
import { schemaProblems, validateSchema } from '../../../src/spec/schema-validate.ts';
import { describeType, formatPrimitive, parsePrimitive } from '../../../src/spec/type-parse.ts';
import { canPromote } from '../../../src/spec/type-promotion.ts';
import type { NestedField, PrimitiveType } from '../../../src/spec/types.ts';

const field = (id: number, name: string, type: NestedField['type'], required = false): NestedField => ({
  id,
  name,
  required,
  type,
});
const schemaOf = (fields: NestedField[], identifiers?: number[]): Schema => ({
  type: 'struct',
  fields,
  ...(identifiers === undefined ? {} : { 'identifier-field-ids': identifiers }),
});

test.each([
  ['decimal(9,2)', 'decimal(9, 2)'],
  ['decimal( 38 , 0 )', 'decimal(38, 0)'],
  ['fixed[16]', 'fixed[16]'],
  ['geometry', 'geometry'],
  ['geometry(OGC:CRS84)', 'geometry'],
  ['geometry( srid:4326 )', 'geometry(srid:4326)'],
  ['geography(srid:4326, Karney)', 'geography(srid:4326, karney)'],
  ['geography(OGC:CRS84, spherical)', 'geography'],
  ['timestamptz_ns', 'timestamptz_ns'],
])('%s is %s', (text, canonical) => {
  expect(formatPrimitive(parsePrimitive(text))).toBe(canonical);
});

test.each([
  '',
  'lung',
  'decimal(39, 0)',
  'decimal(2, 3)',
  'decimal(0,0)',
  'fixed[0]',
  'fixed[-1]',
  'geography(x, y)',
  '__proto__',
])('%j is no type', (text) => {
  expect(() => parsePrimitive(text)).toThrow(expect.objectContaining({ code: 'INVALID_METADATA' }));
});

const nested = schemaOf([
  field(1, 'a.b', 'int'),
  field(2, 'm', {
    type: 'map',
    'key-id': 3,
    key: 'string',
    'value-id': 4,
    'value-required': true,
    value: {
      type: 'list',
      'element-id': 5,
      'element-required': false,
      element: { type: 'struct', fields: [field(6, 'x', 'date')] },
    },
  }),
]);

test('fields are found by id and by dotted name', () => {
  expect(findFieldByName(nested, 'm.value.element.x')).toMatchObject({
    id: 6,
    repeated: true,
    parentId: 5,
    type: 'date',
  });
  expect(findFieldByName(nested, 'a.b')?.id).toBe(1);
  expect(schemaIndex(nested).byId.get(3)?.path).toBe('m.key');
  expect(schemaIndex(nested).highestId).toBe(6);
  expect(schemaIndex(nested)).toBe(schemaIndex(nested));
  expect(describeType(nested)).toBe('struct<a.b: int, m: map<string, list<struct<x: date>>>>');
});

test('a schema survives its JSON form, members it does not know included', () => {
  const json = { ...JSON.parse(JSON.stringify(nested)), 'x-new': [1] };
  const parsed = parseSchema(new JsonCursor(json, '$'));
  expect(parsed).toEqual(json);
});

test('identifier fields are a set: one that is named twice is named once, in the order given', () => {
  const fields = [field(1, 'a', 'int', true), field(2, 'b', 'long', true)];
  const twice = schemaOf(fields, [2, 1, 2, 1]);
  const parsed = parseSchema(new JsonCursor(JSON.parse(JSON.stringify(twice)), '$'));
  expect(parsed).toEqual(schemaOf(fields, [2, 1]));
  expect(assignFreshIds(twice).schema).toEqual(schemaOf(fields, [2, 1]));
});

test('fresh ids go to a struct before what is inside it, and identifiers follow', () => {
  const { schema, lastColumnId } = assignFreshIds(
    schemaOf(
      [field(9, 's', { type: 'struct', fields: [field(5, 'x', 'int', true)] }, true), field(7, 'y', 'long', true)],
      [5, 7],
    ),
    10,
  );
  expect(schema).toEqual(
    schemaOf(
      [field(11, 's', { type: 'struct', fields: [field(13, 'x', 'int', true)] }, true), field(12, 'y', 'long', true)],
      [13, 12],
    ),
  );
  expect(lastColumnId).toBe(13);
});

test.each<[string, Schema, number, RegExp]>([
  ['two names', schemaOf([field(1, 'a', 'int'), field(2, 'a', 'int')]), 2, /more than one column is called "a"/],
  ['an empty name', schemaOf([field(1, '', 'int')]), 2, /has no name/],
  ['a lone surrogate', schemaOf([field(1, 'a\ud800', 'int')]), 2, /not valid Unicode/],
  [
    'an ambiguous name',
    schemaOf([field(1, 'a.b', 'int'), field(2, 'a', { type: 'struct', fields: [field(3, 'b', 'int')] })]),
    2,
    /called "a\.b"/,
  ],
  ['one id twice', schemaOf([field(1, 'a', 'int'), field(1, 'b', 'int')]), 2, /same field id 1/],
  ['id 0', schemaOf([field(0, 'a', 'int')]), 2, /field id 0/],
  ['a reserved id', schemaOf([field(2147483448, 'a', 'int')]), 2, /not 1 to 2147483447/],
  ['a v3 type', schemaOf([field(1, 'a', 'timestamp_ns')]), 2, /needs format version 3/],
  ['a required unknown', schemaOf([field(1, 'a', 'unknown', true)]), 3, /must be optional/],
  ['a default in v2', schemaOf([{ ...field(1, 'a', 'int'), 'initial-default': 1 }]), 2, /needs format version 3/],
  [
    'a default of a variant',
    schemaOf([{ ...field(1, 'a', 'variant'), 'write-default': 1 }]),
    3,
    /cannot have a default/,
  ],
  ['a missing identifier', schemaOf([field(1, 'a', 'int')], [2]), 2, /identifier field 2 does not exist/],
  ['an optional identifier', schemaOf([field(1, 'a', 'int')], [1]), 2, /it is optional/],
  ['a double identifier', schemaOf([field(1, 'a', 'double', true)], [1]), 2, /it is a double/],
  [
    'an identifier in an optional struct',
    schemaOf([field(1, 's', { type: 'struct', fields: [field(2, 'x', 'int', true)] })], [2]),
    2,
    /optional struct "s"/,
  ],
  [
    'an identifier in a list',
    schemaOf([field(1, 'l', { type: 'list', 'element-id': 2, 'element-required': true, element: 'int' }, true)], [2]),
    2,
    /inside a list or map/,
  ],
])('%s is refused', (_, schema, version, message) => {
  expect(() => validateSchema(schema, version)).toThrow(
    expect.objectContaining({ code: 'INVALID_METADATA', message: expect.stringMatching(message) }),
  );
});

test('every problem is named at once; __proto__ is a fine name', () => {
  expect(schemaProblems(schemaOf([field(1, '__proto__', 'int'), field(2, 'constructor', 'int')]), 2)).toEqual([]);
  expect(schemaProblems(schemaOf([field(1, 'a', 'variant'), field(1, '', 'int')]), 2)).toHaveLength(3);
});

test.each<[PrimitiveType, PrimitiveType, number, boolean]>([
  ['int', 'long', 2, true],
  ['long', 'int', 2, false],
  ['float', 'double', 2, true],
  ['decimal(9, 2)', 'decimal(18,2)', 2, true],
  ['decimal(9, 2)', 'decimal(18, 3)', 2, false],
  ['date', 'timestamp', 2, false],
  ['date', 'timestamp', 3, true],
  ['date', 'timestamptz', 3, false],
  ['unknown', 'string', 3, true],
  ['fixed[3]', 'fixed[4]', 3, false],
  ['string', 'string', 2, true],
])('%s to %s in v%i: %s', (from, to, version, expected) => {
  expect(canPromote(from, to, version)).toBe(expected);
});

test('sanitised names are valid and apart', () => {
  expect(sanitizeName('a b')).toBe('a_x20b');
  expect(sanitizeName('1st')).toBe('_1st');
  expect(sanitizeName('ä')).toBe('_xE4');
  expect(
    sanitizeNames([
      { name: 'a b', id: 1 },
      { name: 'a_x20b', id: 2 },
    ]),
  ).toEqual(['a_x20b', 'a_x20b_r2']);
  fc.assert(
    fc.property(fc.string(), (name) => {
      expect(sanitizeName(name)).toMatch(/^[A-Za-z_][A-Za-z0-9_]*$/);
    }),
  );
});
