/** Tables of a catalog on a store, opened by their folder with engines that know no catalog. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { StoreCatalog } from '../../src/catalog/store/store-catalog.ts';
import { LocalStore } from '../../src/storage/local/local-store.ts';
import { S3Store } from '../../src/storage/s3/s3-store.ts';
import { ORDERS } from '../conformance/catalog.ts';

const kit = inject('kit');
const folder = await mkdtemp(join(tmpdir(), 'icestream-by-path-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

const { endpoint, region, bucket, accessKeyId, secretAccessKey } = kit.versitygw;
const s3Store = new S3Store({ endpoint, region, credentials: { accessKeyId, secretAccessKey } });
const s3Properties = [
  `s3.endpoint=${endpoint}`,
  `s3.access-key-id=${accessKeyId}`,
  `s3.secret-access-key=${secretAccessKey}`,
  `s3.region=${region}`,
];

async function openByPath(location: string, properties: readonly string[]) {
  const script = join(import.meta.dirname, 'python/open_by_path.py');
  const { stdout } = await promisify(execFile)(kit.python, [script, location, ...properties]);
  return JSON.parse(stdout);
}

describe.each([
  ['local files', `file://${folder}/lakehouse`, new LocalStore(), []],
  ['S3', `s3://${bucket}/by-path`, s3Store, s3Properties],
] as const)('a table on %s', (_, warehouse, store, properties) => {
  it('opens by its folder in PyIceberg and DuckDB, whatever became of it', async () => {
    const catalog = new StoreCatalog({ warehouse, store });
    const identifier = { namespace: ['demo'], name: 'orders' };
    const columns = ORDERS.fields.map(({ name }) => name);
    await catalog.createNamespace(['demo']);
    const set = (value: string) => {
      const updates = [{ action: 'set-properties' as const, updates: { value } }];
      const idempotencyKey = '019a0000-0000-7000-8000-000000000000';
      return catalog.commit({ identifier, requirements: [], updates }, { idempotencyKey });
    };
    await catalog.createTable(identifier, { schema: ORDERS });
    await set('1');
    const location = `${warehouse}/demo/orders`;
    const first = await openByPath(location, properties);
    expect(first.pyiceberg).toMatchObject({ properties: { value: '1' }, columns, rows: 0 });
    expect(first.duckdb).toEqual({ columns, rows: 0 });

    await catalog.dropTable(identifier, { purge: true });
    const dropped = await openByPath(location, properties);
    expect(typeof dropped.pyiceberg).toBe('string');
    expect(typeof dropped.duckdb).toBe('string');

    const again = await catalog.createTable(identifier, { schema: ORDERS });
    const second = await openByPath(location, properties);
    expect(second.pyiceberg).toMatchObject({ uuid: again.metadata['table-uuid'], columns });
    expect(second.duckdb).toEqual({ columns, rows: 0 });
  });

  it('opens by its metadata file where metadata is compressed, in DuckDB by its folder too', async () => {
    const catalog = new StoreCatalog({ warehouse, store });
    const identifier = { namespace: ['packed'], name: 'orders' };
    const columns = ORDERS.fields.map(({ name }) => name);
    await catalog.createNamespace(['packed']);
    const packed = { 'write.metadata.compression-codec': 'gzip', value: '1' };
    await catalog.createTable(identifier, { schema: ORDERS, properties: packed });
    const updates = [{ action: 'set-properties' as const, updates: { value: '2' } }];
    const idempotencyKey = '019a0000-0000-7000-8000-000000000000';
    await catalog.commit({ identifier, requirements: [], updates }, { idempotencyKey });
    const { metadataLocation } = await catalog.loadTable(identifier);
    expect(metadataLocation).toBe(`${warehouse}/packed/orders/metadata/v2.gz.metadata.json`);
    const byFile = await openByPath(metadataLocation ?? '', properties);
    expect(byFile.pyiceberg).toMatchObject({ properties: { value: '2' }, columns, rows: 0 });
    expect(byFile.duckdb).toEqual({ columns, rows: 0 });
    const byFolder = await openByPath(`${warehouse}/packed/orders`, [...properties, 'duckdb.codec=gzip']);
    expect(byFolder.duckdb).toEqual({ columns, rows: 0 });
  });
});
