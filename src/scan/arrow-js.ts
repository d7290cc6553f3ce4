/** A scan's batches as those of the library apache-arrow, an optional peer; behind the subpath `icestream/arrow`. */
import { type RecordBatch, RecordBatchReader } from 'apache-arrow';
import type { Bytes } from '../util/bytes.ts';

/**
 * The record batches of a scan, or of a task: `for await (const batch of recordBatches(table.scan()))`. They share the
 * memory of the scan's batches; nothing is to be freed.
 */
export async function* recordBatches(
  batches: AsyncIterable<{ readonly ipc: Bytes }>,
): AsyncGenerator<RecordBatch, void, undefined> {
  for await (const { ipc } of batches) yield* RecordBatchReader.from(ipc);
}
