/** xxHash64 in the engine. */
import type { Checksum } from '../engine.ts';
import type { WasmInstance } from './instance.ts';

/** What is copied into the engine at a time. */
const PIECE_BYTES = 64 * 1024;

export class WasmChecksum implements Checksum {
  readonly #instance: WasmInstance;
  #handle: number;

  constructor(instance: WasmInstance) {
    this.#instance = instance;
    this.#handle = instance.call('checksum_new');
  }

  push(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      this.#instance.call('checksum_push', this.#handle, bytes.subarray(at, at + PIECE_BYTES));
    }
  }

  value(): string {
    return this.#instance.callJson('checksum_value', this.#handle) as string;
  }

  free(): void {
    this.#instance.drop(this.#handle);
    this.#handle = -1;
  }

  [Symbol.dispose](): void {
    this.free();
  }
}
