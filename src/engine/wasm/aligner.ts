/** Batches of one schema brought to another: order, names, types, nullability and field ids. */
import { IcestreamError } from '../../errors.ts';
import type { ArrowSchema } from '../arrow-schema.ts';
import type { Aligner, AlignOptions, Batch } from '../engine.ts';
import { releaseBatch, WasmBatch } from './batch.ts';
import type { WasmInstance } from './instance.ts';

export class WasmAligner implements Aligner {
  readonly #instance: WasmInstance;
  readonly #options: AlignOptions;
  #handle: number;

  /** @throws IcestreamError SCHEMA_MISMATCH naming the column, when the types alone rule it out; of `constants`. */
  constructor(instance: WasmInstance, source: ArrowSchema, options: AlignOptions) {
    this.#instance = instance;
    this.#options = options;
    const request = JSON.stringify({
      source,
      target: options.target,
      constants: options.constants,
      matchBy: options.matchBy,
    });
    this.#handle = inFile(options.file, () => instance.call('aligner_new', request));
  }

  align(batch: Batch): Batch {
    const rows = batch.numRows;
    const given = releaseBatch(this.#instance, batch);
    const { target, file } = this.#options;
    const handle = inFile(file, () => this.#instance.call('aligner_align', this.#handle, given));
    return new WasmBatch(this.#instance, handle, rows, target);
  }

  free(): void {
    this.#instance.drop(this.#handle);
    this.#handle = -1;
  }

  [Symbol.dispose](): void {
    this.free();
  }
}

/** Adds the file's name to the place of an error. */
function inFile<T>(file: string | undefined, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (file === undefined || !(error instanceof IcestreamError)) throw error;
    throw new IcestreamError(error.code, error.message, { ...error.place, file, cause: error });
  }
}
