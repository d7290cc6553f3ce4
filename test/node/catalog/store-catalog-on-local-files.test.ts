import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { StoreCatalog } from '../../../src/catalog/store/store-catalog.ts';
import { LocalStore } from '../../../src/storage/local/local-store.ts';
import { catalogConformance, ORDERS } from '../../conformance/catalog.ts';

const folder = await mkdtemp(join(tmpdir(), 'icestream-catalog-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

const open = () =>
  new StoreCatalog({ warehouse: `file://${folder}/lakehouse`, store: new LocalStore({ durable: false }) });

catalogConformance('catalog on local files', async () => ({ catalog: open() }));

it('leaves the files that other engines open by path', async () => {
  const catalog = open();
  await catalog.createNamespace(['by_path']);
  const identifier = { namespace: ['by_path'], name: 't' };
  const { metadataLocation } = await catalog.createTable(identifier, { schema: ORDERS });
  const metadata = join(folder, 'lakehouse/by_path/t/metadata');
  expect(metadataLocation).toBe(`file://${metadata}/v1.metadata.json`);
  expect(await readFile(join(metadata, 'version-hint.text'), 'utf8')).toBe('1');
  expect(JSON.parse(await readFile(join(metadata, 'v1.metadata.json'), 'utf8'))).toMatchObject({ 'format-version': 2 });
});
