/** Many batches in one append: the last ones must cost what the first ones cost. */
import { getEngine } from '../../src/engine/default-engine.ts';
import type { RecordBatchSource } from '../../src/source/source.ts';
import { benchIpc } from '../data/ipc.ts';
import { type Benchmark, mebibyte } from '../harness.ts';
import { memoryCatalog } from '../support/memory-catalog.ts';
import { DiscardingStore } from '../support/wrapped-store.ts';

const batchRows = 10_000;
const window = 500;

export const batchCost: Benchmark = {
  name: 'batch-cost',
  what: 'batches of 10,000 rows in one append to a store that forgets data: CPU per batch, last 500 against first 500',
  defaultRows: 5500 * batchRows,
  async *run({ rows }) {
    const batches = Math.floor(rows / batchRows);
    const span = Math.min(window, Math.floor(batches / 3));
    const cpuAtMs: number[] = [];
    const engine = await getEngine({ memoryLimitBytes: 96 * mebibyte });
    const [batch] = benchIpc(batchRows, batchRows);
    if (batch === undefined) throw new Error('no batch');
    const source: RecordBatchSource = {
      name: 'batches',
      replayable: true,
      sizeBytes: null,
      async open() {
        const [first] = engine.fromIpc(batch);
        if (first === undefined) throw new Error('no batch');
        const { schema } = first;
        first.free();
        return {
          schema,
          totalRows: batches * batchRows,
          currentFile: null,
          async *batches() {
            for (let i = 0; i < batches; i++) {
              const { user, system } = process.cpuUsage();
              cpuAtMs.push((user + system) / 1000);
              yield* engine.fromIpc(batch);
            }
          },
          async [Symbol.asyncDispose]() {},
        };
      },
    };
    const { catalog } = await memoryCatalog((store) => new DiscardingStore(store));
    const { table, result } = await catalog.createAndAppend(
      'bench.rows',
      source,
      {},
      { engine, memoryLimitBytes: 96 * mebibyte },
    );
    // The first batches also pay for compiling; they are left out.
    const warm = Math.min(100, Math.floor(batches / 10));
    const perBatch = (from: number, to: number) => ((cpuAtMs[to - 1] ?? 0) - (cpuAtMs[from] ?? 0)) / (to - 1 - from);
    const first = perBatch(warm, warm + span);
    const last = perBatch(batches - span, batches);
    yield { name: `first ${span} batches (after ${warm})`, value: first, unit: 'ms' };
    yield { name: `last ${span} of ${batches} batches`, value: last, unit: 'ms' };
    yield { name: 'last against first', value: last / first, unit: '×', bar: { atMost: 1.1 } };
    yield { name: 'snapshots', value: table.snapshots().length, unit: '', bar: { atMost: 1 } };
    yield {
      name: 'rows lost',
      value: Math.abs(Number(result.rows) - batches * batchRows),
      unit: '',
      bar: { atMost: 0 },
    };
  },
};
