/** gzip and zstd undone in the engine, in pieces of at most 256 KiB. */
import type { Bytes } from '../../util/bytes.ts';
import type { Decompressor } from '../engine.ts';
import type { WasmInstance } from './instance.ts';

export class WasmDecompressor implements Decompressor {
  readonly #instance: WasmInstance;
  #handle: number;

  constructor(instance: WasmInstance, codec: 'gzip' | 'zstd') {
    this.#instance = instance;
    this.#handle = instance.call('decompress_new', JSON.stringify({ codec }));
  }

  *pull(bytes: Bytes): Generator<Bytes, void, undefined> {
    if (bytes.length === 0) return;
    this.#instance.call('decompress_push', this.#handle, bytes);
    for (;;) {
      const segments = this.#instance.call('decompress_pull', this.#handle);
      if (segments === 0) return;
      yield this.#instance.takeOutput(segments);
    }
  }

  push(bytes: Bytes): Bytes[] {
    return [...this.pull(bytes)];
  }

  finish(): Bytes[] {
    this.#instance.call('decompress_finish', this.#handle);
    return [];
  }

  free(): void {
    this.#instance.drop(this.#handle);
    this.#handle = -1;
  }

  [Symbol.dispose](): void {
    this.free();
  }
}
