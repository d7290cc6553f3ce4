/** What the package's JavaScript weighs in a page that appends: Vite's chunks, minified, without wasm. */
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
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
};

const everything = `
    import * as icestream from 'icestream';
    import { OpfsStore } from 'icestream/storage/opfs';
    import { S3Store } from 'icestream/storage/s3';
    console.log(icestream, OpfsStore, S3Store);`;

/** Modules that a first append imports when it comes to it: into a table with data, or of one that it creates. */
const ofAnAppend = {
  'REST catalog, S3': ['write/append.js', 'scan/read-manifest-list.js'],
  'catalog in OPFS': ['write/create-append.js'],
};
const ofFormats = {
  Parquet: ['source/open-file.js', 'source/parquet.js', 'engine/wasm/parquet-reader.js'],
  CSV: ['source/open-file.js', 'source/open-stream.js', 'source/text.js'],
};
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
        [...names].reduce((sum, name) => sum + kilobytes(chunks.get(name)?.code ?? ''), 0);
      const [entry = ''] = [...chunks.values()].filter(({ isEntry }) => isEntry).map(({ fileName }) => fileName);
      const sizeWith = (modules: readonly string[]) => {
        const imported = modules.map((module) => {
          const holder = [...chunks.values()].find((one) => one.moduleIds.some((id) => id.endsWith(`/dist/${module}`)));
          if (holder === undefined) throw new Error(`${app}: no chunk has ${module}`);
          return holder.fileName;
        });
        return size(closure(chunks, [entry, ...imported]));
      };
      yield { name: `${app}: first load`, value: sizeWith([]), unit: 'KB', bar: { atMost: mostKilobytes } };
      for (const [format, modules] of Object.entries(ofFormats)) {
        const value = sizeWith([...ofAnAppend[app as keyof typeof ofAnAppend], ...modules]);
        yield { name: `${app}: first load and first append of ${format}`, value, unit: 'KB' };
      }
    }
    const all = await bundle(scratch, everything);
    yield {
      name: 'everything',
      value: [...all.values()].reduce((sum, { code }) => sum + kilobytes(code), 0),
      unit: 'KB',
    };
  },
};

interface Chunk {
  readonly fileName: string;
  readonly code: string;
  readonly imports: readonly string[];
  readonly isEntry: boolean;
  readonly moduleIds: readonly string[];
}

async function bundle(folder: string, source: string): Promise<ReadonlyMap<string, Chunk>> {
  await writeFile(join(folder, 'page.js'), source);
  await writeFile(join(folder, 'index.html'), '<input type="file"><script type="module" src="./page.js"></script>');
  const built = await vite({ root: folder, configFile: false, logLevel: 'error', build: { write: false } });
  const outputs = [built].flat().flatMap((one) => ('output' in one ? one.output : []));
  return new Map(outputs.filter((one) => one.type === 'chunk').map((chunk) => [chunk.fileName, chunk]));
}

function kilobytes(code: string): number {
  return gzipSync(code, { level: 9 }).length / 1000;
}

/** These chunks, and all that they import at once. */
function closure(chunks: ReadonlyMap<string, Chunk>, names: readonly string[]): ReadonlySet<string> {
  const found = new Set(names);
  for (const name of found) for (const imported of chunks.get(name)?.imports ?? []) found.add(imported);
  return found;
}
