/** Threads that encode row groups for writes, where the runtime has threads. */
import { defaultMemoryLimitBytes } from '#load-engine';
import { spawnThread } from '#spawn-thread';
import { IcestreamError } from '../errors.ts';
import { type OptionNames, requireKnownOptions } from '../util/known-options.ts';
import { leaseForThread } from '../util/memory-budget.ts';
import { engineModule } from './default-engine.ts';
import type { EncoderOptions } from './encoder.ts';
import type { EncodePool } from './threads/pool.ts';
import type { EncodeThreads } from './threads/threads.ts';
import { LEAST_MEMORY_BYTES } from './wasm/instance.ts';

const MOST_THREADS = 64;

/** @throws TypeError for a number that cannot be. */
export function requireThreadCount(threads: number): number {
  if (Number.isInteger(threads) && threads >= 1 && threads <= MOST_THREADS) return threads;
  throw new TypeError(`threads must be a whole number from 1 to ${MOST_THREADS}, not ${threads}`);
}

/** @throws IcestreamError UNSUPPORTED where the runtime has no threads. */
export function requireThreads(): NonNullable<typeof spawnThread> {
  if (spawnThread === null) {
    throw new IcestreamError('UNSUPPORTED', 'this runtime has no threads to encode with; leave threads at 1', {
      option: 'threads',
    });
  }
  return spawnThread;
}

export interface StartEncodeThreadsOptions {
  /**
   * Bytes the threads may hold together, each as much: their engines, and rows and row groups on their way to them and
   * back. A write whose `memoryLimitBytes` is more than one thread's part is refused. Default: 256 MiB for each.
   */
  readonly memoryLimitBytes?: number;
}

const START_OPTIONS: OptionNames<StartEncodeThreadsOptions> = { memoryLimitBytes: true };

/**
 * Starts `count` threads (1 to 64) that encode for one write after the other, given as `threads` in its options: later
 * writes have neither threads to start nor new memory to touch. The caller's to close (`await using`): until then they
 * keep their memory, and a Node or Bun process from its end.
 * @throws TypeError for numbers and options that cannot be; IcestreamError UNSUPPORTED where the runtime has no threads (Workers),
 * MEMORY_LIMIT_TOO_SMALL below what engines take for the least work (8 MiB for each thread), ENGINE_FAILED when a thread cannot start.
 */
export async function startEncodeThreads(
  count: number,
  options: StartEncodeThreadsOptions = {},
): Promise<EncodeThreads> {
  requireThreadCount(count);
  requireKnownOptions('startEncodeThreads', options, START_OPTIONS);
  const { memoryLimitBytes = defaultMemoryLimitBytes * count } = options;
  if (!(Number.isSafeInteger(memoryLimitBytes) && memoryLimitBytes > 0)) {
    throw new TypeError(`memoryLimitBytes must be a whole number of bytes, not ${memoryLimitBytes}`);
  }
  requireLeast(count, memoryLimitBytes);
  const threads = await encodeThreads(count, Math.floor(memoryLimitBytes / count));
  try {
    await threads.start();
  } catch (error) {
    await threads.close();
    throw error;
  }
  return threads;
}

/** @throws IcestreamError MEMORY_LIMIT_TOO_SMALL where the engines would have less than they need. */
function requireLeast(count: number, limitBytes: number): void {
  const least = count * leaseForThread(LEAST_MEMORY_BYTES);
  if (limitBytes >= least) return;
  throw new IcestreamError(
    'MEMORY_LIMIT_TOO_SMALL',
    `memoryLimitBytes ${limitBytes} is too small for ${count} threads; they need at least ${least}`,
    { option: 'memoryLimitBytes', neededBytes: least },
  );
}

/**
 * What encodes for one write. A number: threads of its own with `shareBytes` each, which start when there are rows for
 * them and end with it.
 */
export async function encodePool(
  threads: number | EncodeThreads,
  shareBytes: number,
  options: EncoderOptions,
): Promise<EncodePool> {
  if (typeof threads !== 'number') return threads.lend(options);
  return (await encodeThreads(threads, shareBytes)).lend(options, { last: true });
}

async function encodeThreads(count: number, shareBytes: number): Promise<EncodeThreads> {
  const spawn = requireThreads();
  const { EncodeThreads } = await import('./threads/threads.ts');
  return new EncodeThreads({ spawn, module: await engineModule(), count, shareBytes });
}
