/** Rows of one partition that wait for their row group: batches in order, small ones joined now and then. */
import type { Batch, Engine } from '../../engine/engine.ts';

const SMALL_BATCH_BYTES = 64 * 1024;
/** So many small neighbours of one level become one batch of the next. */
const JOIN_COUNT = 16;
const HIGHEST_LEVEL = 3;
const LEFT_ALONE = -1;

interface Held {
  readonly batch: Batch;
  readonly level: number;
}

export class PartitionBuffer {
  readonly #engine: Pick<Engine, 'concat'>;
  readonly #smallBytes: number;
  #held: Held[] = [];
  #rows = 0;
  #bytes = 0;

  /** `smallBytes`: batches above this are left as they are. */
  constructor(engine: Pick<Engine, 'concat'>, smallBytes = SMALL_BATCH_BYTES) {
    this.#engine = engine;
    this.#smallBytes = smallBytes;
  }

  get rows(): number {
    return this.#rows;
  }

  /** Sum of `Batch.byteLength`: the same for the same rows. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Takes the batch over. */
  push(batch: Batch, bytes: number): void {
    this.#rows += batch.numRows;
    this.#bytes += bytes;
    this.#held.push({ batch, level: bytes < this.#smallBytes ? 0 : LEFT_ALONE });
    this.#joinSmall();
  }

  /** Hands the batches over and is empty. */
  take(): Batch[] {
    const batches = this.#held.map((held) => held.batch);
    this.#held = [];
    this.#rows = 0;
    this.#bytes = 0;
    return batches;
  }

  free(): void {
    for (const batch of this.take()) batch.free();
  }

  /** A batch has a fixed cost per column, which would outweigh the rows of many tiny ones. */
  #joinSmall(): void {
    for (let level = 0; level < HIGHEST_LEVEL && this.#held.length >= JOIN_COUNT; level++) {
      const tail = this.#held.slice(-JOIN_COUNT);
      if (tail.some((held) => held.level !== level)) return;
      this.#held.length -= JOIN_COUNT;
      this.#held.push({ batch: this.#engine.concat(tail.map((held) => held.batch)), level: level + 1 });
    }
  }
}
