/** Cuts bytes as they come into parts of one size. */
import type { Bytes } from '../../util/bytes.ts';
import { release } from '../../util/release.ts';
import { BLOCK_BYTES, type PartPool } from './part-pool.ts';

/** What waits lies in blocks of the pool: pieces of every size, held for long, would leave holes in the process's memory. */
export class PartBuffer {
  readonly #partSize: number;
  readonly #pool: Pick<PartPool, 'takeBlock' | 'giveBlock'>;
  /** All but the last are full. */
  #blocks: Bytes[] = [];
  /** Of the first block, moved out. */
  #start = 0;
  #size = 0;

  constructor(partSizeBytes: number, pool: Pick<PartPool, 'takeBlock' | 'giveBlock'>) {
    this.#partSize = partSizeBytes;
    this.#pool = pool;
  }

  get size(): number {
    return this.#size;
  }

  /** What is held: whole blocks. */
  get heldBytes(): number {
    return this.#blocks.length * BLOCK_BYTES;
  }

  /** Copies the bytes, and gives their memory back when they were all of their buffer. */
  push(bytes: Bytes): void {
    for (let at = 0; at < bytes.length; ) {
      const filled = (this.#start + this.#size) % BLOCK_BYTES;
      if (filled === 0) this.#blocks.push(this.#pool.takeBlock());
      const piece = bytes.subarray(at, at + BLOCK_BYTES - filled);
      this.#blocks.at(-1)?.set(piece, filled);
      this.#size += piece.length;
      at += piece.length;
    }
    release(bytes);
  }

  get hasPart(): boolean {
    return this.#size >= this.#partSize;
  }

  /** Moves the next part, or what is left of one, into a buffer that `allocate` gives for its size. */
  take(allocate: (sizeBytes: number) => Bytes): Bytes {
    const out = allocate(Math.min(this.#size, this.#partSize));
    for (let at = 0; at < out.length; ) {
      const block = this.#blocks[0];
      if (block === undefined) break;
      const piece = block.subarray(this.#start, this.#start + out.length - at);
      out.set(piece, at);
      at += piece.length;
      this.#start += piece.length;
      this.#size -= piece.length;
      if (this.#start < BLOCK_BYTES && this.#size > 0) continue;
      this.#start = 0;
      this.#blocks.shift();
      this.#pool.giveBlock(block);
    }
    return out;
  }

  clear(): void {
    for (const block of this.#blocks) this.#pool.giveBlock(block);
    this.#blocks = [];
    this.#start = 0;
    this.#size = 0;
  }
}
