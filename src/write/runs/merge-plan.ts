/**
 * How a clustered write divides its memory. In the first pass rows wait and are written as runs. In the second, in which
 * runs are read and merged, the source is closed and one file grows at a time: its share, and what is kept for many open
 * files elsewhere, is there for reading.
 */

import { ENGINE_FIXED_BYTES } from '../../engine/out-of-memory.ts';
import { ENGINE_LEAF_BYTES, type MemoryPlan } from '../memory-plan.ts';
import { MAX_ROUTED_ROWS } from '../rows/partition-router.ts';
import { MAX_STEP_ROWS } from '../rows/row-steps.ts';

const MiB = 1024 * 1024;

export interface MergePlan {
  /** See `OpenSource.columnsApart`. */
  readonly columnsApart: boolean;
  /** What rows may take that wait until they are written as one run, while they are routed; see `runIsFull`. */
  readonly runRoomBytes: number;
  readonly runRows: number;
  /** Rows of so many partitions at most are in a run. */
  readonly mostSlices: number;
  /** The most rows between two looks at them, and their size by `Batch.byteLength`. */
  readonly stepRows: number;
  readonly stepBytes: number;
  /** The most bytes of rows in one record of a run, unless a single row has more. */
  readonly recordBytes: number;
  /** What is read ahead of all runs together. */
  readonly readBytes: number;
  /** The most runs that are read at once. */
  readonly fanIn: number;
  /** A row group is due before it would have more bytes of rows. */
  readonly rowGroupBytes: number;
}

/** While rows are grouped, there are keys and hashes of each; while they are copied to their groups, places. */
const KEY_BYTES = 24;
const PLACE_BYTES = 12;
const LARGEST_RECORD = 1 * MiB;
/** Writers of Arrow make messages of some megabytes. */
const LARGE_MESSAGE = 8 * MiB;
/** Runs are read so much at a time: less makes too many requests, more gains nothing. */
const SMALLEST_CHUNK = 64 * 1024;
const LARGEST_CHUNK = 1 * MiB;
/** Of each run: the chunk in use and the one that is fetched meanwhile. */
const CHUNKS_A_RUN = 2;
/** Records that are held beside the chunks: the one that was put together, and its rows' copy in the engine. */
const RECORDS_HELD = 2;

/** `rowGroupSizeBytes` and `targetFileSizeBytes`: the table's; `columnsApart`: the source's. */
export function planMerge(
  plan: MemoryPlan,
  leafColumns: number,
  { rowGroupSizeBytes, targetFileSizeBytes }: { rowGroupSizeBytes: number; targetFileSizeBytes: number },
  columnsApart: boolean,
): MergePlan {
  const { limitBytes, engineBytes, roomBytes, sliceBytes, partSizeBytes, partsInFlight } = plan;
  const left = engineBytes - ENGINE_FIXED_BYTES - ENGINE_LEAF_BYTES * leafColumns;
  const parts = (partsInFlight + 1) * partSizeBytes;
  const readBytes = Math.floor(Math.min(limitBytes - engineBytes - parts, limitBytes / 4));
  const recordBytes = Math.min(LARGEST_RECORD, plan.stepBytes);
  const chunks = (readBytes - RECORDS_HELD * recordBytes) / SMALLEST_CHUNK;
  // Batches whose columns share memory leave holes that copies do not fit in, and a message of a stream lies beside.
  const beside = columnsApart ? roomBytes / 8 : Math.max((3 * roomBytes) / 8, Math.min(roomBytes / 2, LARGE_MESSAGE));
  const runRoomBytes = Math.floor(roomBytes - beside);
  const runRows = Math.min(MAX_ROUTED_ROWS, Math.floor(runRoomBytes / 2 / KEY_BYTES));
  return {
    columnsApart,
    runRoomBytes,
    runRows,
    mostSlices: Math.max(1, Math.floor((roomBytes - runRoomBytes) / sliceBytes)),
    stepRows: Math.min(MAX_STEP_ROWS, Math.floor(runRows / 8)),
    stepBytes: Math.floor(runRoomBytes / 24),
    recordBytes,
    readBytes,
    fanIn: Math.max(2, Math.floor(chunks / CHUNKS_A_RUN)),
    // Larger row groups gain nothing but a larger process.
    rowGroupBytes: Math.min(rowGroupSizeBytes, targetFileSizeBytes, Math.floor(Math.min(left / 4, limitBytes / 6))),
  };
}

/** Rows that wait to be written as a run. */
export interface WaitingRows {
  readonly rows: number;
  /** By `Batch.columnBytes`. */
  readonly columnBytes: readonly number[];
}

/**
 * Whether there might be no room to route the rows after another step. One column at a time is there twice then, where
 * each goes by itself, and otherwise all of them: the columns of an Arrow message share its memory.
 */
export function runIsFull(plan: MergePlan, { rows, columnBytes }: WaitingRows): boolean {
  const { columnsApart, runRoomBytes, runRows, stepRows, stepBytes } = plan;
  const nextRows = rows + stepRows;
  const nextBytes = columnBytes.reduce((sum, column) => sum + column, stepBytes);
  const copied = columnsApart ? Math.max(0, ...columnBytes) + stepBytes : nextBytes;
  const routed = copied + PLACE_BYTES * nextRows;
  return nextBytes + Math.max(routed, KEY_BYTES * nextRows) > runRoomBytes || nextRows > runRows;
}

/** How much of each of so many runs is read at once. */
export function chunkBytes({ readBytes, recordBytes }: MergePlan, runs: number): number {
  const share = (readBytes - RECORDS_HELD * recordBytes) / (CHUNKS_A_RUN * runs);
  return Math.min(LARGEST_CHUNK, Math.max(SMALLEST_CHUNK, Math.floor(share / 4096) * 4096));
}
