/** A batch that is large beside the row buffer is written part by part. */
import type { Batch } from '../../engine/engine.ts';
import type { MemoryPlan } from '../memory-plan.ts';

/**
 * The rows of `batch`, each part aligned by `toTable` (which consumes it) as it is asked for. A large batch would be
 * there twice while it is cast, and again while its last rows wait for their row group: its parts are copies, and it is
 * freed with the last one. Takes over the batch; leaving early frees it. What is yielded belongs to the consumer.
 * @param rowBytes What a row takes at the least once it is aligned: of columns that it lacks, or that are null, the batch
 * has nothing.
 */
export function* inParts(
  batch: Batch,
  toTable: (rows: Batch) => Batch,
  plan: Pick<MemoryPlan, 'bufferedRowBytes' | 'stepBytes'>,
  rowBytes: number,
): Generator<Batch, void, undefined> {
  const { numRows } = batch;
  const bytes = Math.max(batch.byteLength, numRows * rowBytes);
  const small = bytes <= plan.bufferedRowBytes / 4;
  if (small || numRows === 1) {
    const aligned = toTable(batch);
    if (numRows > 0) yield aligned;
    else aligned.free();
    return;
  }
  using whole = batch;
  const partRows = Math.max(1, Math.floor((numRows * plan.stepBytes) / bytes));
  for (let at = 0; at < numRows; at += partRows) {
    const part = whole.slice(at, Math.min(partRows, numRows - at));
    for (const rows of evened(part, 2 * plan.stepBytes)) {
      using aligned = toTable(rows);
      yield aligned.compact();
    }
  }
}

/** Rows that are much larger than most, in halves of halves: a dictionary's large value is one until it is aligned. */
function* evened(part: Batch, mostBytes: number): Generator<Batch, void, undefined> {
  const { numRows } = part;
  if (numRows === 1 || part.byteLength <= mostBytes) {
    yield part;
    return;
  }
  using whole = part;
  const half = numRows >> 1;
  yield* evened(whole.slice(0, half), mostBytes);
  yield* evened(whole.slice(half, numRows - half), mostBytes);
}
