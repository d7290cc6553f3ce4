import { describe, expect, test } from 'vitest';
import type { ArrowField, ArrowSchema, ArrowType } from '../../../src/engine/arrow-schema.ts';
import { arrowSchemaFromIceberg } from '../../../src/format/arrow-from-iceberg.ts';
import { icebergSchemaFromArrow } from '../../../src/format/iceberg-from-arrow.ts';
import type { Schema } from '../../../src/spec/schema.ts';
import { decimal, field, float, int, utf8 } from './arrow-fields.ts';

const schema = (...fields: ArrowField[]): ArrowSchema => ({ fields });

function icebergType(type: ArrowType, formatVersion: 2 | 3 = 2, extension?: string) {
  const given = schema(field('c', type, extension === undefined ? {} : { extension }));
  return icebergSchemaFromArrow(given, { formatVersion }).fields[0]?.type;
}

describe('a source schema becomes a table schema', () => {
  test.each<[ArrowType, string]>([
    [{ kind: 'bool' }, 'boolean'],
    [int(8), 'int'],
    [int(16, false), 'int'],
    [int(32, false), 'long'],
    [int(64), 'long'],
    [int(64, false), 'decimal(20, 0)'],
    [float(16), 'float'],
    [float(64), 'double'],
    [decimal(256, 38, 10), 'decimal(38, 10)'],
    [decimal(128, 5, -3), 'decimal(8, 0)'],
    [decimal(128, 2, 4), 'decimal(4, 4)'],
    [{ kind: 'date', unit: 'ms' }, 'date'],
    [{ kind: 'time', unit: 's' }, 'time'],
    [{ kind: 'timestamp', unit: 'ms', timezone: null }, 'timestamp'],
    [{ kind: 'timestamp', unit: 'ns', timezone: 'Europe/Zurich' }, 'timestamptz'],
    [{ kind: 'utf8', layout: 'view' }, 'string'],
    [{ kind: 'binary', layout: 'offset64' }, 'binary'],
    [{ kind: 'fixed_size_binary', byteWidth: 16 }, 'fixed[16]'],
    [{ kind: 'dictionary', value: utf8 }, 'string'],
    [{ kind: 'run_end_encoded', value: int(32) }, 'int'],
  ])('%j → %s', (type, expected) => {
    expect(icebergType(type)).toBe(expected);
  });

  test('nanoseconds stay nanoseconds in v3, and the uuid extension is a uuid', () => {
    expect(icebergType({ kind: 'timestamp', unit: 'ns', timezone: null }, 3)).toBe('timestamp_ns');
    expect(icebergType({ kind: 'timestamp', unit: 'ns', timezone: '+01:00' }, 3)).toBe('timestamptz_ns');
    expect(icebergType({ kind: 'fixed_size_binary', byteWidth: 16 }, 2, 'arrow.uuid')).toBe('uuid');
  });

  test('ids are given level by level', () => {
    const nested = schema(
      field('s', { kind: 'struct', fields: [field('x', int(32)), field('y', utf8)] }, { nullable: false }),
      field('m', { kind: 'map', key: field('k', utf8, { nullable: false }), value: field('v', int(32)) }),
      field('l', { kind: 'list', layout: 'view64', element: field('item', int(32), { nullable: false }) }),
    );
    expect(icebergSchemaFromArrow(nested, { formatVersion: 2 })).toEqual({
      type: 'struct',
      'schema-id': 0,
      fields: [
        {
          id: 1,
          name: 's',
          required: true,
          type: {
            type: 'struct',
            fields: [
              { id: 4, name: 'x', required: false, type: 'int' },
              { id: 5, name: 'y', required: false, type: 'string' },
            ],
          },
        },
        {
          id: 2,
          name: 'm',
          required: false,
          type: { type: 'map', 'key-id': 6, key: 'string', 'value-id': 7, 'value-required': false, value: 'int' },
        },
        {
          id: 3,
          name: 'l',
          required: false,
          type: { type: 'list', 'element-id': 8, 'element-required': true, element: 'int' },
        },
      ],
    });
  });

  test('every column without a place is named in one error', () => {
    const bad = schema(
      field('d', { kind: 'duration', unit: 's' }),
      field('u', { kind: 'union' }),
      field('i', { kind: 'interval', unit: 'day_time' }),
      field('n', { kind: 'null' }),
      field('big', decimal(256, 50, 2)),
      field('s', { kind: 'struct', fields: [] }),
      field('twice', int(32)),
      field('twice', int(32)),
      field('', int(32)),
      field('deep', { kind: 'struct', fields: [field('d', { kind: 'duration', unit: 'ns' })] }),
    );
    let message = '';
    try {
      icebergSchemaFromArrow(bad, { formatVersion: 2, source: 'x.arrow' });
    } catch (error) {
      message = (error as Error).message;
      expect(error).toMatchObject({ code: 'SCHEMA_MISMATCH' });
    }
    expect(message).toMatch(/^x\.arrow cannot become a table/);
    for (const part of [
      ' d: is a duration',
      ' u: ',
      ' i: ',
      ' n: holds only nulls',
      ' big: ',
      ' s: ',
      '#9',
      ' deep.d: ',
    ]) {
      expect(message).toContain(part);
    }
    expect(message).toContain(' twice: occurs twice (positions 7 and 8)');
    expect(() => icebergSchemaFromArrow(schema(), { formatVersion: 2 })).toThrow(/no columns/);
  });

  test('a column called __proto__ is a column', () => {
    const made = icebergSchemaFromArrow(schema(field('__proto__', int(32))), { formatVersion: 2 });
    expect(made.fields.map((f) => f.name)).toEqual(['__proto__']);
    expect(arrowSchemaFromIceberg(made).fields[0]?.name).toBe('__proto__');
  });
});

