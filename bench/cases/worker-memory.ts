/**
 * What the isolate of the Worker in `worker/` holds while rows come over HTTP as Arrow IPC: V8's heap, buffers and wasm
 * memories, by the inspector (see `IsolateMemory`). The simulated bucket is in the same process, not in the isolate: the
 * process's RSS is of both and of workerd itself, and is printed without a bar. On this machine workerd holds an isolate
 * to no limit.
 */
import { join } from 'node:path';
import type { Bytes } from '../../src/util/bytes.ts';
import { benchIpcStream } from '../data/ipc.ts';
import type { Benchmark, Figure } from '../harness.ts';
import type { IsolateMemory, Watched } from '../support/isolate-memory.ts';
import { type BenchWorker, type Loaded, withWorker } from '../support/worker.ts';

const mostMegabytes = 90;
const batchRows = 16_384;
/** Of a body on its way, about 1.5 MB each, before a sample is waited for. */
const chunksUnseen = 2;
/** Fewer do not fill what a load of any size holds, so that a larger one holds more. */
const rowsThatFill = 1_000_000;
const middleLoads = 5;
const requestsAtOnce = 50;
const uploadsInARow = 10;

export const workerMemory: Benchmark = {
  name: 'worker-memory',
  what: 'the Worker in workerd: memory of its isolate with N/2000, N/20 and N rows in one request, 100 partitions, 50 requests at once, ten uploads',
  defaultRows: 20_000_000,
  async *run({ rows, scratch, log }) {
    const bucketOf = (scenario: string) => {
      log(`${scenario} …`);
      return join(scratch, scenario);
    };
    yield* await inFreshWorker(bucketOf('one request'), (worker) => oneRequest(worker, rows));
    yield* await inFreshWorker(bucketOf('partitions'), (worker) => intoPartitions(worker, rows));
    yield* await inFreshWorker(bucketOf('at once'), (worker) => atOnce(worker, Math.round(rows / 400)));
    yield* await inFreshWorker(bucketOf('in a row'), (worker) => inARow(worker, Math.round(rows / 20)));
  },
};

/** A Worker whose engine is made. */
function inFreshWorker(bucket: string, scenario: (worker: BenchWorker) => Promise<Figure[]>): Promise<Figure[]> {
  return withWorker(bucket, async (worker) => {
    await worker.load({ table: 'bench.first', body: () => benchIpcStream(100, 100) });
    await worker.inspector.collect();
    return scenario(worker);
  });
}

async function oneRequest(worker: BenchWorker, rows: number): Promise<Figure[]> {
  const idle = await worker.inspector.sample();
  const figures: Figure[] = [describeMemory('idle, with an engine', idle)];
  const idleRssBytes = (await worker.processRss())?.nowBytes ?? 0;
  const most: number[] = [];
  // How many parts are on their way at once is the bucket's doing: one load of a middle size may not meet its slow moments.
  const sizes = [rows / 2000, ...Array.from({ length: middleLoads }, () => rows / 20), rows].map(Math.round);
  for (const [i, size] of sizes.entries()) {
    const watched = await watchLoad(worker, { table: `bench.rows_${i}`, rows: size });
    most.push(watched.peak.totalBytes);
    figures.push(...describeLoad(`${size.toLocaleString('en-US')} rows`, size, watched));
  }
  const flat = {
    name: 'most rows against a twentieth',
    value: (most.at(-1) ?? 0) / Math.max(...most.slice(1, -1)),
    unit: '×',
  };
  figures.push(rows / 20 < rowsThatFill ? flat : { ...flat, bar: { atMost: 1.1 } });
  const rss = await worker.processRss();
  if (rss !== null) {
    const note = `${Math.round(idleRssBytes / 1e6)} MB idle`;
    figures.push({ name: 'the process, with its bucket: RSS', value: rss.peakBytes / 1e6, unit: 'MB', note });
  }
  return figures;
}

async function intoPartitions(worker: BenchWorker, rows: number): Promise<Figure[]> {
  const load = { table: 'bench.partitioned', partition: 'bucket(100, id)', rows };
  return [...describeLoad('100 partitions', rows, await watchLoad(worker, load))];
}

