/** The Worker called by another Worker over a service binding, both as wrangler runs them together. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bearer, RestCatalog } from 'icestream';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { wranglerEnvironment } from '../../../worker/wrangler-environment.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const catalogToken = 'only-for-this-test';
let wrangler: ChildProcess;
let folder: string;
let address: string;

/** It loads what it is sent, without a key, and passes on everything else. */
const caller = `export default {
  async fetch(request, env) {
    const url = new URL(request.url);
    if (url.pathname !== '/load') return env.LAKEHOUSE.fetch(request);
    const contentType = url.searchParams.get('type');
    const create = url.searchParams.has('create') ? { partitionSpec: [] } : undefined;
    try {
      return Response.json(await env.LAKEHOUSE.append(url.searchParams.get('table'), request.body, { contentType, create }));
    } catch (error) {
      return Response.json({ message: error.message }, { status: 500 });
    }
  },
};`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'icestream-rpc-'));
  await writeFile(join(folder, 'caller.js'), caller);
  const date = { compatibility_date: '2026-08-01' };
  const services = [{ binding: 'LAKEHOUSE', service: 'icestream' }];
  await writeFile(
    join(folder, 'caller.json'),
    JSON.stringify({ name: 'caller', main: 'caller.js', ...date, services }),
  );
  const worker = join(root, 'worker');
  const vars = {
    CREATE_TABLES: 'true',
    CATALOG_TOKENS: JSON.stringify([catalogToken]),
    VEND_SECRET: 'a secret of the test, long enough for it',
  };
  // Variables of the command line are for the first Worker only.
  const config = (await readFile(join(worker, 'wrangler.jsonc'), 'utf8'))
    .replace('"src/index.ts"', JSON.stringify(join(worker, 'src/index.ts')))
    .replace('"CREATE_TABLES": "false"', JSON.stringify(vars).slice(1, -1));
  await writeFile(join(folder, 'lakehouse.jsonc'), config);
  wrangler = spawn(
    process.execPath,
    [
      ...[join(root, 'node_modules/wrangler/bin/wrangler.js'), 'dev', '-c', 'caller.json', '-c', 'lakehouse.jsonc'],
      ...['--ip', '127.0.0.1', '--port', '0', '--inspector-port', '0', '--persist-to', folder],
    ],
    {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'ignore'],
      env: {
        ...process.env,
        ...wranglerEnvironment,
        // Nobody is asked where this machine is.
        CLOUDFLARE_CF_FETCH_ENABLED: 'false',
      },
    },
  );
  let said = '';
  wrangler.stdout?.on('data', (piece: Buffer) => {
    said += piece.toString();
  });
  const isUp = async () => {
    address = /Ready on .*?(http:\/\/[\d.]+:\d+)/.exec(said)?.[1] ?? '';
    expect((await fetch(`${address}/v1/nothing`)).status).toBe(404);
  };
  await vi.waitFor(isUp, { timeout: 60_000, interval: 200 });
}, 90_000);

afterAll(async () => {
  if (wrangler !== undefined && wrangler.exitCode === null) {
    const ended = once(wrangler, 'exit');
    wrangler.kill('SIGTERM');
    await ended;
  }
  await rm(folder, { recursive: true, force: true });
});

async function load(query: string, body: string) {
  const response = await fetch(`${address}/load?${query}`, { method: 'POST', body });
  return (await response.json()) as Record<string, unknown>;
}

test('what another Worker appends is in the table', async () => {
  const csv = `id,page\n${Array.from({ length: 50_000 }, (_, i) => `${i},p${i % 10}\n`).join('')}`;
  const query = 'table=web.visits&type=text/csv';
  expect(await load(`${query}&create`, csv)).toMatchObject({
    table: 'web.visits',
    rows: 50_000,
    alreadyCommitted: false,
  });
  expect(await load(query, 'id,page\n50000,last\n')).toMatchObject({ rows: 1 });
  const catalog = await RestCatalog.connect({ uri: `${address}/catalog`, auth: bearer(catalogToken) });
  let rows = 0;
  for await (const batch of (await catalog.loadTable('web.visits')).scan()) rows += batch.numRows;
  expect(rows).toBe(50_001);
});

test('what cannot be loaded is refused with the reason', async () => {
  const refused = [
    await load('table=web.visits&type=image/png', 'x'),
    await load('table=web.none&type=text/csv', 'id\n1\n'),
  ];
  expect(refused).toEqual([
    { message: expect.stringContaining('"image/png" cannot be read') },
    { message: expect.stringContaining('web.none') },
  ]);
});
