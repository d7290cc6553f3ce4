/**
 * How a clustered write divides its memory in the second pass, in which runs are read and merged: the source is closed
 * and one file grows at a time, so that its share, and what was kept for the many open files, is there for reading.
 */
import { ENGINE_FIXED_BYTES, ENGINE_LEAF_BYTES, type MemoryPlan } from './memory-plan.ts';

const MiB = 1024 * 1024;

export interface MergePlan {
  /** The most bytes of rows in one record of a run, unless a single row has more. */
  readonly recordBytes: number;
  /** What is read ahead of all runs together. */
  readonly readBytes: number;
  /** The most runs that are read at once. */
  readonly fanIn: number;
  /** A row group is due before it would have more bytes of rows. */
  readonly rowGroupBytes: number;
}

const LARGEST_RECORD = 1 * MiB;
/** Runs are read so much at a time: less makes too many requests, more gains nothing. */
const SMALLEST_CHUNK = 64 * 1024;
const LARGEST_CHUNK = 1 * MiB;
/** Of each run: the chunk in use and the one that is fetched meanwhile. */
const CHUNKS_A_RUN = 2;
/** Records that are held beside the chunks: the one that was put together, and its rows' copy in the engine. */
const RECORDS_HELD = 2;

/** `rowGroupSizeBytes` and `targetFileSizeBytes`: the table's. */
export function planMerge(
  plan: MemoryPlan,
  leafColumns: number,
  { rowGroupSizeBytes, targetFileSizeBytes }: { rowGroupSizeBytes: number; targetFileSizeBytes: number },
): MergePlan {
  const { limitBytes, engineBytes, partSizeBytes, partsInFlight } = plan;
  const left = engineBytes - ENGINE_FIXED_BYTES - ENGINE_LEAF_BYTES * leafColumns;
  const parts = (partsInFlight + 1) * partSizeBytes;
  const readBytes = Math.floor(Math.min(limitBytes - engineBytes - parts, limitBytes / 6));
  const recordBytes = Math.min(LARGEST_RECORD, plan.stepBytes);
  const chunks = (readBytes - RECORDS_HELD * recordBytes) / SMALLEST_CHUNK;
  return {
    recordBytes,
    readBytes,
    fanIn: Math.max(2, Math.floor(chunks / CHUNKS_A_RUN)),
    // Larger row groups gain nothing but a larger process.
    rowGroupBytes: Math.min(
      rowGroupSizeBytes,
      targetFileSizeBytes,
      Math.floor(Math.min((2 * left) / 5, limitBytes / 6)),
    ),
  };
}

/** How much of each of so many runs is read at once. */
export function chunkBytes({ readBytes, recordBytes }: MergePlan, runs: number): number {
  const share = (readBytes - RECORDS_HELD * recordBytes) / (CHUNKS_A_RUN * runs);
  return Math.min(LARGEST_CHUNK, Math.max(SMALLEST_CHUNK, Math.floor(share / 4096) * 4096));
}
