/** Files keep the schema they were written with; the scan gives the table's. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Row } from '../../../src/scan/ipc-rows.ts';
import { fromAny } from '../../../src/source/from-any.ts';
import type { NestedField, Type } from '../../../src/spec/types.ts';
import type { Table } from '../../../src/table/table.ts';
import { type Lake, lake } from '../write/lake.ts';
import { orders } from '../write/rows.ts';
import { collect, commitUpdates, evolve, parquetWithoutIds, plain } from './helpers.ts';

const field = (id: number, name: string, type: Type, more: Partial<NestedField> = {}): NestedField => ({
  ...{ id, name, required: false, type },
  ...more,
});

let at: Lake;
beforeEach(async () => {
  at = await lake();
});

async function create(fields: readonly NestedField[], rows: readonly Record<string, unknown>[], version = '2') {
  const properties = { 'format-version': version };
  const schema = { type: 'struct' as const, fields };
  return (await at.catalog.createAndAppend('sales.t', fromAny(rows, { schema }), { properties })).table;
}

async function rowsOf(table: Table, options: Parameters<Table['scan']>[0] = {}): Promise<unknown[]> {
  return (await collect(table.scan(options).rows())).map(plain);
}

const expected = (rows: readonly unknown[]) => rows.map(plain);

describe('columns are found by field id', () => {
  it('when they were renamed, swapped, reordered, dropped and added again under an old name', async () => {
    const table = await create(
      [field(1, 'a', 'long'), field(2, 'b', 'long'), field(3, 'c', 'string')],
      [{ a: 1n, b: 10n, c: 'old' }],
    );
    await evolve(at, table, [field(4, 'c', 'string'), field(2, 'a', 'long'), field(1, 'b', 'long')]);
    await table.append(fromAny([{ a: 20n, b: 2n, c: 'new' }]));
    const rows = await rowsOf(table);
    expect(rows).toHaveLength(2);
    expect(rows).toEqual(
      expect.arrayContaining(
        expected([
          { c: null, a: 10n, b: 1n },
          { c: 'new', a: 20n, b: 2n },
        ]),
      ),
    );
    expect(await rowsOf(table, { select: ['c'] })).toHaveLength(2);
  });

  it('inside of structs, lists and maps', async () => {
    const struct = (fields: NestedField[]): Type => ({ type: 'struct', fields });
    const list = (element: Type): Type => ({ type: 'list', 'element-id': 20, 'element-required': false, element });
    const map = (value: Type): Type => ({
      ...{ type: 'map', 'key-id': 30, key: 'string', 'value-id': 31, 'value-required': false },
      value,
    });
    const pair = (id: number) => struct([field(id, 'x', 'int'), field(id + 1, 'y', 'string')]);
    const table = await create(
      [field(1, 's', pair(10)), field(2, 'l', list(pair(21))), field(3, 'm', map(pair(32)))],
      [{ s: { x: 1, y: 'a' }, l: [{ x: 2, y: 'b' }, null], m: new Map([['k', { x: 3, y: null }]]) }],
    );
    const [s, l, m] = table.schema.fields;
    const ids = (type: Type | undefined): number[] =>
      typeof type === 'object' && type.type === 'struct' ? type.fields.map(({ id }) => id) : [];
    const idOf = (f: NestedField | undefined) => f?.id ?? 0;
    if (typeof l?.type !== 'object' || l.type.type !== 'list') throw new Error('no list');
    if (typeof m?.type !== 'object' || m.type.type !== 'map') throw new Error('no map');
    const renamed = (type: Type, added: number): Type => {
      const [x = 0, y = 0] = ids(type);
      return struct([field(y, 'x', 'string'), field(added, 'y', 'long'), field(x, 'z', 'long')]);
    };
    await evolve(at, table, [
      field(idOf(m), 'm', { ...m.type, value: renamed(m.type.value, 901) }),
      field(idOf(l), 'l', { ...l.type, element: renamed(l.type.element, 902) }),
      field(idOf(s), 's', renamed(s?.type ?? 'int', 903)),
    ]);
    expect(await rowsOf(table)).toEqual(
      expected([
        {
          m: new Map([['k', { x: null, y: null, z: 3n }]]),
          l: [{ x: 'b', y: null, z: 2n }, null],
          s: { x: 'a', y: null, z: 1n },
        },
      ]),
    );
  });

  it('also where a scan wants none of the columns that the file has', async () => {
    const table = await create([field(1, 'a', 'long')], Array(20).fill({ a: 1n }));
    await evolve(at, table, [field(1, 'a', 'long'), field(2, 'b', 'string')]);
    expect(await rowsOf(table, { select: ['b'], batchSize: 8 })).toEqual(expected(Array(20).fill({ b: null })));
    expect(await rowsOf(table, { select: ['b'], limit: 3 })).toHaveLength(3);
  });
});

it('types that were promoted are widened', async () => {
  const table = await create(
    [field(1, 'i', 'int'), field(2, 'f', 'float'), field(3, 'd', 'decimal(9, 2)'), field(4, 'day', 'date')],
    [
      { i: -7, f: 0.1, d: '1234567.89', day: '2026-11-21' },
      { i: null, f: null, d: null, day: null },
    ],
    '3',
  );
  await evolve(at, table, [
    ...[field(1, 'i', 'long'), field(2, 'f', 'double'), field(3, 'd', 'decimal(38, 2)'), field(4, 'day', 'timestamp')],
  ]);
  expect(await rowsOf(table)).toEqual(
    expected([
      { i: -7n, f: Math.fround(0.1), d: '1234567.89', day: '2026-11-21T00:00:00' },
      { i: null, f: null, d: null, day: null },
    ]),
  );
});

it('a field that files lack has its initial default, nested ones where their struct is not null', async () => {
  const inner = [field(3, 'x', 'long')];
  const table = await create(
    [field(1, 'id', 'long'), field(2, 's', { type: 'struct', fields: inner })],
    [
      { id: 1n, s: { x: 1n } },
      { id: 2n, s: null },
    ],
    '3',
  );
  const fields = [
    field(1, 'id', 'long'),
    field(2, 's', { type: 'struct', fields: [...inner, field(10, 'y', 'string', { 'initial-default': 'dflt' })] }),
    field(11, 'at', 'timestamptz', { required: true, 'initial-default': '2026-11-21T10:00:00.000001+00:00' }),
    field(12, 'big', 'long', { 'initial-default': 9007199254740993n, 'write-default': 5 }),
    field(13, 'id2', 'uuid', { 'initial-default': 'f79c3e09-677c-4bbd-a479-3f349cb785e7' }),
    field(14, 'price', 'decimal(12, 2)', { 'initial-default': '-0.50' }),
  ];
  await evolve(at, table, fields);
  const added = {
    ...{ at: '2026-11-21T10:00:00.000001+00:00', big: 9007199254740993n },
    ...{ id2: 'f79c3e09-677c-4bbd-a479-3f349cb785e7', price: '-0.50' },
  };
  expect(await rowsOf(table)).toEqual(
    expected([
      { id: 1n, s: { x: 1n, y: 'dflt' }, ...added },
      { id: 2n, s: null, ...added },
    ]),
  );
});

describe('files that other programs wrote', () => {
  const landing = 'memory://lake/landing/one.parquet';

  /** A file of one column `id`, without field ids, copied from a table whose files have them. */
  async function withoutColumn(): Promise<void> {
    const { table } = await at.catalog.createAndAppend('sales.other', fromAny([{ id: 1n }, { id: 2n }]));
    const [file] = await collect(table.files());
    await at.store.put(landing, await at.store.read(file?.file.filePath ?? ''));
  }

  it('a column of identity partitioning that they lack has the partition value', async () => {
    await withoutColumn();
    const schema = { type: 'struct' as const, fields: [field(1, 'id', 'long'), field(2, 'region', 'string')] };
    const table = await at.catalog.createTable('sales.regions', schema, { partitionSpec: ['region', 'bucket(4, id)'] });
    await expect(
      table.addFiles([{ location: landing, partition: { region: 'eu', id_bucket: 0 } }]),
    ).resolves.toBeDefined();
    expect(await rowsOf(table)).toEqual(
      expected([
        { id: 1n, region: 'eu' },
        { id: 2n, region: 'eu' },
      ]),
    );
    expect(await rowsOf(table, { select: ['region'] })).toEqual(expected([{ region: 'eu' }, { region: 'eu' }]));
    const [task] = await collect(table.scan().planFiles());
    expect(task?.partition[0]).toEqual({ name: 'region', transform: 'identity', sourceIds: [2], value: 'eu' });
  });

  it('without field ids: columns are found by the name mapping, and not at all without one', async () => {
    await at.store.put(landing, await parquetWithoutIds(['id', 'amount'], orders(3)));
    const table = await at.catalog.createTable('sales.mapped', {
      ...{ type: 'struct', fields: [field(1, 'amount', 'double'), field(2, 'id', 'long')] },
    });
    await table.addFiles([landing]);
    const [amount, id] = table.schema.fields;
    await evolve(at, table, [field(id?.id ?? 0, 'amount', 'long'), field(amount?.id ?? 0, 'id', 'double')]);
    const read = await collect(table.scan().rows());
    expect(read.map((row) => row['amount'])).toEqual([0n, 1n, 2n]);
    expect(typeof read[1]?.['id']).toBe('number');
    await commitUpdates(at, table, [{ action: 'remove-properties', removals: ['schema.name-mapping.default'] }]);
    await expect(collect(table.scan())).rejects.toMatchObject({ code: 'UNSUPPORTED', place: { file: landing } });
  });

  it('a required column that they lack is an error, not a null', async () => {
    const table = await create([field(1, 'id', 'long')], [{ id: 1n }]);
    await evolve(at, table, [field(1, 'id', 'long'), field(2, 'must', 'long', { required: true })]);
    const seen: Row[] = [];
    await expect(
      (async () => {
        for await (const row of table.scan().rows()) seen.push(row);
      })(),
    ).rejects.toMatchObject({ code: 'SCHEMA_MISMATCH', place: { column: 'must' } });
    expect(seen).toEqual([]);
    expect(await rowsOf(table, { select: ['id'] })).toHaveLength(1);
  });

  it('a type that is no promotion is an error, not a cast', async () => {
    const table = await create([field(1, 'id', 'long')], [{ id: 1n }]);
    await commitUpdates(at, table, []);
    const narrowed = { ...table.metadata, schemas: [{ ...table.schema, fields: [field(1, 'id', 'int')] }] };
    const { TableScan } = await import('../../../src/scan/table-scan.ts');
    const loaded = await at.client.loadTable(table.identifier);
    const scan = new TableScan({ ...loaded, metadata: narrowed }, { now: () => 0 }, {});
    await expect(collect(scan)).rejects.toMatchObject({ code: 'SCHEMA_MISMATCH', place: { column: 'id' } });
  });
});
