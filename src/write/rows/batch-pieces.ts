/** Rows of several batches, cut anew. */
import type { Batch, Engine } from '../../engine/engine.ts';

/**
 * The rows of `batches`, in order, `pieceRows` at a time, however they were cut before. Takes over the batches, each of
 * which is freed with its last row; leaving early frees the rest. What is yielded belongs to the consumer.
 */
export function* inPieces(
  engine: Pick<Engine, 'concat'>,
  batches: readonly Batch[],
  pieceRows: number,
): Generator<Batch, void, undefined> {
  let index = 0;
  /** Rows of the batch at `index` that were given. */
  let at = 0;
  const parts: Batch[] = [];
  try {
    while (index < batches.length) {
      for (let missing = pieceRows; missing > 0; ) {
        const batch = batches[index];
        if (batch === undefined) break;
        const rows = Math.min(batch.numRows - at, missing);
        const whole = rows === batch.numRows;
        parts.push(whole ? batch : batch.slice(at, rows));
        missing -= rows;
        at += rows;
        if (at < batch.numRows) continue;
        if (!whole) batch.free();
        index += 1;
        at = 0;
      }
      const piece = parts.splice(0);
      yield piece.length === 1 && piece[0] !== undefined ? piece[0] : engine.concat(piece);
    }
  } finally {
    for (const batch of [...parts, ...batches.slice(index)]) batch.free();
  }
}
