/** Buffers that were sent to a thread and came back, for what is sent next: fresh memory costs more than the copy. */
import type { Bytes } from '../../util/bytes.ts';

/** So that buffers for streams of about one size serve each other. */
const GRAIN_BYTES = 64 * 1024;

export class SpareBuffers {
  readonly #spare: ArrayBuffer[] = [];

  /** Of the buffers that wait. */
  get bytes(): number {
    return this.#spare.reduce((sum, buffer) => sum + buffer.byteLength, 0);
  }

  give(buffers: readonly ArrayBuffer[]): void {
    this.#spare.push(...buffers);
    this.#spare.sort((a, b) => a.byteLength - b.byteLength);
  }

  /** An array of so many bytes, with any content, at the start of its buffer. */
  take(bytes: number): Bytes {
    const fits = this.#spare.findIndex((buffer) => buffer.byteLength >= bytes);
    // Where none fits the largest goes (index -1): there are never more than were sent at once.
    const [found] = this.#spare.splice(fits, 1);
    if (fits >= 0 && found !== undefined) return new Uint8Array(found, 0, bytes);
    return new Uint8Array(new ArrayBuffer(Math.ceil(bytes / GRAIN_BYTES) * GRAIN_BYTES), 0, bytes);
  }
}
