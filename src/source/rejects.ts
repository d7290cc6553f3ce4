/** Counts the rows that were left out, over all files of a source, and ends it when there are too many. */
import type { RejectedRow as ReaderRejectedRow } from '../engine/engine.ts';
import { IcestreamError } from '../errors.ts';

/** A row that was left out, and of which file. */
export interface RejectedRow extends ReaderRejectedRow {
  /** The source's or, of many, the file's name. */
  readonly file: string;
}

export class RejectCounter {
  #count = 0;
  readonly #limit: number;

  /** `limit`: rows that may be left out. */
  constructor(limit: number = Number.POSITIVE_INFINITY) {
    if (Number.isNaN(limit) || limit < 0) {
      throw new IcestreamError('INVALID_ARGUMENT', `maxBadRows must be 0 or more, not ${limit}`, {
        option: 'maxBadRows',
      });
    }
    this.#limit = limit;
  }

  get count(): number {
    return this.#count;
  }

  /** @throws IcestreamError TOO_MANY_BAD_ROWS, after `onReject` has seen the rows. */
  take(
    rejects: readonly ReaderRejectedRow[],
    file: string,
    onReject: ((rejects: readonly RejectedRow[]) => void) | undefined,
  ): void {
    const [first] = rejects;
    if (first === undefined) return;
    this.#count += rejects.length;
    onReject?.(rejects.map((row) => ({ file, ...row })));
    if (this.#count <= this.#limit) return;
    const bad = rejects[Math.max(0, rejects.length - 1 - (this.#count - this.#limit - 1))] ?? first;
    const at = bad.column === null ? '' : `, column ${bad.column}`;
    throw new IcestreamError(
      'TOO_MANY_BAD_ROWS',
      `${file}: more than ${this.#limit} rows do not fit (maxBadRows); the one over the limit is row ${bad.row}, line ${bad.line}${at}: ${bad.reason}`,
      {
        file,
        row: bad.row,
        line: bad.line,
        option: 'maxBadRows',
        ...(bad.column === null ? {} : { column: bad.column }),
      },
    );
  }
}
