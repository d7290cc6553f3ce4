/**
 * Standard input into one buffer that is used again for every read. Node's own stream makes a new buffer each time, and
 * tens of megabytes of them wait for the garbage collector while rows are encoded.
 */
import { fstatSync, read } from 'node:fs';
import { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';

const BUFFER_BYTES = 256 * 1024;
const STDIN = 0;

/** The bytes of standard input; a chunk is valid until the next one is asked for. */
export function standardInput(): AsyncIterable<Uint8Array> {
  const kind = fstatSync(STDIN);
  if (kind.isFile()) return fileChunks();
  if (kind.isFIFO() || kind.isSocket()) return new PipeChunks();
  return Readable.toWeb(process.stdin) as ReadableStream<Uint8Array>;
}

async function* fileChunks(): AsyncGenerator<Uint8Array, void, undefined> {
  const buffer = new Uint8Array(BUFFER_BYTES);
  const readInto = promisify(read);
  for (;;) {
    const { bytesRead } = await readInto(STDIN, buffer, 0, BUFFER_BYTES, null);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}

/**
 * Reads stop after each chunk and go on when the next one is asked for. No generator: `return` has to end a read that
 * waits for a writer who does not write.
 */
class PipeChunks implements AsyncIterableIterator<Uint8Array> {
  readonly #socket: Socket;
  #chunk: Uint8Array | null = null;
  #ended = false;
  #error: Error | null = null;
  #wake = () => {};

  constructor() {
    const callback = (bytesRead: number, buffer: Uint8Array): boolean => {
      this.#chunk = buffer.subarray(0, bytesRead);
      this.#wake();
      return false;
    };
    const onread = { buffer: new Uint8Array(BUFFER_BYTES), callback };
    this.#socket = new Socket({ fd: STDIN, readable: true, writable: false, onread });
    const end = () => {
      this.#ended = true;
      this.#wake();
    };
    this.#socket.on('end', end).on('close', end);
    this.#socket.on('error', (error) => {
      this.#error = error;
      end();
    });
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    if (this.#chunk === null && !this.#ended) {
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#socket.resume();
      await woken;
    }
    const value = this.#chunk;
    this.#chunk = null;
    if (value !== null) return { done: false, value };
    if (this.#error !== null) throw this.#error;
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    this.#socket.destroy();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
