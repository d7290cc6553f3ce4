/** Appends through a real REST catalog and a real S3 server: many writers, large files, failures that leave nothing. */
import { describe, expect, inject, it } from 'vitest';
import { RestCatalog, type TableCatalog } from '../../src/index.ts';
import { S3Store } from '../../src/storage/s3/s3-store.ts';
import { liveFiles, ordersSchema, orphansIn } from '../portable/write/lake.ts';
import { MiB, orders, sourceOf } from '../portable/write/rows.ts';

const kit = inject('kit');
const { endpoint, region, bucket, accessKeyId, secretAccessKey } = kit.versitygw;
const store = new S3Store({ endpoint, region, credentials: { accessKeyId, secretAccessKey } });
const namespace = `appends_${Date.now()}`;

async function connected(): Promise<TableCatalog> {
  const catalog = await RestCatalog.connect({ uri: kit.restFixture.uri, stores: [store] });
  await catalog.createNamespace(namespace).catch(() => undefined);
  return catalog;
}

describe('a REST catalog on S3', () => {
  it('takes every append of four writers at once, and no row twice', async () => {
    const catalog = await connected();
    const name = `${namespace}.shared`;
    await catalog.createTable(name, ordersSchema, { properties: { 'commit.retry.num-retries': '50' } });
    const writers = await Promise.all([1, 2, 3, 4].map(async () => (await connected()).loadTable(name)));
    await Promise.all(
      writers.map(async (writer) => {
        for (let n = 0; n < 10; n++) await writer.append(sourceOf(orders(25)));
      }),
    );
    const table = await catalog.loadTable(name);
    expect(table.snapshots()).toHaveLength(40);
    const files = await liveFiles(table);
    expect(new Set(files.map((file) => file.filePath)).size).toBe(40);
    expect(files.reduce((sum, file) => sum + file.recordCount, 0n)).toBe(1000n);
    expect(await orphansIn(store, table)).toEqual([]);
  });

  it.each(['2', '3'])('creates and fills a partitioned v%s table in one commit', async (version) => {
    const catalog = await connected();
    const { table, result } = await catalog.createAndAppend(
      `${namespace}.created_v${version}`,
      sourceOf(orders(20_000)),
      { partitionSpec: ['month(at)', 'bucket(4, id)'], properties: { 'format-version': version } },
    );
    expect(result.rows).toBe(20_000n);
    const reloaded = await catalog.loadTable(table.identifier);
    expect(reloaded.metadata['format-version']).toBe(Number(version));
    expect(reloaded.currentSnapshot?.['snapshot-id']).toBe(result.snapshotId);
    await reloaded.append(sourceOf(orders(10)));
    expect(reloaded.snapshots().at(-1)?.summary['total-records']).toBe('20010');
  });

  it('sends a file in parts while it is encoded', async () => {
    const catalog = await connected();
    const { table, result } = await catalog.createAndAppend(
      `${namespace}.large`,
      sourceOf(orders(600_000)),
      { properties: { 'write.parquet.compression-codec': 'uncompressed' } },
      { memoryLimitBytes: 64 * MiB },
    );
    expect(result.bytes).toBeGreaterThan(BigInt(12 * MiB));
    const [file] = await liveFiles(table);
    expect((await store.stat(file?.filePath ?? ''))?.sizeBytes).toBe(Number(file?.fileSizeInBytes));
  });

  it('is left as it was by a source that breaks', async () => {
    const catalog = await connected();
    const table = await catalog.createTable(`${namespace}.broken`, ordersSchema, {
      properties: { 'write.parquet.compression-codec': 'uncompressed' },
    });
    const source = sourceOf(orders(500_000), { failAtRow: 450_000 });
    await expect(table.append(source, { memoryLimitBytes: 64 * MiB })).rejects.toThrow('broke');
    expect(await orphansIn(store, table)).toEqual([]);
    expect(bucket).toBeDefined();
  });
});
