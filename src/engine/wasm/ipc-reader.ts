/** Arrow IPC streams and files into batches. */
import type { ArrowSchema } from '../arrow-schema.ts';
import type { Batch, IpcReader } from '../engine.ts';
import { type BatchList, batchesOf } from './batch.ts';
import type { WasmInstance } from './instance.ts';

/** The most that is pushed before it is asked where the rest belongs. */
const PUSH_BYTES = 16 * 1024;

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
    try {
      for (let at = 0; at < bytes.length; ) {
        const rest = bytes.subarray(at);
        const placed = this.#place(rest);
        const pushed = rest.subarray(0, PUSH_BYTES);
        const list =
          placed > 0
            ? this.#instance.callJson('ipc_filled', this.#handle, placed)
            : this.#instance.callJson('ipc_push', this.#handle, pushed);
        batches.push(...this.#batches(list as BatchList));
        at += placed || pushed.length;
      }
    } catch (error) {
      for (const batch of batches) batch.free();
      throw error;
    }
    return batches;
  }

  /** Copies the first of these bytes to where they belong, and answers how many; 0: they have to be pushed. */
  #place(bytes: Uint8Array): number {
    if (this.#instance.call('ipc_room', this.#handle, bytes.length) === 0) return 0;
    const [pointer, count] = this.#instance.meta() as [number, number];
    this.#instance.fill(pointer, count, [bytes.subarray(0, count)]);
    return count;
  }

  finish(): Batch[] {
    const list = this.#instance.callJson('ipc_finish', this.#handle) as BatchList;
    return this.#batches(list);
  }

  /** All have the stream's schema, and ask for it themselves where nobody has asked for that. */
  #batches(list: BatchList): Batch[] {
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
