/** How many rows of text or objects become one batch. */
import type { ArrowSchema } from '../engine/arrow-schema.ts';
import { estimateRowBytes } from '../format/row-estimate.ts';
import { type MemoryLease, readerShareBytes } from '../util/memory-budget.ts';
import { DEFAULT_BATCH_ROWS, type SourceOptions } from './options.ts';

const LEAST_BATCH_ROWS = 64;

/** The caller's choice, and no more than a quarter of a reader's share holds: as readers of Parquet do it. */
export function batchRowsWithin(options: SourceOptions, schema: ArrowSchema, lease: MemoryLease): number {
  const { batchRows = DEFAULT_BATCH_ROWS } = options;
  const fitting = Math.floor(readerShareBytes(lease.limitBytes) / 4 / Math.max(1, estimateRowBytes(schema)));
  return Math.min(batchRows, Math.max(LEAST_BATCH_ROWS, fitting));
}
