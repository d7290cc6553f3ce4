import * as arrow from 'apache-arrow';
import { describe, expect, test, vi } from 'vitest';
import { fromAny } from '../../../src/source/from-any.ts';
import type { Schema } from '../../../src/spec/schema.ts';
import { lake, liveFiles, ordersSchema, orphans } from './lake.ts';
import { MiB, orders, sourceOf, tableRows, testEngine } from './rows.ts';

const engine = await testEngine();
const options = { engine, memoryLimitBytes: 64 * MiB };

const some = tableRows(
  arrow.tableFromArrays({ kind: ['a', 'b'], id: BigInt64Array.of(1n, 2n), score: Float64Array.of(0.5, Number.NaN) }),
);

describe('columns', () => {
  test('match by name, in any order; missing optional ones become null', async () => {
    const { catalog } = await lake();
    const table = await catalog.createTable('sales.orders', ordersSchema);
    await table.append(
      sourceOf(tableRows(arrow.tableFromArrays({ kind: ['a', 'b'], id: BigInt64Array.of(7n, 9n) }))),
      options,
    );
    const [file] = await liveFiles(table);
    expect(file?.nullValueCounts?.get(3)).toBe(2n);
    expect(file?.nullValueCounts?.get(5)).toBe(0n);
  });

  test.each([
    ['JSON', (rows: readonly object[]) => new Blob([rows.map((row) => `${JSON.stringify(row)}\n`).join('')])],
    ['plain rows', (rows: readonly object[]) => rows as readonly Record<string, unknown>[]],
  ])('of the table that %s shows only after its sample are not lost', async (_, input) => {
    const { catalog } = await lake();
    const schema: Schema = {
      type: 'struct',
      fields: [
        { id: 1, name: 'id', required: true, type: 'long' },
        { id: 2, name: 'late', required: false, type: 'int' },
      ],
    };
    const table = await catalog.createTable('sales.late', schema);
    const rows = Array.from({ length: 40_000 }, (__, id) => (id === 39_999 ? { id, late: 7 } : { id }));
    await table.append(fromAny(input(rows)), options);
    const [file] = await liveFiles(table);
    expect([file?.recordCount, file?.nullValueCounts?.get(2)]).toEqual([40_000n, 39_999n]);
  });

  test('that the table lacks are an error, before anything is uploaded', async () => {
    const here = await lake();
    const table = await here.catalog.createTable('sales.orders', ordersSchema);
    const before = await here.objects();
    const error = await table.append(sourceOf(some), options).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'SCHEMA_MISMATCH' });
    expect(String(error)).toContain('score');
    expect(await here.objects()).toEqual(before);
  });

  test('that the table lacks are added first when that is asked for', async () => {
    const { catalog } = await lake();
    const table = await catalog.createTable('sales.orders', ordersSchema);
    await table.append(sourceOf(orders(5)), options);
    await table.append(sourceOf(some), { ...options, schemaEvolution: 'addColumns' });
    expect(table.columns().at(-1)).toMatchObject({ id: 6, path: 'score', type: 'double', required: false });
    expect(table.currentSnapshot?.['schema-id']).toBe(1);
    const files = await liveFiles(table);
    expect(files.map((file) => file.nanValueCounts?.get(6))).toEqual(expect.arrayContaining([1n, undefined]));
  });

  test('that two writers add at once get one field each', async () => {
    const { catalog } = await lake();
    const table = await catalog.createTable('sales.orders', ordersSchema);
    const writers = await Promise.all([1, 2, 3].map(() => catalog.loadTable('sales.orders')));
    const evolve = { ...options, schemaEvolution: 'addColumns' as const };
    await Promise.all(writers.map((writer) => writer.append(sourceOf(some), evolve)));
    await table.refresh();
    expect(table.columns().filter(({ path }) => path === 'score')).toHaveLength(1);
    expect(table.snapshots()).toHaveLength(3);
  });
});

