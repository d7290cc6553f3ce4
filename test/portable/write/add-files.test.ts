import * as arrow from 'apache-arrow';
import { beforeAll, describe, expect, test } from 'vitest';
import { fromAny } from '../../../src/source/from-any.ts';
import type { DataFile } from '../../../src/spec/data-file.ts';
import type { Schema } from '../../../src/spec/schema.ts';
import type { Table } from '../../../src/table/table.ts';
import type { Bytes } from '../../../src/util/bytes.ts';
import { fromBase64 } from '../../../src/util/encoding.ts';
import { uuidV7 } from '../../../src/util/uuid.ts';
import { pyarrowDictionaries } from '../../fixtures/parquet-files.ts';
import { rowGroupBytes } from '../../support/row-group.ts';
import { hastyWorld, type Lake, lake, liveFiles, ordersSchema, orphans } from './lake.ts';
import { MiB, orders, sourceOf, type TestRows, tableRows, testEngine } from './rows.ts';

const engine = await testEngine();
const options = { engine, memoryLimitBytes: 64 * MiB };

/** Parquet files of test rows, written by a table of its own; `fieldIds` false: as a writer without Iceberg would. */
async function parquetFile(here: Lake, location: string, rows: TestRows, fieldIds = true): Promise<void> {
  const batches = engine.fromIpc(rows.ipc(0, rows.count));
  const [first] = batches;
  if (first === undefined) throw new Error('no rows');
  const fields = first.schema.fields.map((field, index) => (fieldIds ? { ...field, fieldId: index + 1 } : field));
  using encoder = engine.encoder({
    schema: { fields },
    codec: 'snappy',
    level: null,
    encoding: 'default',
    pageSizeBytes: MiB,
    pageRowLimit: 20_000,
    dictionarySizeBytes: MiB,
    statisticsTruncateBytes: 64,
  });
  const head = await rowGroupBytes(encoder, batches);
  const { bytes } = await encoder.finish();
  const whole = new Uint8Array(head.length + bytes.length);
  whole.set(head);
  whole.set(bytes, head.length);
  await here.store.put(location, whole);
}

function gunzipped(base64: string): Bytes {
  using gzip = engine.decompressor('gzip');
  const [bytes, ...more] = gzip.push(fromBase64(base64));
  gzip.finish();
  if (bytes === undefined || more.length > 0) throw new Error('more than one piece');
  return bytes;
}

const total = (files: readonly DataFile[]) => files.reduce((sum, file) => sum + file.recordCount, 0n);

