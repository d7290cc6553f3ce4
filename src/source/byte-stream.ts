/**
 * A stream of bytes that can be looked into before it is read; what it holds is charged to the lease. The outside may
 * use a chunk's memory again once it is asked for the next one, and so a piece is valid until the next call.
 */
import { IcestreamError } from '../errors.ts';
import { abortable } from '../util/abortable.ts';
import type { Bytes } from '../util/bytes.ts';
import type { MemoryLease } from '../util/memory-budget.ts';
import { unreadable } from './errors-in-file.ts';

/** Bytes given to the engine at once: bounds what one push can produce. */
const PIECE_BYTES = 256 * 1024;

export interface ByteStreamOptions {
  readonly name: string;
  readonly lease: MemoryLease;
  readonly signal?: AbortSignal | undefined;
  readonly onBytesRead?: ((bytes: number) => void) | undefined;
  /** The stream this one is made of: cancelled with it. */
  readonly below?: ByteStream;
}

export class ByteStream {
  readonly name: string;
  readonly #iterator: AsyncIterator<Uint8Array>;
  readonly #options: ByteStreamOptions;
  /** Chunks that were read and not yet given out. */
  #held: Bytes[] = [];
  #heldBytes = 0;
  #charged = 0;
  #bytesRead = 0;
  #ended = false;
  #pulling = false;

  constructor(chunks: AsyncIterable<Uint8Array>, options: ByteStreamOptions) {
    this.name = options.name;
    this.#iterator = chunks[Symbol.asyncIterator]();
    this.#options = options;
  }

  /** Bytes taken from the outside so far. */
  get bytesRead(): number {
    return this.#bytesRead;
  }

  /** The next `length` bytes without taking them, valid until the next call; fewer when the stream ends before. */
  async peek(length: number): Promise<Bytes> {
    while (this.#heldBytes < length && (await this.#pull())) {
      // The held bytes grow until they are enough.
    }
    const head = this.#joined();
    return head.subarray(0, Math.min(length, head.length));
  }

  /** Whether the stream has no bytes beyond the first `length`. */
  async endsWithin(length: number): Promise<boolean> {
    return (await this.peek(length + 1)).length <= length;
  }

  /** The next piece, at most 256 KiB, valid until the next call; null at the end. */
  async next(): Promise<Bytes | null> {
    this.#options.signal?.throwIfAborted();
    while (this.#held.length === 0) {
      if (!(await this.#pull())) return this.#settle(0);
    }
    const first = this.#held[0] as Bytes;
    const piece = first.length <= PIECE_BYTES ? first : first.subarray(0, PIECE_BYTES);
    if (piece.length === first.length) this.#held.shift();
    else this.#held[0] = first.subarray(piece.length);
    this.#heldBytes -= piece.length;
    this.#settle(this.#heldBytes + piece.length);
    return piece;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Bytes, void, undefined> {
    for (let piece = await this.next(); piece !== null; piece = await this.next()) yield piece;
  }

  /** Stops reading and gives everything back; idempotent. */
  async cancel(): Promise<void> {
    this.#held = [];
    this.#heldBytes = 0;
    this.#settle(0);
    if (!this.#ended) await this.#end();
    await this.#options.below?.cancel();
  }

  async #end(): Promise<void> {
    this.#ended = true;
    // The stream is not wanted any more: how it fails to end does not matter, nor when, if it hangs in a read.
    const ended = Promise.resolve(this.#iterator.return?.()).catch(() => {});
    if (!this.#pulling) await ended;
  }

  async #pull(): Promise<boolean> {
    if (this.#ended) return false;
    const { name, signal, onBytesRead } = this.#options;
    // The chunk that came last may be overwritten now; those before it were copied already.
    const last = this.#held.pop();
    if (last !== undefined) this.#held.push(last.slice());
    let result: IteratorResult<Uint8Array>;
    try {
      this.#pulling = true;
      result = await abortable(this.#iterator.next(), signal);
      this.#pulling = false;
    } catch (error) {
      signal?.throwIfAborted();
      this.#ended = true;
      throw unreadable(error, name, this.#bytesRead);
    }
    if (result.done) {
      this.#ended = true;
      return false;
    }
    const chunk = asBytes(result.value, name);
    this.#bytesRead += chunk.length;
    onBytesRead?.(chunk.length);
    if (chunk.length > 0) {
      this.#held.push(chunk);
      this.#heldBytes += chunk.length;
      this.#settle(this.#heldBytes);
    }
    return true;
  }

  #joined(): Bytes {
    const [first] = this.#held;
    if (this.#held.length === 1 && first !== undefined) return first;
    const joined = new Uint8Array(this.#heldBytes);
    let at = 0;
    for (const chunk of this.#held) {
      joined.set(chunk, at);
      at += chunk.length;
    }
    this.#held = joined.length === 0 ? [] : [joined];
    return joined;
  }

  /** Charges the lease for `bytes` in hand. */
  #settle(bytes: number): null {
    this.#options.lease.charge('source', bytes - this.#charged);
    this.#charged = bytes;
    return null;
  }
}

function asBytes(chunk: unknown, name: string): Bytes {
  if (chunk instanceof Uint8Array) {
    return chunk.buffer instanceof ArrayBuffer ? (chunk as Bytes) : new Uint8Array(chunk);
  }
  if (chunk instanceof ArrayBuffer) return new Uint8Array(chunk);
  const what = chunk === null ? 'null' : typeof chunk;
  throw new IcestreamError('INVALID_ARGUMENT', `${name}: the stream gave ${what}; its chunks must be Uint8Array`, {
    file: name,
  });
}
