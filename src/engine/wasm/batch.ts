/** Record batches: handles into the engine's memory. */
import { IcestreamError } from '../../errors.ts';
import type { Bytes } from '../../util/bytes.ts';
import { concatBytes } from '../../util/encoding.ts';
import type { ArrowSchema } from '../arrow-schema.ts';
import type { Batch } from '../engine.ts';
import type { WasmInstance } from './instance.ts';

const HASH_KEY_BYTES = 16;

export class WasmBatch implements Batch {
  readonly numRows: number;
  readonly #instance: WasmInstance;
  #handle: number;
  #schema: ArrowSchema | undefined;
  #byteLength: number | undefined;
  #columnBytes: readonly number[] | undefined;

  /** @param schema and @param byteLength when the caller knows them; they are read from the engine at first use otherwise. */
  constructor(instance: WasmInstance, handle: number, numRows: number, schema?: ArrowSchema, byteLength?: number) {
    this.#instance = instance;
    this.#handle = handle;
    this.numRows = numRows;
    this.#schema = schema;
    this.#byteLength = byteLength;
  }

  get byteLength(): number {
    this.#byteLength ??= this.columnBytes.reduce((sum, bytes) => sum + bytes, 0);
    return this.#byteLength;
  }

  get columnBytes(): readonly number[] {
    this.#columnBytes ??= this.#instance.callJson('batch_bytes', this.#live()) as number[];
    return this.#columnBytes;
  }

  get schema(): ArrowSchema {
    this.#schema ??= this.#instance.callJson('batch_schema', this.#live()) as ArrowSchema;
    return this.#schema;
  }

