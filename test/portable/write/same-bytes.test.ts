/**
 * One load gives one set of files, byte for byte, in every runtime: this file runs in all of them against the same
 * recorded hashes.
 *
 * A change of the encoder, of how files are cut, or of manifests changes hashes on purpose: take the new ones from the
 * failures in Node, and run the file in Chromium, workerd, Deno and Bun before they are committed.
 */
import { expect, test } from 'vitest';
import { StoreCatalog as StoreCatalogClient } from '../../../src/catalog/store/store-catalog.ts';
import { MemoryStore } from '../../../src/storage/memory/memory-store.ts';
import { TableCatalog } from '../../../src/table/table-catalog.ts';
import type { Bytes } from '../../../src/util/bytes.ts';
import { toHex, utf8 } from '../../../src/util/encoding.ts';
import type { World } from '../../../src/util/world.ts';
import type { NewTableRequest } from '../../../src/write/create-append.ts';
import { hastyWorld } from './lake.ts';
import { MiB, orders, sourceOf, testEngine } from './rows.ts';

const engine = await testEngine();

/** A clock that stands still, and bytes that are random to nobody. */
function fixedWorld(): World {
  let calls = 0;
  const randomBytes = (length: number) => {
    const call = ++calls;
    return Uint8Array.from({ length }, (_, index) => (call * 31 + index * 7) & 0xff);
  };
  return { ...hastyWorld, now: () => 1_750_000_000_000, randomBytes };
}

/** What one load of 100,000 rows leaves in the store: how many files of a kind, and a hash of names and bytes. */
async function written(request: NewTableRequest, memoryLimitBytes = 64 * MiB): Promise<Record<string, string>> {
  const world = fixedWorld();
  const store = new MemoryStore('lake');
  const catalog = new TableCatalog(new StoreCatalogClient({ warehouse: 'memory://lake', store, world }), world);
  await catalog.createNamespace('sales');
  const properties = {
    // Compression is each runtime's own; that of data files is the engine's.
    'write.manifest.compression-codec': 'uncompressed',
    'write.parquet.row-group-size-bytes': '1000000',
    'write.target-file-size-bytes': '300000',
    ...request.properties,
  };
  const options = { engine, memoryLimitBytes };
  await catalog.createAndAppend('sales.orders', sourceOf(orders(100_000, 3)), { ...request, properties }, options);
  const lines: Record<string, string[]> = { data: [], manifest: [], list: [] };
  for await (const { location } of store.list('memory://lake/')) {
    const name = location.slice(location.lastIndexOf('/') + 1);
    const kind = name.endsWith('.parquet') ? 'data' : name.startsWith('snap-') ? 'list' : 'manifest';
    if (/\.(parquet|avro)$/.test(name)) lines[kind]?.push(`${location} ${await hash(await store.read(location))}`);
  }
  const entries = Object.entries(lines).map(async ([kind, of]): Promise<[string, string]> => {
    return [kind, `${of.length}: ${await hash(utf8(of.join('\n')))}`];
  });
  return Object.fromEntries(await Promise.all(entries));
}

async function hash(bytes: Bytes): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)).subarray(0, 12));
}

test('of a table without partitions', async () => {
  expect(await written({})).toEqual({
    data: '5: bd3b691ca3c36136f54e78cb',
    manifest: '1: f55ef32b60016c225ec0fee5',
    list: '1: 7bedab2c7b71505f9ad32103',
  });
});

test('of a partitioned v3 table', async () => {
  const request = { partitionSpec: ['kind', 'bucket(2, id)'], properties: { 'format-version': '3' } };
  expect(await written(request)).toEqual({
    data: '6: 31a12562d6319a46db7e4fb9',
    manifest: '1: b1ccd335810b9cffcea953d8',
    list: '1: f87c0fa19413346123fcff46',
  });
});

test('of a table whose rows are clustered, by way of runs', async () => {
  const properties = { 'write.distribution-mode': 'hash', 'write.target-file-size-bytes': '1000000' };
  expect(await written({ partitionSpec: ['kind', 'bucket(2, id)'], properties }, 28 * MiB)).toEqual({
    data: '6: 2abd4aefd008152c0712d8a2',
    manifest: '1: 021aaba056646067147cdc87',
    list: '1: d86f9c833bda06c9449ee526',
  });
});
