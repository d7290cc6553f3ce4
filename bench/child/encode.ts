/** Encodes the benchmark rows as Parquet, several times: `encode.ts ours|parquet-wasm ROWS compact|default`. */
import { Compression, Encoding, Table, transformParquetStream, WriterPropertiesBuilder } from 'parquet-wasm/node';
import { newEngine } from '../../src/engine/default-engine.ts';
import type { Batch } from '../../src/engine/engine.ts';
import type { Bytes } from '../../src/util/bytes.ts';
import { benchIpc } from '../data/ipc.ts';
import { cpuOfRounds } from '../support/cpu.ts';

const [writer, rowsText, encoding = 'compact'] = process.argv.slice(2);
const rows = Number(rowsText);
const batchRows = 32_768;
const rowGroupRows = 4 * batchRows;
const rounds = 4;
const input = [...benchIpc(rows, batchRows)];

const options = {
  codec: 'zstd',
  level: 1,
  encoding: encoding === 'compact' ? 'compact' : 'default',
  pageSizeBytes: 1024 * 1024,
  pageRowLimit: 20_000,
  dictionarySizeBytes: 1024 * 1024,
  statisticsTruncateBytes: 64,
} as const;

async function ours(): Promise<number> {
  const engine = await newEngine({ memoryLimitBytes: 256 * 1024 * 1024 });
  const schema = schemaOf(engine.fromIpc(input[0] as Bytes));
  const encoder = engine.encoder({ schema, ...options });
  let group: Batch[] = [];
  let bytes = 0;
  let grouped = 0;
  for (const stream of input) {
    for (const batch of engine.fromIpc(stream)) {
      group.push(batch);
      grouped += batch.numRows;
    }
    if (grouped >= rowGroupRows) {
      for await (const piece of encoder.writeRowGroup(group)) bytes += piece.length;
      group = [];
      grouped = 0;
    }
  }
  if (group.length > 0) for await (const piece of encoder.writeRowGroup(group)) bytes += piece.length;
  const end = await encoder.finish();
  if (end.footer.numRows !== rows) throw new Error(`${end.footer.numRows} of ${rows} rows were written`);
  return bytes + end.bytes.length;
}

function schemaOf(batches: readonly Batch[]) {
  const [first] = batches;
  if (first === undefined) throw new Error('no batch');
  const { schema } = first;
  for (const batch of batches) batch.free();
  return schema;
}

/** The encodings that `compact` chooses for these rows. */
function properties() {
  const builder = new WriterPropertiesBuilder()
    .setCompression(Compression.ZSTD)
    .setMaxRowGroupSize(rowGroupRows)
    .setDataPageSizeLimit(options.pageSizeBytes)
    // For the list's elements, which it has no path for.
    .setEncoding(Encoding.DELTA_BINARY_PACKED)
    .setDictionaryEnabled(false)
    .setColumnDictionaryEnabled('cat', true);
  return builder
    .setColumnEncoding('id', Encoding.DELTA_BINARY_PACKED)
    .setColumnEncoding('ts', Encoding.DELTA_BINARY_PACKED)
    .setColumnEncoding('name', Encoding.DELTA_LENGTH_BYTE_ARRAY)
    .setColumnEncoding('val', Encoding.BYTE_STREAM_SPLIT)
    .setColumnEncoding('cat', Encoding.PLAIN)
    .setColumnEncoding('amt', Encoding.DELTA_BINARY_PACKED)
    .build();
}

async function parquetWasm(): Promise<number> {
  const batches = input.values();
  const stream = new ReadableStream({
    pull(controller) {
      const { value, done } = batches.next();
      if (done) {
        controller.close();
        return;
      }
      const table = Table.fromIPCStream(value);
      for (const batch of table.recordBatches()) controller.enqueue(batch);
      table.free();
    },
  });
  let bytes = 0;
  const output = (await transformParquetStream(stream, properties())) as unknown as AsyncIterable<Uint8Array>;
  for await (const piece of output) bytes += piece.length;
  return bytes;
}

let bytes = 0;
const cpuMs = await cpuOfRounds(rounds, async () => {
  bytes = writer === 'ours' ? await ours() : await parquetWasm();
});
console.log(JSON.stringify({ rows, bytes, cpuMs }));
