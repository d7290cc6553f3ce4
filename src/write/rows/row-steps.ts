/**
 * Where a write stops to decide whether row groups or files are due: at row numbers that follow from the rows alone,
 * never from how they arrived in batches. Steps start small and grow to a target size in bytes, so that neither wide
 * rows nor narrow ones surprise the budget.
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

  /** Counts rows, at most `remainingRows`; true when a decision is due after them. */
  add(rows: number, bytes: number): boolean {
    if (rows > this.remainingRows) throw new RangeError(`${rows} rows pass the end of the step`);
    this.#rows += rows;
    this.#bytes += bytes;
    if (this.#rows < this.#stepRows) return false;
    const fitting = Math.floor((this.#targetBytes * this.#rows) / Math.max(1, this.#bytes));
    this.#stepRows = powerOfTwoAtMost(Math.min(fitting, this.#stepRows * GROWTH, this.#mostRows));
    this.#rows = 0;
    this.#bytes = 0;
    return true;
  }
}

/**
 * Takes the batch over. `add` gets it in pieces that end where a step does, and answers their size in bytes; `decide` is
 * called at the end of each step.
 */
export async function inSteps(
  steps: RowSteps,
  batch: Batch,
  add: (piece: Batch) => number,
  decide: () => Promise<void>,
): Promise<void> {
  let rest: Batch | null = batch;
  try {
    const total = batch.numRows;
    for (let at = 0; at < total; ) {
      const rows = Math.min(total - at, steps.remainingRows);
      const whole = rows === total;
      const piece: Batch = whole ? batch : batch.slice(at, rows);
      if (whole) rest = null;
      at += rows;
      if (steps.add(rows, add(piece))) await decide();
    }
  } finally {
    rest?.free();
  }
}

function powerOfTwoAtMost(value: number): number {
  return value < 1 ? 1 : 2 ** Math.floor(Math.log2(value));
}