async function atOnce(worker: BenchWorker, rows: number): Promise<Figure[]> {
  const { inspector } = worker;
  const table = 'bench.at_once';
  // Made once: making them again for each request would take longer than the requests.
  const body = [...benchIpcStream(rows, batchRows)];
  await worker.load({ table, body: () => benchIpcStream(1, 1) });
  const requests = Array.from({ length: requestsAtOnce }, () => ({ table, body: () => body }));
  const { result, peak, samples } = await inspector.watch(() => Promise.all(requests.map(worker.load)));
  const sum = (what: 'refusals' | 'lostAnswers') => result.reduce((total, load) => total + load[what], 0);
  const note = `${sum('refusals')} answers of 429, ${sum('lostAnswers')} lost while the body was sent`;
  const lost = requestsAtOnce * rows + 1 - (await rowsIn(worker, table));
  return [
    {
      ...describeMemory(`${requestsAtOnce} requests of ${rows.toLocaleString('en-US')} rows at once`, peak, samples),
      bar: { atMost: mostMegabytes },
    },
    { name: 'its rows lost', value: lost, unit: '', bar: { atMost: 0 }, note },
  ];
}

async function inARow(worker: BenchWorker, rows: number): Promise<Figure[]> {
  const [peaks, kept]: [number[], number[]] = [[], []];
  for (let i = 0; i < uploadsInARow; i++) {
    const { peak } = await watchLoad(worker, { table: 'bench.in_a_row', rows });
    peaks.push(peak.totalBytes);
    kept.push((await worker.inspector.collect()).totalBytes);
  }
  const growth = (what: string, bytes: readonly number[], atMost: number): Figure => {
    const [, second = 0, ...later] = bytes;
    const name = `${uploadsInARow} uploads of ${rows.toLocaleString('en-US')} rows: ${what}, later ones against the second`;
    const note = `${bytes.map((one) => (one / 1e6).toFixed(1)).join(' ')} MB`;
    return { name, value: Math.max(...later) / second, unit: '×', bar: { atMost }, note };
  };
  return [growth('most memory', peaks, 1.1), growth('what stays', kept, 1.05)];
}

interface RowsLoad {
  readonly table: string;
  readonly rows: number;
  readonly partition?: string;
}

/** The client goes ahead of the samples by a few chunks only. */
function watchLoad(worker: BenchWorker, { rows, ...load }: RowsLoad): Promise<Watched<Loaded>> {
  async function* body(): AsyncGenerator<Bytes> {
    let chunks = 0;
    for (const chunk of benchIpcStream(rows, batchRows)) {
      yield chunk;
      chunks += 1;
      if (chunks % chunksUnseen === 0) await worker.inspector.sample();
    }
  }
  return worker.inspector.watch(() => worker.load({ ...load, body }));
}

function* describeLoad(name: string, rows: number, { result, peak, samples }: Watched<Loaded>): Generator<Figure> {
  yield { ...describeMemory(name, peak, samples), bar: { atMost: mostMegabytes } };
  const note = `${result.files} files, ${(result.bytes / 1e6).toFixed(1)} MB, ${(result.elapsedMs / 1000).toFixed(1)} s`;
  yield { name: `${name}: rows lost`, value: rows - result.rows, unit: '', bar: { atMost: 0 }, note };
}

function describeMemory(name: string, memory: IsolateMemory, samples?: number): Figure {
  const [heap, buffers, wasm] = [memory.heapBytes, memory.bufferBytes, memory.wasmBytes].map((bytes) =>
    (bytes / 1e6).toFixed(1),
  );
  const seen = samples === undefined ? '' : `, ${samples} samples`;
  const note = `heap ${heap}, buffers ${buffers}, wasm ${wasm}${seen}`;
  return { name: `${name}: memory`, value: memory.totalBytes / 1e6, unit: 'MB', note };
}

async function rowsIn({ catalog }: BenchWorker, table: string): Promise<number> {
  let rows = 0;
  for await (const { file } of (await (await catalog()).loadTable(table)).files()) rows += Number(file.recordCount);
  return rows;
}
