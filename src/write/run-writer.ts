/** Writes one run: records in the order of their keys, in blocks. */
import type { Upload } from '../storage/store.ts';
import type { Bytes } from '../util/bytes.ts';
import { concatBytes } from '../util/encoding.ts';
import { damagedRun, encodeRecordStart, type RunRecord } from './run-format.ts';

/** A run that is stored, whole. */
export interface Run {
  readonly location: string;
  readonly sizeBytes: number;
  readonly rows: number;
}

/** Small records go out together. */
const BLOCK_BYTES = 512 * 1024;

/** Lifecycle: `write`* → `finish` | `abort`. After an error, `abort` must be called. */
export class RunWriter {
  readonly #upload: Upload;
  #block: Bytes[] = [];
  #blockBytes = 0;
  #sizeBytes = 0;
  #rows = 0;

  constructor(upload: Upload) {
    this.#upload = upload;
  }

  /** Held in memory: records that wait for their block, and what the upload holds. */
  get bufferedBytes(): number {
    return this.#blockBytes + this.#upload.bufferedBytes;
  }

  /** Takes over the record's bytes. */
  async write(record: RunRecord): Promise<void> {
    const start = encodeRecordStart(record);
    this.#block.push(start, record.body);
    this.#blockBytes += start.length + record.body.length;
    this.#rows += record.rows;
    if (this.#blockBytes >= BLOCK_BYTES) await this.#flush();
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
    this.#block = [];
    this.#blockBytes = 0;
    return (await this.#upload.abort()).leftBehind;
  }

  async #flush(): Promise<void> {
    if (this.#blockBytes === 0) return;
    const block = concatBytes(this.#block);
    this.#block = [];
    this.#blockBytes = 0;
    this.#sizeBytes += block.length;
    await this.#upload.write(block);
  }
}
