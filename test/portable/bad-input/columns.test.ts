/** Columns that differ from the table's or the first batch's, and names that are none, or that JavaScript knows. */
import * as arrow from 'apache-arrow';
import { describe, expect, test } from 'vitest';
import { arrowSource } from '../../../src/source/arrow-js.ts';
import { fromAny, type SourceInput } from '../../../src/source/from-any.ts';
import type { Schema } from '../../../src/spec/schema.ts';
import { lake, liveFiles } from '../write/lake.ts';
import { testEngine } from '../write/rows.ts';
import { expectError, refused, target } from './refusal.ts';

const ab: Schema = {
  type: 'struct',
  fields: [
    { id: 1, name: 'a', required: false, type: 'int' },
    { id: 2, name: 'b', required: false, type: 'string' },
  ],
};
const FIRST = '{"a":1,"b":"here before"}\n';
const engine = await testEngine();

describe('other columns', () => {
  const batch = (columns: Record<string, arrow.Vector>) => new arrow.Table(columns).batches[0] as arrow.RecordBatch;
  const int = (...values: number[]) => arrow.vectorFromArray(values, new arrow.Int32());
  const text = (...values: string[]) => arrow.vectorFromArray(values, new arrow.Utf8());
  const first = batch({ a: int(1, 2), b: text('x', 'y') });
  const others: ReadonlyArray<readonly [string, arrow.RecordBatch, string]> = [
    ['lacks a column', batch({ a: int(3) }), 'b'],
    ['has another column', batch({ a: int(3), b: text('z'), c: int(1) }), 'c'],
    ['has another type', batch({ a: text('3'), b: text('z') }), 'a'],
    ['has another order', batch({ b: text('z'), a: int(3) }), 'b'],
  ];

  test.each(others)('a batch that %s than the first', async (_, other, column) => {
    const here = await target(ab, FIRST);
    async function* batches() {
      for (let i = 0; i < 5; i++) yield first;
      yield other;
    }
    const expected = {
      code: 'SCHEMA_MISMATCH',
      place: { file: 'feed', column },
      message: /batch 5 has another schema/,
    } as const;
    await refused(here, arrowSource(batches(), { name: 'feed' }), expected);
  });

  test('a file with other columns than the first', async () => {
    const here = await target(ab, FIRST);
    const files = [new File(['a,b\n1,x\n'], 'one.csv'), new File(['a,c\n1,x\n'], 'two.csv')];
    const expected = {
      code: 'SCHEMA_MISMATCH',
      place: { file: 'two.csv' },
      message: /b: is not in this file.*\n.*c: is not in the first/,
    } as const;
    await refused(here, files, expected);
  });

  test('a file whose types do not go with those of the others', async () => {
    const here = await target({ type: 'struct', fields: [{ id: 1, name: 'a', required: false, type: 'long' }] });
    const files = ['[{"a":1}]', '[{"a":{"x":1}}]'].map((content, i) => new File([content], `${i}.json`));
    await refused(here, files, { code: 'INVALID_VALUE', place: { file: '1.json', column: 'a' } });
  });

  test('columns that the table does not have, or has as something else', async () => {
    const here = await target(ab, FIRST);
    const place = { file: 'in.csv', table: 'sales.t' };
    const extra = new File(['a,b,c\n1,x,2\n'], 'in.csv');
    await refused(here, extra, { code: 'SCHEMA_MISMATCH', place: { ...place, column: 'c' }, message: /addColumns/ });
    const letters = new File(['A,b\n1,x\n'], 'in.csv');
    await refused(here, letters, {
      code: 'SCHEMA_MISMATCH',
      place: { ...place, column: 'A' },
      message: /case-sensitive/,
    });
    const nested = arrowSource(new arrow.Table({ a: arrow.vectorFromArray([[1], [2]]) }), { name: 'feed' });
    await refused(here, nested, { code: 'SCHEMA_MISMATCH', place: { file: 'feed', column: 'a' } });
  });

  test.each([
    ['twice the same', 'a,b,a\n1,x,2\n', 'a', /occurs twice \(positions 1 and 3\); rename one/],
    ['empty', 'a,,b\n1,x,2\n', '#2', /empty name; give it one/],
  ])('a name that is %s', async (_, content, column, message) => {
    const here = await target(ab, FIRST);
    const expected = { code: 'SCHEMA_MISMATCH', place: { file: 'in.csv', column }, message } as const;
    await refused(here, new File([content], 'in.csv'), expected);
    const { catalog, objects } = here.lake;
    const before = await objects();
    const created = catalog.createAndAppend('sales.new', new File([content], 'in.csv'), {}, { engine });
    expectError(await created.catch((error: unknown) => error), expected);
    expect(await objects()).toEqual(before);
  });

  test('names twice the same in Arrow data, nested too', async () => {
    const here = await target(ab, FIRST);
    const field = (name: string, type: arrow.DataType) => new arrow.Field(name, type, true);
    const twice = [field('x', new arrow.Int32()), field('x', new arrow.Int32())];
    const ipc = (fields: arrow.Field[]) =>
      new Uint8Array(arrow.tableToIPC(new arrow.Table(new arrow.Schema(fields)), 'stream'));
    const expected = { code: 'SCHEMA_MISMATCH', message: /occurs twice/ } as const;
    await refused(here, ipc(twice), { ...expected, place: { file: 'in', column: 'x' } }, { source: { name: 'in' } });
    const nested = here.lake.catalog.createAndAppend(
      'sales.new',
      fromAny(ipc([field('s', new arrow.Struct(twice))]), { name: 'in' }),
      {},
      { engine },
    );
    const place = { file: 'in', column: 's.x' };
    expectError(await nested.catch((error: unknown) => error), { ...expected, place });
  });
});

