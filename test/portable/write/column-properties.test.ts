/** `write.parquet.….column.<name>` reach the columns that they name, as the table names them. */
import { describe, expect, test } from 'vitest';
import type { LeafFacts } from '../../../src/engine/footer.ts';
import { fromAny } from '../../../src/source/from-any.ts';
import type { NestedField } from '../../../src/spec/types.ts';
import { lake, liveFiles } from './lake.ts';
import { MiB, testEngine } from './rows.ts';

const engine = await testEngine();
const field = (id: number, name: string, type: NestedField['type']): NestedField => ({
  id,
  name,
  required: false,
  type,
});
const fields = [
  field(1, 'id', 'long'),
  field(2, 'tags', { type: 'list', 'element-id': 3, 'element-required': false, element: 'string' }),
  field(4, 'counts', {
    type: 'map',
    'key-id': 5,
    key: 'string',
    'value-id': 6,
    'value-required': false,
    value: { type: 'struct', fields: [field(7, 'n', 'long')] },
  }),
  field(8, 'place', { type: 'struct', fields: [field(9, 'city', 'string'), field(10, 'zip', 'string')] }),
  field(11, 'a.b', 'long'),
];
const row = {
  id: 1,
  tags: ['a', 'b'],
  counts: { one: { n: 1 }, two: { n: 2 } },
  place: { city: 'Oslo', zip: '0150' },
  'a.b': 5,
};

/** The file that a table with these properties gets. */
async function fileWith(
  properties: Readonly<Record<string, string>>,
): Promise<{ sizeBytes: number; leaves: readonly LeafFacts[] }> {
  const { catalog, store } = await lake();
  const table = await catalog.createTable('sales.nested', { type: 'struct', fields }, { properties });
  const rows = new Blob([`${JSON.stringify(row)}\n`.repeat(1000)]);
  await table.append(fromAny(rows, { format: 'json' }), { engine, memoryLimitBytes: 64 * MiB });
  const [file] = await liveFiles(table);
  const bytes = await store.read(file?.filePath ?? '');
  const read = (start: number, end: number) => Promise.resolve(bytes.slice(start, end));
  using reader = await engine.openParquet({ sizeBytes: bytes.length, read });
  return { sizeBytes: bytes.length, leaves: reader.footer.leaves };
}

describe('a property of a column', () => {
  test.each([
    ['id', 'id'],
    ['tags.element', 'tags.list.element'],
    ['counts.key', 'counts.key_value.key'],
    ['counts.value.n', 'counts.key_value.value.n'],
    ['place.city', 'place.city'],
    ['a.b', 'a.b'],
  ])('%s is of the leaf %s, and of no other', async (name, path) => {
    const { leaves } = await fileWith({ [`write.parquet.stats-enabled.column.${name}`]: 'false' });
    const without = leaves.filter((leaf) => leaf.nullCount === null);
    expect(without.map((leaf) => leaf.path)).toEqual([path]);
  });

  test('gives the elements of a list a bloom filter, behind its pages', async () => {
    const plain = await fileWith({});
    const filtered = await fileWith({ 'write.parquet.bloom-filter-enabled.column.tags.element': 'true' });
    expect(filtered.leaves).toEqual(plain.leaves);
    expect(filtered.sizeBytes).toBeGreaterThanOrEqual(plain.sizeBytes + 32);
  });
});
