/** Serves folders with a page each, and opens those in Chromium. */
import { join } from 'node:path';
import { launchChromium } from './chromium.ts';
import { fileServer } from './file-server.ts';

export interface StaticPages extends AsyncDisposable {
  /** What the folder's `index.html` leaves as the promise `globalThis.answer`, and the paths that it asked for. */
  open(folder: string): Promise<{ readonly answer: unknown; readonly fetched: readonly string[] }>;
}

export async function staticPages(): Promise<StaticPages> {
  let root = '';
  let fetched: string[] = [];
  const server = await fileServer((path) => {
    fetched.push(path);
    return join(root, path);
  });
  const browser = await launchChromium();
  return {
    async open(folder) {
      root = folder;
      fetched = [];
      const page = await browser.newPage();
      const failed = new Promise<never>((_, reject) => page.on('pageerror', reject));
      failed.catch(() => {});
      await page.goto(`${server.address}/index.html`, { waitUntil: 'load' });
      const answer: unknown = await Promise.race([page.evaluate('globalThis.answer'), failed]);
      await page.close();
      return { answer, fetched };
    },
    async [Symbol.asyncDispose]() {
      await browser.close();
      await server[Symbol.asyncDispose]();
    },
  };
}
