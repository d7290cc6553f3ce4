/**
 * R2 Data Catalog as its documentation and clients of others describe it, before a real catalog and real storage: a bearer
 * token, a warehouse that must be named, a prefix of the server's, settings that announce remote signing although
 * credentials are vended, refusals that are not JSON, and limits on how often one may ask.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { bearer, fromAny, RestCatalog, StoreCatalog } from 'icestream';
import { bearerTokens, catalogApp } from 'icestream/server';
import { afterAll, expect, inject, it } from 'vitest';
import { S3Store } from '../../src/storage/s3/s3-store.ts';
import { assumeRole, vendedConfig } from '../support/assume-role.ts';
import { leaks } from '../support/leaks.ts';

const { endpoint, region, bucket, accessKeyId, secretAccessKey } = inject('kit').minio;
const TOKEN = 'canary-token-of-cloudflare';
const ACCOUNT = '0123456789abcdef0123456789abcdef';
const WAREHOUSE = `${ACCOUNT}_${bucket}`;
const PREFIX = '0196f940-d7ad-70a2-a382-7daff0715a8f';

const warehouse = `s3://${bucket}/__r2_data_catalog/${PREFIX}-${Date.now()}`;
const store = new S3Store({ endpoint, region, credentials: { accessKeyId, secretAccessKey } });
const catalog = catalogApp({
  catalog: StoreCatalog.open({ warehouse, store }).client,
  authenticate: bearerTokens([TOKEN]),
  warehouse: WAREHOUSE,
  prefix: PREFIX,
  defaults: { 's3.remote-signing-enabled': 'true' },
  vend: async ({ metadata }) => {
    const credentials = vendedConfig(await assumeRole(inject('kit').minio), Date.now() + 900_000);
    const settings = { 's3.endpoint': endpoint, 's3.region': region, 's3.remote-signing-enabled': 'true' };
    return { config: settings, storageCredentials: [{ prefix: metadata.location, config: credentials }] };
  },
});

/** Commits that were sent; every other one is told to come back. */
let commits = 0;
const app = new Hono();
app.post(`/${ACCOUNT}/${bucket}/v1/${PREFIX}/namespaces/:namespace/tables/:table`, async (context, next) => {
  commits += 1;
  return commits % 2 === 0 ? next() : context.text('Too Many Requests', 429, { 'retry-after': '1' });
});
app.all(`/${ACCOUNT}/${bucket}/*`, async ({ req }, next) => {
  if (req.header('authorization') === `Bearer ${TOKEN}`) return next();
  return new Response('Unauthorized', { status: 401, headers: { 'content-type': 'text/plain;charset=UTF-8' } });
});
app.route(`/${ACCOUNT}/${bucket}`, catalog);
const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 });
if (!server.listening) await once(server, 'listening');
const uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/${ACCOUNT}/${bucket}`;
afterAll(() => new Promise((resolve) => server.close(resolve)));

it('a table is made, filled and read with a token and the warehouse’s name, each load once', async () => {
  const connected = await RestCatalog.connect({ uri, warehouse: WAREHOUSE, auth: bearer(TOKEN) });
  await connected.createNamespace('web');
  const rows = (...ids: bigint[]) => fromAny(ids.map((id) => ({ id })));
  const { table } = await connected.createAndAppend('web.visits', rows(1n, 2n));
  await table.append(rows(3n));
  const read = await connected.loadTable('web.visits');
  expect(read.metadata.location).toContain('/__r2_data_catalog/');
  const ids: unknown[] = [];
  for await (const row of read.scan().rows()) ids.push(row['id']);
  expect(ids.sort()).toEqual([1n, 2n, 3n]);
  expect(read.metadata.snapshots).toHaveLength(2);
  expect(commits).toBe(4);
});

it('a wrong token and a wrong warehouse are told apart, and the token is in neither message', async () => {
  const failures = [
    [{ uri, warehouse: WAREHOUSE, auth: bearer(`${TOKEN}x`) }, 'UNAUTHENTICATED'],
    [{ uri, warehouse: `${ACCOUNT}_other`, auth: bearer(TOKEN) }, 'NOT_FOUND'],
  ] as const;
  for (const [options, code] of failures) {
    const error: unknown = await RestCatalog.connect(options).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code });
    expect(leaks(error, [TOKEN])).toEqual([]);
  }
});
