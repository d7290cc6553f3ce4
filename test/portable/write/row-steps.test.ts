import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MAX_STEP_ROWS, RowSteps } from '../../../src/write/rows/row-steps.ts';

/** Row numbers of the decisions when rows of the given sizes arrive in the given batches. */
function decisions(rowBytes: readonly number[], batchRows: number, target: number): number[] {
  const steps = new RowSteps(target);
  const at: number[] = [];
  for (let start = 0; start < rowBytes.length; start += batchRows) {
    const end = Math.min(start + batchRows, rowBytes.length);
    for (let row = start; row < end; ) {
      const rows = Math.min(end - row, steps.remainingRows);
      const bytes = rowBytes.slice(row, row + rows).reduce((sum, one) => sum + one, 0);
      row += rows;
      if (steps.add(rows, bytes)) at.push(row);
    }
  }
  return at;
}

test('decisions fall at the same rows however the rows are cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 500 }), { minLength: 1, maxLength: 2000 }),
      fc.integer({ min: 1, max: 300 }),
      fc.integer({ min: 1, max: 300 }),
      (rowBytes, one, other) => {
        expect(decisions(rowBytes, one, 5000)).toEqual(decisions(rowBytes, other, 5000));
      },
    ),
  );
});

test('narrow rows reach long steps, wide rows are stopped at once', () => {
  const narrow = decisions(new Array(500_000).fill(8), 10_000, 3_000_000);
  expect((narrow.at(-1) ?? 0) - (narrow.at(-2) ?? 0)).toBe(MAX_STEP_ROWS);
  const wide = decisions(new Array(40).fill(1_000_000), 40, 3_000_000);
  expect(wide.slice(0, 4)).toEqual([16, 18, 20, 22]);
});
