/** CSV and JSON into batches, and what a sample says of them. */
import type { Bytes } from '../../util/bytes.ts';
import type { ArrowSchema } from '../arrow-schema.ts';
import type {
  Batch,
  CsvInference,
  CsvReaderOptions,
  GivenCsv,
  JsonInference,
  JsonReaderOptions,
  RejectedRow,
  TextReader,
} from '../engine.ts';
import { type BatchList, batchesOf } from './batch.ts';
import type { WasmInstance } from './instance.ts';

/** `Engine.inferCsv`. */
export function inferCsv(instance: WasmInstance, sample: Bytes, given: GivenCsv, whole: boolean): CsvInference {
  return instance.callJson('csv_infer', JSON.stringify(given), Number(whole), sample) as CsvInference;
}

/** `Engine.inferJson`. */
export function inferJson(instance: WasmInstance, sample: Bytes, whole: boolean): JsonInference {
  return instance.callJson('json_infer', Number(whole), sample) as JsonInference;
}

export function csvReader(instance: WasmInstance, options: CsvReaderOptions): TextReader {
  return new WasmTextReader(instance, 'csv_new', options);
}

export function jsonReader(instance: WasmInstance, options: JsonReaderOptions): TextReader {
  return new WasmTextReader(instance, 'json_new', options);
}

class WasmTextReader implements TextReader {
  readonly schema: ArrowSchema;
  readonly #instance: WasmInstance;
  #handle: number;

  constructor(instance: WasmInstance, create: string, options: CsvReaderOptions | JsonReaderOptions) {
    this.#instance = instance;
    this.schema = options.schema;
    this.#handle = instance.call(create, JSON.stringify(options));
  }

  *pull(bytes: Bytes): Generator<Batch, void, undefined> {
    if (bytes.length === 0) return;
    let ready = this.#batches(this.#instance.callJson('text_push', this.#handle, bytes));
    try {
      while (ready.length > 0) {
        for (let batch = ready.shift(); batch !== undefined; batch = ready.shift()) yield batch;
        ready = this.#batches(this.#instance.callJson('text_more', this.#handle));
      }
    } finally {
      for (const batch of ready) batch.free();
    }
  }

  push(bytes: Bytes): Batch[] {
    const batches: Batch[] = [];
    try {
      for (const batch of this.pull(bytes)) batches.push(batch);
    } catch (error) {
      for (const batch of batches) batch.free();
      throw error;
    }
    return batches;
  }

  finish(): Batch[] {
    return this.#batches(this.#instance.callJson('text_finish', this.#handle));
  }

  takeRejects(): RejectedRow[] {
    return this.#instance.callJson('text_rejects', this.#handle) as RejectedRow[];
  }

  free(): void {
    this.#instance.drop(this.#handle);
    this.#handle = -1;
  }

  [Symbol.dispose](): void {
    this.free();
  }

  #batches(list: unknown): Batch[] {
    return batchesOf(this.#instance, list as BatchList, this.schema);
  }
}
