/** Arrow IPC streams and files into batches. */
import type { ArrowSchema } from '../arrow-schema.ts';
import type { Batch, IpcReader } from '../engine.ts';
import { type BatchList, batchesOf } from './batch.ts';
import type { WasmInstance } from './instance.ts';

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
    if (bytes.length === 0) return [];
    const list = this.#instance.callJson('ipc_push', this.#handle, bytes) as BatchList;
    // All batches have the stream's schema, and ask for it themselves where nobody has asked for that.
    return batchesOf(this.#instance, list, this.#schema ?? undefined);
  }

  finish(): Batch[] {
    const list = this.#instance.callJson('ipc_finish', this.#handle) as BatchList;
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
