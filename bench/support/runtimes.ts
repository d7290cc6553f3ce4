/** The five runtimes, each calling `digestFiles` of `child/same-bytes/` on the built package. */
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build as bundle } from 'vite';
import { launchChromium } from '../../test/support/chromium.ts';
import type { Digested } from '../child/same-bytes/digest-files.ts';

const child = (name: string) => fileURLToPath(new URL(`../child/same-bytes/${name}`, import.meta.url));

/** Takes a file's address and a seed. */
export type Digest = (url: string, seed: number) => Promise<Digested>;

export interface Runtime {
  readonly name: string;
  /** `site`: a folder that `address` serves. */
  start(site: string, address: string): Promise<{ readonly digest: Digest; readonly stop: () => Promise<void> }>;
}

const script = (name: string, ...command: readonly [string, ...string[]]): Runtime => ({
  name,
  async start() {
    const digest: Digest = async (url, seed) => {
      const [program, ...words] = command;
      const { stdout } = await promisify(execFile)(program, [...words, child('script.ts'), url, String(seed)]);
      return JSON.parse(stdout) as Digested;
    };
    return { digest, stop: async () => {} };
  },
});

const workerd: Runtime = {
  name: 'workerd',
  async start(site) {
    process.env['WRANGLER_SEND_METRICS'] = 'false';
    // Loaded here: it reads the environment at once.
    const { unstable_dev: startWorker } = await import('wrangler');
    const config = join(site, 'wrangler.json');
    const main = child('worker.ts');
    await writeFile(config, JSON.stringify({ name: 'same-bytes', main, compatibility_date: '2026-08-01' }));
    const experimental = { disableExperimentalWarning: true };
    const running = await startWorker(main, { config, local: true, logLevel: 'error', experimental });
    const digest: Digest = async (url, seed) => {
      const response = await running.fetch(`/?${new URLSearchParams({ url, seed: String(seed) })}`);
      if (!response.ok) throw new Error(`workerd: ${await response.text()}`);
      return (await response.json()) as Digested;
    };
    return { digest, stop: () => running.stop() };
  },
};

const browser: Runtime = {
  name: 'Chromium',
  async start(site, address) {
    const root = join(site, 'app');
    await mkdir(root, { recursive: true });
    const from = JSON.stringify(child('digest-files.ts'));
    await writeFile(
      join(root, 'page.js'),
      `import { digestFiles } from ${from}; Object.assign(window, { digestFiles });`,
    );
    await writeFile(join(root, 'index.html'), '<script type="module" src="./page.js"></script>');
    const built = { outDir: join(site, 'page'), target: 'esnext' };
    await bundle({ root, base: './', configFile: false, logLevel: 'error', build: built });
    const running = await launchChromium();
    const page = await running.newPage();
    page.on('pageerror', (error) => console.error(error));
    await page.goto(`${address}/page/index.html`);
    await page.waitForFunction(() => 'digestFiles' in globalThis);
    const digest: Digest = (url, seed) =>
      page.evaluate(([of, by]) => (globalThis as unknown as { digestFiles: Digest }).digestFiles(of, by), [
        url,
        seed,
      ] as const);
    return { digest, stop: () => running.close() };
  },
};

export const runtimes: readonly Runtime[] = [
  script('Node', process.execPath, '--no-warnings'),
  browser,
  workerd,
  script('Deno', 'deno', 'run', '-A', '--quiet'),
  script('Bun', 'bun'),
];
