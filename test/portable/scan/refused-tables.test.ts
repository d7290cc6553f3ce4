/** What cannot be read rightly is refused before the first row; what is damaged is an error, never fewer rows. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { DataFile } from '../../../src/spec/data-file.ts';
import type { Table } from '../../../src/table/table.ts';
import { MemoryBudget } from '../../../src/util/memory-budget.ts';
import { type Lake, lake } from '../write/lake.ts';
import { MiB, orders, sourceOf, testEngine } from '../write/rows.ts';
import { collect, commitManifest, evolve } from './helpers.ts';

let at: Lake;
let table: Table;
beforeEach(async () => {
  at = await lake();
  const properties = { 'format-version': '3' };
  ({ table } = await at.catalog.createAndAppend('sales.orders', sourceOf(orders(100)), { properties }));
});

/** The error of a scan that must not give a row, and leave nothing behind. */
async function refusal(options: Parameters<Table['scan']>[0] = {}): Promise<unknown> {
  const engine = await testEngine();
  const live = engine.liveBytes;
  const budget = new MemoryBudget(64 * MiB);
  const rows: unknown[] = [];
  const scanning = { ...options, engine, budget, memoryLimitBytes: 64 * MiB };
  const error = await (async () => {
    for await (const row of table.scan(scanning).rows()) rows.push(row);
  })().catch((thrown: unknown) => thrown);
  expect(rows).toEqual([]);
  expect(engine.liveBytes).toBe(live);
  expect(budget.leasedBytes).toBe(0);
  return error;
}

async function firstFile(): Promise<DataFile> {
  const [first] = await collect(table.files());
  if (first === undefined) throw new Error('no file');
  return first.file;
}

const deleteFile: DataFile = {
  ...{ content: 'position-deletes', filePath: 'memory://lake/deletes.puffin', fileFormat: 'puffin', specId: 0 },
  ...{ partition: [], recordCount: 1n, fileSizeInBytes: 10n },
};

describe('tables that cannot be read yet', () => {
  it.each([
    ['deletion vectors', deleteFile],
    ['equality deletes', { ...deleteFile, content: 'equality-deletes', fileFormat: 'parquet', equalityIds: [1] }],
  ] as const)('with %s', async (_, file) => {
    await commitManifest(at, table, 'deletes', [file]);
    expect(await refusal()).toMatchObject({ code: 'UNSUPPORTED', message: expect.stringMatching(/delete files/) });
    await expect(collect(table.scan().planFiles())).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    const [first] = table.snapshots();
    expect(await collect(table.scan({ snapshotId: first?.snapshotId ?? 0n }).rows())).toHaveLength(100);
  });

  it('but a manifest of deletes that are gone refuses nothing', async () => {
    await commitManifest(at, table, 'deletes', [deleteFile], 'deleted');
    expect(await collect(table.scan().rows())).toHaveLength(100);
  });

  it.each([
    ['Avro', { fileFormat: 'avro' }],
    ['ORC', { fileFormat: 'orc' }],
    ['encrypted', { keyMetadata: new Uint8Array([1]) }],
  ])('with %s data files, also among others that can be read', async (_, change) => {
    await commitManifest(at, table, 'data', [{ ...(await firstFile()), filePath: 'memory://lake/other', ...change }]);
    expect(await refusal()).toMatchObject({ code: 'UNSUPPORTED', place: { file: 'memory://lake/other' } });
  });

  it('unless the limit ends the scan before them', async () => {
    await commitManifest(at, table, 'data', [
      { ...(await firstFile()), filePath: 'memory://lake/other', fileFormat: 'orc' },
    ]);
    expect(await collect(table.scan({ limit: 100 }).rows())).toHaveLength(100);
    expect(await refusal({ limit: 101 })).toMatchObject({ code: 'UNSUPPORTED' });
  });

  it('with columns of types that are not read, unless others are selected', async () => {
    const more = ['unknown', 'variant', 'geometry(OGC:CRS84)'] as const;
    const fields = more.map((type, index) => ({ id: 20 + index, name: type.slice(0, 5), required: false, type }));
    await evolve(at, table, [...table.schema.fields, ...fields]);
    expect(() => table.scan()).toThrow(/cannot be read yet; select others/);
    expect(() => table.scan({ select: ['id', 'geome'] })).toThrow(/geometry/);
    expect(await collect(table.scan({ select: ['id'] }).rows())).toHaveLength(100);
  });
});

describe('damage', () => {
  it('a file with another number of rows than its manifest says', async () => {
    const file = await firstFile();
    for (const recordCount of [file.recordCount - 1n, file.recordCount + 1n, 0n]) {
      await commitManifest(at, table, 'data', [{ ...file, recordCount }], 'existing');
      const [task] = await collect(table.scan().planFiles()).then((tasks) =>
        tasks.filter((one) => BigInt(one.recordCount) === recordCount),
      );
      if (task === undefined) throw new Error('no task');
      await expect(collect(table.readTask(task))).rejects.toMatchObject({
        code: 'INVALID_METADATA',
        message: expect.stringMatching(/has 100 rows, and its manifest says/),
      });
    }
  });

  it('a file that is gone, cut off or changed', async () => {
    const file = await firstFile();
    const bytes = await at.store.read(file.filePath);
    const put = (changed: Uint8Array<ArrayBuffer>) => at.store.put(file.filePath, changed);
    await put(bytes.slice(0, bytes.length - 100));
    expect(await refusal()).toMatchObject({ place: { file: file.filePath } });
    const flipped = bytes.slice();
    flipped.fill(0xff, bytes.length - 60, bytes.length - 8);
    await put(flipped);
    expect(await refusal()).toMatchObject({ code: 'SOURCE_CORRUPT', place: { file: file.filePath } });
    await at.store.delete([file.filePath]);
    expect(await refusal()).toMatchObject({ code: 'NOT_FOUND' });
  });

  it('a manifest or a manifest list that is gone', async () => {
    const list = table.currentSnapshot?.['manifest-list'] ?? '';
    const [manifest] = await table.manifests();
    for (const location of [manifest?.manifestPath ?? '', list]) {
      await at.store.delete([location]);
      expect(await refusal()).toMatchObject({ code: 'NOT_FOUND', message: expect.stringContaining(location) });
    }
  });

  it('a batch larger than the limit of memory says so', async () => {
    await table.append(sourceOf(orders(60_000)));
    const scan = table.scan({ memoryLimitBytes: 1 * MiB, batchSize: 60_000 });
    await expect(collect(scan)).rejects.toMatchObject({ code: 'MEMORY_LIMIT_TOO_SMALL' });
  });
});
