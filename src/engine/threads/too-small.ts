/** An encoding thread without memory, as what the owner of its threads can do about it. */
import { IcestreamError } from '../../errors.ts';
import { threadEngineBytes } from '../../util/memory-budget.ts';
import { restated, wholeMebibytes } from '../out-of-memory.ts';

export interface ThreadShares {
  readonly count: number;
  /** What each may hold. */
  readonly shareBytes: number;
  /** They are of the caller's own, and not of a write's limit. */
  readonly owned: boolean;
}

/** MEMORY_LIMIT_TOO_SMALL of a thread's engine with a limit of its owner's that would do so far; other errors as they are. */
export function orThreadsTooSmall(error: unknown, { count, shareBytes, owned }: ThreadShares): unknown {
  if (!(error instanceof IcestreamError) || error.code !== 'MEMORY_LIMIT_TOO_SMALL') return error;
  const { neededBytes = 0 } = error.place;
  let share = wholeMebibytes((5 * shareBytes) / 4);
  while (threadEngineBytes(share) < neededBytes) share = wholeMebibytes(share + 1);
  // A write has a share of its own limit beside those of its threads.
  const enough = (owned ? count : count + 1) * share;
  const [option, advice] = owned
    ? ['threads', `start the ${count} threads with memoryLimitBytes of at least ${enough}`]
    : ['memoryLimitBytes', `set memoryLimitBytes to at least ${enough} (threads: ${count})`];
  return restated(error, { message: `an encoding thread: ${error.message}; ${advice}`, option, neededBytes: enough });
}
