/** Buffers that were sent to a thread and came back, for what is sent next: fresh memory costs more than the copy. */

/** So that buffers for row groups of about one size serve each other: sizes are rounded up by it, or by an 8th at most. */
const GRAIN_BYTES = 64 * 1024;

/** Browsers have it in pages that are cross-origin isolated. */
export const sharedMemory = typeof SharedArrayBuffer !== 'undefined';

/**
 * Shared memory where the runtime has it: what is sent and comes back counts as allocated each time, and would have
 * garbage collected all the time.
 */
const BufferKind: { new (bytes: number): ArrayBufferLike } = sharedMemory ? SharedArrayBuffer : ArrayBuffer;

/**
 * What earlier writes left, until it is garbage collected: that may take long, as the collector does not count it, and
 * many short writes must not pile it up.
 */
let left: WeakRef<ArrayBufferLike>[] = [];

export class SpareBuffers {
  readonly #spare: ArrayBufferLike[] = [];

  /** Of the buffers that wait. */
  get bytes(): number {
    return this.#spare.reduce((sum, buffer) => sum + buffer.byteLength, 0);
  }

  give(buffer: ArrayBufferLike): void {
    this.#spare.push(buffer);
    this.#spare.sort((a, b) => a.byteLength - b.byteLength);
  }

  /** An array of so many bytes, with any content, at the start of its buffer. */
  take(bytes: number): Uint8Array {
    const fits = this.#spare.findIndex((buffer) => buffer.byteLength >= bytes);
    // Where none fits the largest goes (index -1): there are never more than were sent at once.
    const [found] = this.#spare.splice(fits, 1);
    if (fits >= 0 && found !== undefined) return new Uint8Array(found, 0, bytes);
    const grain = Math.max(GRAIN_BYTES, 2 ** Math.floor(Math.log2(Math.max(1, bytes) / 8)));
    const size = Math.ceil(bytes / grain) * grain;
    return new Uint8Array(takeLeft(size) ?? new BufferKind(size), 0, bytes);
  }

  /** No more will be sent: what waits is there for others, or for the garbage collector. */
  leave(): void {
    left = left.filter((reference) => reference.deref() !== undefined);
    for (const buffer of this.#spare.splice(0)) left.push(new WeakRef(buffer));
  }
}

/** One of exactly this size that is left: a larger one would hold more than is asked for. */
function takeLeft(size: number): ArrayBufferLike | undefined {
  const at = left.findIndex((reference) => reference.deref()?.byteLength === size);
  return at < 0 ? undefined : left.splice(at, 1)[0]?.deref();
}
