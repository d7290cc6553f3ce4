/** The package, packed and installed as for its users, in applications that bundlers build and that then run. */
import { execFile } from 'node:child_process';
import { copyFile, cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { installPackage } from '../../support/installed-package.ts';
import { type StaticPages, staticPages } from '../../support/static-pages.ts';

const tools = ['vite', 'wrangler', 'esbuild', 'rollup', '@rollup/plugin-node-resolve', 'webpack'];
const rows = Array.from({ length: 1000 }, (_, i) => [i, `row ${i % 10}`]);
/** What `projects/round-trip.js` answers. */
const whole = { appended: 1000, rows };
const appended = { appended: 1000, rows: 'UNSUPPORTED' };

// The package is built, and bundlers are slow to start.
vi.setConfig({ hookTimeout: 180_000 });

let folder = '';
let pages: StaticPages;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'icestream-bundles-'));
  await cp(fileURLToPath(new URL('projects', import.meta.url)), folder, { recursive: true });
  await installPackage(folder, tools);
  pages = await staticPages();
});

afterAll(async () => {
  await pages?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** Runs a command of `node` in the folder of a project; paths of tools are those of its node_modules. */
async function node(project: string, ...args: readonly string[]): Promise<string> {
  const env = { ...process.env, NODE_ENV: 'production', NODE_OPTIONS: '', WRANGLER_SEND_METRICS: 'false' };
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: join(folder, project), env });
  return stdout;
}

const tool = (path: string) => join(folder, 'node_modules', path);

/** The wasm files of an output, by their content. */
async function artifacts(out: string): Promise<string[]> {
  const names = ['icestream.wasm', 'icestream-append.wasm'];
  const known = await Promise.all(names.map((name) => readFile(tool(`icestream/wasm/prebuilt/${name}`))));
  const files = (await readdir(join(folder, out), { recursive: true })).filter((name) => name.endsWith('.wasm'));
  const found = await Promise.all(files.map((name) => readFile(join(folder, out, name))));
  return found.map((bytes) => names[known.findIndex((artifact) => artifact.equals(bytes))] ?? 'unknown');
}

describe('Vite', () => {
  test('needs no configuration, threads included', async () => {
    await node('vite', tool('vite/bin/vite.js'), 'build', '--outDir', 'whole', '--logLevel', 'error');
    expect(await artifacts('vite/whole')).toEqual(['icestream.wasm']);
    expect((await pages.open(join(folder, 'vite/whole'))).answer).toEqual([whole, whole]);
  });

  test('leaves the decoder out by an alias', async () => {
    const config = ['--config', 'append.config.js'];
    await node('vite', tool('vite/bin/vite.js'), 'build', '--outDir', 'append', '--logLevel', 'error', ...config);
    expect(await artifacts('vite/append')).toEqual(['icestream-append.wasm']);
    expect((await pages.open(join(folder, 'vite/append'))).answer).toEqual([appended, appended]);
  });
});

describe('wrangler', () => {
  async function answerOf(config: string, out: string): Promise<unknown> {
    const deploy = ['deploy', '--dry-run', '--config', config, '--outdir', out];
    await node('wrangler', tool('wrangler/bin/wrangler.js'), ...deploy);
    const path = join(folder, 'wrangler', out);
    const wasm = (await readdir(path)).filter((name) => name.endsWith('.wasm'));
    const worker = new Miniflare(
      convertV4MiniflareOptions({
        modulesRoot: path,
        modules: [
          { type: 'ESModule', path: join(path, 'worker.js') },
          ...wasm.map((name) => ({ type: 'CompiledWasm', path: join(path, name) }) as const),
        ],
        compatibilityDate: '2026-08-01',
      }),
    );
    try {
      return await (await worker.dispatchFetch('http://worker/')).json();
    } finally {
      await worker.dispose();
    }
  }

  test('needs no configuration', async () => {
    expect(await answerOf('wrangler.json', 'whole')).toEqual(whole);
    expect(await artifacts('wrangler/whole')).toEqual(['icestream.wasm']);
  });

  test('leaves the decoder out by an alias', async () => {
    expect(await answerOf('append.json', 'append')).toEqual(appended);
    expect(await artifacts('wrangler/append')).toEqual(['icestream-append.wasm']);
  });
});

describe('esbuild', () => {
  beforeAll(async () => {
    await node('esbuild', 'build.mjs');
    for (const out of ['whole', 'append', 'with-file']) await withPage('esbuild', out);
  });

  test.each([
    ['whole', whole],
    ['append', appended],
  ])('holds the engine in the bundle by an alias: %s', async (out, expected) => {
    const { answer, fetched } = await pages.open(join(folder, `esbuild/${out}`));
    expect(answer).toEqual(expected);
    expect(fetched.filter((path) => path.endsWith('.wasm'))).toEqual([]);
    expect(JSON.parse(await node('esbuild', `node-${out}/script.js`))).toEqual(expected);
  });

  test('takes a file that init is told of, and says that it has no threads', async () => {
    const { answer } = await pages.open(join(folder, 'esbuild/with-file'));
    expect(answer).toEqual([whole, expect.stringMatching(/module could not be loaded .* leave threads at 1/)]);
    expect(await artifacts('esbuild/with-file')).toEqual(['icestream.wasm']);
  });

  test('without either, the error says what to do', async () => {
    await expect(node('esbuild', 'node-without/script.js')).rejects.toMatchObject({
      stderr: expect.stringMatching(/wasm is not where it is looked for .* have it within \(icestream\/inline\)/),
    });
  });
});

describe('Rollup', () => {
  beforeAll(async () => {
    await node('rollup', tool('rollup/dist/bin/rollup'), '--config', '--silent');
    for (const out of ['whole', 'append']) await withPage('rollup', out);
  });

  test.each([
    ['whole', whole],
    ['append', appended],
  ])('init takes the engine that is in the bundle: %s', async (out, expected) => {
    const { answer, fetched } = await pages.open(join(folder, `rollup/${out}`));
    expect(answer).toEqual(expected);
    expect(fetched.filter((path) => path.endsWith('.wasm'))).toEqual([]);
  });

  test('for Node, with the package’s file', async () => {
    expect(JSON.parse(await node('rollup', 'node/script.mjs'))).toEqual(whole);
  });
});

describe('webpack', () => {
  beforeAll(async () => {
    await node('webpack', 'build.mjs');
    for (const out of ['whole', 'append']) await withPage('webpack', out);
  });

  test('needs no configuration, threads included', async () => {
    expect(await artifacts('webpack/whole')).toEqual(['icestream.wasm']);
    expect((await pages.open(join(folder, 'webpack/whole'))).answer).toEqual([whole, whole]);
  });

  test('leaves the decoder out by an alias', async () => {
    expect(await artifacts('webpack/append')).toEqual(['icestream-append.wasm']);
    expect((await pages.open(join(folder, 'webpack/append'))).answer).toEqual([appended, appended]);
  });
});

function withPage(project: string, out: string): Promise<void> {
  return copyFile(join(folder, project, 'index.html'), join(folder, project, out, 'index.html'));
}
