#!/usr/bin/env -S deno run --allow-read --allow-write=lakehouse --allow-net
/**
 * Loads files, local or remote, into an Iceberg table of the folder `lakehouse`, as one snapshot; in Deno with the
 * permissions above and no others, and in Node and Bun:
 *
 *     ./load.ts demo.flights flights-2025.parquet https://data.example/flights-2026.csv.gz
 *     node load.ts demo.flights flights-2025.parquet
 *     bun load.ts demo.flights flights-2025.parquet
 *
 * With a catalog service instead of a folder: `RestCatalog.connect({ uri, auth: bearer(token) })`.
 */
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import cliProgress from 'cli-progress';
import { IcestreamError, StoreCatalog, type WriteProgress } from 'icestream';
import { LocalStore } from 'icestream/storage/local';

const [table, ...files] = process.argv.slice(2);
if (table === undefined || files.length === 0) {
  console.error('usage: load.ts NAMESPACE.TABLE FILE-OR-URL…');
  process.exit(2);
}

const store = new LocalStore();
const catalog = StoreCatalog.open({ warehouse: pathToFileURL('lakehouse').href, store });
const inputs = files.map((file) =>
  /^https?:/.test(file) ? new URL(file) : { store, location: pathToFileURL(file).href },
);
const sizes = await Promise.all(
  inputs.map(async (input) => {
    if ('location' in input) return (await store.stat(input.location))?.sizeBytes;
    return (await fetch(input, { method: 'HEAD' })).headers.get('content-length');
  }),
);
// NaN: a server did not say.
const totalBytes = sizes.reduce((sum: number, size) => sum + Number(size ?? Number.NaN), 0);
const bar = new cliProgress.SingleBar({ format: '{bar} {rows} rows' });
const onProgress = ({ rowsIn, bytesRead }: WriteProgress) =>
  bar.update(Math.min(1, bytesRead / totalBytes || 0), { rows: rowsIn.toLocaleString('en-US') });

const existing = await catalog.loadTable(table).catch((error) => {
  if (error instanceof IcestreamError && error.code === 'NOT_FOUND') return null;
  throw error;
});

bar.start(1, 0, { rows: 0 });
const result =
  existing === null
    ? (await catalog.createAndAppend(table, inputs, { createNamespace: true }, { onProgress })).result
    : await existing.append(inputs, { onProgress });
bar.stop();
console.log(
  `${table}: ${result.rows} rows in ${result.files} file${result.files === 1 ? '' : 's'}, snapshot ${result.snapshotId}`,
);
