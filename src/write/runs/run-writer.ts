/** Writes one run: records in the order of their keys, in blocks. */
import type { ClusteredRows } from '../../engine/engine.ts';
import type { Upload } from '../../storage/store.ts';
import type { Bytes } from '../../util/bytes.ts';
import { damagedRun, type RunRecord } from './run-format.ts';

/** A run that is stored, whole. */
export interface Run {
  readonly location: string;
  readonly sizeBytes: number;
  readonly rows: number;
}

const BLOCK_BYTES = 512 * 1024;

/** Lifecycle: (`write` | `copy`)* → `finish` | `abort`. After an error, `abort` must be called. */
export class RunWriter {
  readonly #upload: Upload;
  #block: Bytes | null = null;
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

  /** Writes the rows of all partitions, as they are taken. */
  async write(rows: ClusteredRows): Promise<void> {
    this.#rows += rows.numRows;
    for (let block = rows.takeRecords(BLOCK_BYTES); block !== null; block = rows.takeRecords(BLOCK_BYTES)) {
      this.#sizeBytes += block.length;
      await this.#upload.write(block);
    }
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