describe('a table schema becomes the schema of a data file', () => {
  const table: Schema = {
    type: 'struct',
    'schema-id': 3,
    fields: [
      { id: 1, name: 'id', required: true, type: 'long' },
      { id: 2, name: 'u', required: false, type: 'uuid' },
      { id: 3, name: 'd', required: false, type: 'decimal(9,2)' },
      { id: 4, name: 't', required: false, type: 'timestamptz' },
      { id: 5, name: 'nothing', required: false, type: 'unknown' },
      { id: 6, name: 'f', required: false, type: 'fixed[3]' },
      {
        id: 7,
        name: 'l',
        required: false,
        type: { type: 'list', 'element-id': 8, 'element-required': true, element: 'timestamp_ns' },
      },
      {
        id: 9,
        name: 'm',
        required: false,
        type: { type: 'map', 'key-id': 10, key: 'string', 'value-id': 11, 'value-required': false, value: 'uuid' },
      },
    ],
  };

  test('with ids, extension types and child names', () => {
    expect(arrowSchemaFromIceberg(table).fields).toEqual([
      { name: 'id', nullable: false, fieldId: 1, type: int(64) },
      {
        name: 'u',
        nullable: true,
        fieldId: 2,
        type: { kind: 'fixed_size_binary', byteWidth: 16 },
        extension: 'arrow.uuid',
      },
      { name: 'd', nullable: true, fieldId: 3, type: decimal(128, 9, 2) },
      { name: 't', nullable: true, fieldId: 4, type: { kind: 'timestamp', unit: 'us', timezone: 'UTC' } },
      { name: 'f', nullable: true, fieldId: 6, type: { kind: 'fixed_size_binary', byteWidth: 3 } },
      {
        name: 'l',
        nullable: true,
        fieldId: 7,
        type: {
          kind: 'list',
          layout: 'offset32',
          element: {
            name: 'element',
            nullable: false,
            fieldId: 8,
            type: { kind: 'timestamp', unit: 'ns', timezone: null },
          },
        },
      },
      {
        name: 'm',
        nullable: true,
        fieldId: 9,
        type: {
          kind: 'map',
          key: { name: 'key', nullable: false, fieldId: 10, type: utf8 },
          value: {
            name: 'value',
            nullable: true,
            fieldId: 11,
            type: { kind: 'fixed_size_binary', byteWidth: 16 },
            extension: 'arrow.uuid',
          },
        },
      },
    ]);
  });

  test('types that cannot be written are named', () => {
    const geo: Schema = {
      type: 'struct',
      fields: [
        {
          id: 1,
          name: 'a',
          required: false,
          type: { type: 'struct', fields: [{ id: 2, name: 'b', required: false, type: 'variant' }] },
        },
      ],
    };
    expect(() => arrowSchemaFromIceberg(geo)).toThrow(/a\.b: the type variant/);
  });
});
