/** A page in a browser, and a catalog that sends no CORS headers: the catalog proxy stands where the page is from. */
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import type { Browser, Page } from 'playwright';
import { build } from 'vite';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { catalogProxyApp } from '../../src/server/catalog-proxy/app.ts';
import { launchChromium } from '../support/chromium.ts';
import type { PageRequest, useCatalog } from './browser/use-catalog.ts';

const kit = inject('kit');
const folder = await mkdtemp(join(tmpdir(), 'icestream-page-'));
const app = new Hono();
const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 });
if (!server.listening) await once(server, 'listening');
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const faults: unknown[] = [];
app.route(
  '/catalogs',
  catalogProxyApp({
    upstreams: { fixture: { uri: kit.restVending.uri } },
    origins: [origin],
    onError: (error) => faults.push(error),
  }),
);
app.get('/:file{.+}', async ({ req, body, notFound }) => {
  const file = req.param('file');
  if (file === 'favicon.ico') return notFound();
  const type = file.endsWith('.js') ? 'text/javascript' : file.endsWith('.wasm') ? 'application/wasm' : 'text/html';
  return body(await readFile(join(folder, 'page', file)), 200, { 'content-type': type });
});

let browser: Browser;
let page: Page;

beforeAll(async () => {
  const entry = JSON.stringify(join(import.meta.dirname, 'browser/use-catalog.ts'));
  await writeFile(
    join(folder, 'page.js'),
    `import { useCatalog } from ${entry}; Object.assign(window, { useCatalog });`,
  );
  await writeFile(join(folder, 'index.html'), '<script type="module" src="./page.js"></script>');
  await build({
    root: folder,
    base: './',
    configFile: false,
    logLevel: 'error',
    resolve: { conditions: ['icestream-source', 'browser', 'module', 'import', 'default'] },
    build: { outDir: join(folder, 'page'), target: 'esnext' },
  });
  browser = await launchChromium();
  page = await browser.newPage();
  await page.goto(`${origin}/index.html`);
  await page.waitForFunction(() => 'useCatalog' in globalThis);
});

afterAll(async () => {
  await browser?.close();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

function use(uri: string): Promise<readonly string[]> {
  const { endpoint, region } = kit.minio;
  const properties = { 's3.endpoint': endpoint, 's3.region': region, 's3.path-style-access': 'true' };
  const request: PageRequest = { uri, table: `page_${Date.now()}.rows`, properties };
  type Loaded = { readonly useCatalog: typeof useCatalog };
  return page.evaluate((of) => (globalThis as unknown as Loaded).useCatalog(of), request);
}

it('a page creates, fills and reads a table through the proxy', async () => {
  expect(await use(`${origin}/catalogs/fixture`)).toEqual(['1 row 1', '2 row 2', '3 row 3']);
  expect(faults).toEqual([]);
});

it('a page cannot reach the catalog itself: what the proxy is for', async () => {
  await expect(use(kit.restVending.uri)).rejects.toThrow(/UNAVAILABLE|Failed to fetch|could not/);
});
