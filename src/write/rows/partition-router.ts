/** Sends rows to the buffer of their partition tuple, in the engine, on columns. */
import type { Batch, Engine, PartitionSlice, PartitionTransform } from '../../engine/engine.ts';
import { PartitionBuffer } from './partition-buffer.ts';
import { inSteps, MAX_STEP_ROWS, RowSteps } from './row-steps.ts';

/** The most rows that are routed at once. */
export const MAX_ROUTED_ROWS = 4 * MAX_STEP_ROWS;

export interface PartitionId {
  readonly key: string;
  /** Appendix D bytes per partition field; empty for an unpartitioned table. */
  readonly values: readonly (Uint8Array | null)[];
}

/** One partition that has rows waiting. */
export interface Partition extends PartitionId {
  readonly buffer: PartitionBuffer;
  /** How often rows came to it. */
  slices: number;
}

/** See `MemoryPlan`. */
export interface RoutingShares {
  readonly stepBytes: number;
  readonly routeBytes: number;
  readonly sliceBytes: number;
  readonly mostSlices: number;
}

export class PartitionRouter {
  readonly #engine: Pick<Engine, 'partition' | 'concat'>;
  readonly #transforms: readonly PartitionTransform[];
  readonly #shares: RoutingShares;
  readonly #steps: RowSteps;
  readonly #partitions = new Map<string, Partition>();
  /** Rows that were not routed yet. */
  readonly #added: PartitionBuffer;
  #bufferedBytes = 0;
  #bufferedRows = 0;
  #routedSlices = 0;

  /** No transforms: one partition. */
  constructor(
    engine: Pick<Engine, 'partition' | 'concat'>,
    transforms: readonly PartitionTransform[],
    shares: RoutingShares,
  ) {
    this.#engine = engine;
    this.#transforms = transforms;
    this.#shares = shares;
    this.#steps = new RowSteps(shares.stepBytes);
    this.#added = new PartitionBuffer(engine);
  }

  /** By `Batch.byteLength`, and what rows take that lie in many slices. */
  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  get bufferedRows(): number {
    return this.#bufferedRows;
  }

  /** What the slices of the rows that were routed last take besides the rows: as much as the next ones will. */
  get routedSliceBytes(): number {
    return this.#routedSlices * this.#shares.sliceBytes;
  }

  /** In the order in which the first of their rows came. */
  partitions(): Partition[] {
    return [...this.#partitions.values()];
  }

  /** Takes the batch over. `onRouted` is called at fixed row numbers, whenever rows were sent to their partitions. */
  write(batch: Batch, onRouted: () => Promise<void>): Promise<void> {
    return inSteps(
      this.#steps,
      batch,
      (piece) => this.#add(piece),
      async () => {
        if (!this.#routeIsDue()) return;
        while (!this.route()) await onRouted();
        await onRouted();
      },
    );
  }

  /**
   * Sends the rows that were added to their partitions, all at once: few large slices cost less than many small ones.
   * False: some are left, because there would be too many slices.
   */
  route(): boolean {
    if (this.#added.rows === 0) return true;
    const { sliceBytes, mostSlices } = this.#shares;
    const { slices, rest } = this.#engine.partition(this.#added.take(), this.#transforms, mostSlices);
    let last: Partition | null = null;
    this.#routedSlices = 0;
    for (const slice of slices) {
      const partition = this.#push(slice, slice.batch.byteLength);
      // Rows of one partition only stay in the batches that they came in: counted once, it follows from the rows alone.
      if (partition === last) continue;
      last = partition;
      partition.slices += 1;
      this.#routedSlices += 1;
    }
    this.#bufferedBytes += this.#routedSlices * sliceBytes;
    for (const batch of rest) this.#added.push(batch, batch.byteLength);
    return rest.length === 0;
  }

  /** The rows that wait in `partition`, handed over; it is forgotten, so that many short-lived ones cost nothing. */
  take(partition: Partition): Batch[] {
    this.#bufferedBytes -= partition.buffer.bytes + partition.slices * this.#shares.sliceBytes;
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

  /** Takes the batch over. */
  #add(batch: Batch): void {
    const bytes = batch.byteLength;
    this.#bufferedBytes += bytes;
    this.#bufferedRows += batch.numRows;
    if (this.#transforms.length === 0) this.#push({ key: '', values: [], batch }, bytes);
    else this.#added.push(batch, bytes);
  }

  /** Whether there might be no room, or too many rows, after another step. */
  #routeIsDue(): boolean {
    if (this.#transforms.length === 0) return true;
    const { stepBytes, routeBytes } = this.#shares;
    const { bytes, rows } = this.#added;
    return bytes + stepBytes > routeBytes || rows + MAX_STEP_ROWS > MAX_ROUTED_ROWS;
  }

  #push(slice: Pick<PartitionSlice, 'key' | 'values' | 'batch'>, bytes: number): Partition {
    const { key } = slice;
    let partition = this.#partitions.get(key);
    if (partition === undefined) {
      partition = { key, values: slice.values, buffer: new PartitionBuffer(this.#engine), slices: 0 };
      this.#partitions.set(key, partition);
    }
    partition.buffer.push(slice.batch, bytes);
    return partition;
  }
}