test('a null in a required column names the column and the row of the source, and leaves nothing', async () => {
  const required: Schema = {
    ...ordersSchema,
    fields: ordersSchema.fields.map((field) => ({ ...field, required: field.name === 'name' })),
  };
  const here = await lake();
  const table = await here.catalog.createTable('sales.orders', required);
  await expect(table.append(sourceOf(orders(20_000)), options)).rejects.toMatchObject({
    code: 'INVALID_VALUE',
    place: { column: 'name', row: 0 },
  });
  expect(await orphans(here, table)).toEqual([]);
});

test('a value that does not fit is reported by its row over all batches', async () => {
  const here = await lake();
  const narrow: Schema = {
    ...ordersSchema,
    fields: ordersSchema.fields.map((field) => (field.name === 'id' ? { ...field, type: 'int' as const } : field)),
  };
  const table = await here.catalog.createTable('sales.orders', narrow);
  const ids = BigInt64Array.from({ length: 25_000 }, (_, row) => (row === 23_456 ? 2n ** 40n : BigInt(row)));
  const wide = tableRows(new arrow.Table({ id: arrow.makeVector(ids) }));
  await expect(table.append(sourceOf(wide), options)).rejects.toMatchObject({
    code: 'INVALID_VALUE',
    place: { column: 'id', row: 23_456 },
  });
  expect(await orphans(here, table)).toEqual([]);
});

test('a value that does not fit is named by its row in its file, also when other files came before', async () => {
  const here = await lake();
  const table = await here.catalog.createTable('sales.narrow', {
    type: 'struct',
    fields: [{ id: 1, name: 'id', required: false, type: 'int' }],
  });
  const file = (values: bigint[], name: string) => {
    const given = arrow.tableFromArrays({ id: BigInt64Array.from(values) });
    return new File([new Uint8Array(arrow.tableToIPC(given, 'stream'))], name);
  };
  const files = [file([1n, 2n, 3n], 'one.arrows'), file([4n, 2n ** 40n], 'two.arrows')];
  await expect(table.append(fromAny(files), options)).rejects.toMatchObject({
    code: 'INVALID_VALUE',
    place: { file: 'two.arrows', row: 1, column: 'id' },
  });
  expect(await orphans(here, table)).toEqual([]);
});

