/** Writes one run: records in the order of their keys, in blocks. */
import type { Upload } from '../../storage/store.ts';
import type { Bytes } from '../../util/bytes.ts';
import type { PartitionId } from '../rows/partition-router.ts';
import { damagedRun, fillHead, type RunRecord, recordStart } from './run-format.ts';

/** A run that is stored, whole. */
export interface Run {
  readonly location: string;
  readonly sizeBytes: number;
  readonly rows: number;
}

const BLOCK_BYTES = 512 * 1024;

/** Lifecycle: `write`* → `finish` | `abort`. After an error, `abort` must be called. */
export class RunWriter {
  readonly #upload: Upload;
  #block: Bytes | null = null;
  /** Rows that do not fit in the rest of a block; used again. */
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

  /** Copies the record's bytes: they are the caller's again when this resolves. */
  async write({ partition, rows, body }: RunRecord): Promise<void> {
    const start = recordStart(partition);
    fillHead(start, rows, body);
    await this.#put(start);
    for (const piece of body) await this.#put(piece);
    this.#rows += rows;
  }

  /** Writes a record whose body `put` makes: in an array of so many bytes from the function that it is given. */
  async writeMade(
    partition: PartitionId,
    rows: number,
    put: (allocate: (bytes: number) => Bytes) => Bytes,
  ): Promise<void> {
    const start = recordStart(partition);
    this.#block ??= new Uint8Array(BLOCK_BYTES);
    const rest = this.#block.subarray(this.#at);
    const body = put((bytes) => {
      if (start.length + bytes <= rest.length) return rest.subarray(start.length, start.length + bytes);
      if (this.#apart.length < bytes) this.#apart = new Uint8Array(bytes);
      return this.#apart.subarray(0, bytes);
    });
    fillHead(start, rows, [body]);
    await this.#put(start);
    if (body.buffer === this.#block?.buffer) this.#at += body.length;
    else await this.#put(body);
    if (this.#at === BLOCK_BYTES) await this.#flush();
    this.#rows += rows;
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
