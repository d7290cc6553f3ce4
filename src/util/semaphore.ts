/** A counting semaphore; those who wait are served in the order they came. */
export class Semaphore {
  readonly limit: number;
  #taken = 0;
  #waiting: Array<() => void> = [];

  /** @throws RangeError when `limit` is not a whole number of at least 1. */
  constructor(limit: number) {
    if (!Number.isInteger(limit) || limit < 1) throw new RangeError(`limit must be a whole number >= 1, not ${limit}`);
    this.limit = limit;
  }

  get taken(): number {
    return this.#taken;
  }

  /** Resolves to a function that gives the slot back (calling it again does nothing). */
  async acquire(signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted();
    if (this.#taken < this.limit && this.#waiting.length === 0) return this.#slot();
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#waiting = this.#waiting.filter((w) => w !== grant);
        reject(signal?.reason);
      };
      const grant = () => {
        signal?.removeEventListener('abort', onAbort);
        resolve(this.#slot());
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(grant);
    });
  }

  #slot(): () => void {
    this.#taken += 1;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#taken -= 1;
      this.#waiting.shift()?.();
    };
  }
}