describe('a v3 table', () => {
  test('fills columns that the source lacks with their write-defaults', async () => {
    const { catalog } = await lake();
    const withDefaults: Schema = {
      type: 'struct',
      fields: [
        { id: 1, name: 'id', required: true, type: 'long' },
        { id: 2, name: 'origin', required: true, type: 'string', 'write-default': 'web' },
        { id: 3, name: 'day', required: false, type: 'date', 'write-default': '2024-02-29' },
        { id: 4, name: 'amount', required: false, type: 'decimal(9, 2)', 'write-default': '14.20' },
        { id: 5, name: 'note', required: false, type: 'string', 'write-default': 'unread' },
      ],
    };
    const table = await catalog.createTable('sales.defaults', withDefaults, {
      partitionSpec: ['origin'],
      properties: { 'format-version': '3' },
    });
    const given = arrow.tableFromArrays({ id: BigInt64Array.of(1n, 2n, 3n), note: ['x', null, 'y'] });
    await table.append(sourceOf(tableRows(given)), options);
    const [file] = await liveFiles(table);
    expect(file).toMatchObject({ recordCount: 3n, partition: ['web'] });
    expect([2, 3, 4, 5].map((id) => file?.nullValueCounts?.get(id))).toEqual([0n, 0n, 0n, 1n]);
    const bounds = [2, 3, 4].map((id) => [...(file?.lowerBounds?.get(id) ?? [])]);
    expect(bounds).toEqual([
      [0x77, 0x65, 0x62],
      [0x46, 0x4d, 0, 0],
      [0x05, 0x8c],
    ]);
    expect(file?.upperBounds?.get(3)).toEqual(file?.lowerBounds?.get(3));
  });

  test('fills fields that the structs of a JSON source lack, and keeps those it has', async () => {
    const { catalog } = await lake();
    const who = {
      type: 'struct',
      fields: [
        { id: 2, name: 'name', required: false, type: 'string' },
        { id: 3, name: 'age', required: true, type: 'int', 'write-default': 7 },
      ],
    } as const;
    const schema: Schema = { type: 'struct', fields: [{ id: 1, name: 'who', required: false, type: who }] };
    const table = await catalog.createTable('sales.people', schema, { properties: { 'format-version': '3' } });
    for (const [rows, age] of [
      ['{"who":{"name":"a"}}\n{"who":null}\n{"who":{"name":null}}\n', 7],
      ['{"who":{"name":"a","age":9}}\n', 9],
    ] as const) {
      await table.append(fromAny(new TextEncoder().encode(rows), { format: 'json' }), options);
      const added = (await liveFiles(table)).filter((file) => file.recordCount === (age === 7 ? 3n : 1n));
      expect(added.map((file) => file.lowerBounds?.get(3)?.[0])).toEqual([age]);
      expect(added.map((file) => file.nullValueCounts?.get(3))).toEqual([age === 7 ? 1n : 0n]);
    }
  });

  test('refuses to leave out a nested column that has a write-default', async () => {
    const here = await lake();
    const list = { type: 'list', 'element-id': 3, element: 'int', 'element-required': false } as const;
    const schema: Schema = {
      type: 'struct',
      fields: [
        { id: 1, name: 'id', required: false, type: 'long' },
        { id: 2, name: 'tags', required: false, type: list, 'write-default': [1n] },
      ],
    };
    const table = await here.catalog.createTable('sales.defaults', schema, { properties: { 'format-version': '3' } });
    const given = tableRows(arrow.tableFromArrays({ id: BigInt64Array.of(1n) }));
    await expect(table.append(sourceOf(given), options)).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      place: { column: 'tags' },
    });
    expect(await orphans(here, table)).toEqual([]);
  });

  test('gives every row its place in the table’s row ids', async () => {
    const { catalog } = await lake();
    const table = await catalog.createTable('sales.orders', ordersSchema, {
      properties: { 'format-version': '3', 'commit.manifest.min-count-to-merge': '3' },
    });
    for (let n = 1; n <= 5; n++) await table.append(sourceOf(orders(n)), options);
    expect(table.currentSnapshot?.['first-row-id']).toBeTypeOf('bigint');
    const ranges: (readonly [bigint, bigint])[] = [];
    for await (const { file } of table.files()) {
      expect(file.firstRowId).toBeTypeOf('bigint');
      ranges.push([file.firstRowId ?? 0n, file.recordCount]);
    }
    ranges.sort(([a], [b]) => Number(a - b));
    for (const [index, [first, count]] of ranges.entries()) {
      const next = ranges[index + 1]?.[0] ?? table.metadata['next-row-id'] ?? 0n;
      expect(first + count).toBeLessThanOrEqual(next);
    }
    expect(ranges.map(([, count]) => count)).toEqual([1n, 2n, 3n, 4n, 5n]);
  });

  test('keeps the row ids of files whose manifests are merged', async () => {
    const { catalog } = await lake();
    const table = await catalog.createTable('sales.orders', ordersSchema, {
      properties: { 'format-version': '3', 'commit.manifest.min-count-to-merge': '3' },
    });
    const ids = async () => {
      const found = new Map<string, bigint | undefined>();
      for await (const { file } of table.files()) found.set(file.filePath, file.firstRowId);
      return found;
    };
    for (let n = 0; n < 3; n++) await table.append(sourceOf(orders(10)), options);
    const before = await ids();
    await table.append(sourceOf(orders(10)), options);
    expect(table.currentSnapshot?.summary).toMatchObject({ 'manifests-replaced': '3' });
    const after = await ids();
    for (const [path, first] of before) expect(after.get(path)).toBe(first);
  });
});

