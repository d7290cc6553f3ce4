/** The engine's memory, in the situations that used to cost most. */
import { tableFromArrays, tableToIPC } from 'apache-arrow';
import { newEngine } from '../../src/engine/default-engine.ts';
import type { Encoder, EncoderOptions } from '../../src/engine/encoder.ts';
import type { Batch, Engine } from '../../src/engine/engine.ts';
import type { Bytes } from '../../src/util/bytes.ts';
import { concatBytes } from '../../src/util/encoding.ts';
import { benchIpc } from '../data/ipc.ts';
import { type Benchmark, type Figure, mebibyte } from '../harness.ts';

const limit = 256 * mebibyte;

const options = (batch: Batch): EncoderOptions => ({
  schema: batch.schema,
  codec: 'zstd',
  level: 1,
  encoding: 'default',
  pageSizeBytes: mebibyte,
  pageRowLimit: 20_000,
  dictionarySizeBytes: 2 * mebibyte,
  statisticsTruncateBytes: 64,
});

function one(engine: Engine, stream: Bytes): Batch {
  const [batch] = engine.fromIpc(stream);
  if (batch === undefined) throw new Error('no batch');
  return batch;
}

async function written(encoder: Encoder, batches: readonly Batch[]): Promise<Bytes[]> {
  const pieces: Bytes[] = [];
  for await (const piece of encoder.writeRowGroup(batches)) pieces.push(piece);
  return pieces;
}

export const engineMemory: Benchmark = {
  name: 'engine-memory',
  what: 'wasm memory with many partitions, wide rows, large row groups, long strings and many files',
  defaultRows: 1_000,
  async *run({ rows: files }) {
    yield await openPartitions();
    yield await wideRows();
    yield await rowGroups();
    yield await longStrings();
    yield* manyFiles(files);
  },
};

/** Each has written a row group and holds 100 rows for the next. */
async function openPartitions(): Promise<Figure> {
  const engine = await newEngine({ memoryLimitBytes: limit });
  const partitions = 100;
  const streams = [...benchIpc(2 * partitions * 100, 100)];
  const held: unknown[] = [];
  for (let i = 0; i < partitions; i++) {
    const [first, next] = streams.slice(2 * i, 2 * i + 2).map((stream) => one(engine, stream));
    if (first === undefined || next === undefined) throw new Error('no batch');
    const encoder = engine.encoder(options(first));
    await written(encoder, [first]);
    held.push(encoder, next);
  }
  return {
    name: `${partitions} open partitions of 100 rows: wasm memory`,
    value: engine.memoryBytes / 1e6,
    unit: 'MB',
    bar: { atMost: 10 },
    note: `${(engine.liveBytes / 1e6).toFixed(1)} MB in use, ${held.length} handles`,
  };
}

async function wideRows(): Promise<Figure> {
  const engine = await newEngine({ memoryLimitBytes: limit });
  const [columns, rows, batchRows] = [400, 40_000, 1_000];
  const random = Float64Array.from({ length: batchRows }, (_, i) => Math.sin(i) * 1e6);
  const batches: Batch[] = [];
  for (let row = 0; row < rows; row += batchRows) {
    const columnsOf = Object.fromEntries(
      Array.from({ length: columns }, (_, c) => [`c${c}`, random.map((v) => v + row + c)]),
    );
    batches.push(one(engine, tableToIPC(tableFromArrays(columnsOf), 'stream') as Bytes));
  }
  const [first] = batches;
  if (first === undefined) throw new Error('no batch');
  const encoder = engine.encoder(options(first));
  await written(encoder, batches);
  return {
    name: `${columns} double columns, row groups of ${rows.toLocaleString('en-US')}: wasm memory against Arrow size`,
    value: engine.memoryBytes / (columns * rows * 8),
    unit: '×',
    bar: { atMost: 1.3 },
  };
}

async function rowGroups(): Promise<Figure> {
  const engine = await newEngine({ memoryLimitBytes: limit });
  const [groups, batchRows] = [8, 16_384];
  let encoder: ReturnType<Engine['encoder']> | undefined;
  let group: Batch[] = [];
  let buffered = 0;
  for (const stream of benchIpc(groups * 131_072, batchRows)) {
    const batch = one(engine, stream);
    encoder ??= engine.encoder(options(batch));
    group.push(batch);
    if (group.length * batchRows < 131_072) continue;
    buffered = Math.max(
      buffered,
      group.reduce((sum, held) => sum + held.byteLength, 0),
    );
    await written(encoder, group);
    group = [];
  }
  return {
    name: 'row groups of 131,072 rows: wasm memory over the buffered rows',
    value: (engine.memoryBytes - buffered) / 1e6,
    unit: 'MB',
    bar: { atMost: 26 },
    note: `${(buffered / 1e6).toFixed(1)} MB of rows`,
  };
}

/** 96 strings of 1 MB, eight to a row group. */
async function longStrings(): Promise<Figure> {
  const memoryLimitBytes = 64 * mebibyte;
  const engine = await newEngine({ memoryLimitBytes });
  let encoder: ReturnType<Engine['encoder']> | undefined;
  for (let i = 0; i < 12; i++) {
    const group = Array.from({ length: 8 }, (_, k) => {
      const text = String.fromCharCode(97 + k).repeat(1_000_000);
      return one(engine, tableToIPC(tableFromArrays({ n: Int32Array.of(i), text: [text] }), 'stream') as Bytes);
    });
    const [first] = group;
    if (first === undefined) throw new Error('no batch');
    encoder ??= engine.encoder(options(first));
    await written(encoder, group);
  }
  await encoder?.finish();
  return {
    name: 'strings of 1 MB, eight to a row group: peak of the wasm memory against a limit of 64 MiB',
    // It never shrinks.
    value: engine.memoryBytes / memoryLimitBytes,
    unit: '×',
    // The rows of one group and what is made of them; those of another beside them would miss it.
    bar: { atMost: 0.4 },
  };
}

async function* manyFiles(files: number): AsyncGenerator<Figure> {
  const engine = await newEngine({ memoryLimitBytes: limit });
  const [stream] = benchIpc(2_000, 2_000);
  if (stream === undefined) throw new Error('no batch');
  const before = engine.liveBytes;
  let most = 0;
  for (let i = 0; i < files; i++) {
    const batch = one(engine, stream);
    const encoder = engine.encoder(options(batch));
    const pieces = await written(encoder, [batch]);
    pieces.push((await encoder.finish()).bytes);
    encoder.free();
    const file = concatBytes(pieces);
    const parquet = await engine.openParquet({ sizeBytes: file.length, read: async (a, b) => file.slice(a, b) });
    for await (const read of parquet.batches()) read.free();
    parquet.free();
    most = Math.max(most, engine.liveBytes - before);
  }
  yield {
    name: `${files} files written and read: live bytes after each, over those before the first`,
    value: most,
    unit: 'bytes',
    // What is made once and kept, by the first; what each of a few files left would miss it.
    bar: { atMost: 256 },
  };
  yield { name: 'its wasm memory', value: engine.memoryBytes / 1e6, unit: 'MB' };
}
