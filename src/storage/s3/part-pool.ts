/**
 * Buffers of parts, used again: the memory of discarded ones comes back only when the runtime's collector runs, which
 * under load is long after.
 */
import type { Bytes } from '../../util/bytes.ts';

export class PartPool {
  #free: Bytes[] = [];
  #users = 0;

  /** Must be called once by each upload, and {@link leave} when it ends. */
  enter(): void {
    this.#users += 1;
  }

  /** Nothing is kept when nobody uploads. */
  leave(): void {
    this.#users -= 1;
    if (this.#users === 0) this.#free = [];
  }

  /** A buffer of exactly `sizeBytes`, with any content. */
  take(sizeBytes: number): Bytes {
    const found = this.#free.findLastIndex((buffer) => buffer.length === sizeBytes);
    return this.#free.splice(found, found < 0 ? 0 : 1)[0] ?? new Uint8Array(sizeBytes);
  }

  /** `buffer` must not be used by the caller afterwards. At most `keep` are kept. */
  give(buffer: Bytes, keep = 4): void {
    if (this.#users > 0 && this.#free.length < keep) this.#free.push(buffer);
  }
}
