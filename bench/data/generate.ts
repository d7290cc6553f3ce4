/** Writes the benchmark rows to standard output as one Arrow IPC stream: `generate.ts ROWS [BATCH_ROWS]`. */
import { once } from 'node:events';
import { RecordBatchStreamWriter } from 'apache-arrow';
import { benchBatches } from './rows.ts';

const rows = Number(process.argv[2]);
const batchRows = Number(process.argv[3] ?? 16_384);

async function print(bytes: Uint8Array): Promise<void> {
  if (!process.stdout.write(bytes)) await once(process.stdout, 'drain');
}

/** Bytes of one IPC stream without its end marker, schema message included only at the start. */
let schemaBytes = 0;
const endMarkerBytes = 8;
for (const batch of benchBatches(rows, batchRows)) {
  const writer = new RecordBatchStreamWriter();
  writer.write(batch);
  writer.finish();
  const stream = writer.toUint8Array(true);
  const header = new DataView(stream.buffer, stream.byteOffset).getInt32(4, true) + 8;
  await print(stream.subarray(schemaBytes, stream.length - endMarkerBytes));
  schemaBytes = header;
}
await print(new Uint8Array([255, 255, 255, 255, 0, 0, 0, 0]));
