import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Catalog, CommitAnswer, CommitRequest, CommitSendOptions } from '../../../src/catalog/catalog.ts';
import type { RecordBatchSource } from '../../../src/source/source.ts';
import type { Table } from '../../../src/table/table.ts';
import { uuidV7 } from '../../../src/util/uuid.ts';
import { requireWriter, watermarkOf, watermarkProperties } from '../../../src/write/commit/writer-watermark.ts';
import { currentOnly, hastyWorld, lake, liveFiles, ordersSchema, orphans } from './lake.ts';
import { MiB, orders, sourceOf, testEngine } from './rows.ts';

const engine = await testEngine();
const options = { engine, memoryLimitBytes: 64 * MiB };
const as = (sequence: bigint, id = 'nightly') => ({ ...options, writer: { id, sequence } });

/** Cannot be opened: proves that nobody asked for its rows. */
const unread: RecordBatchSource = {
  name: 'unread',
  replayable: true,
  sizeBytes: null,
  open: () => Promise.reject(new Error('the source was opened')),
};

interface Wrapping {
  /** One is used up by each commit. */
  readonly faults?: ((send: () => Promise<CommitAnswer>) => Promise<CommitAnswer>)[];
  readonly hidesHistory?: boolean;
}

function wrapped(plain: Catalog, { faults = [], hidesHistory = false }: Wrapping): Catalog {
  return new Proxy(hidesHistory ? currentOnly(plain) : plain, {
    get(target, property) {
      if (property === 'commit') {
        return (request: CommitRequest, sendOptions: CommitSendOptions) => {
          const send = () => target.commit(request, sendOptions);
          return faults.shift()?.(send) ?? send();
        };
      }
      const value: unknown = Reflect.get(target, property);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

async function ordersLake(wrapping: Wrapping = {}) {
  const here = await lake({ catalog: (catalog) => wrapped(catalog, wrapping) });
  const table = await here.catalog.createTable('sales.orders', ordersSchema);
  return { here, table };
}

const rowsIn = async (table: Table) =>
  (await liveFiles(await table.refresh())).reduce((sum, file) => sum + file.recordCount, 0n);

describe('a writer that counts its loads', () => {
  test('gets a load that is there answered as done: the source is not opened and nothing is stored', async () => {
    const { here, table } = await ordersLake();
    const first = await table.append(sourceOf(orders(1000)), as(7n));
    expect(first).toMatchObject({ alreadyCommitted: false, writerSequence: 7n, rows: 1000n });
    expect(table.properties['icestream.writer.nightly.sequence']).toBe(`7@${first.snapshotId}`);
    const before = await here.objects();
    expect(await table.append(unread, as(7n))).toMatchObject({
      alreadyCommitted: true,
      writerSequence: 7n,
      snapshotId: first.snapshotId,
      commitId: first.commitId,
      rows: 1000n,
      files: 1,
      bytes: first.bytes,
    });
    expect(await table.append(unread, as(3n))).toMatchObject({
      alreadyCommitted: true,
      writerSequence: 7n,
      snapshotId: null,
      rows: 0n,
    });
    expect(await here.objects()).toEqual(before);
  });

  test('writes the next load, and moves its mark in the same commit', async () => {
    const { table } = await ordersLake();
    await table.append(sourceOf(orders(10)), as(0n));
    const second = await table.append(sourceOf(orders(20)), as(9n));
    await table.append(sourceOf(orders(30)), options);
    await table.append(sourceOf(orders(40)), as(1n, 'hourly'));
    expect(table.properties).toMatchObject({
      'icestream.writer.nightly.sequence': `9@${second.snapshotId}`,
      'icestream.writer.hourly.sequence': `1@${table.currentSnapshot?.['snapshot-id']}`,
    });
    expect(await rowsIn(table)).toBe(100n);
  });

  test('also counts loads without rows', async () => {
    const { here, table } = await ordersLake();
    expect(await table.append(sourceOf(orders(0)), as(4n))).toMatchObject({
      snapshotId: null,
      alreadyCommitted: false,
      writerSequence: 4n,
    });
    expect(table.properties['icestream.writer.nightly.sequence']).toBe('4');
    expect(await table.append(unread, as(4n))).toMatchObject({ alreadyCommitted: true, rows: 0n });
    expect(await table.addFiles([], as(5n))).toMatchObject({ alreadyCommitted: false, writerSequence: 5n });
    expect(table.properties['icestream.writer.nightly.sequence']).toBe('5');
    expect(table.snapshots()).toEqual([]);
    expect(await orphans(here, table)).toEqual([]);
  });

  test('has a mark of its own on each branch', async () => {
    const { table } = await ordersLake();
    await table.append(sourceOf(orders(10)), as(1n));
    const audit = await table.append(sourceOf(orders(10)), { ...as(1n), branch: 'audit.1' });
    expect(audit).toMatchObject({ alreadyCommitted: false });
    expect(table.properties['icestream.writer.nightly.sequence.audit%2E1']).toBe(`1@${audit.snapshotId}`);
    expect(await table.append(unread, { ...as(1n), branch: 'audit.1' })).toMatchObject({ alreadyCommitted: true });
  });

  test('may create its table', async () => {
    const { catalog } = await lake();
    const create = (source: RecordBatchSource) => catalog.createAndAppend('sales.orders', source, {}, as(1n));
    const { table, result } = await create(sourceOf(orders(10)));
    expect(table.properties['icestream.writer.nightly.sequence']).toBe(`1@${result.snapshotId}`);
    expect((await create(unread)).result).toMatchObject({ alreadyCommitted: true, snapshotId: result.snapshotId });
  });

  test('may register files', async () => {
    const { here, table } = await ordersLake();
    await table.append(sourceOf(orders(10)), options);
    const [file] = await liveFiles(table);
    const other = await here.catalog.createTable('sales.copies', ordersSchema);
    await other.addFiles([file?.filePath ?? ''], as(1n));
    expect(await other.addFiles(['memory://lake/not-there'], as(1n))).toMatchObject({ alreadyCommitted: true });
    expect(await liveFiles(other)).toHaveLength(1);
  });
});

test('a commit id that a writer did not come with before says nothing of the writer', async () => {
  const { table } = await ordersLake();
  const commitId = uuidV7(hastyWorld);
  await table.append(sourceOf(orders(10)), { ...options, commitId });
  const again = await table.append(sourceOf(orders(10)), { ...as(5n), commitId });
  expect(again).toMatchObject({ alreadyCommitted: true, writerSequence: null });
});

describe('when two processes are the same writer', () => {
  test('one load gets in, and the files of the other are removed', async () => {
    const { here, table } = await ordersLake();
    const twins = await Promise.all([1, 2, 3].map(() => here.catalog.loadTable('sales.orders')));
    const results = await Promise.all(twins.map((one) => one.append(sourceOf(orders(1000)), as(5n))));
    expect(results.map(({ alreadyCommitted }) => alreadyCommitted).sort()).toEqual([false, true, true]);
    expect(new Set(results.map(({ snapshotId }) => snapshotId)).size).toBe(1);
    expect(await rowsIn(table)).toBe(1000n);
    expect(await orphans(here, table)).toEqual([]);
  });

  test('and one gets in while the other adds its columns, nothing is doubled', async () => {
    const faults: NonNullable<Wrapping['faults']> = [];
    const { here } = await ordersLake({ faults });
    const narrow = { ...ordersSchema, fields: ordersSchema.fields.slice(0, 4) };
    const table = await here.catalog.createTable('sales.narrow', narrow);
    const twin = await here.catalog.loadTable('sales.narrow');
    const evolving = { ...as(1n), schemaEvolution: 'addColumns' as const };
    faults.push(async (send) => {
      await twin.append(sourceOf(orders(10)), evolving);
      return send();
    });
    expect(await table.append(sourceOf(orders(10)), evolving)).toMatchObject({ alreadyCommitted: true });
    expect(await rowsIn(table)).toBe(10n);
    expect(await orphans(here, table)).toEqual([]);
  });
});

describe('a catalog that shows only the current snapshot', () => {
  test('still tells a load that was applied from one that was not', async () => {
    const faults: NonNullable<Wrapping['faults']> = [];
    const { here, table } = await ordersLake({ faults, hidesHistory: true });
    const other = await here.catalog.loadTable('sales.orders');
    faults.push(async (send) => {
      await send();
      await other.append(sourceOf(orders(10)), options);
      return { kind: 'unknown', message: 'the answer was lost' };
    });
    expect(await table.append(sourceOf(orders(1000)), as(1n))).toMatchObject({ alreadyCommitted: false, retries: 0 });
    expect(await rowsIn(table)).toBe(1010n);
    const again = await table.append(unread, as(1n));
    expect(again).toMatchObject({ alreadyCommitted: true, writerSequence: 1n, rows: 0n });
  });

  test('does not stop a commit id that history cannot answer', async () => {
    const { here, table } = await ordersLake({ hidesHistory: true });
    const commitId = uuidV7({ ...hastyWorld, now: () => Date.now() - 3_600_000 });
    await table.append(sourceOf(orders(10)), as(1n));
    const other = await here.catalog.loadTable('sales.orders');
    await other.append(sourceOf(orders(10)), options);
    await expect(table.append(sourceOf(orders(10)), { ...options, commitId })).rejects.toMatchObject({
      code: 'COMMIT_HISTORY_EXPIRED',
    });
    expect(await table.append(sourceOf(orders(10)), { ...as(2n), commitId })).toMatchObject({
      alreadyCommitted: false,
      commitId,
    });
    // A writer that the table does not know yet proves nothing.
    const first = { ...as(1n, 'new'), commitId: uuidV7({ ...hastyWorld, now: () => 1000 }) };
    await expect(table.append(sourceOf(orders(10)), first)).rejects.toMatchObject({ code: 'COMMIT_HISTORY_EXPIRED' });
  });
});

describe('the property of a watermark', () => {
  const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 });
  const writer = fc.record({ id: name, sequence: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }) });
  const metadata = (properties: Readonly<Record<string, string>>) =>
    ({ properties }) as unknown as Parameters<typeof watermarkOf>[0];

  test('is read as it was written, and belongs to one id and one branch', () => {
    fc.assert(
      fc.property(writer, name, name, name, fc.option(fc.bigInt({ min: 1n, max: 2n ** 63n - 1n })), (one, ...rest) => {
        const [branch, otherId, otherBranch, snapshotId] = rest;
        const properties = watermarkProperties(one, branch, snapshotId);
        expect(watermarkOf(metadata(properties), one.id, branch)).toEqual({ sequence: one.sequence, snapshotId });
        const same = otherId === one.id && otherBranch === branch;
        expect(watermarkOf(metadata(properties), otherId, otherBranch) === null).toBe(!same);
        expect(Object.keys(properties)[0]).toMatch(/^icestream\.writer\.[\w%-]+\.sequence(\.[\w%-]+)?$/);
      }),
    );
  });

  test.each(['', 'x', '-1', '1@', '1@x', '1.5'])('is never guessed: %j', async (value) => {
    const { here } = await ordersLake();
    const table = await here.catalog.createTable('sales.broken', ordersSchema, {
      properties: { 'icestream.writer.nightly.sequence': value },
    });
    await expect(table.append(unread, as(1n))).rejects.toMatchObject({ code: 'INVALID_METADATA' });
  });

  test.each([
    { id: '', sequence: 1n },
    { id: 'x'.repeat(257), sequence: 1n },
    { id: '\ud800', sequence: 1n },
    { id: 'a', sequence: -1n },
    { id: 'a', sequence: 2n ** 63n },
    { id: 'a', sequence: 1 as unknown as bigint },
  ])('is refused where it cannot be', (bad) => {
    expect(() => requireWriter(bad)).toThrow(TypeError);
  });
});
