/** An upload whose file counts as staged once it may have become visible, and no longer when its abort took it back. */
import type { Upload, UploadResult } from '../../storage/store.ts';
import type { Bytes } from '../../util/bytes.ts';
import type { StagedFiles } from '../staged-files.ts';

export class StagedUpload implements Upload {
  readonly #inner: Upload;
  readonly #staged: StagedFiles;
  #finished = false;

  constructor(inner: Upload, staged: StagedFiles) {
    this.#inner = inner;
    this.#staged = staged;
  }

  get location(): string {
    return this.#inner.location;
  }

  get pendingBytes(): number {
    return this.#inner.pendingBytes;
  }

  get bufferedBytes(): number {
    return this.#inner.bufferedBytes;
  }

  write(bytes: Bytes): Promise<void> {
    return this.#inner.write(bytes);
  }

  async finish(): Promise<UploadResult> {
    this.#staged.add(this.location);
    const result = await this.#inner.finish();
    this.#finished = true;
    return result;
  }

  /** What an abort could not remove it says itself: the file need not be looked for again. */
  async abort(): Promise<{ readonly leftBehind: readonly string[] }> {
    const aborted = await this.#inner.abort();
    if (!this.#finished) this.#staged.drop(this.location);
    return aborted;
  }
}
