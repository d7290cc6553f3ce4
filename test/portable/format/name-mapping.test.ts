import { describe, expect, test } from 'vitest';
import type { ArrowSchema, ArrowType } from '../../../src/engine/arrow-schema.ts';
import type { LeafFacts, ParquetFooter } from '../../../src/engine/footer.ts';
import { checkFileCompatibility } from '../../../src/format/file-compatibility.ts';
import { fileLeaves, hasFieldIds } from '../../../src/format/file-leaves.ts';
import { withMappedIds } from '../../../src/format/mapped-ids.ts';
import {
  completedMapping,
  deriveNameMapping,
  parseNameMapping,
  stringifyNameMapping,
} from '../../../src/format/name-mapping.ts';
import type { Schema } from '../../../src/spec/schema.ts';
import { field, float, int, required, utf8 } from './arrow-fields.ts';

const table: Schema = {
  type: 'struct',
  'schema-id': 0,
  fields: [
    { id: 1, name: 'id', required: true, type: 'long' },
    { id: 2, name: 'a.b', required: false, type: 'int' },
    {
      id: 3,
      name: 'a',
      required: false,
      type: { type: 'struct', fields: [{ id: 4, name: 'b', required: false, type: 'string' }] },
    },
    {
      id: 5,
      name: 'l',
      required: false,
      type: { type: 'list', 'element-id': 6, 'element-required': false, element: 'double' },
    },
    {
      id: 7,
      name: 'm',
      required: false,
      type: { type: 'map', 'key-id': 8, key: 'string', 'value-id': 9, 'value-required': false, value: 'date' },
    },
  ],
};

const file: ArrowSchema = {
  fields: [
    field('m', {
      kind: 'map',
      key: field('keys', utf8, required),
      value: field('values', { kind: 'date', unit: 'day' }),
    }),
    field('a', { kind: 'struct', fields: [field('b', utf8)] }),
    field('a.b', int(32)),
    field('l', { kind: 'list', layout: 'offset64', element: field('item', float(32)) }),
    field('id', int(32), required),
  ],
};

const leaf = (path: string, more: Partial<LeafFacts> = {}): LeafFacts => ({
  path,
  physicalType: 'INT32',
  repeated: false,
  compressedBytes: 1,
  valueCount: 1,
  nullCount: 0,
  nanCount: null,
  min: null,
  max: null,
  minExact: true,
  maxExact: true,
  ...more,
});

const leaves = ['m.key_value.keys', 'm.key_value.values', 'a.b', 'a.b', 'l.list.item', 'id'].map((path) => leaf(path));
const footer: ParquetFooter = { numRows: 1, createdBy: null, rowGroups: [], leaves, keyValueMetadata: new Map() };