describe('table properties', () => {
  test('say how files are cut, encoded and measured', async () => {
    const { catalog, store } = await lake();
    const table = await catalog.createTable('sales.orders', ordersSchema, {
      properties: {
        'write.target-file-size-bytes': '300000',
        'write.parquet.compression-codec': 'snappy',
        'write.metadata.metrics.default': 'counts',
        'write.metadata.metrics.column.name': 'truncate(3)',
        'write.object-storage.enabled': 'true',
      },
    });
    const { files } = await table.append(sourceOf(orders(60_000)), options);
    expect(files).toBeGreaterThan(3);
    const [file] = await liveFiles(table);
    expect([...(file?.lowerBounds?.keys() ?? [])]).toEqual([3]);
    expect(new TextDecoder().decode(file?.lowerBounds?.get(3))).toBe('cus');
    expect(new TextDecoder().decode(file?.upperBounds?.get(3))).toBe('cut');
    expect(file?.filePath).toMatch(/\/data\/[01]{4}\/[01]{4}\/[01]{4}\/[01]{8}\/[^/]+$/);
    const bytes = await store.read(file?.filePath ?? '');
    expect(BigInt(bytes.length)).toBe(file?.fileSizeInBytes);
    expect(file?.splitOffsets?.[0]).toBe(4n);
  });

  test('of a column that a new table does not have are refused; of a table that exists they do no harm', async () => {
    const here = await lake();
    const kinds = [
      'metadata.metrics',
      'parquet.bloom-filter-enabled',
      'parquet.bloom-filter-fpp',
      'parquet.stats-enabled',
      'parquet.dict-encoding-enabled',
    ];
    const before = await here.objects();
    for (const kind of kinds) {
      const key = `write.${kind}.column.nmae`;
      const properties = { [key]: 'false' };
      const refused = {
        code: 'INVALID_ARGUMENT',
        place: { option: key, column: 'nmae' },
        message: `Table property ${key}: There is no column "nmae"; the table has id, at, name, amount, kind.`,
      };
      await expect(here.catalog.createTable('sales.orders', ordersSchema, { properties })).rejects.toMatchObject(
        refused,
      );
      await expect(
        here.catalog.createAndAppend('sales.orders', sourceOf(orders(10)), { properties }, options),
      ).rejects.toMatchObject(refused);
    }
    expect(await here.objects()).toEqual(before);

    const table = await here.catalog.createTable('sales.orders', ordersSchema);
    const updates = Object.fromEntries(kinds.map((kind) => [`write.${kind}.column.gone`, '0.5']));
    updates['write.metadata.metrics.column.gone'] = 'counts';
    for (const kind of ['bloom-filter', 'stats', 'dict-encoding']) {
      updates[`write.parquet.${kind}-enabled.column.gone`] = 'true';
    }
    await here.client.commit(
      { identifier: table.identifier, requirements: [], updates: [{ action: 'set-properties', updates }] },
      { idempotencyKey: crypto.randomUUID() },
    );
    const loaded = await here.catalog.loadTable('sales.orders');
    expect((await loaded.append(sourceOf(orders(10)), options)).rows).toBe(10n);
  });

  test('roll manifests while data is written; when that fails, none of them stays', async () => {
    const here = await lake();
    const properties = { 'write.target-file-size-bytes': '10000', 'commit.manifest.target-size-bytes': '1000' };
    const table = await here.catalog.createTable('sales.orders', ordersSchema, { properties });
    const before = await here.objects();
    const second = expect.stringMatching(/-m1\.avro$/);
    async function* broken() {
      for (let i = 0; i < 40_000; i++) yield { id: BigInt(i), name: `customer ${(i * 2654435761) >>> 0}` };
      // Manifests are compressed while the source waits.
      await vi.waitFor(async () => expect(await here.objects()).toContainEqual(second), 20_000);
      throw new Error('broke');
    }
    await expect(table.append(fromAny(broken()), options)).rejects.toThrow('broke');
    expect(await here.objects()).toEqual(before);

    const { files } = await table.append(sourceOf(orders(60_000)), options);
    const manifests = await table.manifests();
    expect(manifests.length).toBeGreaterThan(2);
    expect(manifests.reduce((sum, one) => sum + (one.addedFilesCount ?? 0), 0)).toBe(files);
    expect(table.currentSnapshot?.summary).toMatchObject({
      'added-data-files': String(files),
      'added-records': '60000',
    });
    expect(await liveFiles(table)).toHaveLength(files);
  });

  test('with values that cannot be are named', async () => {
    const { catalog } = await lake();
    const table = await catalog.createTable('sales.orders', ordersSchema, {
      properties: { 'write.target-file-size-bytes': 'huge' },
    });
    const error = await table.append(sourceOf(orders(1)), options).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'INVALID_METADATA' });
    expect(String(error)).toContain('write.target-file-size-bytes');
  });
});

