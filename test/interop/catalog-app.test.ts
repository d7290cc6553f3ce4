/** The catalog app, served by Node over MinIO, to engines that bring nothing but its address and a token. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { serve } from '@hono/node-server';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { bearer } from '../../src/catalog/rest/auth/bearer.ts';
import { RestCatalog } from '../../src/catalog/rest/rest-catalog.ts';
import { StoreCatalog } from '../../src/catalog/store/store-catalog.ts';
import { catalogApp } from '../../src/server/catalog/app.ts';
import { bearerTokens } from '../../src/server/catalog/authenticate.ts';
import { storeKeys } from '../../src/server/catalog/store-keys.ts';
import { S3Store } from '../../src/storage/s3/s3-store.ts';
import { catalogConformance } from '../conformance/catalog.ts';
import { assumeRole, vendedConfig } from '../support/assume-role.ts';
import { checkedFetch } from '../support/rest-catalog-answers.ts';

const kit = inject('kit');
const run = promisify(execFile);
const TOKEN = 'interop-token-0123456789';
const { endpoint, region, bucket, accessKeyId, secretAccessKey } = kit.minio;
const store = new S3Store({ endpoint, region, credentials: { accessKeyId, secretAccessKey } });

/** What went wrong behind answers, and answers that are not the protocol's. */
const faults: unknown[] = [];
const app = catalogApp({
  catalog: new StoreCatalog({ warehouse: `s3://${bucket}/catalog-app`, store }),
  authenticate: bearerTokens([TOKEN]),
  idempotencyKeys: storeKeys({ store, location: `s3://${bucket}/catalog-app-keys` }),
  vend: async ({ metadata }) => ({
    config: {
      's3.endpoint': endpoint,
      's3.region': region,
      'client.region': region,
      's3.path-style-access': 'true',
    },
    storageCredentials: [
      { prefix: metadata.location, config: vendedConfig(await assumeRole(kit.minio), Date.now() + 900_000) },
    ],
  }),
  onError: (error) => faults.push(error),
});
const checked = checkedFetch((request) => app.fetch(request));
const server = serve({
  fetch: (request: Request) =>
    checked(request).catch((error: unknown) => {
      faults.push(error);
      return new Response('not the protocol', { status: 500 });
    }),
  hostname: '127.0.0.1',
  port: 0,
});
if (!server.listening) await once(server, 'listening');
const uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
afterAll(() => new Promise((resolve) => server.close(resolve)));
const namespace = `app_${Date.now()}`;

async function use(engine: string) {
  const script = join(import.meta.dirname, 'python/use_catalog.py');
  const { stdout } = await run(kit.python, [script, engine, uri, TOKEN, namespace]);
  return JSON.parse(stdout);
}

catalogConformance('catalog app over MinIO', async () => ({
  catalog: await RestCatalog.connect({ uri, auth: bearer(TOKEN), properties: { 's3.endpoint': endpoint } }),
}));

describe('a lakehouse behind the catalog app', () => {
  it('is created, evolved, written and read by PyIceberg', async () => {
    expect(await use('pyiceberg')).toEqual({
      owner: 'pyiceberg',
      properties: { owner: 'me', purpose: 'test' },
      tables: ['made', 'orders'],
      exists: [true, false],
      namespaces: [true, false],
      ids: [1, 1, 1, 1, 2, 2, 3, 3, 3, 3],
      amounts: ['4611686018427387904', '4611686018427387904', '4611686018427387904', '7', '7'],
      snapshots: 5,
      tag: true,
      made: 3,
      refused: {
        create: 'TableAlreadyExistsError',
        load: 'NoSuchTableError',
        drop: 'NamespaceNotEmptyError',
        rename: expect.stringContaining('does not support'),
      },
    });
    expect(faults).toEqual([]);
  });

  it('is read and written by DuckDB', async () => {
    expect(await use('duckdb')).toEqual({
      tables: ['made', 'orders'],
      before: [10, '4611686018427387904'],
      after: 11,
      places: [[2, 'there']],
    });
    expect(faults).toEqual([]);
  });

  it('is read by Iceberg Java, what all of them wrote', async () => {
    const classPath = `${kit.javaReader}/lib/*:${kit.javaReader}`;
    const properties = [`uri=${uri}`, `token=${TOKEN}`, 'header.X-Iceberg-Access-Delegation=vended-credentials'];
    const args = ['-Xmx384m', '-cp', classPath, 'ReadTable', 'rest', `${namespace}.orders`, ...properties];
    const { stdout } = await run('java', args);
    const [, ...rows] = stdout.trim().split('\n');
    const orders = rows.map((row) => JSON.parse(row));
    expect(orders).toHaveLength(11);
    expect(orders).toContainEqual({ id: '100', day: '2026-11-25', name: 'duck', amount: '5' });
    expect(orders.filter(({ amount }) => amount === '4611686018427387904')).toHaveLength(3);
    expect(faults).toEqual([]);
  });
});
