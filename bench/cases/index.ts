import type { Benchmark } from '../harness.ts';
import { batchCost } from './batch-cost.ts';
import { batchCut } from './batch-cut.ts';
import { decode } from './decode.ts';
import { manyAppends } from './many-appends.ts';
import { memory } from './memory.ts';
import { partitioned } from './partitioned.ts';
import { pyiceberg } from './pyiceberg.ts';
import { restCommit } from './rest-commit.ts';
import { wide } from './wide.ts';

/** In the order of the README's table. */
export const benchmarks: readonly Benchmark[] = [
  memory,
  pyiceberg,
  batchCost,
  wide,
  manyAppends,
  partitioned,
  restCommit,
  batchCut,
  decode,
];
