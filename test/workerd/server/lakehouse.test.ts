/** The Worker's lakehouse, with its catalog in a Durable Object or in the bucket. */
import { env } from 'cloudflare:workers';
import { bearer, RestCatalog } from 'icestream';
import { expect, test } from 'vitest';
import { utf8 } from '../../../src/util/encoding.ts';
import { defaultWorld } from '../../../src/util/world.ts';
import { lakehouse } from '../../../worker/src/lakehouse.ts';

const token = 'only-for-this-test';
const [renamed, from] = ['web.renamed', 'web.visits'];
const empty = { type: 'struct', fields: [] } as const;

function served(WAREHOUSE: string, variables: object) {
  const tokens = { BUCKET_NAME: 'lake', WAREHOUSE, CATALOG_TOKENS: JSON.stringify([token]) };
  return lakehouse({ ...tokens, BUCKET: env.BUCKET, ...variables }).app;
}

async function open(WAREHOUSE: string, variables: object) {
  const app = served(WAREHOUSE, variables);
  const fetch = async (request: Request) => app.fetch(request);
  const catalog = await RestCatalog.connect({
    uri: 'http://localhost/catalog',
    auth: bearer(token),
    world: { ...defaultWorld, fetch },
  });
  await catalog.createNamespace('web');
  await catalog.createTable(from, empty);
  return { app, catalog };
}

test('with the binding, tables are renamed and a transaction has several', async () => {
  const { catalog } = await open('durable', { CATALOG: env.CATALOG });
  expect(catalog.client.capabilities).toMatchObject({ transactions: true, rename: true, idempotencyKeys: true });
  await catalog.renameTable(from, renamed);
  expect(await catalog.listTables('web')).toEqual([{ namespace: ['web'], name: 'renamed' }]);
  expect((await env.BUCKET.list({ prefix: 'durable/_icestream' })).objects).toEqual([]);
});

test('without it, tables can be opened by path', async () => {
  const { catalog } = await open('in-bucket', {});
  expect(catalog.client.capabilities).toMatchObject({ transactions: false, rename: false, idempotencyKeys: true });
  await expect(catalog.renameTable(from, renamed)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  expect(await env.BUCKET.head('in-bucket/web/visits/metadata/version-hint.text')).not.toBeNull();
});

test('the page lists the tables of nested namespaces too, and one that cannot be read spoils no other', async () => {
  const { catalog } = await open('page', { CATALOG: env.CATALOG });
  await catalog.createNamespace('web.eu');
  await catalog.createNamespace('web.eu.de');
  await catalog.createTable('web.eu.de.deep', empty);
  const { metadataLocation = null } = await catalog.client.loadTable({ namespace: ['web'], name: 'visits' });
  await env.BUCKET.put((metadataLocation ?? '').replace('s3://lake/', ''), utf8('damaged'));
  const other = served('page', { CATALOG: env.CATALOG, PUBLIC_PAGE: 'true' });
  const response = await other.request('http://localhost/');
  expect(response.status).toBe(200);
  const cells = [...(await response.text()).matchAll(/<td[^>]*>([^<]*)<\/td>/g)].map(([, text]) => text);
  expect(cells).toEqual(['web.visits', '', '', 'cannot be read: INVALID_METADATA', 'web.eu.de.deep', '0', '0', '']);
});

const vended = { 'x-iceberg-access-delegation': 'vended-credentials', authorization: `Bearer ${token}` };
const path = '/catalog/v1/namespaces/web/tables/visits';

test('each client is told to fetch files where it reached the Worker, or where the configuration says', async () => {
  const variables = { CATALOG: env.CATALOG, VEND_SECRET: '32 characters or more: only a test' };
  const { app } = await open('vended', variables);
  const endpointFor = async (url: string, from = app) => {
    const answer = await (await from.request(url, { headers: vended })).json();
    return (answer as { config: Record<string, string> }).config['s3.endpoint'];
  };
  const origins = ['http://localhost:8787', 'https://lake.example', 'http://127.0.0.1'];
  const endpoints = await Promise.all(origins.map((origin) => endpointFor(origin + path)));
  expect(endpoints).toEqual(origins.map((origin) => `${origin}/s3`));
  const public_ = served('vended', { ...variables, PUBLIC_URL: 'https://lake.example/' });
  expect(await endpointFor(`http://localhost${path}`, public_)).toBe('https://lake.example/s3');
});

test('behind a proxy, the Worker’s own pages are those of its public URL', async () => {
  const { app } = await open('proxied', { CATALOG: env.CATALOG, PUBLIC_URL: 'https://lake.example/' });
  const ask = async (origin: string) =>
    (
      await app.request('http://worker.internal/catalog/v1/config', {
        headers: { origin, authorization: `Bearer ${token}` },
      })
    ).status;
  expect([await ask('https://lake.example'), await ask('https://other.example')]).toEqual([200, 403]);
});

test('origins may stand with spaces between them', async () => {
  const { app } = await open('origins', { CATALOG: env.CATALOG, ORIGINS: 'https://a.example, https://b.example' });
  for (const [origin, status] of [
    ['https://a.example', 200],
    ['https://b.example', 200],
    ['https://c.example', 403],
  ] as const) {
    const headers = { origin, authorization: `Bearer ${token}` };
    expect((await app.request('http://localhost/catalog/v1/config', { headers })).status).toBe(status);
  }
});
