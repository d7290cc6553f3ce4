import { describe, expect, test } from 'vitest';
import { IcestreamError } from '../../../src/errors.ts';
import { fromAny } from '../../../src/source/from-any.ts';
import { MemoryStore } from '../../../src/storage/memory/memory-store.ts';
import type { PutOptions } from '../../../src/storage/store.ts';
import type { Bytes } from '../../../src/util/bytes.ts';
import { utf8 } from '../../../src/util/encoding.ts';
import { MemoryBudget } from '../../../src/util/memory-budget.ts';
import type { WriteOptions } from '../../../src/write/write-options.ts';
import { hastyWorld, lake, liveFiles, ordersSchema, orphans } from './lake.ts';
import { MiB, orders, sourceOf, testEngine } from './rows.ts';

const engine = await testEngine();
const options = { engine, memoryLimitBytes: 64 * MiB };

describe('append', () => {
  test('adds all rows in one snapshot with exact totals', async () => {
    const { catalog } = await lake();
    const table = await catalog.createTable('sales.orders', ordersSchema);
    const result = await table.append(sourceOf(orders(50_000)), options);
    expect(result).toMatchObject({ rows: 50_000n, files: 1, retries: 0, alreadyCommitted: false });
    const again = await table.append(sourceOf(orders(7)), options);
    expect(table.snapshots()).toHaveLength(2);
    const [first, second] = table.snapshots();
    expect(first?.summary).toMatchObject({ operation: 'append', 'added-records': '50000', 'total-records': '50000' });
    expect(second?.summary).toMatchObject({ 'added-records': '7', 'total-records': '50007', 'total-data-files': '2' });
    expect(second?.parentId).toBe(result.snapshotId);
    expect(table.currentSnapshot?.['snapshot-id']).toBe(again.snapshotId);
    const files = await liveFiles(table);
    expect(files.reduce((sum, file) => sum + file.recordCount, 0n)).toBe(50_007n);
  });

  test('of no rows commits nothing and says so', async () => {
    const here = await lake();
    const table = await here.catalog.createTable('sales.orders', ordersSchema);
    const result = await table.append(sourceOf(orders(0)), options);
    expect(result).toMatchObject({ snapshotId: null, rows: 0n, files: 0 });
    expect(table.snapshots()).toEqual([]);
    expect(await orphans(here, table)).toEqual([]);
  });

  test('reports progress from the first byte to the last', async () => {
    const { catalog } = await lake();
    const table = await catalog.createTable('sales.orders', ordersSchema);
    const phases: string[] = [];
    let last = 0;
    await table.append(sourceOf(orders(40_000)), {
      ...options,
      onProgress: (progress) => {
        phases.push(progress.phase);
        last = progress.rowsWritten;
        expect(progress.rowsWritten).toBeLessThanOrEqual(progress.rowsIn);
        expect(progress.totalRows === null || progress.totalRows === 40_000).toBe(true);
      },
    });
    expect([...new Set(phases)]).toEqual(['open', 'write', 'commit', 'done']);
    expect(last).toBe(40_000);
  });
});

describe('progress says how many bytes there are', () => {
  const csv = utf8('id\n1\n2\n3\n');
  const files = new MemoryStore('in');

  test.each([
    ['a file that is looked at by range', { store: files, location: 'memory://in/plain' }, csv.length],
    ['files that a pattern finds', { store: files, glob: 'memory://in/*.csv' }, 2 * csv.length],
    ['a list of files', [new Blob([csv]), new Blob([csv])], 2 * csv.length],
  ])('of %s', async (_, input, totalBytes) => {
    for (const name of ['plain', 'a.csv', 'b.csv']) await files.put(`memory://in/${name}`, csv);
    const { catalog } = await lake();
    const totals: (number | null)[] = [];
    const onProgress: WriteOptions['onProgress'] = (progress) => totals.push(progress.totalBytes);
    await catalog.createAndAppend('sales.sized', fromAny(input), {}, { ...options, onProgress });
    expect(totals.at(-1)).toBe(totalBytes);
  });
});

