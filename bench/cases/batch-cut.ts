/** The same rows in batches of different sizes: the data files must be the same bytes. */

import { Table as ArrowTable, RecordBatchStreamWriter } from 'apache-arrow';
import { newEngine } from '../../src/engine/default-engine.ts';
import { fromAny } from '../../src/source/from-any.ts';
import type { Bytes } from '../../src/util/bytes.ts';
import { benchBatches } from '../data/rows.ts';
import { type Benchmark, mebibyte } from '../harness.ts';
import { memoryCatalog } from '../support/memory-catalog.ts';

const cuts = [7_777, 10_000, 65_536];

export const batchCut: Benchmark = {
  name: 'batch-cut',
  what: 'the same rows cut into batches of 7,777, 10,000 and 65,536: identical data files, partitioned and not',
  defaultRows: 1_000_000,
  async *run({ rows }) {
    const all = new ArrowTable([...benchBatches(rows, rows)]);
    for (const partition of [[], ['cat']]) {
      const digests = new Set<string>();
      for (const cut of cuts) digests.add(await digestOf(all, cut, partition));
      const label = partition.length === 0 ? 'unpartitioned' : 'partitioned';
      yield { name: `${label}: different sets of data files`, value: digests.size, unit: '', bar: { atMost: 1 } };
    }
  },
};

async function digestOf(all: ArrowTable, cut: number, partitionSpec: readonly string[]): Promise<string> {
  const memoryLimitBytes = 96 * mebibyte;
  const { catalog, store } = await memoryCatalog((memory) => memory);
  const stream = async function* () {
    const writer = new RecordBatchStreamWriter();
    for (let start = 0; start < all.numRows; start += cut) {
      for (const batch of all.slice(start, start + cut).batches) writer.write(batch);
    }
    writer.finish();
    for await (const chunk of writer) yield chunk as Bytes;
  };
  const engine = await newEngine({ memoryLimitBytes });
  const options = { engine, memoryLimitBytes };
  const { table } = await catalog.createAndAppend('bench.rows', fromAny(stream()), { partitionSpec }, options);
  const digests: string[] = [];
  for await (const { file } of table.files()) {
    const bytes = await store.read(file.filePath);
    digests.push(Buffer.from(await crypto.subtle.digest('SHA-256', bytes)).toString('hex'));
  }
  return digests.sort().join('\n');
}
