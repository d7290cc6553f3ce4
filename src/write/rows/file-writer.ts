/** One data file: row groups in, an object in the store and its footer's facts out. */
import type { EncodedPart, Encoder } from '../../engine/encoder.ts';
import type { Batch } from '../../engine/engine.ts';
import type { ParquetFooter } from '../../engine/footer.ts';
import { IcestreamError } from '../../errors.ts';
import type { Upload } from '../../storage/store.ts';
import type { Bytes } from '../../util/bytes.ts';
import { bytesIn, concatBytes } from '../../util/encoding.ts';
import { release } from '../../util/release.ts';

/** A file that is stored, whole and counted. */
export interface WrittenFile {
  readonly location: string;
  readonly sizeBytes: number;
  readonly footer: ParquetFooter;
}

/** Called with the bytes of row groups, piece by piece, before they are sent. */
export type OnEncoded = (bytes: Bytes) => void;

/** Pieces of a row group are joined up to here: a call of the store costs more than their copy. */
const SMALL_BYTES = 64 * 1024;

export function rowsOf(batches: readonly Batch[]): number {
  return batches.reduce((sum, batch) => sum + batch.numRows, 0);
}

/** Lifecycle: (`writeRowGroup` or `appendParts`)* → `finish` | `abort`. After an error, `abort` must be called. */
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
  writeRowGroup(batches: readonly Batch[], onEncoded: OnEncoded): Promise<void> {
    this.#rows += rowsOf(batches);
    return this.#send(this.#encoder.writeRowGroup(batches), onEncoded);
  }

  /** The same, for a row group of `rows` rows that was encoded before. */
  appendParts(parts: readonly EncodedPart[], rows: number, onEncoded: OnEncoded): Promise<void> {
    if (this.#encoder.appendParts === undefined) {
      throw new IcestreamError('UNSUPPORTED', 'this encoder takes no row groups that were encoded on other threads');
    }
    this.#rows += rows;
    return this.#send(this.#encoder.appendParts(parts), onEncoded);
  }

  async #send(pieces: AsyncIterable<Bytes> | Iterable<Bytes>, onEncoded: OnEncoded): Promise<void> {
    this.#rowGroups += 1;
    const small: Bytes[] = [];
    for await (const bytes of pieces) {
      if (bytes.length === 0) continue;
      small.push(bytes);
      if (bytesIn(small) >= SMALL_BYTES) await this.#write(joined(small.splice(0)), onEncoded);
    }
    if (small.length > 0) await this.#write(joined(small), onEncoded);
  }

  async #write(bytes: Bytes, onEncoded: OnEncoded): Promise<void> {
    this.#bytes += bytes.length;
    onEncoded(bytes);
    await this.#upload.write(bytes);
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

/** All pieces as one; they are given back. */
function joined(pieces: readonly Bytes[]): Bytes {
  const bytes = concatBytes(pieces);
  for (const piece of pieces) if (piece !== bytes) release(piece);
  return bytes;
}
