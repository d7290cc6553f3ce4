/** What loading the engine costs a Worker: its first request against later ones, in workerd itself. */
import { spawn } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../test/support/kit/server.ts';
import { bundleWorker, linkPackage } from '../../test/support/wrangler-bundle.ts';
import type { Benchmark } from '../harness.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
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
      costs.sort((a, b) => a - b);
      log(`${name}: ${costs.map((cost) => cost.toFixed(0)).join(' ')} ms`);
      const median = ((costs[processes / 2 - 1] ?? 0) + (costs[processes / 2] ?? 0)) / 2;
      yield { name: `${name}: first request minus a later one`, value: median, unit: 'ms', bar: { atMost: 60 } };
    }
  },
};

/** A Worker as wrangler bundles it, with workerd's configuration beside it. */
async function bundle(scratch: string, name: string, alias: Record<string, string>): Promise<string> {
  const folder = join(scratch, name.replace('.wasm', ''));
  await bundleWorker({ project: scratch, name: 'start', main: join(scratch, 'main.js'), alias, outDir: folder });
  const wasm = (await readdir(folder)).find((file) => file.endsWith('.wasm')) ?? '';
  await writeFile(
    join(folder, 'config.capnp'),
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [ (name = "main", worker = .start) ],
  sockets = [ (name = "http", address = "127.0.0.1:0", http = (), service = "main") ],
);
const start :Workerd.Worker = (
  modules = [ (name = "main.js", esModule = embed "main.js"), (name = "./${wasm}", wasm = embed "${wasm}") ],
  compatibilityDate = "2026-08-01",
);
`,
  );
  return folder;
}

async function startCost(folder: string): Promise<number> {
  const port = await freePort();
  const child = spawn(
    join(root, 'node_modules/workerd/bin/workerd'),
    ['serve', join(folder, 'config.capnp'), '--socket-addr', `http=127.0.0.1:${port}`],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  try {
    const ask = async () => {
      const start = performance.now();
      const response = await fetch(`http://127.0.0.1:${port}/`);
      if ((await response.text()) !== '2') throw new Error(`the Worker answered ${response.status}`);
      return performance.now() - start;
    };
    let first: number | undefined;
    while (first === undefined) {
      // Refused until the socket listens.
      first = await ask().catch((error: Error) => {
        if (child.exitCode !== null || !(error instanceof TypeError)) throw error;
        return undefined;
      });
      if (first === undefined) await setTimeout(20);
    }
    const later = [];
    for (let i = 0; i < 5; i++) later.push(await ask());
    return first - Math.min(...later);
  } finally {
    child.kill();
  }
}
