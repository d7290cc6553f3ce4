/** A load that the engine had no memory for, as what its caller can do about it. */
import type { Engine } from '../../engine/engine.ts';
import { IcestreamError } from '../../errors.ts';
import type { MemoryLease } from '../../util/memory-budget.ts';
import { ENGINE_FIXED_BYTES, engineShareBytes } from '../memory-plan.ts';

const MiB = 1024 * 1024;
/** Of the size of the largest batch: itself, the next one, rows that wait, their copies while they are routed, and holes of the heap. */
const BATCHES_HELD = 7;

export interface FailedLoad {
  readonly engine: Pick<Engine, 'refusedBytes'>;
  readonly lease: Pick<MemoryLease, 'limitBytes'>;
  /** `memoryLimitBytes` of the write: the lease is the writer's own share. */
  readonly limitBytes: number;
  /** Of the batches that came. */
  readonly largestBatchBytes: number;
}

/** MEMORY_LIMIT_TOO_SMALL with a limit that does, where the engine was out of memory; other errors as they are. */
export function orTooSmall(error: unknown, { engine, lease, limitBytes, largestBatchBytes }: FailedLoad): unknown {
  if (!(error instanceof IcestreamError) || engine.refusedBytes === 0) return error;
  const { code, message, place } = error;
  const isFull =
    (code === 'ENGINE_FAILED' && place.neededBytes !== undefined) ||
    (code === 'MEMORY_LIMIT_TOO_SMALL' && place.neededBytes === undefined);
  if (!isFull) return error;
  const batchBytes = Math.max(largestBatchBytes, engine.refusedBytes);
  const shares = limitBytes / lease.limitBytes;
  const enough = Math.ceil((shares * enoughFor(batchBytes, lease.limitBytes)) / MiB) * MiB;
  return new IcestreamError(
    'MEMORY_LIMIT_TOO_SMALL',
    `${message}; for batches of ${batchBytes} bytes set memoryLimitBytes to at least ${enough}`,
    { ...place, option: 'memoryLimitBytes', neededBytes: enough, cause: error },
  );
}

/** More than the limit that did not do. */
function enoughFor(batchBytes: number, limitBytes: number): number {
  const neededBytes = ENGINE_FIXED_BYTES + BATCHES_HELD * batchBytes;
  let enough = Math.ceil((5 * limitBytes) / 4 / MiB) * MiB;
  while (engineShareBytes(enough) < neededBytes) enough += MiB;
  return enough;
}
