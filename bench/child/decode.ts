/**
 * Reads a Parquet file with one of the wasm readers, several times: `decode.ts ours|parquet-wasm FILE COLUMNS [ipc]`.
 * Batches stay in the reader's memory; with `ipc` they come out as Arrow IPC streams.
 */
import { open } from 'node:fs/promises';
import { ParquetFile, type RecordBatch } from 'parquet-wasm/node';
import { newEngine } from '../../src/engine/default-engine.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { cpuOfRounds } from '../support/cpu.ts';

const [reader, path = '', names = '', leave] = process.argv.slice(2);
const columns = names === '' ? undefined : names.split(',');
const outAsIpc = leave === 'ipc';
const rounds = 4;

const file = await open(path);
const sizeBytes = (await file.stat()).size;
const read = async (start: number, end: number) => {
  const bytes = new Uint8Array(end - start);
  await file.read(bytes, 0, bytes.length, start);
  return bytes;
};

/** One for all readings, as parquet-wasm has one. */
let engine: Engine | undefined;

async function ours(): Promise<number> {
  engine ??= await newEngine({ memoryLimitBytes: 256 * 1024 * 1024 });
  using parquet = await engine.openParquet({ sizeBytes, read });
  let rows = 0;
  for await (const batch of parquet.batches({
    batchRows: 8192,
    ...(columns && { columns: columns.map((name) => [name]) }),
  })) {
    rows += batch.numRows;
    if (outAsIpc) batch.toIpc();
    batch.free();
  }
  return rows;
}

async function parquetWasm(): Promise<number> {
  const blob = {
    size: sizeBytes,
    slice: (start: number, end: number) => ({ arrayBuffer: async () => (await read(start, end)).buffer }),
  };
  const parquet = await ParquetFile.fromFile(blob as unknown as Blob);
  const stream = await parquet.stream({ batchSize: 8192, ...(columns && { columns }) });
  let rows = 0;
  for await (const batch of stream as unknown as AsyncIterable<RecordBatch>) {
    rows += batch.numRows;
    if (outAsIpc) batch.intoIPCStream();
    else batch.free();
  }
  return rows;
}

let rows = 0;
const cpuMs = await cpuOfRounds(rounds, async () => {
  rows = reader === 'ours' ? await ours() : await parquetWasm();
});
await file.close();
console.log(JSON.stringify({ rows, cpuMs }));
