/** One data file: row groups in, an object in the store and its footer's facts out. */
import type { Encoder } from '../engine/encoder.ts';
import type { Batch } from '../engine/engine.ts';
import type { ParquetFooter } from '../engine/footer.ts';
import { IcestreamError } from '../errors.ts';
import type { Upload } from '../storage/store.ts';
import type { Bytes } from '../util/bytes.ts';

/** A file that is stored, whole and counted. */
export interface WrittenFile {
  readonly location: string;
  readonly sizeBytes: number;
  readonly footer: ParquetFooter;
}

/** Lifecycle: `writeRowGroup`* → `finish` | `abort`. After an error, `abort` must be called. */
export class DataFileWriter {
  readonly location: string;
  readonly #encoder: Encoder;
  readonly #upload: Upload;
  #rows = 0;
  #rowGroups = 0;
  #bytes = 0;
  #encoderFreed = false;

  constructor(location: string, encoder: Encoder, upload: Upload) {
    this.location = location;
    this.#encoder = encoder;
    this.#upload = upload;
  }

  /** Rows handed to the encoder. */
  get rows(): number {
    return this.#rows;
  }

  get rowGroups(): number {
    return this.#rowGroups;
  }

  /** Bytes encoded so far, footer excluded. */
  get encodedBytes(): number {
    return this.#bytes;
  }

  /** Encoded bytes that are not yet part of a request. */
  get pendingBytes(): number {
    return this.#upload.pendingBytes;
  }

  get bufferedBytes(): number {
    return this.#upload.bufferedBytes;
  }

  /**
   * Encodes the rows as one row group, shows each piece of its bytes to `onEncoded` and gives it to the upload; waits
   * while the upload has no room.
   */
  async writeRowGroup(batches: readonly Batch[], onEncoded: (bytes: Bytes) => Promise<void>): Promise<void> {
    this.#rows += batches.reduce((sum, batch) => sum + batch.numRows, 0);
    this.#rowGroups += 1;
    for await (const bytes of this.#encoder.writeRowGroup(batches)) {
      if (bytes.length === 0) continue;
      this.#bytes += bytes.length;
      await onEncoded(bytes);
      await this.#upload.write(bytes);
    }
  }

  /**
   * Ends the file.
   * @throws IcestreamError ROW_COUNT_MISMATCH when the footer or the store disagrees with what was written.
   */
  async finish(): Promise<WrittenFile> {
    const { bytes, footer } = await this.#encoder.finish();
    this.#freeEncoder();
    const sizeBytes = this.#bytes + bytes.length;
    const inGroups = footer.rowGroups.reduce((sum, group) => sum + group.numRows, 0);
    if (footer.numRows !== this.#rows || inGroups !== this.#rows) {
      throw new IcestreamError(
        'ROW_COUNT_MISMATCH',
        `${this.location}: ${this.#rows} rows were given to the encoder but the footer counts ${footer.numRows}; ` +
          'the file is not used and nothing is committed',
        { file: this.location },
      );
    }
    if (bytes.length > 0) await this.#upload.write(bytes);
    const stored = await this.#upload.finish();
    if (stored.sizeBytes !== sizeBytes) {
      throw new IcestreamError(
        'ROW_COUNT_MISMATCH',
        `${this.location}: ${sizeBytes} bytes were written but the store holds ${stored.sizeBytes}; nothing is committed`,
        { file: this.location },
      );
    }
    return { location: this.location, sizeBytes, footer };
  }

  /** Ends the upload without a file; returns what could not be removed. */
  async abort(): Promise<readonly string[]> {
    this.#freeEncoder();
    return (await this.#upload.abort()).leftBehind;
  }

  #freeEncoder(): void {
    if (this.#encoderFreed) return;
    this.#encoderFreed = true;
    this.#encoder.free();
  }
}
