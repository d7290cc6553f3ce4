/** Cuts bytes as they come into parts of one size. */
import type { Bytes } from '../../util/bytes.ts';

interface Chunk {
  readonly bytes: Bytes;
  /** The bytes were all of their buffer when they were handed over: nobody else has a view of it. */
  readonly owned: boolean;
}

export class PartBuffer {
  readonly #partSize: number;
  #chunks: Chunk[] = [];
  #size = 0;

  constructor(partSizeBytes: number) {
    this.#partSize = partSizeBytes;
  }

  get size(): number {
    return this.#size;
  }

  push(bytes: Bytes): void {
    if (bytes.length === 0) return;
    this.#chunks.push({ bytes, owned: bytes.length === bytes.buffer.byteLength });
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
      const { bytes, owned } = chunk;
      const piece = bytes.subarray(0, out.length - at);
      out.set(piece, at);
      at += piece.length;
      if (piece.length < bytes.length) {
        this.#chunks[0] = { bytes: bytes.subarray(piece.length), owned };
      } else {
        this.#chunks.shift();
        // The collector does not know in time how much memory hangs on it.
        if (owned) bytes.buffer.transfer?.(0);
      }
    }
    this.#size -= out.length;
    return out;
  }

  clear(): void {
    this.#chunks = [];
    this.#size = 0;
  }
}
