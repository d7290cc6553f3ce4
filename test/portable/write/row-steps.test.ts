import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Batch } from '../../../src/engine/engine.ts';
import { inSteps, MAX_STEP_ROWS, RowSteps } from '../../../src/write/rows/row-steps.ts';

/** Rows of the given sizes, and no more: steps look at nothing else. */
function rowsOf(sizes: readonly number[]): Batch {
  const rows = {
    numRows: sizes.length,
    byteLength: sizes.reduce((sum, size) => sum + size, 0),
    slice: (at: number, count: number) => rowsOf(sizes.slice(at, at + count)),
    free() {},
    [Symbol.dispose]() {},
  };
  return rows as Partial<Batch> as Batch;
}

/** Row numbers of the decisions when rows of the given sizes arrive in the given batches. */
async function decisions(rowBytes: readonly number[], batchRows: number, target: number): Promise<number[]> {
  const steps = new RowSteps(target);
  const at: number[] = [];
  let rows = 0;
  for (let start = 0; start < rowBytes.length; start += batchRows) {
    const add = (piece: Batch) => {
      rows += piece.numRows;
    };
    await inSteps(steps, rowsOf(rowBytes.slice(start, start + batchRows)), add, async () => void at.push(rows));
  }
  expect(rows).toBe(rowBytes.length);
  return at;
}

test('decisions fall at the same rows however the rows are cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(fc.integer({ min: 0, max: 500 }), fc.constant(4000)), { minLength: 1, maxLength: 2000 }),
      fc.integer({ min: 1, max: 300 }),
      fc.integer({ min: 1, max: 300 }),
      async (rowBytes, one, other) => {
        expect(await decisions(rowBytes, one, 5000)).toEqual(await decisions(rowBytes, other, 5000));
      },
    ),
  );
});

test('narrow rows reach long steps, wide rows are stopped at once', async () => {
  const narrow = await decisions(new Array(500_000).fill(8), 10_000, 3_000_000);
  expect((narrow.at(-1) ?? 0) - (narrow.at(-2) ?? 0)).toBe(MAX_STEP_ROWS);
  const wide = await decisions(new Array(40).fill(1_000_000), 40, 3_000_000);
  expect(wide.slice(0, 4)).toEqual([3, 5, 7, 9]);
});

test('wide rows that follow narrow ones end the step that the narrow ones made long', async () => {
  const sizes = [...new Array<number>(100_000).fill(8), ...new Array<number>(20).fill(1_000_000)];
  const wide = (await decisions(sizes, 7_000, 3_000_000)).filter((row) => row > 100_000);
  expect(wide.slice(0, 4)).toEqual([100_003, 100_006, 100_008, 100_010]);
});
