/** Cuts bytes as they come into parts of one size. */
import type { Bytes } from '../../util/bytes.ts';
import { concatBytes } from '../../util/encoding.ts';

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

  /** The next part, when a whole one is there. */
  takePart(): Bytes | null {
    return this.#size < this.#partSize ? null : this.#take(this.#partSize);
  }

  takeRest(): Bytes {
    return this.#take(this.#size);
  }

  clear(): void {
    this.#chunks = [];
    this.#size = 0;
  }

  #take(size: number): Bytes {
    const taken: Bytes[] = [];
    for (let left = size; left > 0; ) {
      const chunk = this.#chunks[0];
      if (chunk === undefined) break;
      if (chunk.length <= left) this.#chunks.shift();
      else this.#chunks[0] = chunk.subarray(left);
      taken.push(chunk.length <= left ? chunk : chunk.subarray(0, left));
      left -= taken.at(-1)?.length ?? 0;
    }
    this.#size -= size;
    return concatBytes(taken);
  }
}
