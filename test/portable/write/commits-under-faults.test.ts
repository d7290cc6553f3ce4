import * as arrow from 'apache-arrow';
import { describe, expect, test } from 'vitest';
import type { Catalog, CommitAnswer, CommitRequest, CommitSendOptions } from '../../../src/catalog/catalog.ts';
import { uuidV7 } from '../../../src/util/uuid.ts';
import { hastyWorld, lake, liveFiles, ordersSchema, orphans } from './lake.ts';
import { MiB, orders, sourceOf, type TestRows, tableRows, testEngine } from './rows.ts';

const engine = await testEngine();
const options = { engine, memoryLimitBytes: 64 * MiB };

type Fault = (send: () => Promise<CommitAnswer>, request: CommitRequest) => Promise<CommitAnswer>;

/** The catalog, but one fault is used up by each commit: what happens to it is the fault's to say. */
function faulty(catalog: Catalog, faults: Fault[], sent: { key: string; body: string }[] = []): Catalog {
  const text = (body: CommitRequest) => JSON.stringify(body, (_, v: unknown) => (typeof v === 'bigint' ? `${v}n` : v));
  return new Proxy(catalog, {
    get(target, property) {
      if (property === 'commit') {
        return (request: CommitRequest, sendOptions: CommitSendOptions) => {
          sent.push({ key: sendOptions.idempotencyKey, body: text(request) });
          const send = () => target.commit(request, sendOptions);
          return faults.shift()?.(send, request) ?? send();
        };
      }
      const value: unknown = Reflect.get(target, property);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

const lost: CommitAnswer = { kind: 'unknown', message: 'the connection broke' };
/** Applied, but the answer never came. */
const answerLost: Fault = async (send) => {
  await send();
  return lost;
};
/** Never reached the catalog, and nobody knows. */
const requestLost: Fault = async () => lost;

async function faultyLake(faults: Fault[], sent?: { key: string; body: string }[]) {
  const here = await lake({ catalog: (catalog) => faulty(catalog, faults, sent) });
  const table = await here.catalog.createTable('sales.orders', ordersSchema, {
    properties: { 'commit.retry.num-retries': '6' },
  });
  return { here, table };
}

describe('a lost answer', () => {
  test('to a commit that was applied is found in the table: one snapshot, no row twice', async () => {
    const { here, table } = await faultyLake([answerLost]);
    const result = await table.append(sourceOf(orders(1000)), options);
    expect(result).toMatchObject({ rows: 1000n, retries: 0, alreadyCommitted: false });
    await table.refresh();
    expect(table.snapshots().map((snapshot) => snapshot.snapshotId)).toEqual([result.snapshotId]);
    expect(await orphans(here, table)).toEqual([]);
  });

  test('to a commit that never arrived sends the same body with the same key again', async () => {
    const sent: { key: string; body: string }[] = [];
    const { here, table } = await faultyLake([requestLost, requestLost], sent);
    await table.append(sourceOf(orders(1000)), options);
    expect(sent).toHaveLength(3);
    expect(new Set(sent.map((one) => JSON.stringify(one))).size).toBe(1);
    await table.refresh();
    expect(table.snapshots()).toHaveLength(1);
    expect(await orphans(here, table)).toEqual([]);
  });

  test('followed by another writer is recognised as not applied, and rebuilt', async () => {
    const sent: { key: string; body: string }[] = [];
    const faults: Fault[] = [];
    const { here, table } = await faultyLake(faults, sent);
    const other = await here.catalog.loadTable('sales.orders');
    faults.push(async () => {
      await other.append(sourceOf(orders(10)), options);
      return lost;
    });
    const result = await table.append(sourceOf(orders(1000)), options);
    expect(result.retries).toBe(1);
    await table.refresh();
    expect(table.snapshots()).toHaveLength(2);
    expect((await liveFiles(table)).reduce((sum, file) => sum + file.recordCount, 0n)).toBe(1010n);
    expect(new Set(sent.map(({ key }) => key)).size).toBe(3);
    expect(await orphans(here, table)).toEqual([]);
  });

  test('for good is an error that deletes nothing and says how to find out', async () => {
    const always = Array.from({ length: 50 }, () => requestLost);
    const { here, table } = await faultyLake(always);
    const error = await table.append(sourceOf(orders(1000)), options).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'CommitStateUnknownError', code: 'COMMIT_STATE_UNKNOWN' });
    const { commitId, leftBehind } = error as { commitId: string; leftBehind: readonly string[] };
    const staged = await orphans(here, table);
    expect(staged).toHaveLength(3);
    expect([...leftBehind].sort()).toEqual([...staged].sort());
    // The same commit id settles it.
    always.length = 0;
    const again = await table.append(sourceOf(orders(1000)), { ...options, commitId });
    expect(again).toMatchObject({ rows: 1000n, alreadyCommitted: false });
    expect(table.snapshots()).toHaveLength(1);
  });
});

describe('a refusal', () => {
  test('for good removes everything that was staged', async () => {
    const { here, table } = await faultyLake([async () => ({ kind: 'rejected', status: 403, message: 'not yours' })]);
    await expect(table.append(sourceOf(orders(1000)), options)).rejects.toMatchObject({
      code: 'FORBIDDEN',
      leftBehind: [],
      place: { table: 'sales.orders', status: 403 },
    });
    expect(await orphans(here, table)).toEqual([]);
  });

  test('because of throttling or credentials is sent again', async () => {
    const { table } = await faultyLake([
      async () => ({ kind: 'throttled', retryAfterMs: 5 }),
      async () => ({ kind: 'unauthenticated', message: 'expired' }),
    ]);
    expect(await table.append(sourceOf(orders(1000)), options)).toMatchObject({ retries: 0 });
  });
});

describe('two writers', () => {
  test('of one table both get in, each row once, data files and own manifests kept', async () => {
    const { here, table } = await faultyLake([]);
    const others = await Promise.all(Array.from({ length: 4 }, () => here.catalog.loadTable('sales.orders')));
    const results = await Promise.all(others.map((one, index) => one.append(sourceOf(orders(1000 + index)), options)));
    await table.refresh();
    expect(table.snapshots()).toHaveLength(4);
    expect((await liveFiles(table)).reduce((sum, file) => sum + file.recordCount, 0n)).toBe(4006n);
    expect(results.reduce((sum, { retries }) => sum + retries, 0)).toBeGreaterThan(0);
    expect(await orphans(here, table)).toEqual([]);
    const last = table.snapshots().at(-1);
    expect(last?.summary).toMatchObject({ 'total-records': '4006', 'total-data-files': '4' });
    expect(table.snapshots().map(({ sequenceNumber }) => sequenceNumber)).toEqual([1n, 2n, 3n, 4n]);
  });

  test('under one commit id write once', async () => {
    const { here, table } = await faultyLake([]);
    const commitId = uuidV7(hastyWorld);
    const [one, two] = [await here.catalog.loadTable('sales.orders'), await here.catalog.loadTable('sales.orders')];
    const results = await Promise.all(
      [one, two].map((writer) => writer.append(sourceOf(orders(5000)), { ...options, commitId })),
    );
    await table.refresh();
    expect(table.snapshots()).toHaveLength(1);
    expect(results.map(({ alreadyCommitted }) => alreadyCommitted).sort()).toEqual([false, true]);
    expect(results[0]?.snapshotId).toBe(results[1]?.snapshotId);
    expect(await orphans(here, table)).toEqual([]);
  });
});

describe('a commit id', () => {
  test('that was committed gives the first result and writes nothing', async () => {
    const { here, table } = await faultyLake([]);
    const commitId = uuidV7(hastyWorld);
    const first = await table.append(sourceOf(orders(5000)), { ...options, commitId });
    const before = await here.objects();
    const again = await table.append(sourceOf(orders(5000), { batchRows: 777 }), { ...options, commitId });
    expect(again).toMatchObject({
      snapshotId: first.snapshotId,
      rows: 5000n,
      files: first.files,
      bytes: first.bytes,
      alreadyCommitted: true,
    });
    expect(await here.objects()).toEqual(before);
  });

  test('is recognised when the second call has other limits', async () => {
    const { table } = await faultyLake([]);
    const commitId = uuidV7(hastyWorld);
    await table.append(sourceOf(orders(5000)), { ...options, commitId });
    const again = table.append(sourceOf(orders(5000)), { ...options, memoryLimitBytes: 40 * MiB, commitId });
    expect((await again).alreadyCommitted).toBe(true);
  });

  test('is refused for other rows', async () => {
    const { here, table } = await faultyLake([]);
    const commitId = uuidV7(hastyWorld);
    await table.append(sourceOf(orders(5000, 16)), { ...options, commitId });
    const before = await here.objects();
    for (const other of [orders(5001, 16), orders(5000, 15)]) {
      await expect(table.append(sourceOf(other), { ...options, commitId })).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        place: { option: 'commitId' },
      });
    }
    expect(await here.objects()).toEqual(before);
  });

  test('is refused for rows with other values, also when they would be cut into other files', async () => {
    const { table } = await faultyLake([]);
    const commitId = uuidV7(hastyWorld);
    const rows = (start: number): TestRows => ({
      count: 5000,
      ipc: (from, to) => orders(9000).ipc(from + start, to + start),
    });
    await table.append(sourceOf(rows(0)), { ...options, commitId });
    const other = { ...options, memoryLimitBytes: 40 * MiB, commitId };
    // As many rows, nulls and NaNs in each column; only the values differ.
    await expect(table.append(sourceOf(rows(50)), other)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect((await table.append(sourceOf(rows(0)), other)).alreadyCommitted).toBe(true);
  });

  test('is recognised after the table was partitioned, and after its schema changed', async () => {
    const { here, table } = await faultyLake([]);
    const commitId = uuidV7(hastyWorld);
    const { snapshotId } = await table.append(sourceOf(orders(5000)), { ...options, commitId });
    const { schema } = table;
    const column = { id: 6, name: 'later', required: false, type: 'string' as const };
    const change = await here.client.commit(
      {
        identifier: table.identifier,
        requirements: [],
        updates: [
          {
            action: 'add-spec',
            spec: { 'spec-id': 1, fields: [{ 'source-id': 5, 'field-id': 1000, name: 'kind', transform: 'identity' }] },
          },
          { action: 'set-default-spec', 'spec-id': -1 },
          { action: 'add-schema', schema: { ...schema, fields: [...schema.fields, column] } },
          { action: 'set-current-schema', 'schema-id': -1 },
        ],
      },
      { idempotencyKey: uuidV7(hastyWorld) },
    );
    expect(change.kind).toBe('committed');
    const again = await table.append(sourceOf(orders(5000)), { ...options, commitId });
    expect(again).toMatchObject({ alreadyCommitted: true, snapshotId });
  });

  test('is refused for columns that the table did not have, on another branch, and for registered files', async () => {
    const { here, table } = await faultyLake([]);
    const commitId = uuidV7(hastyWorld);
    await table.append(sourceOf(orders(100)), { ...options, commitId });
    const before = await here.objects();
    const wide = arrow.tableFromIPC(orders(100).ipc(0, 100)).assign(
      new arrow.Table({
        extra: arrow.vectorFromArray(
          Array.from({ length: 100 }, () => 'x'),
          new arrow.Utf8(),
        ),
      }),
    );
    const refusal = { code: 'INVALID_ARGUMENT', place: { option: 'commitId' } };
    const evolving = { ...options, commitId, schemaEvolution: 'addColumns' as const };
    await expect(table.append(sourceOf(tableRows(wide)), evolving)).rejects.toMatchObject(refusal);
    const elsewhere = { ...options, commitId, branch: 'audit' };
    await expect(table.append(sourceOf(orders(100)), elsewhere)).rejects.toMatchObject(refusal);
    const [file] = await liveFiles(table);
    await expect(table.addFiles([file?.filePath ?? ''], { ...options, commitId })).rejects.toMatchObject(refusal);
    expect(await here.objects()).toEqual(before);
  });

  test('older than the history that is kept is refused, never written again', async () => {
    const { here, table } = await faultyLake([]);
    const commitId = uuidV7({ ...hastyWorld, now: () => Date.now() - 3_600_000 });
    const { snapshotId } = await table.append(sourceOf(orders(10)), { ...options, commitId });
    await table.append(sourceOf(orders(10)), options);
    const answer = await here.client.commit(
      {
        identifier: table.identifier,
        requirements: [],
        updates: [{ action: 'remove-snapshots', 'snapshot-ids': [snapshotId ?? 0n] }],
      },
      { idempotencyKey: uuidV7(hastyWorld) },
    );
    expect(answer.kind).toBe('committed');
    await expect(table.append(sourceOf(orders(10)), { ...options, commitId })).rejects.toMatchObject({
      code: 'COMMIT_HISTORY_EXPIRED',
    });
  });

  test('that is no UUID of version 7 is a TypeError', async () => {
    const { table } = await faultyLake([]);
    await expect(table.append(sourceOf(orders(10)), { ...options, commitId: 'x' })).rejects.toThrow(TypeError);
  });
});

describe('create and append', () => {
  test('whose commit is refused leaves neither a table nor files', async () => {
    const here = await lake({
      catalog: (catalog) => faulty(catalog, [async () => ({ kind: 'rejected', status: 400, message: 'no' })]),
    });
    await expect(
      here.catalog.createAndAppend('sales.orders', sourceOf(orders(1000)), {}, options),
    ).rejects.toMatchObject({ code: 'COMMIT_FAILED', leftBehind: [] });
    await expect(here.catalog.loadTable('sales.orders')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await orphans(here, null)).toEqual([]);
  });

  test('whose answer was lost is found', async () => {
    const here = await lake({ catalog: (catalog) => faulty(catalog, [answerLost]) });
    const { table, result } = await here.catalog.createAndAppend('sales.orders', sourceOf(orders(1000)), {}, options);
    expect(table.currentSnapshot?.['snapshot-id']).toBe(result.snapshotId);
  });

  test('under a commit id that was committed gives the first result', async () => {
    const here = await lake();
    const commitId = uuidV7(hastyWorld);
    const create = () =>
      here.catalog.createAndAppend('sales.orders', sourceOf(orders(1000)), {}, { ...options, commitId });
    const first = await create();
    expect((await create()).result).toMatchObject({
      alreadyCommitted: true,
      snapshotId: first.result.snapshotId,
    });
  });
});

test('many small appends stay small: the list does not grow with the table', async () => {
  const here = await lake();
  const table = await here.catalog.createTable('sales.orders', ordersSchema, {
    properties: { 'commit.manifest.min-count-to-merge': '10' },
  });
  const lists: number[] = [];
  for (let n = 0; n < 120; n++) {
    await table.append(sourceOf(orders(3)), options);
    const manifests = await table.manifests();
    lists.push(manifests.length);
  }
  expect(Math.max(...lists.slice(20))).toBeLessThanOrEqual(22);
  expect(await liveFiles(table)).toHaveLength(120);
  const entries: bigint[] = [];
  for await (const { sequenceNumber } of table.files()) entries.push(sequenceNumber ?? 0n);
  expect(entries.sort((a, b) => Number(a - b))).toEqual(Array.from({ length: 120 }, (_, n) => BigInt(n + 1)));
  expect(await orphans(here, table)).toEqual([]);
});
