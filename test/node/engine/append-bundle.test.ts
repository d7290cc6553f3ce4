/** Bundles that ask for the artifact for appends hold it and no other. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bundleWorker, linkPackage } from '../../support/wrangler-bundle.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
/** The source is bundled as it stands, as in vitest.config.ts. */
const conditions = (...runtime: string[]) => ['icestream-source', ...runtime];
let project = '';

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'icestream-bundle-'));
  await linkPackage(project);
});

afterAll(() => rm(project, { recursive: true, force: true }));

/** Which artifacts a folder holds, by content. */
async function artifactsIn(folder: string): Promise<string[]> {
  const names = ['icestream.wasm', 'icestream-append.wasm'];
  const known = await Promise.all(names.map((name) => readFile(join(root, 'wasm/prebuilt', name))));
  const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.wasm'));
  const found = await Promise.all(files.map((name) => readFile(join(folder, name))));
  return found.map((bytes) => names[known.findIndex((artifact) => artifact.equals(bytes))] ?? 'unknown');
}

async function withWrangler(alias: Record<string, string>): Promise<string[]> {
  const outDir = await mkdtemp(join(project, 'wrangler-'));
  const main = join(project, 'worker.js');
  await writeFile(
    main,
    `import { getEngine } from 'icestream';
    export default { fetch: async () => new Response(String((await getEngine()).alive)) };`,
  );
  await bundleWorker({ project, name: 'append', main, alias, outDir });
  return artifactsIn(outDir);
}

async function withVite(alias: Record<string, string>): Promise<string[]> {
  const outDir = await mkdtemp(join(project, 'vite-'));
  await writeFile(join(project, 'page.js'), "import { getEngine } from 'icestream'; getEngine();");
  await writeFile(join(project, 'index.html'), '<script type="module" src="/page.js"></script>');
  await build({
    root: project,
    configFile: false,
    logLevel: 'error',
    resolve: { conditions: conditions('browser'), alias },
    build: { outDir },
  });
  return artifactsIn(outDir);
}

it.each([
  ['wrangler', withWrangler, 'icestream/append/workers'],
  ['Vite', withVite, 'icestream/append/url'],
] as const)(
  '%s',
  async (_, bundled, append) => {
    expect(await bundled({})).toEqual(['icestream.wasm']);
    expect(await bundled({ '#load-engine': append })).toEqual(['icestream-append.wasm']);
  },
  60_000,
);
