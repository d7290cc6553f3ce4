/** The benchmark rows as Arrow IPC streams, one for each batch. */
import { RecordBatchStreamWriter } from 'apache-arrow';
import type { Bytes } from '../../src/util/bytes.ts';
import { benchBatches } from './rows.ts';

export function* benchIpc(rows: number, batchRows: number): Generator<Bytes> {
  for (const batch of benchBatches(rows, batchRows)) {
    const writer = new RecordBatchStreamWriter();
    writer.write(batch);
    writer.finish();
    yield writer.toUint8Array(true) as Bytes;
  }
}
