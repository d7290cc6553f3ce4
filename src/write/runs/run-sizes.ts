/** Whether runs that have to be merged give files that their store takes. */
import { IcestreamError } from '../../errors.ts';
import { mergeDown } from './run-merge.ts';
import type { Run } from './run-writer.ts';

/**
 * Looked at before anything is merged: a store that takes files in parts takes 10,000 of them, say, and a part must fit
 * in memory.
 * @throws IcestreamError MEMORY_LIMIT_TOO_SMALL when merging until `fanIn` runs are left makes one of more than
 * `mostBytes`.
 */
export async function requireRunsFit(runs: readonly Run[], fanIn: number, mostBytes: number): Promise<void> {
  let largest = 0;
  await mergeDown([...runs], fanIn, async (some) => {
    const sum = (of: (run: Run) => number) => some.reduce((total, run) => total + of(run), 0);
    const merged = { location: '', sizeBytes: sum((run) => run.sizeBytes), rows: sum((run) => run.rows) };
    largest = Math.max(largest, merged.sizeBytes);
    return merged;
  });
  if (largest <= mostBytes) return;
  throw new IcestreamError(
    'MEMORY_LIMIT_TOO_SMALL',
    `memoryLimitBytes is too small to cluster so many rows: of ${runs.length} temporary files ${fanIn} can be read at once, ` +
      `and merging them would make one of ${largest} bytes, where the store takes ${mostBytes}; raise it, let them be ` +
      'on a local disk (spill), or load in several parts',
    { option: 'memoryLimitBytes' },
  );
}
