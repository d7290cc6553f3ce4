/** What the package's JavaScript weighs in a page that appends: Vite's chunks, minified, without wasm. */
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build as vite } from 'vite';
import type { Benchmark } from '../harness.ts';
import { build } from '../support/built.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

const apps = {
  'REST catalog, S3': `
    import { bearer, fromAny, RestCatalog } from 'icestream';
    document.querySelector('input').addEventListener('change', async ({ target }) => {
      const catalog = await RestCatalog.connect({ uri: '/iceberg', auth: bearer('token') });
      const table = await catalog.loadTable('web.uploads');
      console.log(await table.append(fromAny(target.files[0])));
    });`,
  'catalog in OPFS': `
    import { fromAny, StoreCatalog } from 'icestream';
    import { OpfsStore } from 'icestream/storage/opfs';
    document.querySelector('input').addEventListener('change', async ({ target }) => {
      const catalog = StoreCatalog.open({ warehouse: 'opfs:///lakehouse', store: new OpfsStore() });
      console.log(await catalog.createAndAppend('web.uploads', fromAny(target.files[0])));
    });`,
  everything: `
    import * as icestream from 'icestream';
    import { OpfsStore } from 'icestream/storage/opfs';
    import { S3Store } from 'icestream/storage/s3';
    console.log(icestream, OpfsStore, S3Store);`,
};

/** Modules that the append of a file imports when it comes to it. */
const ofAnAppend = ['append.js', 'create-append.js', 'open-file.js'];
const mostKilobytes = 60;

export const coreSize: Benchmark = {
  name: 'core-size',
  what: 'JavaScript of a page that appends, gzip -9: what it loads first, and with its first append',
  defaultRows: 0,
  async *run({ scratch }) {
    await build();
    await mkdir(join(scratch, 'node_modules'));
    await symlink(root, join(scratch, 'node_modules/icestream'));
    for (const [app, source] of Object.entries(apps)) {
      const chunks = await bundle(scratch, source);
      const size = (names: Iterable<string>) =>
        [...names].reduce((sum, name) => sum + gzipSync(chunks.get(name)?.code ?? '', { level: 9 }).length, 0) / 1000;
      if (app === 'everything') {
        yield { name: app, value: size(chunks.keys()), unit: 'KB' };
        continue;
      }
      const [entry = ''] = [...chunks.values()].filter(({ isEntry }) => isEntry).map(({ fileName }) => fileName);
      const appending = [...chunks.values()].filter((one) => ofAnAppend.includes(basename(one.facadeModuleId ?? '')));
      const first = closure(chunks, [entry]);
      const all = closure(chunks, [entry, ...appending.map(({ fileName }) => fileName)]);
      yield { name: `${app}: first load`, value: size(first), unit: 'KB', bar: { atMost: mostKilobytes } };
      yield { name: `${app}: first load and first append of a file`, value: size(all), unit: 'KB' };
    }
  },
};

interface Chunk {
  readonly fileName: string;
  readonly code: string;
  readonly imports: readonly string[];
  readonly isEntry: boolean;
  readonly facadeModuleId: string | null;
}

async function bundle(folder: string, source: string): Promise<ReadonlyMap<string, Chunk>> {
  await writeFile(join(folder, 'page.js'), source);
  await writeFile(join(folder, 'index.html'), '<input type="file"><script type="module" src="./page.js"></script>');
  const built = await vite({ root: folder, configFile: false, logLevel: 'error', build: { write: false } });
  const outputs = [built].flat().flatMap((one) => ('output' in one ? one.output : []));
  return new Map(outputs.filter((one) => one.type === 'chunk').map((chunk) => [chunk.fileName, chunk]));
}

/** These chunks, and all that they import at once. */
function closure(chunks: ReadonlyMap<string, Chunk>, names: readonly string[]): ReadonlySet<string> {
  const found = new Set(names);
  for (const name of found) for (const imported of chunks.get(name)?.imports ?? []) found.add(imported);
  return found;
}
