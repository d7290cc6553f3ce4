/** Rows by partition key, out as records and back in. */
import { IcestreamError } from '../../errors.ts';
import type { Bytes } from '../../util/bytes.ts';
import type { ArrowSchema } from '../arrow-schema.ts';
import type { BareHead } from '../bare-head.ts';
import type { BareReader, Batch, ClusteredRows, PartitionSlice } from '../engine.ts';
import { WasmBatch } from './batch.ts';
import type { WasmInstance } from './instance.ts';
import { type PartJson, WasmPartitionSlice } from './partition.ts';

export class WasmClusteredRows implements ClusteredRows {
  readonly numRows: number;
  readonly #instance: WasmInstance;
  readonly #schema: ArrowSchema;
  #handle: number;

  constructor(instance: WasmInstance, handle: number, numRows: number, schema: ArrowSchema) {
    this.#instance = instance;
    this.#handle = handle;
    this.numRows = numRows;
    this.#schema = schema;
  }

  takeSlice(): PartitionSlice | null {
    const part = this.#instance.callJson('clustered_next', this.#handle) as PartJson | null;
    return part === null ? null : new WasmPartitionSlice(this.#instance, part, this.#schema);
  }

  takeRecords(atLeastBytes: number): Bytes | null {
    const segments = this.#instance.call('clustered_records', this.#handle, atLeastBytes);
    return segments === 0 ? null : this.#instance.takeOutput(segments);
  }

  bareReader(batchBytes: number): BareReader {
    const handle = this.#instance.call('bare_new', this.#handle);
    return new WasmBareReader(this.#instance, handle, this.#schema, batchBytes);
  }

  free(): void {
    this.#instance.drop(this.#handle);
    this.#handle = -1;
  }

  [Symbol.dispose](): void {
    this.free();
  }
}

/** A block of records in the engine's memory. */
interface Block {
  readonly pointer: number;
  readonly sizeBytes: number;
}

class WasmBareReader implements BareReader {
  readonly #instance: WasmInstance;
  readonly #schema: ArrowSchema;
  readonly #batchBytes: number;
  #handle: number;
  #block: Block | null = null;
  #usedBytes = 0;
  #rows = 0;
  #rowBytes = 0;

  constructor(instance: WasmInstance, handle: number, schema: ArrowSchema, batchBytes: number) {
    this.#instance = instance;
    this.#handle = handle;
    this.#schema = schema;
    this.#batchBytes = batchBytes;
  }

  get rows(): number {
    return this.#rows;
  }

  get rowBytes(): number {
    return this.#rowBytes;
  }

  fits(bytes: number): boolean {
    return this.#block === null || this.#usedBytes + bytes <= this.#block.sizeBytes;
  }

  add({ bytes, rows, rowBytes }: BareHead, pieces: readonly Bytes[]): void {
    if (!this.fits(bytes)) throw new IcestreamError('INVALID_ARGUMENT', 'the records before this one were not taken');
    if (this.#block === null) {
      const sizeBytes = Math.max(this.#batchBytes, bytes);
      this.#block = { pointer: this.#instance.allocate(sizeBytes), sizeBytes };
    }
    this.#instance.fill(this.#block.pointer + this.#usedBytes, bytes, pieces);
    this.#usedBytes += bytes;
    this.#rows += rows;
    this.#rowBytes += rowBytes;
  }

  take(): Batch {
    if (this.#block === null) throw new IcestreamError('INVALID_ARGUMENT', 'there is no record to make a batch of');
    const { pointer, sizeBytes } = this.#block;
    const [used, rows, rowBytes] = [this.#usedBytes, this.#rows, this.#rowBytes];
    this.#reset();
    const handle = this.#instance.call('bare_read', this.#handle, pointer, sizeBytes, used);
    return new WasmBatch(this.#instance, handle, rows, this.#schema, rowBytes);
  }

  free(): void {
    if (this.#block !== null) this.#instance.free(this.#block.pointer, this.#block.sizeBytes);
    this.#reset();
    this.#instance.drop(this.#handle);
    this.#handle = -1;
  }

  [Symbol.dispose](): void {
    this.free();
  }

  #reset(): void {
    this.#block = null;
    this.#usedBytes = 0;
    this.#rows = 0;
    this.#rowBytes = 0;
  }
}
