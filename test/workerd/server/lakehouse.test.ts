/** The Worker's lakehouse, with its catalog in a Durable Object or in the bucket. */
import { env } from 'cloudflare:workers';
import { bearer, RestCatalog } from 'icestream';
import { expect, test } from 'vitest';
import { defaultWorld } from '../../../src/util/world.ts';
import { lakehouse } from '../../../worker/src/lakehouse.ts';

const token = 'only-for-this-test';
const [renamed, from] = ['web.renamed', 'web.visits'];

async function open(WAREHOUSE: string, bindings: object) {
  const variables = { BUCKET_NAME: 'lake', WAREHOUSE, CATALOG_TOKENS: JSON.stringify([token]) };
  const { app } = lakehouse({ ...variables, BUCKET: env.BUCKET, ...bindings }, () => 'http://localhost');
  const fetch = async (request: Request) => app.fetch(request);
  const catalog = await RestCatalog.connect({
    uri: 'http://localhost/catalog',
    auth: bearer(token),
    world: { ...defaultWorld, fetch },
  });
  await catalog.createNamespace('web');
  await catalog.createTable(from, { type: 'struct', fields: [] });
  return catalog;
}

test('with the binding, tables are renamed and a transaction has several', async () => {
  const catalog = await open('durable', { CATALOG: env.CATALOG });
  expect(catalog.client.capabilities).toMatchObject({ transactions: true, rename: true, idempotencyKeys: true });
  await catalog.renameTable(from, renamed);
  expect(await catalog.listTables('web')).toEqual([{ namespace: ['web'], name: 'renamed' }]);
  expect((await env.BUCKET.list({ prefix: 'durable/_icestream' })).objects).toEqual([]);
});

test('without it, tables can be opened by path', async () => {
  const catalog = await open('in-bucket', {});
  expect(catalog.client.capabilities).toMatchObject({ transactions: false, rename: false, idempotencyKeys: true });
  await expect(catalog.renameTable(from, renamed)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  expect(await env.BUCKET.head('in-bucket/web/visits/metadata/version-hint.text')).not.toBeNull();
});
