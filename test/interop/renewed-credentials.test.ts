/** Credentials of the S3 gateway that end while Iceberg's Java library writes: it renews them by itself. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { serve } from '@hono/node-server';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { StoreCatalog } from '../../src/catalog/store/store-catalog.ts';
import { catalogApp } from '../../src/server/catalog/app.ts';
import { bearerTokens } from '../../src/server/catalog/authenticate.ts';
import { vendCredentials } from '../../src/server/s3/credentials.ts';
import { S3Store } from '../../src/storage/s3/s3-store.ts';
import { type RunningGateway, startGateway } from '../support/s3-gateway/start.ts';

const kit = inject('kit');
const KEYS_LIVE_MS = 4000;
const TOKEN = 'interop-token-0123456789';
let gateway: RunningGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway?.stop());

it('Iceberg Java goes on when the keys that came with a table have ended', async () => {
  const { endpoint, bucket, region, accessKeyId, secretAccessKey } = gateway.access;
  const store = new S3Store({ endpoint, region, credentials: { accessKeyId, secretAccessKey } });
  const catalog = new StoreCatalog({ warehouse: `s3://${bucket}/lakehouse`, store });
  await catalog.createNamespace(['web'], {});
  await catalog.createTable({ namespace: ['web'], name: 'visits' }, { schema: { type: 'struct', fields: [] } });
  const renewals: number[] = [];
  const app = catalogApp({
    catalog,
    authenticate: bearerTokens([TOKEN]),
    vend: async ({ metadata }, { url }) => {
      if (url.endsWith('/credentials')) renewals.push(Date.now());
      const prefix = `${metadata.location.replace(`s3://${bucket}/`, '')}/`;
      const expiresAtMs = Date.now() + KEYS_LIVE_MS;
      const keys = vendCredentials(gateway.vendingSecret, { bucket, prefix, mode: 'read-write', expiresAtMs });
      const config = {
        's3.endpoint': endpoint,
        's3.path-style-access': 'true',
        'client.region': region,
        'http-client.apache.expect-continue-enabled': 'false',
        's3.access-key-id': keys.accessKeyId,
        's3.secret-access-key': keys.secretAccessKey,
        's3.session-token': keys.sessionToken,
        's3.session-token-expires-at-ms': String(expiresAtMs),
      };
      return { config, storageCredentials: [{ prefix: metadata.location, config }] };
    },
  });
  const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 });
  if (!server.listening) await once(server, 'listening');
  try {
    const uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const source = join(import.meta.dirname, 'java/OutlastKeys.java');
    const properties = [`uri=${uri}`, `token=${TOKEN}`, 'header.X-Iceberg-Access-Delegation=vended-credentials'];
    const words = ['web.visits', String(2 * KEYS_LIVE_MS), ...properties];
    const java = ['-Xmx384m', '-cp', join(kit.javaReader, 'lib', '*'), source, ...words];
    const { stdout } = await promisify(execFile)('java', java);
    expect(JSON.parse(stdout)).toEqual({ length: 5, committed: true });
    expect(renewals.length).toBeGreaterThan(0);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});
