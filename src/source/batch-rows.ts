/** How much of text or objects becomes one batch. */
import type { ArrowSchema } from '../engine/arrow-schema.ts';
import { estimateRowBytes } from '../format/row-estimate.ts';
import { type MemoryLease, readerShareBytes } from '../util/memory-budget.ts';
import { DEFAULT_BATCH_ROWS, type SourceOptions } from './options.ts';

const LEAST_BATCH_ROWS = 64;
const MOST_BATCH_BYTES = 2 * 1024 * 1024;

export interface BatchSize {
  readonly batchRows: number;
  readonly batchBytes: number;
}

/**
 * The caller's choice, and no more than a quarter of a reader's share holds: as readers of Parquet do it. Rows that are
 * larger than their types say end a batch by their bytes, of which there are twice as many while it grows.
 */
export function batchesWithin(options: SourceOptions, schema: ArrowSchema, lease: MemoryLease): BatchSize {
  const { batchRows = DEFAULT_BATCH_ROWS } = options;
  const share = readerShareBytes(lease.limitBytes);
  const fitting = Math.floor(share / 4 / Math.max(1, estimateRowBytes(schema)));
  return {
    batchRows: Math.min(batchRows, Math.max(LEAST_BATCH_ROWS, fitting)),
    batchBytes: Math.min(MOST_BATCH_BYTES, Math.floor(share / 8)),
  };
}
