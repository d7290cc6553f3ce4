/** Aligning the batches of a file one after the other; a value that does not fit is named by its row in the file. */
import type { Aligner, Batch } from '../engine/engine.ts';
import { IcestreamError } from '../errors.ts';

/**
 * Consumes the batch.
 * @param rowsBefore Rows of the file that came before the batch.
 * @param file Null: the rows come from no file.
 */
export function alignBatch(aligner: Aligner, batch: Batch, rowsBefore: number, file: string | null): Batch {
  try {
    return aligner.align(batch);
  } catch (error) {
    if (!(error instanceof IcestreamError) || error.place.row === undefined) throw error;
    const row = rowsBefore + error.place.row;
    const where = file === null ? `row ${row} of the source` : `${file}, row ${row}`;
    const what = error.message.replace(/, row \d+ of the batch/, '');
    const advice = what.includes(';')
      ? ''
      : '; correct the value, or give the column of the table a type that holds it';
    throw new IcestreamError(error.code, `${where}: ${what}${advice}`, {
      ...error.place,
      ...(file === null ? {} : { file }),
      row,
      cause: error,
    });
  }
}