describe('names that JavaScript knows', () => {
  const NAMES = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__'];
  const row = `{${NAMES.map((name, i) => `"${name}":${i}`).join(',')},"s":{"__proto__":7,"constructor":"c"}}`;
  const flat = `{${NAMES.map((name, i) => `"${name}":${i}`).join(',')}}`;

  test.each<[string, () => SourceInput]>([
    ['JSON', () => new File([`${row}\n${row}\n`], 'in.ndjson')],
    ['rows', () => [JSON.parse(row), JSON.parse(row)]],
    ['CSV', () => new File([`${NAMES.join(',')}\n0,1,2,3,4,5\n0,1,2,3,4,5\n`], 'in.csv')],
    [
      'rows as maps',
      () =>
        fromAny(
          [1, 2].map(() => new Map(NAMES.map((name, i) => [name, i]))),
          {},
        ),
    ],
  ])('are columns like others: %s', async (_, input) => {
    const { catalog } = await lake();
    const { table, result } = await catalog.createAndAppend(
      'sales.names',
      input(),
      { partitionSpec: ['__proto__', 'bucket(4, constructor)'] },
      { engine },
    );
    expect(result.rows).toBe(2n);
    expect(
      table
        .columns()
        .map(({ path }) => path)
        .slice(0, 6),
    ).toEqual(NAMES);
    const [file] = await liveFiles(table);
    expect(file?.recordCount).toBe(2n);
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
    expect(({} as Record<string, unknown>)['s']).toBeUndefined();
    const more = await table.append(new File([flat], 'more.json'), { engine });
    expect(more.rows).toBe(1n);
  });
});

describe('halves of surrogate pairs in rows', () => {
  test('name row and column', async () => {
    const here = await target(ab, FIRST);
    const rows = [
      { a: 1, b: 'ok' },
      { a: 2, b: 'half: \ud83d' },
    ];
    const expected = {
      code: 'INVALID_VALUE',
      place: { file: 'feed', row: 1, column: 'b' },
      message: /surrogate.*toWellFormed/,
    } as const;
    await refused(here, fromAny(rows, { name: 'feed' }), expected);
    const name = await here.lake.catalog
      .createAndAppend('sales.new', fromAny([{ '\udc00x': 1 }], { name: 'feed' }), {}, { engine })
      .catch((error: unknown) => error);
    expectError(name, { code: 'INVALID_VALUE', place: { file: 'feed' }, message: /surrogate/ });
  });
});
