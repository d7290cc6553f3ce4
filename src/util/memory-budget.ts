/**
 * One governor per isolate: every write and scan takes a lease, and every buffer that grows with data is charged to
 * its lease. A lease is taken whole at the start, so a write that begins can end.
 */
import { IcestreamError } from '../errors.ts';

/** Part of a lease that a source which reads by ranges may hold in the engine. */
const READER_SHARE = 1 / 4;

export function readerShareBytes(leaseBytes: number): number {
  return Math.floor(leaseBytes * READER_SHARE);
}

/** A lease that gives a reader so many bytes. */
export function leaseForReader(bytes: number): number {
  return Math.ceil(bytes / READER_SHARE);
}

/** The share of wasm memory in what a thread holds; the rest is for rows and row groups on their way to it and back. */
export function threadEngineBytes(shareBytes: number): number {
  return Math.floor((3 * shareBytes) / 4);
}

/** What a thread must hold for its engine to have so many bytes. */
export function leaseForThread(engineBytes: number): number {
  return Math.ceil((4 * engineBytes) / 3);
}

/** What a charged buffer holds. */
export type ChargeKind = 'engine' | 'rows' | 'runs' | 'parts' | 'source' | 'manifests' | 'files';

/** A share of the budget that belongs to one write or scan; give it back with `using` or `release()`. */
export class MemoryLease implements Disposable {
  readonly limitBytes: number;
  /** It is one of so many equal shares of a limit. */
  readonly shares: number;
  #used = new Map<ChargeKind, number>();
  #total = 0;
  #peak = 0;
  #onRelease: (() => void) | undefined;

  constructor(limitBytes: number, onRelease?: () => void, shares = 1) {
    this.limitBytes = limitBytes;
    this.shares = shares;
    this.#onRelease = onRelease;
  }

  get usedBytes(): number {
    return this.#total;
  }

  get peakBytes(): number {
    return this.#peak;
  }

  /** The limit of which a lease of so many bytes is one share. */
  limitFor(bytes: number): number {
    return this.shares * bytes;
  }

  /** Bytes in use by kind. */
  usage(): Partial<Record<ChargeKind, number>> {
    return Object.fromEntries(this.#used);
  }

  /**
   * Records `bytes` more (or, negative, fewer) in use.
   * @throws IcestreamError MEMORY_LIMIT_TOO_SMALL when that would go over the lease; nothing is recorded then.
   */
  charge(kind: ChargeKind, bytes: number): void {
    const total = this.#total + bytes;
    if (bytes > 0 && total > this.limitBytes) {
      const { limitBytes, shares } = this;
      const enough = this.limitFor(total);
      const what = shares === 1 ? `${total}` : `in one of its ${shares} shares, of ${limitBytes}, ${total}`;
      throw new IcestreamError(
        'MEMORY_LIMIT_TOO_SMALL',
        `memoryLimitBytes ${this.limitFor(limitBytes)} is too small: ${what} bytes are needed (${kind}); raise memoryLimitBytes to at least ${enough}`,
        { option: 'memoryLimitBytes', neededBytes: enough },
      );
    }
    this.#used.set(kind, (this.#used.get(kind) ?? 0) + bytes);
    this.#total = total;
    this.#peak = Math.max(this.#peak, total);
  }

  /** Sets what a kind uses to exactly `bytes` (for buffers that report their own size). */
  set(kind: ChargeKind, bytes: number): void {
    this.charge(kind, bytes - (this.#used.get(kind) ?? 0));
  }

  release(): void {
    const onRelease = this.#onRelease;
    this.#onRelease = undefined;
    onRelease?.();
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

interface Waiter {
  readonly bytes: number;
  readonly grant: (lease: MemoryLease) => void;
}

/** The governor: hands out leases, in order, never more than `limitBytes` together. */
export class MemoryBudget {
  readonly limitBytes: number;
  #leased = 0;
  #waiting: Waiter[] = [];

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  get leasedBytes(): number {
    return this.#leased;
  }

  /** A lease of `bytes` now, or null when the budget is taken or others wait. */
  tryAcquire(bytes: number): MemoryLease | null {
    return this.#waiting.length === 0 && this.#fits(bytes) ? this.#lease(bytes) : null;
  }

  /**
   * A lease of `bytes`, after those who asked before (a small one does not overtake a large one).
   * @throws IcestreamError MEMORY_LIMIT_TOO_SMALL when it can never be granted; the signal's reason when it fires.
   */
  async acquire(bytes: number, signal?: AbortSignal): Promise<MemoryLease> {
    signal?.throwIfAborted();
    if (bytes > this.limitBytes) {
      throw new IcestreamError(
        'MEMORY_LIMIT_TOO_SMALL',
        `a lease of ${bytes} bytes cannot be taken from a budget of ${this.limitBytes}; raise the budget's memoryLimitBytes`,
        { option: 'memoryLimitBytes', neededBytes: bytes },
      );
    }
    const now = this.tryAcquire(bytes);
    if (now !== null) return now;
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#waiting = this.#waiting.filter((w) => w !== waiter);
        reject(signal?.reason);
        this.#serve();
      };
      const waiter: Waiter = {
        bytes,
        grant: (lease) => {
          signal?.removeEventListener('abort', onAbort);
          resolve(lease);
        },
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(waiter);
    });
  }

  #fits(bytes: number): boolean {
    return this.#leased + bytes <= this.limitBytes;
  }

  #lease(bytes: number): MemoryLease {
    this.#leased += bytes;
    return new MemoryLease(bytes, () => {
      this.#leased -= bytes;
      this.#serve();
    });
  }

  /** Grants at once, not in a later turn: whoever asks in between would overtake. */
  #serve(): void {
    for (let first = this.#waiting[0]; first !== undefined && this.#fits(first.bytes); first = this.#waiting[0]) {
      this.#waiting.shift();
      first.grant(this.#lease(first.bytes));
    }
  }
}
