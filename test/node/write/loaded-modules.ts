/**
 * Appends to a table until its manifests are due to be joined, and prints what each append loaded and left. The argument
 * names a module that cannot be had, as in a page whose files were replaced.
 */
import { registerHooks } from 'node:module';

let gone = process.argv[2];
const loaded: string[] = [];

registerHooks({
  load(url, context, next) {
    if (gone !== undefined && url.endsWith(gone)) throw new Error(`${url} is gone`);
    loaded.push(url.replace(/.*\/src\//, ''));
    return next(url, context);
  },
});

const { StoreCatalog } = await import('../../../src/index.ts');
const { MemoryStore } = await import('../../../src/storage/memory/index.ts');
const catalog = StoreCatalog.open({ warehouse: 'memory://lake/wh', store: new MemoryStore('lake') });
await catalog.createNamespace('a');
const properties = { 'commit.manifest.min-count-to-merge': '3' };
const { table } = await catalog.createAndAppend('a.b', [{ n: 0 }], { properties });
const appends: unknown[] = [];
for (const n of [1, 2, 3]) {
  loaded.length = 0;
  await table.append([{ n }]);
  const { 'manifests-kept': kept, 'manifests-created': created } = table.currentSnapshot?.summary ?? {};
  appends.push({ loaded: [...loaded], manifests: Number(kept) + Number(created) });
}
// A new page has it again.
gone = undefined;
const numbers: number[] = [];
for await (const row of table.scan().rows()) numbers.push(Number(row['n']));
console.log(JSON.stringify({ appends, numbers: numbers.sort() }));
