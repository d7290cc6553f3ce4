/** Sends rows to the buffer of their partition tuple, in the engine, on columns. */
import type { Batch, Engine, PartitionTransform } from '../engine/engine.ts';
import { PartitionBuffer } from './partition-buffer.ts';

export interface PartitionId {
  readonly key: string;
  /** Appendix D bytes per partition field; empty for an unpartitioned table. */
  readonly values: readonly (Uint8Array | null)[];
}

/** One partition that has rows waiting. */
export interface Partition extends PartitionId {
  readonly buffer: PartitionBuffer;
}

export class PartitionRouter {
  readonly #engine: Pick<Engine, 'partition' | 'concat'>;
  readonly #transforms: readonly PartitionTransform[];
  readonly #partitions = new Map<string, Partition>();
  /** Rows that were not routed yet. */
  readonly #added: PartitionBuffer;
  #bufferedBytes = 0;
  #bufferedRows = 0;

  /** No transforms: one partition. */
  constructor(engine: Pick<Engine, 'partition' | 'concat'>, transforms: readonly PartitionTransform[]) {
    this.#engine = engine;
    this.#transforms = transforms;
    this.#added = new PartitionBuffer(engine);
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  get bufferedRows(): number {
    return this.#bufferedRows;
  }

  /** Rows that were added and not routed yet. */
  get unroutedRows(): number {
    return this.#added.rows;
  }

  get unroutedBytes(): number {
    return this.#added.bytes;
  }

  /** In the order in which the first of their rows came. */
  partitions(): Partition[] {
    return [...this.#partitions.values()];
  }

  /** Takes the batch over; returns its size, which is the same for the same rows. They go on with `route`. */
  add(batch: Batch): number {
    const bytes = batch.byteLength;
    this.#bufferedBytes += bytes;
    this.#bufferedRows += batch.numRows;
    if (this.#transforms.length === 0) this.#push('', [], batch, bytes);
    else this.#added.push(batch, bytes);
    return bytes;
  }

  /** Sends the rows that were added to their partitions, all at once: few large slices cost less than many small ones. */
  route(): void {
    if (this.#added.rows === 0) return;
    for (const { key, values, batch } of this.#engine.partition(this.#added.take(), this.#transforms)) {
      this.#push(key, values, batch, batch.byteLength);
    }
  }

  /** The rows that wait in `partition`, handed over; it is forgotten, so that many short-lived ones cost nothing. */
  take(partition: Partition): Batch[] {
    this.#bufferedBytes -= partition.buffer.bytes;
    this.#bufferedRows -= partition.buffer.rows;
    this.#partitions.delete(partition.key);
    return partition.buffer.take();
  }

  free(): void {
    this.#added.free();
    for (const partition of this.#partitions.values()) partition.buffer.free();
    this.#bufferedBytes = 0;
    this.#bufferedRows = 0;
  }

  #push(key: string, values: readonly (Uint8Array | null)[], batch: Batch, bytes: number): void {
    let partition = this.#partitions.get(key);
    if (partition === undefined) {
      partition = { key, values, buffer: new PartitionBuffer(this.#engine) };
      this.#partitions.set(key, partition);
    }
    partition.buffer.push(batch, bytes);
  }
}
