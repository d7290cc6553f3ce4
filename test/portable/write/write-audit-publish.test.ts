/** Snapshots that are staged for an audit: by id (`wap.id`), or on a branch. */
import { describe, expect, test } from 'vitest';
import type { TableUpdate } from '../../../src/spec/updates.ts';
import type { Table } from '../../../src/table/table.ts';
import { uuidV7 } from '../../../src/util/uuid.ts';
import { hastyWorld, type Lake, lake, liveFiles, ordersSchema, orphans } from './lake.ts';
import { MiB, orders, sourceOf, testEngine } from './rows.ts';

const engine = await testEngine();
const options = { engine, memoryLimitBytes: 64 * MiB };

async function auditedLake(): Promise<{ here: Lake; table: Table }> {
  const here = await lake();
  const properties = { 'write.wap.enabled': 'true' };
  return { here, table: await here.catalog.createTable('sales.orders', ordersSchema, { properties }) };
}

const rowsOf = async (table: Table, snapshotId?: bigint) => {
  let rows = 0n;
  for await (const { file } of table.files(snapshotId)) rows += file.recordCount;
  return rows;
};

/** As another engine would do it. */
async function change(here: Lake, table: Table, updates: readonly TableUpdate[]): Promise<void> {
  const request = { identifier: table.identifier, requirements: [], updates };
  expect(await here.client.commit(request, { idempotencyKey: uuidV7(hastyWorld) })).toMatchObject({
    kind: 'committed',
  });
  await table.refresh();
}

describe('a load with a wapId', () => {
  test('is a snapshot that no branch names: readers do not see it, and it can be published', async () => {
    const { here, table } = await auditedLake();
    const before = await table.append(sourceOf(orders(10)), options);
    const staged = await table.append(sourceOf(orders(1000)), { ...options, wapId: 'audit-7' });
    await table.refresh();
    expect(table.currentSnapshot?.['snapshot-id']).toBe(before.snapshotId);
    const snapshot = table.snapshots().find(({ snapshotId }) => snapshotId === staged.snapshotId);
    expect(snapshot).toMatchObject({ parentId: before.snapshotId, refs: [] });
    expect(snapshot?.summary).toMatchObject({ 'wap.id': 'audit-7', 'total-records': '1010' });
    expect(await rowsOf(table)).toBe(10n);
    expect(await rowsOf(table, staged.snapshotId ?? 0n)).toBe(1010n);
    expect(await orphans(here, table)).toEqual([]);
    const main = { 'ref-name': 'main', type: 'branch', 'snapshot-id': staged.snapshotId ?? 0n } as const;
    await change(here, table, [{ action: 'set-snapshot-ref', ...main }]);
    expect(await rowsOf(table)).toBe(1010n);
  });

  test('does not stand in the way of loads that are not staged', async () => {
    const { table } = await auditedLake();
    await table.append(sourceOf(orders(100)), { ...options, wapId: 'a' });
    await table.append(sourceOf(orders(10)), options);
    await table.append(sourceOf(orders(200)), { ...options, wapId: 'b' });
    expect(await rowsOf(await table.refresh())).toBe(10n);
    expect(table.snapshots().map(({ sequenceNumber }) => sequenceNumber)).toEqual([1n, 2n, 3n]);
  });

  test('is repeated under its commit id, and not taken for a load to a branch', async () => {
    const { here, table } = await auditedLake();
    const commitId = uuidV7(hastyWorld);
    const staged = await table.append(sourceOf(orders(100)), { ...options, commitId, wapId: 'a' });
    const again = await table.append(sourceOf(orders(100)), { ...options, commitId, wapId: 'a' });
    expect(again).toMatchObject({ alreadyCommitted: true, snapshotId: staged.snapshotId });
    for (const other of [{}, { wapId: 'b' }]) {
      await expect(table.append(sourceOf(orders(100)), { ...options, commitId, ...other })).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        place: { option: 'commitId' },
      });
    }
    expect(await orphans(here, table)).toEqual([]);
  });

  test('is refused under an id that is taken, also when two come at once', async () => {
    const { here, table } = await auditedLake();
    const twins = [await here.catalog.loadTable('sales.orders'), await here.catalog.loadTable('sales.orders')];
    const ends = await Promise.allSettled(
      twins.map((one) => one.append(sourceOf(orders(1000)), { ...options, wapId: 'a' })),
    );
    expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const late = table.append(sourceOf(orders(10)), { ...options, wapId: 'a' });
    await expect(late).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', place: { option: 'wapId' } });
    expect((await table.refresh()).snapshots()).toHaveLength(1);
    expect(await orphans(here, table)).toEqual([]);
  });

  test('may register files, and be the first snapshot of its table', async () => {
    const { here, table } = await auditedLake();
    await table.append(sourceOf(orders(10)), options);
    const [file] = await liveFiles(table);
    const request = { properties: { 'write.wap.enabled': 'true' } };
    const staging = { ...options, wapId: 'a' };
    const created = await here.catalog.createAndAppend('sales.copies', sourceOf(orders(5)), request, staging);
    expect(created.table.currentSnapshot).toBeNull();
    expect(created.table.snapshots()).toHaveLength(1);
    const added = await created.table.addFiles([file?.filePath ?? ''], { ...options, wapId: 'b' });
    expect(await rowsOf(await created.table.refresh(), added.snapshotId ?? 0n)).toBe(10n);
    expect(created.table.currentSnapshot).toBeNull();
  });

  test('is refused by a table that does not stage, and with options that make no sense', async () => {
    const here = await lake();
    const table = await here.catalog.createTable('sales.orders', ordersSchema);
    const before = await here.objects();
    await expect(table.append(sourceOf(orders(10)), { ...options, wapId: 'a' })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      place: { option: 'wapId' },
    });
    for (const bad of [
      { wapId: '' },
      { wapId: 'a', branch: 'audit' },
      { wapId: 'a', writer: { id: 'w', sequence: 1n } },
    ]) {
      await expect(table.append(sourceOf(orders(10)), { ...options, ...bad })).rejects.toThrow(TypeError);
    }
    expect(await here.objects()).toEqual(before);
  });
});

describe('a load to a branch', () => {
  test('starts at main, leaves main alone, and main can be moved to it', async () => {
    const { here, table } = await auditedLake();
    await table.append(sourceOf(orders(10)), options);
    const audit = await table.append(sourceOf(orders(100)), { ...options, branch: 'audit' });
    await table.append(sourceOf(orders(100)), { ...options, branch: 'audit' });
    await table.refresh();
    expect(await rowsOf(table)).toBe(10n);
    expect(table.snapshots().find(({ refs }) => refs.includes('audit'))?.parentId).toBe(audit.snapshotId);
    const head = table.metadata.refs?.['audit']?.['snapshot-id'] ?? 0n;
    const main = { 'ref-name': 'main', type: 'branch', 'snapshot-id': head } as const;
    await change(here, table, [{ action: 'set-snapshot-ref', ...main }]);
    expect(await rowsOf(table)).toBe(210n);
  });
});
