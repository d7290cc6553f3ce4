/** Cuts bytes as they come into parts of one size. */
import type { Bytes } from '../../util/bytes.ts';

export class PartBuffer {
  readonly #partSize: number;
  #chunks: Bytes[] = [];
  #size = 0;

  constructor(partSizeBytes: number) {
    this.#partSize = partSizeBytes;
  }

  get size(): number {
    return this.#size;
  }

  push(bytes: Bytes): void {
    if (bytes.length === 0) return;
    this.#chunks.push(bytes);
    this.#size += bytes.length;
  }

  get hasPart(): boolean {
    return this.#size >= this.#partSize;
  }

  /** Moves the next part, or what is left of one, into a buffer that `allocate` gives for its size. */
  take(allocate: (sizeBytes: number) => Bytes): Bytes {
    const out = allocate(Math.min(this.#size, this.#partSize));
    for (let at = 0; at < out.length; ) {
      const chunk = this.#chunks[0];
      if (chunk === undefined) break;
      const piece = chunk.subarray(0, out.length - at);
      out.set(piece, at);
      at += piece.length;
      if (piece.length === chunk.length) this.#chunks.shift();
      else this.#chunks[0] = chunk.subarray(piece.length);
    }
    this.#size -= out.length;
    return out;
  }

  clear(): void {
    this.#chunks = [];
    this.#size = 0;
  }
}
