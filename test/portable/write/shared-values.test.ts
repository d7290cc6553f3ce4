/** Dictionaries of few large values: small in an Arrow file, large when each row has its own copy. */
import { Dictionary, Int32, makeData, makeVector, Table, tableToIPC, Utf8, vectorFromArray } from 'apache-arrow';
import { expect, test } from 'vitest';
import { newEngine } from '../../../src/engine/default-engine.ts';
import { fromAny } from '../../../src/source/from-any.ts';
import { unionSources } from '../../../src/source/many.ts';
import type { Schema } from '../../../src/spec/schema.ts';
import { engineShareBytes } from '../../../src/write/memory-plan.ts';
import { lake } from './lake.ts';
import { MiB } from './rows.ts';

const LARGE = MiB;

/** One batch of two texts; the last `many` rows have the large one. */
function dictionaryFile(rows: number, many: number): Blob {
  const keys = Int32Array.from({ length: rows }, (_, row) => (row < rows - many ? 0 : 1));
  const dictionary = vectorFromArray(['small', 'x'.repeat(LARGE)], new Utf8());
  const type = new Dictionary(new Utf8(), new Int32());
  const column = makeVector(makeData({ type, length: rows, nullCount: 0, data: keys, dictionary }));
  return new Blob([
    tableToIPC(new Table({ n: makeVector(keys.slice()), s: column }), 'stream') as Uint8Array<ArrayBuffer>,
  ]);
}

const schema: Schema = {
  type: 'struct',
  fields: [
    { id: 1, name: 'n', required: false, type: 'int' },
    { id: 2, name: 's', required: false, type: 'string' },
  ],
};

test.each([
  ['all rows', 240, 240, {}],
  ['a few rows of many', 20_000, 40, {}],
  ['a chosen column', 20_000, 40, { columns: ['s'] }],
] as const)(
  'a large value of %s is appended within a limit that holds a few of its copies',
  async (_, rows, many, options) => {
    const here = await lake();
    const table = await here.catalog.createTable('sales.shared', schema);
    const memoryLimitBytes = 128 * MiB;
    const engine = await newEngine({ memoryLimitBytes: engineShareBytes(memoryLimitBytes) });
    const source = fromAny(dictionaryFile(rows, many), { name: 'a.arrow', ...options });
    expect(await table.append(source, { engine, memoryLimitBytes })).toMatchObject({ rows: BigInt(rows) });
  },
);

test('a large value in files that are read as one is no larger', async () => {
  const here = await lake();
  const table = await here.catalog.createTable('sales.shared', schema);
  const memoryLimitBytes = 128 * MiB;
  const engine = await newEngine({ memoryLimitBytes: engineShareBytes(memoryLimitBytes) });
  const csv = fromAny(new Blob(['n,s\n1,a\n']), { name: 'a.csv' });
  const source = unionSources([csv, fromAny(dictionaryFile(300, 240), { name: 'b.arrow' })]);
  expect(await table.append(source, { engine, memoryLimitBytes })).toMatchObject({ rows: 301n });
});