test('a branch starts at main, moves by itself, and a tag is refused', async () => {
  const here = await lake();
  const table = await here.catalog.createTable('sales.orders', ordersSchema);
  const main = await table.append(sourceOf(orders(10)), options);
  const side = await table.append(sourceOf(orders(5)), { ...options, branch: 'audit' });
  expect(table.metadata.refs?.['main']?.['snapshot-id']).toBe(main.snapshotId);
  expect(table.metadata.refs?.['audit']).toMatchObject({ 'snapshot-id': side.snapshotId, type: 'branch' });
  expect(table.snapshots().at(-1)).toMatchObject({ parentId: main.snapshotId });
  expect(table.snapshots().at(-1)?.summary['total-records']).toBe('15');
  await here.client.commit(
    {
      identifier: table.identifier,
      requirements: [],
      updates: [{ action: 'set-snapshot-ref', 'ref-name': 'v1', type: 'tag', 'snapshot-id': main.snapshotId ?? 0n }],
    },
    { idempotencyKey: crypto.randomUUID() },
  );
  await table.refresh();
  await expect(table.append(sourceOf(orders(5)), { ...options, branch: 'v1' })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    place: { option: 'branch' },
  });
});

test('the caller’s summary properties are kept, but do not replace what is counted', async () => {
  const { catalog } = await lake();
  const table = await catalog.createTable('sales.orders', ordersSchema);
  await table.append(sourceOf(orders(10)), {
    ...options,
    snapshotProperties: { 'ingest.run': '42', 'added-records': '1' },
  });
  expect(table.currentSnapshot?.summary).toMatchObject({ 'ingest.run': '42', 'added-records': '10' });
});

test('a memory limit that cannot work is refused with the number that would', async () => {
  const { catalog } = await lake();
  const table = await catalog.createTable('sales.orders', ordersSchema);
  const error = await table
    .append(sourceOf(orders(10)), { engine, memoryLimitBytes: 4 * MiB })
    .catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'MEMORY_LIMIT_TOO_SMALL', place: { option: 'memoryLimitBytes' } });
  expect(String(error)).toMatch(/at least \d+/);
});

test.each([1, 4, 8])('also before there is an engine: %i MiB, where the number named does', async (limit) => {
  const { catalog } = await lake();
  const table = await catalog.createTable('sales.orders', ordersSchema);
  const error = await table
    .append(sourceOf(orders(10)), { memoryLimitBytes: limit * MiB })
    .catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'MEMORY_LIMIT_TOO_SMALL', place: { option: 'memoryLimitBytes' } });
  expect(String(error)).toContain(`memoryLimitBytes ${limit * MiB} is too small`);
  const named = Number(/at least (\d+)/.exec(String(error))?.[1]);
  expect(await table.append(sourceOf(orders(10)), { memoryLimitBytes: named })).toMatchObject({ rows: 10n });
});
