interface Waiter {
  readonly weight: number;
  readonly grant: () => void;
}

/** A semaphore of so many slots; who waits is served in the order they came, whatever they ask for. */
export class Semaphore {
  readonly limit: number;
  #taken = 0;
  #waiting: Waiter[] = [];

  /** @throws RangeError when `limit` is not a whole number of at least 1. */
  constructor(limit: number) {
    if (!Number.isInteger(limit) || limit < 1) throw new RangeError(`limit must be a whole number >= 1, not ${limit}`);
    this.limit = limit;
  }

  get taken(): number {
    return this.#taken;
  }

  /**
   * Takes `weight` slots, default 1, or all where it is more. Resolves to a function that gives them back (calling it
   * again does nothing).
   */
  async acquire(signal?: AbortSignal, weight = 1): Promise<() => void> {
    signal?.throwIfAborted();
    const size = Math.min(weight, this.limit);
    if (this.#waiting.length === 0 && this.#fits(size)) return this.#slots(size);
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#waiting = this.#waiting.filter((w) => w !== waiter);
        reject(signal?.reason);
        this.#serve();
      };
      const waiter: Waiter = {
        weight: size,
        grant: () => {
          signal?.removeEventListener('abort', onAbort);
          resolve(this.#slots(size));
        },
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(waiter);
    });
  }

  #fits(weight: number): boolean {
    return this.#taken + weight <= this.limit;
  }

  #serve(): void {
    for (let first = this.#waiting[0]; first !== undefined && this.#fits(first.weight); first = this.#waiting[0]) {
      this.#waiting.shift();
      first.grant();
    }
  }

  #slots(weight: number): () => void {
    this.#taken += weight;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#taken -= weight;
      this.#serve();
    };
  }
}
