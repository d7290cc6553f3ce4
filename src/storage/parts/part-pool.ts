/**
 * Buffers of parts, used again: the memory of discarded ones comes back only when the runtime's collector runs, which
 * under load is long after.
 */
import type { Bytes } from '../../util/bytes.ts';
import { release } from '../../util/release.ts';

/** What waits to become a part lies in blocks of this size. */
export const BLOCK_BYTES = 4 * 1024;
const BLOCKS_AT_ONCE = 128;

export class PartPool {
  #free: Bytes[] = [];
  #freeBlocks: Bytes[] = [];
  /** What blocks are cut from. */
  #slabs: Bytes[] = [];
  #users = 0;

  /** Must be called once by each upload, and {@link leave} when it ends. */
  enter(): void {
    this.#users += 1;
  }

  /** Nothing is kept when nobody uploads: all of it is given back at once, or each write would leave its buffers to the collector. */
  leave(): void {
    this.#users -= 1;
    if (this.#users > 0) return;
    for (const buffer of [...this.#free, ...this.#slabs]) release(buffer);
    this.#free = [];
    this.#freeBlocks = [];
    this.#slabs = [];
  }

  /** A buffer of exactly `sizeBytes`, with any content. */
  take(sizeBytes: number): Bytes {
    const found = this.#free.findLastIndex((buffer) => buffer.length === sizeBytes);
    return this.#free.splice(found, found < 0 ? 0 : 1)[0] ?? new Uint8Array(sizeBytes);
  }

  /** `buffer` must not be used by the caller afterwards. At most `keep` are kept. */
  give(buffer: Bytes, keep = 4): void {
    if (this.#users > 0 && this.#free.length < keep) this.#free.push(buffer);
    else release(buffer);
  }

  /** `BLOCK_BYTES`, with any content. */
  takeBlock(): Bytes {
    if (this.#freeBlocks.length === 0) {
      const many = new Uint8Array(BLOCKS_AT_ONCE * BLOCK_BYTES);
      this.#slabs.push(many);
      for (let at = 0; at < many.length; at += BLOCK_BYTES) this.#freeBlocks.push(many.subarray(at, at + BLOCK_BYTES));
    }
    return this.#freeBlocks.pop() ?? new Uint8Array(BLOCK_BYTES);
  }

  /** As for {@link give}; all are kept. */
  giveBlock(block: Bytes): void {
    if (this.#users > 0) this.#freeBlocks.push(block);
  }
}
