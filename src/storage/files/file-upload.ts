/** An upload to a file system, in a browser or not. */
import type { Bytes } from '../../util/bytes.ts';
import { release } from '../../util/release.ts';
import type { Upload, UploadResult } from '../store.ts';
import { uploadEnded } from '../store-errors.ts';
import type { StagedFile } from './staged-file.ts';

export interface FileUploadOptions {
  readonly temporaryLocation: string;
  readonly signal: AbortSignal | undefined;
  /** What the file system's errors mean. */
  readonly errorOf: (error: unknown, location: string) => unknown;
}

/** An upload to a file: bytes go to the disk as they come. */
export class FileUpload implements Upload {
  readonly location: string;
  readonly pendingBytes = 0;
  readonly #file: StagedFile;
  readonly #options: FileUploadOptions;
  #state: 'open' | 'failed' | 'finished' | 'aborted' = 'open';
  #leftBehind: readonly string[] = [];
  #writing = 0;
  /** Writes go one after the other, also when the caller does not wait for them. */
  #tail: Promise<void> = Promise.resolve();

  constructor(location: string, file: StagedFile, options: FileUploadOptions) {
    this.location = location;
    this.#file = file;
    this.#options = options;
  }

  get bufferedBytes(): number {
    return this.#writing;
  }

  async write(bytes: Bytes): Promise<void> {
    const size = bytes.length;
    this.#writing += size;
    try {
      await this.#inTurn(() => this.#file.write(bytes));
    } finally {
      this.#writing -= size;
      release(bytes);
    }
  }

  async finish(): Promise<UploadResult> {
    const etag = await this.#inTurn(async () => {
      const published = await this.#file.publish();
      this.#state = 'finished';
      return published;
    });
    return { location: this.location, sizeBytes: this.#file.sizeBytes, etag };
  }

  async abort(): Promise<{ readonly leftBehind: readonly string[] }> {
    await this.#tail.catch(() => {});
    if (this.#state !== 'finished' && this.#state !== 'aborted') {
      this.#state = 'aborted';
      this.#leftBehind = (await this.#file.discard()) ? [] : [this.#options.temporaryLocation];
    }
    return { leftBehind: this.#leftBehind };
  }

  #inTurn<T>(step: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(async () => {
      this.#options.signal?.throwIfAborted();
      if (this.#state !== 'open') throw uploadEnded(this.location, this.#state);
      try {
        return await step();
      } catch (error) {
        this.#state = 'failed';
        throw this.#options.errorOf(error, this.location);
      }
    });
    this.#tail = result.then(
      () => {},
      () => {},
    );
    return result;
  }
}