describe('a write that stops', () => {
  test('because of its signal leaves nothing', async () => {
    const here = await lake();
    const table = await here.catalog.createTable('sales.orders', ordersSchema);
    const controller = new AbortController();
    const source = sourceOf(orders(100_000), { beforeBatch: (row) => row >= 50_000 && controller.abort() });
    const small = { ...options, signal: controller.signal };
    await expect(table.append(source, small)).rejects.toMatchObject({ code: 'ABORTED', leftBehind: [] });
    expect(await orphans(here, table)).toEqual([]);
    expect(table.snapshots()).toEqual([]);
  });

  test('because it may neither write manifests nor delete names only what is there', async () => {
    const forbidden = () => new IcestreamError('FORBIDDEN', 'not allowed');
    const here = await lake({
      store: (store) =>
        new Proxy(store, {
          get(target, property) {
            if (property === 'delete') return () => Promise.reject(forbidden());
            if (property === 'put') {
              return (location: string, bytes: Bytes, putOptions: PutOptions = {}) => {
                if (!location.endsWith('.avro')) return target.put(location, bytes, putOptions);
                putOptions.onNotStored?.();
                return Promise.reject(forbidden());
              };
            }
            const value: unknown = Reflect.get(target, property);
            return typeof value === 'function' ? value.bind(target) : value;
          },
        }),
    });
    const table = await here.catalog.createTable('sales.orders', ordersSchema);
    const error = await table.append(sourceOf(orders(10)), options).catch((reason: unknown) => reason);
    const left = await orphans(here, table);
    expect(left).toHaveLength(1);
    expect(error).toMatchObject({ code: 'FORBIDDEN', leftBehind: left });
  });

  test('because its source broke leaves nothing', async () => {
    const here = await lake();
    const table = await here.catalog.createTable('sales.orders', ordersSchema, {
      properties: { 'write.target-file-size-bytes': '200000' },
    });
    const before = engine.liveBytes;
    const source = sourceOf(orders(100_000), { failAtRow: 80_000 });
    await expect(table.append(source, options)).rejects.toThrow('the source broke');
    expect(await orphans(here, table)).toEqual([]);
    expect(engine.liveBytes - before).toBeLessThan(64 * 1024);
  });
});

test('an option that cannot be takes nothing from a shared budget', async () => {
  const { catalog } = await lake();
  const table = await catalog.createTable('sales.orders', ordersSchema);
  const budget = new MemoryBudget(64 * MiB);
  for (const bad of [{ commitId: 'x' }, { writer: { id: '', sequence: 1n } }, { wapId: '' }]) {
    await expect(table.append(sourceOf(orders(10)), { ...options, budget, ...bad })).rejects.toThrow(TypeError);
  }
  expect(await table.append(sourceOf(orders(10)), { ...options, budget })).toMatchObject({ rows: 10n });
});

describe('create and append', () => {
  test('makes the table and its first snapshot in one commit', async () => {
    const { catalog } = await lake();
    const { table, result } = await catalog.createAndAppend(
      'sales.orders',
      sourceOf(orders(20_000)),
      { partitionSpec: ['month(at)', 'kind'] },
      options,
    );
    expect(result.rows).toBe(20_000n);
    expect(table.columns().map(({ path, type }) => `${path} ${type}`)).toEqual([
      'id long',
      'at timestamp',
      'name string',
      'amount double',
      'kind string',
    ]);
    expect(table.spec.fields.map(({ name }) => name)).toEqual(['at_month', 'kind']);
    const reloaded = await catalog.loadTable('sales.orders');
    expect(reloaded.currentSnapshot?.['snapshot-id']).toBe(result.snapshotId);
  });

  test('makes the namespace where there is none, once the source fits', async () => {
    const here = await lake();
    const before = await here.objects();
    const wrong = { createNamespace: true, partitionSpec: ['month(name)'] };
    const refused = here.catalog.createAndAppend('new.orders', sourceOf(orders(10)), wrong, options);
    await expect(refused).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(await here.objects()).toEqual(before);
    for (const name of ['new.orders', 'new.more']) {
      const request = { createNamespace: true };
      const { result } = await here.catalog.createAndAppend(name, sourceOf(orders(10)), request, options);
      expect(result.rows).toBe(10n);
    }
    await here.catalog.createTable('other.empty', ordersSchema, { createNamespace: true });
    expect((await here.catalog.listNamespaces()).map((parts) => parts.join('.')).sort()).toEqual([
      'new',
      'other',
      'sales',
    ]);
  });

  test('that fails leaves neither a table nor files', async () => {
    const here = await lake();
    const source = sourceOf(orders(30_000), { failAtRow: 25_000 });
    const before = await here.objects();
    await expect(here.catalog.createAndAppend('sales.orders', source, {}, options)).rejects.toThrow('broke');
    await expect(here.catalog.loadTable('sales.orders')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await here.objects()).toEqual(before);
  });

  test('refuses a table that exists', async () => {
    const here = await lake();
    const table = await here.catalog.createTable('sales.orders', ordersSchema);
    await expect(here.catalog.createAndAppend('sales.orders', sourceOf(orders(10)), {}, options)).rejects.toMatchObject(
      { code: 'ALREADY_EXISTS' },
    );
    expect(await orphans(here, table)).toEqual([]);
  });

  test('of no rows makes an empty table', async () => {
    const { catalog } = await lake();
    const { table, result } = await catalog.createAndAppend('sales.orders', sourceOf(orders(0)), {}, options);
    expect(result.rows).toBe(0n);
    expect(await liveFiles(table)).toEqual([]);
    expect(hastyWorld).toBeDefined();
  });
});

describe('tables that cannot be written are refused before a byte is sent', () => {
  const refused: readonly (readonly [string, string])[] = [
    ['write.format.default', 'orc'],
    ['write.location-provider.impl', 'com.example.Mine'],
    ['encryption.key-id', 'k1'],
  ];
  test.each(refused)('%s', async (key, value) => {
    const here = await lake();
    const table = await here.catalog.createTable('sales.orders', ordersSchema, { properties: { [key]: value } });
    const before = await here.objects();
    await expect(table.append(sourceOf(orders(10)), options)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    expect(await here.objects()).toEqual(before);
  });
});
