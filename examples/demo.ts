/**
 * `npm run demo`: starts the Worker of `worker/` on this machine (workerd with a simulated R2 bucket in
 * `./demo-lakehouse`, begun anew; no account), loads real flights (3 million rows of Parquet, 200,000 of Arrow, CSV and
 * JSON) over HTTP as any client would, partitioned and not, reads some back through its catalog, and leaves it running.
 * `-- --once` ends then.
 */
import { openAsBlob } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { resolve } from 'node:path';
import cliProgress from 'cli-progress';
import { bearer, RestCatalog, type Table } from 'icestream';
import { startLocalWorker } from '../worker/local.ts';

const token = 'demo-token-of-this-machine';
const data = new URL('../node_modules/vega-datasets/data/', import.meta.url);
const parquet = 'application/vnd.apache.parquet';
const loads = [
  { table: 'demo.flights', file: 'flights-3m.parquet', type: parquet, partition: ['month(date)'] },
  { table: 'demo.flights_unpartitioned', file: 'flights-3m.parquet', type: parquet, partition: [] },
  { table: 'demo.flights_arrow', file: 'flights-200k.arrow', type: 'application/octet-stream', partition: [] },
  { table: 'demo.airports', file: 'airports.csv', type: 'text/csv', partition: ['state'] },
  { table: 'demo.movies', file: 'movies.json', type: 'application/json', partition: [] },
];

// Not the folder of anything else: what is in it is removed.
const folder = resolve('demo-lakehouse');
await rm(folder, { recursive: true, force: true });
const server = await startLocalWorker({ folder, token, tables: 'demo.*', port: await portToUse(8787) });
const address = `http://localhost:${server.port}`;
const catalog = await RestCatalog.connect({ uri: `${address}/catalog`, auth: bearer(token) });

for (const { table, file, type, partition } of loads) {
  const [namespace, name] = table.split('.');
  const query = new URLSearchParams([['create', 'true'], ...partition.map((field) => ['partition', field])]);
  const body = await openAsBlob(new URL(file, data));
  const response = await fetch(`${address}/v1/ingest/${namespace}/${name}?${query}`, {
    method: 'POST',
    body: withProgress(table, body),
    headers: { authorization: `Bearer ${token}`, 'content-type': type },
    duplex: 'half',
  } as RequestInit);
  const answer = (await response.json()) as Answer;
  if (!response.ok) throw new Error(`${file}: ${JSON.stringify(answer)}`);
  report(file, answer);
  await readBack(await catalog.loadTable(table));
}

console.log(`
The lakehouse is at ${address}; its data is in ${folder} until the next demo. Read it with another engine:

  from pyiceberg.catalog import load_catalog
  catalog = load_catalog('demo', uri='${address}/catalog', token='${token}')
  print(catalog.load_table('demo.flights').scan(limit=10).to_arrow())

or load a file of your own:

  curl -X POST '${address}/v1/ingest/demo/mine?create=true' -H 'authorization: Bearer ${token}' \\
    -H 'content-type: text/csv' --data-binary @mine.csv`);
const stop = async () => {
  await server.stop();
  process.exit(0);
};
if (process.argv.includes('--once')) await stop();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);

/** The one wanted, or any where that is taken. */
async function portToUse(wanted: number): Promise<number> {
  const probe = createServer();
  const isFree = await new Promise<boolean>((settle) => {
    probe.once('error', () => settle(false));
    probe.listen(wanted, '127.0.0.1', () => settle(true));
  });
  if (isFree) await new Promise((closed) => probe.close(closed));
  return isFree ? wanted : 0;
}

interface Answer {
  readonly table: string;
  readonly rows: number;
  readonly files: number;
  readonly bytes: number;
  readonly elapsedMs: number;
  readonly memoryPeakBytes: number;
}

function report(file: string, { table, rows, files, bytes, elapsedMs, memoryPeakBytes }: Answer): void {
  const [seconds, peak] = [(elapsedMs / 1000).toFixed(1), (memoryPeakBytes / 2 ** 20).toFixed(0)];
  console.log(`${table}  ←  ${file}`);
  console.log(
    `  ${rows.toLocaleString('en-US')} rows in ${files} file${files === 1 ? '' : 's'}, ${(bytes / 1e6).toFixed(1)} MB, one snapshot, ${seconds} s, at most ${peak} MiB of memory`,
  );
}

/** The table's columns, its partitions, and the first rows: only their pages are fetched. */
async function readBack(table: Table): Promise<void> {
  console.log(
    `  columns: ${table
      .columns()
      .map(({ path, type }) => `${path} ${type}`)
      .join(', ')}`,
  );
  const partitions: string[] = [];
  for await (const { file, partitionPath } of table.files()) {
    partitions.push(`${partitionPath} (${file.recordCount.toLocaleString('en-US')} rows)`);
  }
  const shown = partitions.slice(0, 4).join(', ');
  const more = partitions.length > 4 ? `, … ${partitions.length} files in all` : '';
  if (table.spec.fields.length > 0) console.log(`  partitions: ${shown}${more}`);
  for await (const row of table.scan({ limit: 2 }).rows()) {
    const values = Object.values(row).map((value) => String(value ?? 'null'));
    console.log(`  row: ${values.join(', ').slice(0, 110)}`);
  }
}

/** The file's bytes; on a terminal a bar shows how many were taken. */
function withProgress(label: string, file: Blob): ReadableStream<Uint8Array> {
  if (!process.stderr.isTTY) return file.stream();
  const format = `${label} {bar} {value} of {total} bytes`;
  const bar = new cliProgress.SingleBar({ format, clearOnComplete: true }, cliProgress.Presets.shades_classic);
  bar.start(file.size, 0);
  return file.stream().pipeThrough(
    new TransformStream({
      transform: (chunk, controller) => {
        bar.increment(chunk.length);
        controller.enqueue(chunk);
      },
      flush: () => bar.stop(),
    }),
  );
}
