/** Serves folders with a page each, and opens those in Chromium. */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { chromium } from 'playwright';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
};

export interface StaticPages extends AsyncDisposable {
  /** What the folder's `index.html` leaves as the promise `globalThis.answer`, and the paths that it asked for. */
  open(folder: string): Promise<{ readonly answer: unknown; readonly fetched: readonly string[] }>;
}

export async function staticPages(): Promise<StaticPages> {
  let root = '';
  let fetched: string[] = [];
  const server = createServer(async (request, response) => {
    const path = new URL(request.url ?? '/', 'http://host').pathname;
    fetched.push(path);
    try {
      const bytes = await readFile(join(root, path));
      response.writeHead(200, { 'content-type': types[extname(path)] ?? 'application/octet-stream' }).end(bytes);
    } catch {
      response.writeHead(404, { 'content-type': 'text/html' }).end('<!doctype html>there is no such page');
    }
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const browser = await chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu'],
  });
  return {
    async open(folder) {
      root = folder;
      fetched = [];
      const page = await browser.newPage();
      const failed = new Promise<never>((_, reject) => page.on('pageerror', reject));
      failed.catch(() => {});
      await page.goto(`http://127.0.0.1:${port}/index.html`, { waitUntil: 'load' });
      const answer: unknown = await Promise.race([page.evaluate('globalThis.answer'), failed]);
      await page.close();
      return { answer, fetched };
    },
    async [Symbol.asyncDispose]() {
      await browser.close();
      await new Promise((closed) => server.close(closed));
    },
  };
}