describe('addFiles', () => {
  let here: Lake;
  let table: Table;
  const one = 'memory://lake/landing/one.parquet';
  const two = 'memory://lake/landing/two.parquet';
  beforeAll(async () => {
    here = await lake();
    table = await here.catalog.createTable('sales.orders', ordersSchema);
    await parquetFile(here, one, orders(1000));
    await parquetFile(here, two, orders(500));
  });

  test('registers files where they are, in one snapshot, with the metrics of their footers', async () => {
    const result = await table.addFiles([one, two], options);
    expect(result).toMatchObject({ rows: 1500n, files: 2 });
    expect(table.snapshots()).toHaveLength(1);
    const files = await liveFiles(table);
    expect(files.map((file) => file.filePath).sort()).toEqual([one, two]);
    expect(total(files)).toBe(1500n);
    const first = files.find((file) => file.filePath === one);
    expect(first?.nullValueCounts?.get(3)).toBe(20n);
    expect(first?.valueCounts?.get(1)).toBe(1000n);
    expect(new DataView(new Uint8Array(first?.upperBounds?.get(1) ?? []).buffer).getBigInt64(0, true)).toBe(999n);
    expect(table.properties['schema.name-mapping.default']).toBeUndefined();
  });

  test('refuses a file that is in the table already, also among new ones', async () => {
    const three = 'memory://lake/landing/three.parquet';
    await parquetFile(here, three, orders(10));
    await expect(table.addFiles([three, two], options)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      place: { file: two, table: 'sales.orders' },
    });
    expect(await here.store.stat(two)).not.toBeNull();
    expect((await orphans(here, table)).filter((location) => location.endsWith('.avro'))).toEqual([]);
  });

  test('refuses a file that is twice in the list, or not there, or elsewhere', async () => {
    await expect(table.addFiles([one, one], options)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    const missing = 'memory://lake/landing/missing.parquet';
    await expect(table.addFiles([missing], options)).rejects.toMatchObject({
      code: 'NOT_FOUND',
      place: { file: missing },
    });
    await expect(table.addFiles(['memory://other/x.parquet'], options)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });

  test('refuses a file whose columns are not the table’s, naming file and columns', async () => {
    const narrow = await here.catalog.createTable('sales.narrow', {
      type: 'struct',
      fields: [{ id: 1, name: 'id', required: true, type: 'string' }],
    });
    const error = await narrow.addFiles([one], options).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'SCHEMA_MISMATCH' });
    expect(String(error)).toContain('one.parquet');
    expect(narrow.currentSnapshot).toBeNull();
  });

  test('refuses a file that is cut off or no Parquet, naming it and what to do', async () => {
    const text = 'memory://lake/landing/orders.csv';
    const cut = 'memory://lake/landing/cut.parquet';
    const empty = 'memory://lake/landing/empty.parquet';
    await here.store.put(text, new TextEncoder().encode('id,kind\n1,a\n2,b\n'));
    await here.store.put(cut, (await here.store.read(one)).subarray(0, -9));
    await here.store.put(empty, new Uint8Array());
    const before = table.snapshots().length;
    for (const file of [text, cut, empty]) {
      await expect(table.addFiles([file], options)).rejects.toMatchObject({
        code: 'SOURCE_CORRUPT',
        place: { file },
        message: expect.stringMatching(new RegExp(`^${file}: .*; the file is damaged or not complete`)),
      });
    }
    expect((await here.catalog.loadTable('sales.orders')).snapshots()).toHaveLength(before);
  });

  test('a commit id given twice registers once', async () => {
    const four = 'memory://lake/landing/four.parquet';
    await parquetFile(here, four, orders(20));
    const commitId = uuidV7(hastyWorld);
    const first = await table.addFiles([four], { ...options, commitId });
    const again = await table.addFiles([four], { ...options, commitId });
    expect(again).toMatchObject({ alreadyCommitted: true, snapshotId: first.snapshotId, rows: 20n });
    await expect(table.addFiles([one], { ...options, commitId })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});

test('files without field ids are found by name, and the table says so in the same commit', async () => {
  const here = await lake();
  const table = await here.catalog.createTable('sales.orders', ordersSchema);
  const file = 'memory://lake/landing/plain.parquet';
  await parquetFile(here, file, orders(100), false);
  await table.addFiles([file], options);
  const mapping = JSON.parse(table.properties['schema.name-mapping.default'] ?? '[]');
  expect(mapping[0]).toEqual({ 'field-id': 1, names: ['id'] });
  const [added] = await liveFiles(table);
  expect(added?.valueCounts?.get(5)).toBe(100n);
  expect(table.snapshots()).toHaveLength(1);
});

test('columns that were dictionaries in Arrow, of whatever type, are added and scanned', async () => {
  const here = await lake();
  const file = 'memory://lake/landing/dictionaries.parquet';
  await here.store.put(file, gunzipped(pyarrowDictionaries));
  const { table } = await here.catalog.createAndAppend(
    'sales.copied',
    fromAny({ store: here.store, location: file }),
    {},
    options,
  );
  const added = await here.catalog.createTable('sales.added', table.schema);
  await added.addFiles([file], options);
  for (const one of [table, added]) {
    const rows: unknown[] = [];
    for await (const row of one.scan({ engine }).rows()) rows.push(row);
    expect(rows).toEqual([
      { text: 'a', flag: true, price: '1.50', nested: { day: '2022-01-08' } },
      { text: 'b', flag: false, price: '2.25', nested: { day: '2022-01-09' } },
      { text: null, flag: null, price: null, nested: { day: null } },
      { text: 'b', flag: false, price: '2.25', nested: { day: '2022-01-09' } },
    ]);
  }
});

test('a name mapping that misses newer columns is completed in the same commit', async () => {
  const here = await lake();
  const old = '[{"field-id":1,"names":["id","key"]},{"field-id":2,"names":["at"]}]';
  const properties = { 'schema.name-mapping.default': old };
  const table = await here.catalog.createTable('sales.orders', ordersSchema, { properties });
  const file = 'memory://lake/landing/plain.parquet';
  await parquetFile(here, file, orders(100), false);
  await table.addFiles([file], options);
  const mapping = JSON.parse(table.properties['schema.name-mapping.default'] ?? '[]');
  expect(mapping.slice(0, 3)).toEqual([...JSON.parse(old), { 'field-id': 3, names: ['name'] }]);
  expect((await liveFiles(table))[0]?.nullValueCounts?.get(3)).toBe(2n);
  // Columns that a load adds have their place in it too.
  const wide = arrow.tableFromArrays({ id: BigInt64Array.of(1n), extra: ['x'] });
  await table.append(sourceOf(tableRows(wide)), { ...options, schemaEvolution: 'addColumns' });
  const after = JSON.parse(table.properties['schema.name-mapping.default'] ?? '[]');
  expect(after.at(-1)).toEqual({ 'field-id': 6, names: ['extra'] });
});

describe('the partition of a file', () => {
  const rows = orders(64, 1);

  test('is what its bounds prove', async () => {
    const here = await lake();
    const table = await here.catalog.createTable('sales.orders', ordersSchema, {
      partitionSpec: ['kind', 'truncate(id, 100)', 'bucket(4, kind)'],
    });
    const file = 'memory://lake/landing/a.parquet';
    await parquetFile(here, file, rows);
    await table.addFiles([file], options);
    const [added] = await liveFiles(table);
    expect(added?.partition.slice(0, 2)).toEqual(['kind-0', 0n]);
    expect(added?.partition[2]).toBeTypeOf('number');
  });

  test('is refused when the file holds several', async () => {
    const here = await lake();
    const table = await here.catalog.createTable('sales.orders', ordersSchema, {
      partitionSpec: ['truncate(id, 10)'],
    });
    const file = 'memory://lake/landing/a.parquet';
    await parquetFile(here, file, rows);
    await expect(table.addFiles([file], options)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      place: { file, column: 'id_trunc' },
    });
  });

  test('comes from the path or the caller where bounds do not tell, and must not contradict them', async () => {
    const here = await lake();
    const table = await here.catalog.createTable('sales.orders', ordersSchema, { partitionSpec: ['bucket(8, id)'] });
    const inPath = 'memory://lake/landing/id_bucket=3/a.parquet';
    const given = 'memory://lake/landing/b.parquet';
    await parquetFile(here, inPath, rows);
    await parquetFile(here, given, rows);
    await table.addFiles([inPath, { location: given, partition: { id_bucket: 5 } }], options);
    const files = await liveFiles(table);
    expect(files.map((file) => file.partition)).toEqual([[3], [5]]);

    const byKind = await here.catalog.createTable('sales.kinds', ordersSchema, { partitionSpec: ['kind'] });
    const lying = 'memory://lake/landing/kind=other/a.parquet';
    await parquetFile(here, lying, rows);
    await expect(byKind.addFiles([lying], options)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      place: { file: lying, column: 'kind' },
    });
  });
});

