import { expect, it } from 'vitest';
import { parseSchemaText } from '../../../src/cli/schema-text.ts';
import { parseSize } from '../../../src/cli/sizes.ts';

it('reads names, types and not null, with ids as they stand', () => {
  expect(parseSchemaText('id long not null, "my ""name""" string, amt decimal(12, 2), f fixed[16]')).toEqual({
    type: 'struct',
    fields: [
      { id: 1, name: 'id', required: true, type: 'long' },
      { id: 2, name: 'my "name"', required: false, type: 'string' },
      { id: 3, name: 'amt', required: false, type: 'decimal(12, 2)' },
      { id: 4, name: 'f', required: false, type: 'fixed[16]' },
    ],
  });
});

it('reads nested types', () => {
  const { fields } = parseSchemaText('p struct<x double not null, tags: list<string>>, m map<string, long>');
  expect(fields[0]?.type).toEqual({
    type: 'struct',
    fields: [
      { id: 2, name: 'x', required: true, type: 'double' },
      {
        id: 3,
        name: 'tags',
        required: false,
        type: { type: 'list', 'element-id': 4, 'element-required': false, element: 'string' },
      },
    ],
  });
  expect(fields[1]?.type).toMatchObject({ type: 'map', key: 'string', value: 'long' });
});

it.each(['', 'id', 'id varchar', 'id long,', 'id list<long', 'id long name string', 'd decimal'])(
  'refuses %j and shows how to write it',
  (text) => {
    expect(() => parseSchemaText(text)).toThrowError(/write it like/);
  },
);

it('reads sizes with binary and decimal units', () => {
  expect(['1024', '96MiB', '1.5 GB', '64m'].map((text) => parseSize(text, '--memory-limit'))).toEqual([
    1024,
    96 * 1024 ** 2,
    1.5e9,
    64 * 1024 ** 2,
  ]);
  expect(() => parseSize('lots', '--memory-limit')).toThrowError(/--memory-limit takes a size like 96MiB/);
});
