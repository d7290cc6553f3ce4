/** What one scan holds from its first byte to its last: engine, lease, counters. */
import { defaultMemoryLimitBytes } from '#load-engine';
import { getEngine } from '../engine/default-engine.ts';
import type { Engine } from '../engine/engine.ts';
import { EngineCharge } from '../engine/engine-charge.ts';
import { IcestreamError } from '../errors.ts';
import { MemoryLease, readerShareBytes } from '../util/memory-budget.ts';
import type { World } from '../util/world.ts';
import type { ReadOptions } from './scan-options.ts';

const INTERVAL_MS = 100;

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
    const engine = options.engine ?? (await getEngine({ memoryLimitBytes: engineShareBytes(limit) }));
    const lease =
      options.budget === undefined ? new MemoryLease(limit) : await options.budget.acquire(limit, options.signal);
    return new ScanSession(world, options, engine, lease);
  }

  get signal(): AbortSignal | undefined {
    return this.options.signal;
  }

  /** Beside it, the engine holds a batch as it was read, as it is aligned, and as it is copied out. */
  get fileMemoryBytes(): number {
    return readerShareBytes(this.lease.limitBytes);
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

  [Symbol.dispose](): void {
    this.lease.release();
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
