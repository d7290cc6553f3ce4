/**
 * Where a write stops to decide whether row groups or files are due: at row numbers that follow from the rows alone,
 * never from how they arrived in batches. Steps start small and grow to a target size in bytes, and one ends early at the
 * row that it reaches this size with: neither wide rows nor narrow ones surprise the budget, nor wide ones after narrow.
 */
import type { Batch } from '../../engine/engine.ts';

const FIRST_STEP_ROWS = 16;
const GROWTH = 4;

/** The most rows between two decisions. */
export const MAX_STEP_ROWS = 65_536;

export class RowSteps {
  readonly #targetBytes: number;
  readonly #mostRows: number;
  #stepRows = FIRST_STEP_ROWS;
  #rows = 0;
  #bytes = 0;

  /** `mostRows`: between two decisions. */
  constructor(targetBytes: number, mostRows = MAX_STEP_ROWS) {
    this.#targetBytes = Math.max(1, targetBytes);
    this.#mostRows = Math.max(FIRST_STEP_ROWS, mostRows);
  }

  /** Rows until the next decision; at least 1. */
  get remainingRows(): number {
    return this.#stepRows - this.#rows;
  }

  /** Bytes with which the step ends, however few its rows are; at least 1. */
  get remainingBytes(): number {
    return this.#targetBytes - this.#bytes;
  }

  /**
   * Counts rows, at most `remainingRows`, of which no more than the last may reach `remainingBytes`; true when a decision
   * is due after them.
   */
  add(rows: number, bytes: number): boolean {
    if (rows > this.remainingRows) throw new RangeError(`${rows} rows pass the end of the step`);
    this.#rows += rows;
    this.#bytes += bytes;
    if (this.#rows < this.#stepRows && this.#bytes < this.#targetBytes) return false;
    const fitting = Math.floor((this.#targetBytes * this.#rows) / Math.max(1, this.#bytes));
    this.#stepRows = powerOfTwoAtMost(Math.min(fitting, this.#stepRows * GROWTH, this.#mostRows));
    this.#rows = 0;
    this.#bytes = 0;
    return true;
  }
}

/**
 * Takes the batch over. `add` takes over its pieces, which end where a step does; `decide` is called at the end of each
 * step.
 */
export async function inSteps(
  steps: RowSteps,
  batch: Batch,
  add: (piece: Batch) => void,
  decide: () => Promise<void>,
): Promise<void> {
  let rest: Batch | null = batch;
  try {
    const { numRows } = batch;
    for (let at = 0; at < numRows; ) {
      const rows = rowsOfStep(steps, batch, at);
      const whole = rows === numRows;
      const piece: Batch = whole ? batch : batch.slice(at, rows);
      if (whole) rest = null;
      at += rows;
      const bytes = piece.byteLength;
      add(piece);
      if (steps.add(rows, bytes)) await decide();
    }
  } finally {
    rest?.free();
  }
}

/** How many rows from `at` on are of the step that has begun. */
function rowsOfStep(steps: RowSteps, batch: Batch, at: number): number {
  let most = Math.min(batch.numRows - at, steps.remainingRows);
  const reachesEnd = (rows: number) => {
    using piece = batch.slice(at, rows);
    return piece.byteLength >= steps.remainingBytes;
  };
  // The batch is not smaller than its rows.
  if (batch.byteLength < steps.remainingBytes || !reachesEnd(most)) return most;
  for (let fewer = 0; most - fewer > 1; ) {
    const middle = (fewer + most) >> 1;
    if (reachesEnd(middle)) most = middle;
    else fewer = middle;
  }
  return most;
}

function powerOfTwoAtMost(value: number): number {
  return value < 1 ? 1 : 2 ** Math.floor(Math.log2(value));
}