describe('files without field ids', () => {
  test('get them by name, children of lists and maps by their place, dotted names by themselves', () => {
    expect(hasFieldIds(file)).toBe(false);
    const mapped = withMappedIds(file, deriveNameMapping(table));
    expect(hasFieldIds(mapped)).toBe(true);
    expect(fileLeaves(leaves, mapped).map((l) => l.fieldId)).toEqual([8, 9, 4, 2, 6, 1]);
    checkFileCompatibility(mapped, footer, table, { file: 'f', formatVersion: 2 });
  });

  test('a mapping of the table’s property may give other names', () => {
    const mapping = parseNameMapping(
      '[{"field-id":1,"names":["id","ID"]},{"names":["old"]},{"field-id":3,"names":["a"],"fields":[{"field-id":4,"names":["b","c"]}]}]',
    );
    const mapped = withMappedIds(
      {
        fields: [field('ID', int(64)), field('old', utf8), field('a', { kind: 'struct', fields: [field('c', utf8)] })],
      },
      mapping,
    );
    expect(mapped.fields.map((f) => f.fieldId)).toEqual([1, undefined, 3]);
    expect(fileLeaves([leaf('ID'), leaf('old'), leaf('a.c')], mapped).map((l) => l.fieldId)).toEqual([1, null, 4]);
  });

  test('a mapping that misses newer columns gets them, and keeps what it says', () => {
    const stored = '[{"field-id":1,"names":["id","ID"]},{"names":["old"]},{"field-id":3,"names":["a"],"fields":[]}]';
    const mapping = completedMapping(parseNameMapping(stored), table);
    expect(mapping.slice(0, 3)).toEqual([
      { 'field-id': 1, names: ['id', 'ID'] },
      { names: ['old'] },
      { 'field-id': 3, names: ['a'], fields: [{ 'field-id': 4, names: ['b'] }] },
    ]);
    const derived = deriveNameMapping(table);
    expect(mapping.slice(3)).toEqual(derived.filter((one) => one['field-id'] !== 1 && one['field-id'] !== 3));
    expect(completedMapping(derived, table)).toEqual(derived);
    expect(completedMapping([], table)).toEqual(derived);
  });

  test('a name that stands for another field is not given away', () => {
    const struct = { type: 'struct', fields: [{ id: 7, name: 'id', required: false, type: 'long' }] } as const;
    const renamed = [{ 'field-id': 1, names: ['id', 'key'] }];
    expect(completedMapping(renamed, struct)).toEqual(renamed);
  });

  test('the mapping goes to JSON and back', () => {
    const mapping = deriveNameMapping(table);
    expect(parseNameMapping(stringifyNameMapping(mapping))).toEqual(mapping);
    expect(mapping[2]).toEqual({ 'field-id': 3, names: ['a'], fields: [{ 'field-id': 4, names: ['b'] }] });
  });

  test.each([
    ['{', 'not JSON'],
    ['{}', 'list of fields'],
    ['[1]', 'not an object'],
    ['[{"field-id":"1","names":["a"]}]', 'field-id'],
    ['[{"field-id":1,"names":[2]}]', 'names'],
    ['[{"field-id":1,"names":["a"]},{"field-id":2,"names":["a"]}]', '"a" stands for two fields'],
  ])('a broken mapping %s is refused', (text, why) => {
    expect(() => parseNameMapping(text)).toThrow(
      expect.objectContaining({ code: 'INVALID_METADATA', message: expect.stringContaining(why) }),
    );
  });
});

describe('an existing file that does not fit', () => {
  test('is refused with every reason', () => {
    const bad: ArrowSchema = {
      fields: [
        { ...field('a.b', int(64)), fieldId: 2 },
        {
          ...field('a', { kind: 'struct', fields: [{ ...field('b', int(32)), fieldId: 4 }, field('x', utf8)] }),
          fieldId: 3,
        },
        { ...field('l', utf8), fieldId: 5 },
        field('new', utf8),
      ],
    };
    let message = '';
    try {
      checkFileCompatibility(bad, footer, table, { file: 's3://b/f', table: 't', formatVersion: 2 });
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toMatch(/^s3:\/\/b\/f cannot be a file of table t:/);
    for (const part of [
      ' id: is required and not in the file',
      ' a.b: is int64 in the file and int in the table',
      ' a.b: is int32 in the file and string in the table',
      ' a.x: is in the file and not in the table',
      ' l: is utf8 in the file and list<double> in the table',
      ' new: is in the file and not in the table',
    ]) {
      expect(message).toContain(part);
    }
  });

  test('nulls in a required column, unsigned integers, other units', () => {
    const schema: Schema = {
      type: 'struct',
      fields: [
        { id: 1, name: 'id', required: true, type: 'long' },
        { id: 2, name: 't', required: false, type: 'timestamp' },
      ],
    };
    const check = (id: ArrowType, nulls: number | null, unit: 's' | 'ms' | 'us' | 'ns') =>
      checkFileCompatibility(
        {
          fields: [
            { ...field('id', id), fieldId: 1 },
            { ...field('t', { kind: 'timestamp', unit, timezone: null }), fieldId: 2 },
          ],
        },
        { ...footer, leaves: [leaf('id', { nullCount: nulls }), leaf('t')] },
        schema,
        { file: 'f', formatVersion: 2 },
      );
    check(int(64), 0, 'us');
    check(int(32), 0, 'ms');
    expect(() => check(int(64), 1, 'us')).toThrow(/id: is required, and the file has nulls/);
    expect(() => check(int(64), null, 'us')).toThrow(/id: is required, and the file has nulls/);
    expect(() => check(int(32, false), 0, 'us')).toThrow(/id: is uint32, which Iceberg readers do not know/);
    expect(() => check(int(64), 0, 'ns')).toThrow(/t: .*write the file again in microseconds/);
    expect(() => check(int(64), 0, 's')).toThrow(/t: .*the unit does not fit/);
  });
});
