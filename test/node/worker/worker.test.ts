/** The Worker as wrangler runs it: bundled from its configuration, in workerd, on a simulated bucket. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bearer, RestCatalog } from 'icestream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Unstable_DevWorker } from 'wrangler';
import { startLocalWorker } from '../../../worker/local.ts';

const token = 'only-for-this-test';
let running: Unstable_DevWorker;
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
  expect(await (await running.fetch('/')).text()).toContain('There is none yet');
  const csv = Array.from({ length: 20_000 }, (_, i) => `${i},<b>${i % 10}</b>\n`).join('');
  const response = await running.fetch('/v1/ingest/web/visits?create=true', {
    method: 'POST',
    body: `id,page\n${csv}`,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'text/csv' },
  });
  expect(await response.json()).toMatchObject({ table: 'web.visits', rows: 20_000, files: 1 });
  const page = await (await running.fetch('/')).text();
  expect(page).toContain('web.visits');
  expect(page).toContain('20,000');
});

test('nobody loads without a key', async () => {
  const response = await running.fetch('/v1/ingest/web/visits', { method: 'POST', body: 'id\n1\n' });
  expect(response.status).toBe(401);
});

test('a client of the catalog reads what was loaded, with credentials for that table alone', async () => {
  const uri = `http://${running.address}:${running.port}/catalog`;
  const catalog = await RestCatalog.connect({ uri, auth: bearer(token) });
  const table = await catalog.loadTable('web.visits');
  let rows = 0;
  for await (const batch of table.scan()) rows += batch.numRows;
  expect(rows).toBe(20_000);
  const { rows: added } = await table.append([{ id: 1n, page: 'x' }]);
  expect(added).toBe(1n);
});
