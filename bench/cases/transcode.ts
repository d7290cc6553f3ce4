/** Parquet in, a data file out: what an append costs beside the engine's decoder and encoder on the same rows. */
import { join } from 'node:path';
import { type Benchmark, measure } from '../harness.ts';
import { writeParquet } from '../support/parquet-file.ts';

const child = new URL('../child/transcode.ts', import.meta.url).pathname;
const turns = 3;

export const transcode: Benchmark = {
  name: 'transcode',
  what: 'append a Parquet file to a store that forgets data: CPU against decoding and encoding it',
  defaultRows: 3_000_000,
  async *run({ rows, scratch }) {
    const file = join(scratch, 'rows.parquet');
    await writeParquet(file, rows);
    let [append, halves] = [Infinity, Infinity];
    for (let turn = 0; turn < turns; turn++) {
      const { result } = await measure(['node', '--conditions=icestream-source', '--no-warnings', child, file]);
      if (result['rows'] !== rows) throw new Error(`${String(result['rows'])} of ${rows} rows`);
      // The first round also pays for compiling.
      append = Math.min(append, ...(result['appendMs'] as number[]).slice(1));
      halves = Math.min(halves, ...(result['halvesMs'] as number[]).slice(1));
    }
    yield { name: 'decode and encode: CPU', value: halves / 1000, unit: 's' };
    yield { name: 'append: CPU', value: append / 1000, unit: 's' };
    yield { name: 'append against decode and encode', value: append / halves, unit: '×', bar: { atMost: 1.1 } };
  },
};
