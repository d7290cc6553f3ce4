/** Writes one run: records in the order of their keys, in blocks. */
import type { Batch } from '../../engine/engine.ts';
import type { Upload } from '../../storage/store.ts';
import type { Bytes } from '../../util/bytes.ts';
import type { PartitionId } from '../rows/partition-router.ts';
import { damagedRun, labelOf, type RunRecord } from './run-format.ts';

/** A run that is stored, whole. */
export interface Run {
  readonly location: string;
  readonly sizeBytes: number;
  readonly rows: number;
}

const BLOCK_BYTES = 512 * 1024;

/** Lifecycle: (`writeRows` | `copy`)* → `finish` | `abort`. After an error, `abort` must be called. */
export class RunWriter {
  readonly #upload: Upload;
  #block: Bytes | null = null;
  /** A record that does not fit in the rest of a block; used again. */
  #apart: Bytes = new Uint8Array();
  /** Filled of the block. */
  #at = 0;
  #sizeBytes = 0;
  #rows = 0;

  constructor(upload: Upload) {
    this.#upload = upload;
  }

  /** Held in memory: the block that is being filled, and what the upload holds. */
  get bufferedBytes(): number {
    return (this.#block?.length ?? 0) + this.#upload.bufferedBytes;
  }

  /** Writes the rows as a record; they stay the caller's. */
  async writeRows(partition: PartitionId, rows: Batch): Promise<void> {
    this.#block ??= new Uint8Array(BLOCK_BYTES);
    const rest = this.#block.subarray(this.#at);
    const record = rows.toBare(labelOf(partition), (bytes) => {
      if (bytes <= rest.length) return rest.subarray(0, bytes);
      if (this.#apart.length < bytes) this.#apart = new Uint8Array(bytes);
      return this.#apart.subarray(0, bytes);
    });
    this.#rows += rows.numRows;
    if (record.buffer !== rest.buffer) return this.#put(record);
    this.#at += record.length;
    if (this.#at === BLOCK_BYTES) await this.#flush();
  }

  /** Writes a record of another run, whose bytes are the caller's again when this resolves. */
  async copy({ head, pieces }: RunRecord): Promise<void> {
    for (const piece of pieces) await this.#put(piece);
    this.#rows += head.rows;
  }

  /** @throws IcestreamError INVALID_RESPONSE when the store holds another number of bytes than were written. */
  async finish(): Promise<Run> {
    await this.#flush();
    const { location, sizeBytes } = await this.#upload.finish();
    if (sizeBytes !== this.#sizeBytes) {
      throw damagedRun(location, `${this.#sizeBytes} bytes were written, the store holds ${sizeBytes}`);
    }
    return { location, sizeBytes, rows: this.#rows };
  }

  /** Returns what could not be removed. */
  async abort(): Promise<readonly string[]> {
    this.#block = null;
    return (await this.#upload.abort()).leftBehind;
  }

  async #put(bytes: Bytes): Promise<void> {
    for (let from = 0; from < bytes.length; ) {
      this.#block ??= new Uint8Array(BLOCK_BYTES);
      const some = bytes.subarray(from, from + BLOCK_BYTES - this.#at);
      this.#block.set(some, this.#at);
      this.#at += some.length;
      from += some.length;
      if (this.#at === BLOCK_BYTES) await this.#flush();
    }
  }

  async #flush(): Promise<void> {
    const block = this.#block?.subarray(0, this.#at);
    this.#block = null;
    this.#at = 0;
    if (block === undefined) return;
    this.#sizeBytes += block.length;
    await this.#upload.write(block);
  }
}
