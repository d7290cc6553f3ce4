import type { Benchmark } from '../harness.ts';
import { batchCost } from './batch-cost.ts';
import { batchCut } from './batch-cut.ts';
import { coreSize } from './core-size.ts';
import { decode } from './decode.ts';
import { encode } from './encode.ts';
import { engineMemory } from './engine-memory.ts';
import { engineSize } from './engine-size.ts';
import { engineStart } from './engine-start.ts';
import { manyAppends } from './many-appends.ts';
import { memory } from './memory.ts';
import { partitioned } from './partitioned.ts';
import { pyiceberg } from './pyiceberg.ts';
import { restCommit } from './rest-commit.ts';
import { route } from './route.ts';
import { sameBytes } from './same-bytes.ts';
import { text } from './text.ts';
import { threads } from './threads.ts';
import { transcode } from './transcode.ts';
import { wide } from './wide.ts';
import { workerMemory } from './worker-memory.ts';
import { workerStart } from './worker-start.ts';

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
  sameBytes,
  decode,
  encode,
  transcode,
  text,
  route,
  engineMemory,
  engineSize,
  coreSize,
  engineStart,
  threads,
  workerMemory,
  workerStart,
];
