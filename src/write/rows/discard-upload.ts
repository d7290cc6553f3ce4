/** An upload that stores nothing: for reading a payload again only to compare it. */
import type { Upload, UploadResult } from '../../storage/store.ts';
import type { Bytes } from '../../util/bytes.ts';
import { release } from '../../util/release.ts';

export class DiscardUpload implements Upload {
  readonly location: string;
  readonly pendingBytes = 0;
  readonly bufferedBytes = 0;
  #size = 0;

  constructor(location: string) {
    this.location = location;
  }

  async write(bytes: Bytes): Promise<void> {
    this.#size += bytes.length;
    release(bytes);
  }

  async finish(): Promise<UploadResult> {
    return { location: this.location, sizeBytes: this.#size, etag: null };
  }

  async abort(): Promise<{ readonly leftBehind: readonly string[] }> {
    return { leftBehind: [] };
  }
}
