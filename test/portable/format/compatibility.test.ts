import { describe, expect, test } from 'vitest';
import type { ArrowField } from '../../../src/engine/arrow-schema.ts';
import type { IcestreamError } from '../../../src/errors.ts';
import { withMissingColumns } from '../../../src/format/add-columns.ts';
import { checkCompatibility } from '../../../src/format/compatibility.ts';
import type { Schema } from '../../../src/spec/schema.ts';
import type { Type } from '../../../src/spec/types.ts';
import { field, float, int, required, utf8 } from './arrow-fields.ts';

const table: Schema = {
  type: 'struct',
  'schema-id': 4,
  'identifier-field-ids': [1],
  fields: [
    { id: 1, name: 'id', required: true, type: 'long' },
    { id: 2, name: 'name', required: false, type: 'string' },
    { id: 3, name: 'price', required: false, type: 'decimal(9, 2)' },
    { id: 4, name: 'at', required: false, type: 'timestamptz' },
    {
      id: 5,
      name: 'place',
      required: false,
      type: {
        type: 'struct',
        fields: [
          { id: 6, name: 'lat', required: true, type: 'double' },
          { id: 7, name: 'lon', required: false, type: 'double' },
        ],
      },
    },
    {
      id: 8,
      name: 'legs',
      required: false,
      type: {
        type: 'list',
        'element-id': 9,
        'element-required': false,
        element: { type: 'struct', fields: [{ id: 10, name: 'to', required: false, type: 'string' }] },
      },
    },
  ],
};

const names = { source: 's.csv', table: 'a.b' };

function check(fields: ArrowField[]) {
  return checkCompatibility({ fields }, table, names);
}

function evolved(fields: ArrowField[]) {
  return withMissingColumns({ fields }, table, { formatVersion: 2, lastColumnId: 20, ...names });
}

function problemsOf(fields: ArrowField[], compare: (fields: ArrowField[]) => unknown = check): string {
  try {
    compare(fields);
  } catch (error) {
    expect((error as IcestreamError).code).toBe('SCHEMA_MISMATCH');
    return (error as IcestreamError).message;
  }
  throw new Error('nothing was refused');
}

describe('a source fits a table', () => {
  test('by name, in any order, with columns missing, and the schema stays the same object', () => {
    const some = [
      field('name', { kind: 'dictionary', value: { kind: 'utf8', layout: 'view' } }),
      field('id', int(8, false)),
    ];
    expect(check(some)).toBe(table.fields);
    expect(evolved(some)).toEqual({ schema: table, added: [], lastColumnId: 20 });
    expect(evolved(some).schema).toBe(table);
  });

  test('integers go into decimals, an all-null column into an optional one', () => {
    check([field('id', int(64)), field('price', int(32)), field('at', { kind: 'null' })]);
  });
});

describe('a source does not fit a table', () => {
  test('every problem is in one message', () => {
    const message = problemsOf([
      field('ID', int(64)),
      field('name', int(32)),
      field('price', float(64)),
      field('at', { kind: 'timestamp', unit: 'us', timezone: null }),
      field('place', { kind: 'struct', fields: [field('lon', utf8), field('alt', utf8)] }),
      field('legs', utf8),
      field('new', utf8),
    ]);
    expect(message).toMatch(/^s\.csv does not fit table a\.b/);
    for (const part of [
      /\n {2}id: is required and not in the source \(there is "ID": names are case-sensitive\)/,
      /\n {2}name: is int32 in the source and string in the table/,
      /\n {2}price: is float64.*round the source/,
      /\n {2}at: is timestamp\[us\].*time zone/,
      /\n {2}place\.lat: is required and not in the source/,
      /\n {2}place\.lon: is utf8 in the source and double/,
      /\n {2}place\.alt: is not in the table/,
      /\n {2}legs: is utf8 in the source and list<struct<to: string>> in the table/,
      /\n {2}new: is not in the table; leave it out, or add it with schemaEvolution/,
      /\n {2}ID: is not in the table \(there is "id"/,
    ]) {
      expect(message).toMatch(part);
    }
  });

  test('nothing but nulls for a required column, and a name twice', () => {
    expect(problemsOf([field('id', { kind: 'null' })])).toMatch(/id: is required, and the source holds only nulls/);
    expect(problemsOf([field('id', int(64)), field('id', int(64))])).toMatch(/id: occurs twice/);
  });

  test('a long list of columns is cut', () => {
    const many = Array.from({ length: 50 }, (_, i) => field(`c${i}`, utf8));
    expect(problemsOf(many)).toMatch(/and 31 more/);
  });

  test('a write-default stands for a column that is not there; one of a nested type does not', () => {
    const withDefault = (type: Type): Schema => ({
      type: 'struct',
      fields: [{ id: 1, name: 'x', required: true, type, 'write-default': 7 }],
    });
    const none = { fields: [] };
    expect(checkCompatibility(none, withDefault('int'))).toEqual(withDefault('int').fields);
    const list: Type = { type: 'list', 'element-id': 2, element: 'int', 'element-required': false };
    expect(() => checkCompatibility(none, withDefault(list))).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED', place: { column: 'x' } }),
    );
  });
});

describe('schemaEvolution: addColumns', () => {
  test('adds top-level and nested columns with fresh ids, optional', () => {
    const { schema, added, lastColumnId } = evolved([
      field('id', int(64)),
      field('new', { kind: 'list', layout: 'offset32', element: field('item', int(32)) }, required),
      field('legs', {
        kind: 'list',
        layout: 'offset32',
        element: field('item', { kind: 'struct', fields: [field('to', utf8), field('km', int(32), required)] }),
      }),
    ]);
    expect(added).toEqual(['legs.element.km', 'new']);
    expect(lastColumnId).toBe(23);
    expect(schema['schema-id']).toBeUndefined();
    expect(schema['identifier-field-ids']).toEqual([1]);
    expect(schema.fields.slice(0, 5)).toEqual(table.fields.slice(0, 5));
    expect(schema.fields.slice(5)).toEqual([
      {
        id: 8,
        name: 'legs',
        required: false,
        type: {
          type: 'list',
          'element-id': 9,
          'element-required': false,
          element: {
            type: 'struct',
            fields: [
              { id: 10, name: 'to', required: false, type: 'string' },
              { id: 21, name: 'km', required: false, type: 'int' },
            ],
          },
        },
      },
      {
        id: 22,
        name: 'new',
        required: false,
        type: { type: 'list', 'element-id': 23, 'element-required': false, element: 'int' },
      },
    ]);
  });

  test('refuses what has no type, and names that differ in case only', () => {
    const message = problemsOf([field('id', int(64)), field('d', { kind: 'duration', unit: 's' })], evolved);
    expect(message).toMatch(/d: is a duration/);
    expect(problemsOf([field('id', int(64)), field('NAME', utf8)], evolved)).toMatch(/NAME: .*differ only in case/);
  });
});
