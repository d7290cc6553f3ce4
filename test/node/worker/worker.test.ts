/** The Worker as wrangler runs it: bundled from its configuration, in workerd, on a simulated bucket. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bearer, RestCatalog } from 'icestream';
import { S3Store, s3OptionsFromProperties } from 'icestream/storage/s3';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type LocalWorker, startLocalWorker } from '../../../worker/local.ts';

const token = 'only-for-this-test';
let running: LocalWorker;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'icestream-worker-'));
  running = await startLocalWorker({ folder, token, tables: 'web.*' });
}, 120_000);

afterAll(async () => {
  await running?.stop();
  await rm(folder, { recursive: true, force: true });
});

test('a load creates its table, and the page lists it', async () => {
  expect(await (await fetch(running.address)).text()).toContain('There is none yet');
  const csv = Array.from({ length: 20_000 }, (_, i) => `${i},<b>${i % 10}</b>\n`).join('');
  const response = await fetch(`${running.address}/v1/ingest/web/visits?create=true`, {
    method: 'POST',
    body: `id,page\n${csv}`,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'text/csv' },
  });
  expect(await response.json()).toMatchObject({ table: 'web.visits', rows: 20_000, files: 1 });
  const page = await (await fetch(running.address)).text();
  expect(page).toContain('web.visits');
  expect(page).toContain('20,000');
});

test('nobody loads without a key', async () => {
  const response = await fetch(`${running.address}/v1/ingest/web/visits`, { method: 'POST', body: 'id\n1\n' });
  expect(response.status).toBe(401);
});

test('a client of the catalog reads what was loaded, with credentials for that table alone', async () => {
  const uri = `${running.address}/catalog`;
  const catalog = await RestCatalog.connect({ uri, auth: bearer(token) });
  const table = await catalog.loadTable('web.visits');
  let rows = 0;
  for await (const batch of table.scan()) rows += batch.numRows;
  expect(rows).toBe(20_000);
  const { rows: added } = await table.append([{ id: 1n, page: 'x' }]);
  expect(added).toBe(1n);
});

test('a client that asks whether to send its body is told to go on', async () => {
  const path = '/v1/ingest/web/expected?create=true';
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'text/csv', expect: '100-continue' };
  const client = request({ host: '127.0.0.1', port: running.port, path, method: 'POST', headers });
  client.flushHeaders();
  await once(client, 'continue');
  client.end('id\n1\n');
  const [response] = (await once(client, 'response')) as [IncomingMessage];
  expect(response.statusCode).toBe(200);
  response.resume();
});

/** What the bucket has of a table, by credentials that the catalog gives for it. */
async function objectsOf(table: string): Promise<string[]> {
  const { address } = running;
  const answer = await fetch(`${address}/catalog/v1/namespaces/web/tables/${table}`, {
    headers: { authorization: `Bearer ${token}`, 'x-iceberg-access-delegation': 'vended-credentials' },
  });
  const { config, metadata } = (await answer.json()) as {
    config: Record<string, string>;
    metadata: { location: string };
  };
  const store = new S3Store(s3OptionsFromProperties(new Map(Object.entries(config))));
  const objects: string[] = [];
  for await (const { location } of store.list(`${metadata.location}/`)) objects.push(location);
  return objects;
}

test('a client that goes away in the middle of its body commits nothing, leaves nothing and blocks nobody', async () => {
  const path = '/v1/ingest/web/cut_off?create=true';
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'text/csv' };
  const first = await fetch(`${running.address}${path}`, { method: 'POST', body: 'id,name\n1,x\n', headers });
  expect(first.status).toBe(200);
  const before = await objectsOf('cut_off');

  // Enough for a data file of several parts to be on its way. With its length said: wrangler's own proxy ends bodies in
  // chunks as if they were whole, which workerd does not.
  const declared = { ...headers, 'content-length': 1e9 };
  const client = request({ host: '127.0.0.1', port: running.port, path, method: 'POST', headers: declared });
  client.on('error', () => {});
  client.write('id,name\n');
  for (let i = 0; i < 400; i++) {
    const lines = Array.from({ length: 500 }, (_, k) => `${i * 500 + k},${randomBytes(96).toString('base64')}\n`);
    if (!client.write(lines.join(''))) await once(client, 'drain');
  }
  client.destroy();

  // The isolate takes one load at a time: this one is taken when the other has ended.
  await vi.waitFor(
    async () => {
      const next = await fetch(`${running.address}${path}`, { method: 'POST', body: 'id,name\n2,y\n', headers });
      expect(await next.json()).toMatchObject({ rows: 1 });
    },
    { timeout: 40_000, interval: 200 },
  );
  const uri = `${running.address}/catalog`;
  const catalog = await RestCatalog.connect({ uri, auth: bearer(token) });
  const ids: unknown[] = [];
  for await (const { id } of (await catalog.loadTable('web.cut_off')).scan().rows()) ids.push(id);
  expect(
    ids
      .map(Number)
      .sort((a, b) => a - b)
      .slice(0, 3),
  ).toEqual([1, 2]);
  const added = (await objectsOf('cut_off')).filter((location) => !before.includes(location));
  expect(added.filter((location) => location.includes('/data/'))).toHaveLength(1);
});
