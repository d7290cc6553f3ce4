/**
 * CPU of appending a Parquet file to a table that forgets its data, and of the engine's decoder and encoder alone on
 * the same file: `transcode.ts FILE`.
 */
import { open } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { newEngine } from '../../src/engine/default-engine.ts';
import type { Encoder } from '../../src/engine/encoder.ts';
import type { Batch } from '../../src/engine/engine.ts';
import { fromAny } from '../../src/source/from-any.ts';
import { LocalStore } from '../../src/storage/local/index.ts';
import { release } from '../../src/util/release.ts';
import { mebibyte } from '../harness.ts';
import { cpuMs } from '../support/cpu.ts';
import { memoryCatalog } from '../support/memory-catalog.ts';
import { DiscardingStore } from '../support/wrapped-store.ts';

const [path = ''] = process.argv.slice(2);
const memoryLimitBytes = 96 * mebibyte;
/** About what an append gives a row group at this limit. */
const rowGroupBytes = 13 * mebibyte;
const rounds = 4;

async function append(): Promise<number> {
  const { catalog } = await memoryCatalog((store) => new DiscardingStore(store));
  const source = fromAny({ store: new LocalStore(), location: pathToFileURL(path).href });
  const properties = { 'write.parquet.compression-level': '1' };
  const { result } = await catalog.createAndAppend('bench.rows', source, { properties }, { memoryLimitBytes });
  return Number(result.rows);
}

async function decodeAndEncode(): Promise<number> {
  const engine = await newEngine({ memoryLimitBytes });
  await using file = await open(path);
  const { size } = await file.stat();
  using parquet = await engine.openParquet({
    sizeBytes: size,
    async read(start, end) {
      const bytes = new Uint8Array(end - start);
      await file.read(bytes, 0, bytes.length, start);
      return bytes;
    },
  });
  const encoder: Encoder = engine.encoder({
    schema: parquet.schema,
    codec: 'zstd',
    level: 1,
    encoding: 'default',
    pageSizeBytes: 1024 * 1024,
    pageRowLimit: 20_000,
    dictionarySizeBytes: 2 * 1024 * 1024,
    statisticsTruncateBytes: 64,
  });
  let group: Batch[] = [];
  let groupBytes = 0;
  for await (const batch of parquet.batches()) {
    group.push(batch);
    groupBytes += batch.byteLength;
    if (groupBytes < rowGroupBytes) continue;
    for await (const bytes of encoder.writeRowGroup(group)) release(bytes);
    group = [];
    groupBytes = 0;
  }
  if (group.length > 0) for await (const bytes of encoder.writeRowGroup(group)) release(bytes);
  return (await encoder.finish()).footer.numRows;
}

const appendMs: number[] = [];
const halvesMs: number[] = [];
let rows = 0;
for (let round = 0; round < rounds; round++) {
  for (const [run, spent] of [
    [append, appendMs],
    [decodeAndEncode, halvesMs],
  ] as const) {
    const start = cpuMs();
    const got = await run();
    spent.push(cpuMs() - start);
    if (rows !== 0 && got !== rows) throw new Error(`${got} rows of ${rows}`);
    rows = got;
  }
}
console.log(JSON.stringify({ rows, appendMs, halvesMs }));
