/** A write that the engine had no memory for, as what its caller can do about it. */
import type { Engine } from '../engine/engine.ts';
import { isOutOfMemory, withEnoughMemory } from '../engine/out-of-memory.ts';
import type { MemoryLease } from '../util/memory-budget.ts';
import { engineShareBytes } from './memory-plan.ts';

/** Of the size of the largest batch: itself, the next one, rows that wait, their copies while they are routed, and holes of the heap. */
const BATCHES_HELD = 7;

export interface FailedWrite {
  readonly engine: Pick<Engine, 'refusedBytes' | 'maxMemoryBytes'>;
  readonly lease: Pick<MemoryLease, 'shares'>;
  /** `memoryLimitBytes` of the write: the lease is the writer's own share. */
  readonly limitBytes: number;
  /** Of the batches that came; absent: none has. */
  readonly largestBatchBytes?: number;
}

/**
 * MEMORY_LIMIT_TOO_SMALL with a limit that does, or does so far: of a row that was still coming in, no more is known than
 * the block that was refused. That the engine was out of memory is asked first; other errors are as they are.
 */
export function orTooSmall(error: unknown, { engine, lease, limitBytes, largestBatchBytes = 0 }: FailedWrite): unknown {
  if (!isOutOfMemory(error, engine)) return error;
  const batchBytes = Math.max(largestBatchBytes, engine.refusedBytes);
  return withEnoughMemory(error, {
    engine,
    limitBytes,
    engineBytesOf: (limit) => engineShareBytes(Math.floor(limit / lease.shares)),
    heldBytes: BATCHES_HELD * batchBytes,
    ...(largestBatchBytes === 0 ? {} : { what: `rows or batches of ${batchBytes} bytes` }),
  });
}
