/** Arrow IPC streams and files into batches. */
import type { ArrowSchema } from '../arrow-schema.ts';
import type { Batch, IpcReader } from '../engine.ts';
import { type BatchList, batchesOf } from './batch.ts';
import type { WasmInstance } from './instance.ts';

/** Enough for the header of most messages, by which it is known where their bodies belong. */
const HEADER_BYTES = 16 * 1024;

export class WasmIpcReader implements IpcReader {
  readonly #instance: WasmInstance;
  #handle: number;
  #schema: ArrowSchema | null = null;

  constructor(instance: WasmInstance) {
    this.#instance = instance;
    this.#handle = instance.call('ipc_new');
  }

  get schema(): ArrowSchema | null {
    if (this.#schema === null && this.#handle >= 0 && this.#instance.call('ipc_schema', this.#handle) === 1) {
      this.#schema = this.#instance.meta() as ArrowSchema;
    }
    return this.#schema;
  }

  push(bytes: Uint8Array): Batch[] {
    const batches: Batch[] = [];
    let next = HEADER_BYTES;
    try {
      for (let rest = bytes; rest.length > 0; ) {
        const placed = this.#place(rest);
        const pushed = rest.subarray(0, next);
        batches.push(...(placed > 0 ? this.#batches('ipc_filled', placed) : this.#batches('ipc_push', pushed)));
        rest = rest.subarray(placed || pushed.length);
        // Where no body begins that is worth it, messages are small: all that is left goes at once.
        next = placed > 0 ? HEADER_BYTES : rest.length;
      }
    } catch (error) {
      for (const batch of batches) batch.free();
      throw error;
    }
    return batches;
  }

  /** Copies those of a body that has begun to where they belong, and answers how many; 0: all have to be pushed. */
  #place(bytes: Uint8Array): number {
    if (this.#instance.call('ipc_room', this.#handle, bytes.length) === 0) return 0;
    const [pointer, count] = this.#instance.meta() as [number, number];
    this.#instance.fill(pointer, count, [bytes.subarray(0, count)]);
    return count;
  }

  finish(): Batch[] {
    return this.#batches('ipc_finish');
  }

  /** All have the stream's schema, and ask for it themselves where nobody has asked for that. */
  #batches(call: string, ...inputs: readonly (number | Uint8Array)[]): Batch[] {
    const list = this.#instance.callJson(call, this.#handle, ...inputs) as BatchList;
    return batchesOf(this.#instance, list, this.#schema ?? undefined);
  }

  free(): void {
    this.#instance.drop(this.#handle);
    this.#handle = -1;
  }

  [Symbol.dispose](): void {
    this.free();
  }
}