  slice(start: number, length: number): Batch {
    // The engine takes 32 bits: a larger number would be another one there.
    const within = Number.isSafeInteger(start) && Number.isSafeInteger(length) && start >= 0 && length >= 0;
    if (!within || start + length > this.numRows) {
      throw new IcestreamError(
        'INVALID_ARGUMENT',
        `slice(${start}, ${length}) takes whole numbers: a row and a count within a batch of ${this.numRows} rows`,
      );
    }
    const handle = this.#instance.call('batch_slice', this.#live(), start, length);
    return new WasmBatch(this.#instance, handle, length, this.#schema);
  }

  compact(): Batch {
    const handle = this.#instance.call('batch_compact', this.#live());
    return new WasmBatch(this.#instance, handle, this.numRows, this.#schema, this.#byteLength);
  }

  take(rows: Uint32Array): Batch {
    this.#requireKernels();
    // Those of a Uint32Array can only be too large: the engine sees that.
    if (!(rows instanceof Uint32Array)) this.#requireRows(rows);
    const handle = this.#instance.call('batch_take', this.#live(), littleEndian(rows));
    return new WasmBatch(this.#instance, handle, rows.length, this.#schema);
  }

  filter(keep: Bytes): Batch {
    this.#requireKernels();
    const bytes = Math.ceil(this.numRows / 8);
    if (!(keep instanceof Uint8Array) || keep.length !== bytes) {
      const found = keep instanceof Uint8Array ? `${keep.length}` : 'something else';
      throw new IcestreamError(
        'INVALID_ARGUMENT',
        `filter needs a Uint8Array of ${bytes} ${bytes === 1 ? 'byte' : 'bytes'}, a bit for each of the ${this.numRows} rows of the batch, and was given ${found}`,
      );
    }
    const handle = this.#instance.call('batch_filter', this.#live(), keep);
    return new WasmBatch(this.#instance, handle, this.#instance.call('batch_rows', handle), this.#schema);
  }

  hashRows(fieldIds: readonly number[], key: Bytes): Bytes {
    this.#requireKernels();
    if (key.length !== HASH_KEY_BYTES) {
      throw new IcestreamError('INVALID_ARGUMENT', `a hash needs a key of 16 bytes, not ${key.length}`);
    }
    const wrong = fieldIds.find((id) => id !== (id | 0));
    if (wrong !== undefined) {
      throw new IcestreamError('INVALID_ARGUMENT', `a field id is a whole number of 32 bits, not ${wrong}`);
    }
    const request = concatBytes([key, littleEndian(fieldIds)]);
    return this.#instance.callBytes('batch_hash', this.#live(), request);
  }

  toIpc(): Bytes {
    return this.#instance.callBytes('batch_to_ipc', this.#live());
  }

  static toParts(batches: readonly Batch[], { most, leastBytes, allocate }: PartsRequest): RowsInParts {
    const [first] = batches;
    if (!(first instanceof WasmBatch)) throw notOfThisEngine();
    const instance = first.#instance;
    const segments = consuming(instance, batches, (handles) =>
      instance.call('batches_to_parts', most, leastBytes, handles),
    );
    const parts: PartRows[] = [];
    let [firstColumn, start] = [0, 0];
    for (const [columns, bytes] of instance.meta() as Array<readonly [number, number]>) {
      parts.push({ firstColumn, columns, start, end: start + bytes });
      [firstColumn, start] = [firstColumn + columns, start + bytes];
    }
    return { parts, bytes: instance.takeOutput(segments, allocate) };
  }

  free(): void {
    this.#instance.drop(this.#handle);
    this.#handle = -1;
  }

  [Symbol.dispose](): void {
    this.free();
  }

  /** Gives the handle away, to a call that consumes it. */
  release(instance: WasmInstance): number {
    if (instance !== this.#instance) {
      throw new IcestreamError(
        'INVALID_ARGUMENT',
        'a batch belongs to the engine that made it; it was given to another',
      );
    }
    const handle = this.#live();
    this.#handle = -1;
    return handle;
  }

  /** Of programs without types: as 32 bits, another number would be some row's. */
  #requireRows(rows: ArrayLike<unknown> | null | undefined): void {
    if (rows == null || !Number.isSafeInteger(rows.length)) {
      throw new IcestreamError('INVALID_ARGUMENT', 'take needs a Uint32Array of numbers of rows');
    }
    for (let i = 0; i < rows.length; i += 1) {
      const row = rows[i];
      if (Number.isSafeInteger(row) && (row as number) >= 0 && (row as number) < this.numRows) continue;
      throw new IcestreamError(
        'INVALID_ARGUMENT',
        `row ${String(row)} (number ${i} of those to take) is not within a batch of ${this.numRows} rows`,
      );
    }
  }

  #requireKernels(): void {
    if (this.#instance.has('batch_take')) return;
    throw new IcestreamError(
      'UNSUPPORTED',
      'rows cannot be picked or hashed with icestream-append.wasm, which serves appends; load icestream.wasm instead',
    );
  }

  #live(): number {
    if (this.#handle < 0) throw new IcestreamError('INVALID_ARGUMENT', 'the batch was freed or consumed before');
    return this.#handle;
  }
}

/** What a call that gives batches answers: `[handle, rows]` each. */
export type BatchList = ReadonlyArray<readonly [number, number]>;

export function batchesOf(instance: WasmInstance, list: BatchList, schema?: ArrowSchema): Batch[] {
  return list.map(([handle, rows]) => new WasmBatch(instance, handle, rows, schema));
}

export interface PartsRequest {
  /** The most parts. */
  readonly most: number;
  /** Of each part, by `Batch.byteLength`, if there is so much. */
  readonly leastBytes: number;
  readonly allocate: (bytes: number) => Uint8Array;
}

/** Some columns of rows, as one Arrow IPC stream. */
export interface PartRows {
  /** Of the top-level columns. */
  readonly firstColumn: number;
  readonly columns: number;
  /** Where the stream is in the bytes of all parts. */
  readonly start: number;
  readonly end: number;
}

export interface RowsInParts {
  /** All columns, in order. */
  readonly parts: readonly PartRows[];
  readonly bytes: Uint8Array;
}

/** The rows of `batches`, which have one schema, by columns, copied out to an array of `allocate`; consumes them. */
export function batchesToParts(batches: readonly Batch[], request: PartsRequest): RowsInParts {
  return WasmBatch.toParts(batches, request);
}

function notOfThisEngine(): IcestreamError {
  return new IcestreamError('INVALID_ARGUMENT', 'not a batch of this engine');
}

/** The handle of a batch that a call consumes. */
export function releaseBatch(instance: WasmInstance, batch: Batch): number {
  if (!(batch instanceof WasmBatch)) throw notOfThisEngine();
  return batch.release(instance);
}

/** Gives batches to a call that consumes them, as the bytes it takes. When it fails, all are freed, however far it came. */
export function consuming<T>(instance: WasmInstance, batches: readonly Batch[], call: (handles: Bytes) => T): T {
  const given: number[] = [];
  try {
    for (const batch of batches) given.push(releaseBatch(instance, batch));
    return call(littleEndian(given));
  } catch (error) {
    // One may be of another engine, or there was no memory for the list; to free what was consumed does nothing.
    for (const handle of given) instance.drop(handle);
    for (const batch of batches) batch.free();
    throw error;
  }
}

/** Numbers as the engine reads them. */
export function littleEndian(numbers: ArrayLike<number>): Bytes {
  const bytes = new Uint8Array(numbers.length * 4);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < numbers.length; i += 1) view.setInt32(i * 4, numbers[i] ?? 0, true);
  return bytes;
}
