/** Encodes columns of row groups apart from their files: an engine that can do nothing else, and all that its thread has to load. */
import { IcestreamError } from '../../errors.ts';
import type { EncodedPart, EncoderOptions } from '../encoder.ts';
import type { PartRows } from './batch.ts';
import { encoderRequest, rowGroupPieces } from './encode-calls.ts';
import { WasmInstance } from './instance.ts';

const NO_WRITE = -1;

export class PartEncoder {
  readonly #instance: WasmInstance;
  #request = '';
  /** An encoder that encodes nothing: what encoders with the same options share is kept while there is one of them. */
  #idle = NO_WRITE;

  /** @throws IcestreamError MEMORY_LIMIT_TOO_SMALL below what an idle engine takes. */
  constructor(module: WebAssembly.Module, maxMemoryBytes: number) {
    this.#instance = new WasmInstance(module, maxMemoryBytes);
  }

  /** False after a trap. */
  get alive(): boolean {
    return this.#instance.alive;
  }

  /** A limit that would do for the block that was refused last. */
  get neededBytes(): number {
    return this.#instance.maxMemoryBytes + this.#instance.refusedBytes;
  }

  /** Size of the wasm memory. */
  get memoryBytes(): number {
    return this.#instance.memoryBytes;
  }

  /** See `Engine.liveBytes`. */
  get liveBytes(): number {
    return this.#instance.liveBytes;
  }

  /** The options of the parts that follow; null: none follow, and the engine is as before. */
  begin(options: EncoderOptions | null): void {
    this.#instance.drop(this.#idle);
    this.#idle = NO_WRITE;
    if (options === null) return;
    this.#request = encoderRequest(options);
    this.#idle = this.#instance.call('enc_part_new', 0, 0, this.#request);
  }

  /**
   * One part of the rows of a row group, which are what `batchesToParts` gave with an engine of this version, unchanged:
   * texts and offsets in them are not looked at again, and other bytes could make it fail anywhere.
   */
  encode(rows: Uint8Array, { firstColumn, columns, start, end }: PartRows): EncodedPart {
    if (this.#idle === NO_WRITE) {
      throw new IcestreamError('ENGINE_FAILED', 'rows came to an encoding thread before the options of their write');
    }
    const handle = this.#instance.call('enc_part_new', firstColumn, columns, this.#request);
    try {
      this.#instance.call('enc_part_rows', handle, rows.subarray(start, end));
      const pieces = [...rowGroupPieces(this.#instance, () => handle)];
      const tail = this.#instance.takeOutput(this.#instance.call('enc_part_finish', handle));
      return { firstColumn, columns, pieces, tail };
    } finally {
      this.#instance.drop(handle);
    }
  }
}
