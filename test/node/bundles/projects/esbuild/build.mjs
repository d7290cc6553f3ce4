/** `node build.mjs`: the engine within the bundle by an alias, or as a file that `init` is told of. */
import { build } from 'esbuild';

const engine = (name) => ({ alias: { '#load-engine': name } });
const forBrowsers = { bundle: true, minify: true, format: 'esm', logLevel: 'error' };
const forNode = { ...forBrowsers, platform: 'node' };

await build({ ...forBrowsers, ...engine('icestream/inline'), entryPoints: ['page.js'], outdir: 'whole' });
await build({ ...forBrowsers, ...engine('icestream/append/inline'), entryPoints: ['page.js'], outdir: 'append' });
await build({
  ...forBrowsers,
  entryPoints: { page: 'page-with-file.js' },
  loader: { '.wasm': 'file' },
  outdir: 'with-file',
});
await build({ ...forNode, ...engine('icestream/inline'), entryPoints: ['script.mjs'], outdir: 'node-whole' });
await build({ ...forNode, ...engine('icestream/append/inline'), entryPoints: ['script.mjs'], outdir: 'node-append' });
await build({ ...forNode, entryPoints: ['script.mjs'], outdir: 'node-without' });
