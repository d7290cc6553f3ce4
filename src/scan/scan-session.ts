/** What one scan holds from its first byte to its last: engine, lease, counters. */
import { defaultMemoryLimitBytes } from '#load-engine';
import { getEngine } from '../engine/default-engine.ts';
import type { Engine } from '../engine/engine.ts';
import { EngineCharge } from '../engine/engine-charge.ts';
import { isOutOfMemory, withEnoughMemory } from '../engine/out-of-memory.ts';
import { IcestreamError } from '../errors.ts';
import { MemoryLease } from '../util/memory-budget.ts';
import type { World } from '../util/world.ts';
import type { ReadOptions } from './scan-options.ts';

const INTERVAL_MS = 100;
/** Of the size of what there was no room for: it is of a batch, which is there as read, aligned and copied out. */
const BLOCKS_HELD = 4;
/** What does for tables of usual rows. */
const LEAST_USUAL_BYTES = 12 * 1024 * 1024;

export class ScanSession implements Disposable {
  readonly engine: Engine;
  readonly lease: MemoryLease;
  readonly options: ReadOptions;
  rows = 0;
  filesRead = 0;
  bytesRead = 0;
  readonly #engineCharge: EngineCharge;
  readonly #world: Pick<World, 'now'>;
  #lastMs = Number.NEGATIVE_INFINITY;
  #peak = 0;

  private constructor(world: Pick<World, 'now'>, options: ReadOptions, engine: Engine, lease: MemoryLease) {
    this.#world = world;
    this.options = options;
    this.engine = engine;
    this.#engineCharge = new EngineCharge(engine, engineShareBytes(lease.limitBytes));
    this.lease = lease;
  }

  /** @throws IcestreamError ABORTED, MEMORY_LIMIT_TOO_SMALL. */
  static async begin(world: Pick<World, 'now'>, options: ReadOptions): Promise<ScanSession> {
    requireRunning(options.signal);
    const limit = options.memoryLimitBytes ?? Math.min(defaultMemoryLimitBytes, options.budget?.limitBytes ?? Infinity);
    const engine = options.engine ?? (await sharedEngine(limit));
    const lease =
      options.budget === undefined ? new MemoryLease(limit) : await options.budget.acquire(limit, options.signal);
    return new ScanSession(world, options, engine, lease);
  }

  get signal(): AbortSignal | undefined {
    return this.options.signal;
  }

  /** Reports when it is time, or at the end. */
  tick(isEnd = false): void {
    this.#peak = Math.max(this.#peak, this.#engineCharge.bytes + this.lease.usedBytes);
    const { onProgress } = this.options;
    if (onProgress === undefined) return;
    const now = this.#world.now();
    if (!isEnd && now - this.#lastMs < INTERVAL_MS) return;
    this.#lastMs = now;
    const { rows, filesRead, bytesRead } = this;
    onProgress({ rows, filesRead, bytesRead, memoryPeakBytes: this.#peak });
  }

  /** MEMORY_LIMIT_TOO_SMALL with a limit that does, where the engine was out of memory; other errors as they are. */
  orTooSmall(error: unknown): unknown {
    const { engine, lease } = this;
    if (!isOutOfMemory(error, engine)) return error;
    return withEnoughMemory(error, {
      engine,
      limitBytes: lease.limitBytes,
      engineBytesOf: engineShareBytes,
      heldBytes: BLOCKS_HELD * engine.refusedBytes,
    });
  }

  [Symbol.dispose](): void {
    this.lease.release();
  }
}

/** @throws IcestreamError MEMORY_LIMIT_TOO_SMALL, in terms of the scan's limit. */
async function sharedEngine(limitBytes: number): Promise<Engine> {
  try {
    return await getEngine({ memoryLimitBytes: engineShareBytes(limitBytes) });
  } catch (error) {
    if (!(error instanceof IcestreamError) || error.code !== 'MEMORY_LIMIT_TOO_SMALL') throw error;
    const enough = LEAST_USUAL_BYTES;
    const message = `memoryLimitBytes ${limitBytes} is too small for any scan; set it to at least ${enough}`;
    throw new IcestreamError(error.code, message, { option: 'memoryLimitBytes', neededBytes: enough, cause: error });
  }
}

/** A quarter is for manifests and the batch in the caller's hands. */
function engineShareBytes(limitBytes: number): number {
  return limitBytes - Math.floor(limitBytes / 4);
}

/** @throws IcestreamError ABORTED when the signal has fired. */
export function requireRunning(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw asAborted(signal, signal.reason);
}

/** Whatever a fired signal made fail was aborted. */
export function asAborted(signal: AbortSignal | undefined, error: unknown): unknown {
  if (signal?.aborted !== true) return error;
  if (error instanceof IcestreamError && error.code === 'ABORTED') return error;
  const { reason } = signal;
  if (reason instanceof IcestreamError) return reason;
  return new IcestreamError('ABORTED', 'the scan was aborted', { cause: reason });
}
