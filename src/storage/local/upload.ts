import type { Bytes } from '../../util/bytes.ts';
import { release } from '../../util/release.ts';
import type { Upload, UploadResult } from '../store.ts';
import { uploadEnded } from '../store-errors.ts';
import { localError } from './errors.ts';
import type { StagedFile } from './staged-file.ts';

/** An upload to a local file: bytes go to the disk as they come. */
export class LocalUpload implements Upload {
  readonly location: string;
  readonly pendingBytes = 0;
  readonly #file: StagedFile;
  readonly #temporaryLocation: string;
  readonly #signal: AbortSignal | undefined;
  readonly #etag: (path: string) => Promise<string>;
  #state: 'open' | 'failed' | 'finished' | 'aborted' = 'open';
  #leftBehind: readonly string[] = [];
  #writing = 0;
  /** Writes go one after the other, also when the caller does not wait for them. */
  #tail: Promise<void> = Promise.resolve();

  constructor(
    location: string,
    file: StagedFile,
    options: {
      readonly temporaryLocation: string;
      readonly signal: AbortSignal | undefined;
      readonly etag: (path: string) => Promise<string>;
    },
  ) {
    this.location = location;
    this.#file = file;
    this.#temporaryLocation = options.temporaryLocation;
    this.#signal = options.signal;
    this.#etag = options.etag;
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
      await this.#file.publish(false);
      this.#state = 'finished';
      return this.#etag(this.#file.path);
    });
    return { location: this.location, sizeBytes: this.#file.sizeBytes, etag };
  }

  async abort(): Promise<{ readonly leftBehind: readonly string[] }> {
    await this.#tail.catch(() => {});
    if (this.#state !== 'finished' && this.#state !== 'aborted') {
      this.#state = 'aborted';
      this.#leftBehind = (await this.#file.discard()) ? [] : [this.#temporaryLocation];
    }
    return { leftBehind: this.#leftBehind };
  }

  #inTurn<T>(step: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(async () => {
      this.#signal?.throwIfAborted();
      if (this.#state !== 'open') throw uploadEnded(this.location, this.#state);
      try {
        return await step();
      } catch (error) {
        this.#state = 'failed';
        throw localError(error, this.location);
      }
    });
    this.#tail = result.then(
      () => {},
      () => {},
    );
    return result;
  }
}
