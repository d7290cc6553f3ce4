/** The benchmark rows as Arrow IPC. */
import { RecordBatchStreamWriter } from 'apache-arrow';
import type { Bytes } from '../../src/util/bytes.ts';
import { benchBatches } from './rows.ts';

/** A stream for each batch. */
export function* benchIpc(rows: number, batchRows: number): Generator<Bytes> {
  for (const batch of benchBatches(rows, batchRows)) {
    const writer = new RecordBatchStreamWriter();
    writer.write(batch);
    writer.finish();
    yield writer.toUint8Array(true) as Bytes;
  }
}

/** One stream of all batches, in pieces. */
export function* benchIpcStream(rows: number, batchRows: number): Generator<Bytes> {
  // The schema message of the first batch's stream serves all, and so does one end marker.
  const endMarkerBytes = 8;
  let schemaBytes = 0;
  for (const stream of benchIpc(rows, batchRows)) {
    const header = new DataView(stream.buffer, stream.byteOffset).getInt32(4, true) + 8;
    yield stream.subarray(schemaBytes, stream.length - endMarkerBytes);
    schemaBytes = header;
  }
  yield new Uint8Array([255, 255, 255, 255, 0, 0, 0, 0]);
}
