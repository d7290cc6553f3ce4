/**
 * `npm run demo`: streams real flights (3 million rows of Parquet, 200,000 of Arrow, CSV and JSON) into a lakehouse in
 * a local folder, partitioned and not, and prints what landed, a few rows of it read back. Needs no server.
 */
import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import cliProgress from 'cli-progress';
import { fromAny, StoreCatalog, type Table, type WriteProgress, type WriteResult } from 'icestream';
import { LocalStore } from 'icestream/storage/local';

const folder = resolve('lakehouse');
const data = new URL('../node_modules/vega-datasets/data/', import.meta.url);
const loads = [
  { table: 'demo.flights', file: 'flights-3m.parquet', partition: ['month(date)'] },
  { table: 'demo.flights_unpartitioned', file: 'flights-3m.parquet', partition: [] },
  { table: 'demo.flights_arrow', file: 'flights-200k.arrow', partition: [] },
  { table: 'demo.airports', file: 'airports.csv', partition: ['state'] },
  { table: 'demo.movies', file: 'movies.json', partition: [] },
];

await rm(folder, { recursive: true, force: true });
const store = new LocalStore();
const catalog = StoreCatalog.open({ warehouse: pathToFileURL(folder).href, store });
await catalog.createNamespace('demo');

for (const load of loads) {
  const location = new URL(load.file, data).href;
  const bar = progressBar(load.table);
  const { table, result } = await catalog.createAndAppend(
    load.table,
    fromAny({ store, location }),
    { partitionSpec: load.partition },
    { memoryLimitBytes: 96 * 1024 * 1024, onProgress: bar.update },
  );
  bar.stop();
  await report(table, load.file, result);
  await readBack(table);
}

console.log(`
The tables are in ${folder}. Look around, and read them with another engine:

  npm run -s icestream -- scan demo.flights --limit 10 --warehouse ./lakehouse
  npm run -s icestream -- inspect demo.flights files --warehouse ./lakehouse
  duckdb -c "INSTALL iceberg; LOAD iceberg; SELECT count(*) FROM iceberg_scan('lakehouse/demo/flights')"
  python -c "from pyiceberg.table import StaticTable; print(StaticTable.from_metadata('lakehouse/demo/flights/metadata/v1.metadata.json').scan().to_arrow())"`);

async function report(table: Table, file: string, result: WriteResult): Promise<void> {
  const seconds = (result.elapsedMs / 1000).toFixed(1);
  const peak = (result.memoryPeakBytes / 1024 / 1024).toFixed(0);
  console.log(`${table.name}  ←  ${file}`);
  console.log(
    `  ${result.rows.toLocaleString('en-US')} rows in ${result.files} files, ${megabytes(result.bytes)}, one snapshot, ${seconds} s, at most ${peak} MiB of memory`,
  );
  console.log(
    `  columns: ${table
      .columns()
      .map(({ path, type }) => `${path} ${type}`)
      .join(', ')}`,
  );
  if (table.spec.fields.length === 0) return;
  const partitions: string[] = [];
  for await (const { file: dataFile, partition } of table.files()) {
    const values = [...partition].map(([name, value]) => `${name}=${String(value)}`);
    partitions.push(`${values.join('/')} (${dataFile.recordCount.toLocaleString('en-US')} rows)`);
  }
  const shown = partitions.slice(0, 4).join(', ');
  console.log(`  partitions: ${shown}${partitions.length > 4 ? `, … ${partitions.length} files in all` : ''}`);
}

/** The first rows, as they come out of the table; only their pages are fetched. */
async function readBack(table: Table): Promise<void> {
  for await (const row of table.scan({ limit: 2 }).rows()) {
    const values = Object.values(row).map((value) => String(value ?? 'null'));
    console.log(`  row: ${values.join(', ').slice(0, 110)}`);
  }
}

function megabytes(bytes: bigint): string {
  return `${(Number(bytes) / 1e6).toFixed(1)} MB`;
}

/** On a terminal a bar; in a log nothing, because the report says it all. */
function progressBar(label: string): { update: (progress: WriteProgress) => void; stop: () => void } {
  if (!process.stderr.isTTY) return { update() {}, stop() {} };
  const format = `${label} {bar} {value} rows`;
  const bar = new cliProgress.SingleBar({ format, clearOnComplete: true }, cliProgress.Presets.shades_classic);
  bar.start(1, 0);
  return {
    update({ rowsIn, totalRows }) {
      bar.setTotal(totalRows ?? rowsIn);
      bar.update(rowsIn);
    },
    stop: () => bar.stop(),
  };
}