describe('a column that only the path has', () => {
  const withDay: Schema = {
    ...ordersSchema,
    fields: [...ordersSchema.fields, { id: 6, name: 'day', required: false, type: 'date' }],
  };
  const file = 'memory://lake/landing/day=2026-11-01/a.parquet';

  test('is the partition’s value where the table is partitioned by it', async () => {
    const here = await lake();
    const table = await here.catalog.createTable('sales.orders', withDay, { partitionSpec: ['day'] });
    await parquetFile(here, file, orders(10));
    await table.addFiles([file], options);
    expect((await liveFiles(table)).map(({ partition }) => partition)).toEqual([[20758]]);
  });

  test.each([[[]], [['month(day)']]])('is refused elsewhere, where it would be lost: partitioned by %j', async (by) => {
    const here = await lake();
    const table = await here.catalog.createTable('sales.orders', withDay, { partitionSpec: by });
    await parquetFile(here, file, orders(10));
    await expect(table.addFiles([file], options)).rejects.toMatchObject({
      code: 'SCHEMA_MISMATCH',
      place: { file, column: 'day' },
      message: expect.stringContaining('day: is in the path (day=2026-11-01) and not in the file'),
    });
    expect(table.snapshots()).toEqual([]);
    const nulls = 'memory://lake/landing/day=__HIVE_DEFAULT_PARTITION__/a.parquet';
    await parquetFile(here, nulls, orders(10));
    await table.addFiles([nulls], options);
    expect(await liveFiles(table)).toHaveLength(1);
  });
});

describe('a column that a file lacks', () => {
  const withDefaults: Schema = {
    ...ordersSchema,
    fields: [
      ...ordersSchema.fields,
      { id: 6, name: 'region', required: true, type: 'string', 'initial-default': 'north' },
      { id: 7, name: 'day', required: false, type: 'date', 'initial-default': '2024-02-29' },
      { id: 8, name: 'note', required: false, type: 'string', 'initial-default': null },
    ],
  };
  const file = 'memory://lake/landing/old.parquet';
  const v3 = { 'format-version': '3' };

  test('reads as its initial default, also where the table is partitioned by it', async () => {
    const here = await lake();
    const partitionSpec = ['region', 'month(day)', 'truncate(2, note)'];
    const table = await here.catalog.createTable('sales.orders', withDefaults, { partitionSpec, properties: v3 });
    await parquetFile(here, file, orders(10));
    await table.addFiles([file], options);
    const [added] = await liveFiles(table);
    expect(added?.partition).toEqual(['north', (2024 - 1970) * 12 + 1, null]);
    const stated = { location: file, partition: { day_month: '2024-03' } };
    const other = await here.catalog.createTable('sales.other', withDefaults, { partitionSpec, properties: v3 });
    await expect(other.addFiles([stated], options)).rejects.toMatchObject({ place: { column: 'day_month' } });
  });

  test('is refused when it is required and has none', async () => {
    const here = await lake();
    await parquetFile(here, file, orders(10));
    const required = { id: 9, name: 'must', required: true, type: 'string', 'initial-default': null } as const;
    const schema = { ...withDefaults, fields: [...withDefaults.fields, required] };
    const table = await here.catalog.createTable('sales.orders', schema, { properties: v3 });
    await expect(table.addFiles([file], options)).rejects.toMatchObject({ code: 'SCHEMA_MISMATCH' });
  });
});

test('files can be added to a table that append writes to', async () => {
  const here = await lake();
  const table = await here.catalog.createTable('sales.orders', ordersSchema);
  await table.append(sourceOf(orders(10)), options);
  const file = 'memory://lake/landing/a.parquet';
  await parquetFile(here, file, orders(5));
  await table.addFiles([file], options);
  expect(total(await liveFiles(table))).toBe(15n);
  expect(table.snapshots().at(-1)?.summary['total-records']).toBe('15');
});
