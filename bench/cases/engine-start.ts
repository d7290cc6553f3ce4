/** What loading the engine costs a Worker: its first request against later ones, in workerd itself. */
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleWorker, linkPackage } from '../../test/support/wrangler-bundle.ts';
import type { Benchmark } from '../harness.ts';
import { configureWorkerd, median, withWorkerd } from '../support/workerd.ts';

const processes = 10;

export const engineStart: Benchmark = {
  name: 'engine-start',
  what: 'workerd: first request, which makes the engine, minus a later one; median of 10 fresh processes',
  defaultRows: 0,
  async *run({ scratch, log }) {
    await linkPackage(scratch);
    await writeFile(
      join(scratch, 'main.js'),
      `import { getEngine } from 'icestream';
      export default { async fetch() {
        const engine = await getEngine();
        return new Response(String(engine.inferCsv(new TextEncoder().encode('a,b\\n1,2\\n')).schema.fields.length));
      } };`,
    );
    const artifacts = { 'icestream.wasm': {}, 'icestream-append.wasm': { '#load-engine': 'icestream/append/workers' } };
    for (const [name, alias] of Object.entries(artifacts)) {
      const folder = await bundle(scratch, name, alias);
      const costs: number[] = [];
      for (let i = 0; i < processes; i++) costs.push(await startCost(folder));
      log(`${name}: ${costs.map((cost) => cost.toFixed(0)).join(' ')} ms`);
      yield { name: `${name}: first request minus a later one`, value: median(costs), unit: 'ms', bar: { atMost: 60 } };
    }
  },
};

/** A Worker as wrangler bundles it, with workerd's configuration beside it. */
async function bundle(scratch: string, name: string, alias: Record<string, string>): Promise<string> {
  const folder = join(scratch, name.replace('.wasm', ''));
  await bundleWorker({ project: scratch, name: 'start', main: join(scratch, 'main.js'), alias, outDir: folder });
  const wasm = (await readdir(folder)).find((file) => file.endsWith('.wasm')) ?? '';
  await configureWorkerd({ folder, modules: ['main.js', wasm] });
  return folder;
}

async function startCost(folder: string): Promise<number> {
  const ask = async (address: string) => {
    const start = performance.now();
    const response = await fetch(address);
    if ((await response.text()) !== '2') throw new Error(`the Worker answered ${response.status}`);
    return performance.now() - start;
  };
  return withWorkerd(folder, ask, async (address, first) => {
    const later = [];
    for (let i = 0; i < 5; i++) later.push(await ask(address));
    return first - Math.min(...later);
  });
}
