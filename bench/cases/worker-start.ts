/**
 * What the Worker of `worker/` weighs when it is sent, and what its first request waits for: its script (from the start of
 * a process of workerd to an answer, against a Worker that does nothing), and then all that a first load makes and a
 * later one finds (under wrangler, its own proxy and the simulated bucket included).
 */
import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { wranglerEnvironment } from '../../worker/wrangler-environment.ts';
import { benchIpcStream } from '../data/ipc.ts';
import type { Benchmark } from '../harness.ts';
import { withWorker } from '../support/worker.ts';
import { configureWorkerd, median, withWorkerd } from '../support/workerd.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const appendOnly = ['--alias', '#load-engine:../src/engine/load/append-workers.ts'];
const processes = 10;

export const workerStart: Benchmark = {
  name: 'worker-start',
  what: 'the Worker: its upload gzipped, and its first load against later ones, median of 10 fresh processes',
  defaultRows: 0,
  async *run({ scratch, log }) {
    const whole = await bundled(join(scratch, 'whole'), []);
    yield { name: 'upload, gzipped', value: whole.gzippedBytes / 1e6, unit: 'MB', bar: { atMost: 1.9 } };
    const small = await bundled(join(scratch, 'append'), appendOnly);
    yield {
      name: 'upload of one that reads no Parquet',
      value: small.gzippedBytes / 1e6,
      unit: 'MB',
      bar: { atMost: 1.2 },
    };

    await mkdir(join(scratch, 'empty'));
    await writeFile(join(scratch, 'empty/index.js'), 'export default { fetch: () => new Response() };');
    const script = await processStartMs(join(scratch, 'whole'), whole.modules);
    const empty = await processStartMs(join(scratch, 'empty'), ['index.js']);
    const loads = await firstLoadsMs(join(scratch, 'bucket'));
    log(`script ${list(script)}; empty ${list(empty)}; first load ${list(loads)} ms`);
    const scriptMs = median(script) - median(empty);
    yield { name: 'the script, against an empty one', value: scriptMs, unit: 'ms' };
    yield { name: 'a first load, against a later one', value: median(loads), unit: 'ms' };
    yield { name: 'both', value: scriptMs + median(loads), unit: 'ms', bar: { atMost: 400 } };
  },
};

/** As `wrangler deploy` would send it. */
async function bundled(outDir: string, options: readonly string[]) {
  const wrangler = join(root, 'node_modules/wrangler/bin/wrangler.js');
  await promisify(execFile)(process.execPath, [wrangler, 'deploy', '--dry-run', '--outdir', outDir, ...options], {
    cwd: join(root, 'worker'),
    env: { ...process.env, ...wranglerEnvironment },
  });
  // The first is the main one.
  const modules = ['index.js', ...(await readdir(outDir)).filter((file) => file.endsWith('.wasm'))];
  const sizes = modules.map(async (file) => gzipSync(await readFile(join(outDir, file)), { level: 9 }).length);
  return { modules, gzippedBytes: (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0) };
}

/** Until a request without a key is refused: the script was run, nothing else. */
async function processStartMs(folder: string, modules: readonly string[]): Promise<number[]> {
  const variables = { BUCKET_NAME: 'lake', WAREHOUSE: 'warehouse' };
  await configureWorkerd({ folder, modules, variables, compatibilityFlags: ['enable_request_signal'] });
  const times: number[] = [];
  for (let i = 0; i < processes; i++) {
    const start = performance.now();
    const refused = (address: string) => fetch(`${address}/v1/ingest/web/visits`, { method: 'POST' });
    await withWorkerd(folder, refused, async (_, { status }) => {
      if (status !== 401 && status !== 200) throw new Error(`the Worker answered ${status}`);
      times.push(performance.now() - start);
    });
  }
  return times;
}

/** Of one row, to a table that is there. */
async function firstLoadsMs(bucket: string): Promise<number[]> {
  const body = [...benchIpcStream(1, 1)];
  const load = { table: 'bench.rows', body: () => body };
  await withWorker(bucket, (worker) => worker.load(load));
  const costs: number[] = [];
  for (let i = 0; i < processes; i++) {
    const times = await withWorker(bucket, async (worker) => {
      const each: number[] = [];
      for (let k = 0; k < 6; k++) {
        const start = performance.now();
        await worker.load(load);
        each.push(performance.now() - start);
      }
      return each;
    });
    costs.push((times[0] ?? 0) - Math.min(...times.slice(1)));
  }
  return costs;
}

function list(values: readonly number[]): string {
  return values.map((value) => value.toFixed(0)).join(' ');
}
