/** Cuts any batches into batches of one size, so that what follows depends on the rows alone. */
import type { Batch, Engine } from '../engine/engine.ts';
import { IcestreamError } from '../errors.ts';

/**
 * Batches of exactly `rows` rows; the last one may be shorter. Takes over the batches it is given; what it yields
 * belongs to the consumer. Leaving early frees the rest and ends the source.
 */
export async function* rechunk(
  batches: AsyncIterable<Batch> | Iterable<Batch>,
  rows: number,
  engine: Pick<Engine, 'concat'>,
): AsyncGenerator<Batch, void, undefined> {
  if (!Number.isSafeInteger(rows) || rows < 1) {
    throw new IcestreamError('INVALID_ARGUMENT', `rows must be a whole number of at least 1, not ${rows}`, {
      option: 'rows',
    });
  }
  let held: Batch[] = [];
  let heldRows = 0;
  const joined = (): Batch => {
    const taken = held;
    held = [];
    heldRows = 0;
    const [only] = taken;
    return taken.length === 1 && only !== undefined ? only : engine.concat(taken);
  };
  try {
    for await (const batch of batches) {
      if (heldRows === 0 && batch.numRows === rows) {
        yield batch;
        continue;
      }
      if (heldRows + batch.numRows < rows) {
        if (batch.numRows === 0) batch.free();
        else {
          held.push(batch);
          heldRows += batch.numRows;
        }
        continue;
      }
      try {
        let start = 0;
        while (heldRows + batch.numRows - start >= rows) {
          const length = rows - heldRows;
          held.push(batch.slice(start, length));
          start += length;
          yield joined();
        }
        if (start < batch.numRows) {
          held.push(batch.slice(start, batch.numRows - start));
          heldRows = batch.numRows - start;
        }
      } finally {
        batch.free();
      }
    }
    if (heldRows > 0) yield joined();
  } finally {
    for (const batch of held) batch.free();
  }
}
