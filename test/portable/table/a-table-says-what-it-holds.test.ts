import { expect, test } from 'vitest';
import { fromAny } from '../../../src/source/from-any.ts';
import { lake, ordersSchema } from '../write/lake.ts';
import { MiB, orders, sourceOf, testEngine } from '../write/rows.ts';

const options = { engine: await testEngine(), memoryLimitBytes: 64 * MiB };

test('an empty table has a schema and nothing else', async () => {
  const { catalog } = await lake();
  const table = await catalog.createTable('sales.orders', ordersSchema);
  expect(table.name).toBe('sales.orders');
  expect(table.currentSnapshot).toBeNull();
  expect(table.snapshots()).toEqual([]);
  expect(table.history()).toEqual([]);
  expect(await table.manifests()).toEqual([]);
  expect(table.columns()[1]).toEqual({ id: 2, path: 'at', type: 'timestamp', required: false });
});

test('snapshots, history, manifests and files follow the commits', async () => {
  const { catalog } = await lake();
  const table = await catalog.createTable('sales.orders', ordersSchema, { partitionSpec: ['kind'] });
  await table.append(sourceOf(orders(100, 2)), options);
  await table.append(sourceOf(orders(50, 1)), options);
  const [first, second] = table.snapshots();
  expect(first?.refs).toEqual([]);
  expect(second).toMatchObject({ operation: 'append', refs: ['main'], parentId: first?.snapshotId });
  expect(table.history().map(({ isAncestor }) => isAncestor)).toEqual([true, true]);
  expect(await table.manifests()).toHaveLength(2);
  expect(await table.manifests(first?.snapshotId)).toHaveLength(1);
  const kinds: unknown[] = [];
  for await (const { partition } of table.files()) kinds.push(partition.get('kind'));
  expect(kinds.sort()).toEqual(['kind-0', 'kind-0', 'kind-1']);
  await expect(table.manifests(1n)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('partitions of files read as their folders do', async () => {
  const { catalog } = await lake();
  const table = await catalog.createTable('sales.orders', ordersSchema, { partitionSpec: ['month(at)', 'kind'] });
  await table.append(fromAny([{ at: '2026-11-05T00:00:00', kind: 'a/b' }, { kind: null }]), options);
  const paths: string[] = [];
  for await (const { file, partitionPath } of table.files()) {
    expect(file.filePath).toContain(`/data/${partitionPath}/`);
    paths.push(partitionPath);
  }
  expect(paths.sort()).toEqual(['at_month=2026-11/kind=a%2Fb', 'at_month=null/kind=null']);
});

test('what another handle wrote shows after a refresh', async () => {
  const { catalog } = await lake();
  const table = await catalog.createTable('sales.orders', ordersSchema);
  const other = await catalog.loadTable(['sales', 'orders']);
  await other.append(sourceOf(orders(10)), options);
  expect(table.currentSnapshot).toBeNull();
  await table.refresh();
  expect(table.currentSnapshot?.summary?.['total-records']).toBe('10');
});

test('append takes plain rows', async () => {
  const { catalog } = await lake();
  const table = await catalog.createTable('sales.orders', ordersSchema);
  const result = await table.append(
    [
      { id: 1n, kind: 'a' },
      { id: 2n, name: 'b', amount: 2.5 },
    ],
    options,
  );
  expect(result.rows).toBe(2n);
});
