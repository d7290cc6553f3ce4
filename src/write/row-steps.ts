/**
 * Where a write stops to decide whether row groups or files are due: at row numbers that follow from the rows alone,
 * never from how they arrived in batches. Steps start small and grow to a target size in bytes, so that neither wide
 * rows nor narrow ones surprise the budget.
 */
const FIRST_STEP_ROWS = 16;
const GROWTH = 4;

/** The most rows between two decisions. */
export const MAX_STEP_ROWS = 65_536;

export class RowSteps {
  readonly #targetBytes: number;
  #stepRows = FIRST_STEP_ROWS;
  #rows = 0;
  #bytes = 0;

  constructor(targetBytes: number) {
    this.#targetBytes = Math.max(1, targetBytes);
  }

  /** Rows until the next decision; at least 1. */
  get remainingRows(): number {
    return this.#stepRows - this.#rows;
  }

  /** Counts rows, at most `remainingRows`; true when a decision is due after them. */
  add(rows: number, bytes: number): boolean {
    if (rows > this.remainingRows) throw new RangeError(`${rows} rows pass the end of the step`);
    this.#rows += rows;
    this.#bytes += bytes;
    if (this.#rows < this.#stepRows) return false;
    const fitting = Math.floor((this.#targetBytes * this.#rows) / Math.max(1, this.#bytes));
    this.#stepRows = powerOfTwoAtMost(Math.min(fitting, this.#stepRows * GROWTH, MAX_STEP_ROWS));
    this.#rows = 0;
    this.#bytes = 0;
    return true;
  }
}

function powerOfTwoAtMost(value: number): number {
  return value < 1 ? 1 : 2 ** Math.floor(Math.log2(value));
}
