/** Stands in for a store nobody gave: metadata can be looked at, and any use of the files says what is missing. */
import { IcestreamError } from '../../../errors.ts';
import type { ObjectStat, Store, StoreCapabilities, Upload, UploadResult } from '../../../storage/store.ts';
import type { Bytes } from '../../../util/bytes.ts';

export class MissingStore implements Store {
  readonly capabilities: StoreCapabilities = {
    conditionalCreate: false,
    conditionalReplace: false,
    multipart: null,
    list: false,
  };
  readonly #why: () => IcestreamError;

  /** @param message what is missing, and what to do. */
  constructor(message: string) {
    this.#why = () => new IcestreamError('UNAUTHENTICATED', message, { option: 'storage' });
  }

  serves(): boolean {
    return true;
  }

  async read(): Promise<Bytes> {
    throw this.#why();
  }

  async stream(): Promise<ReadableStream<Bytes>> {
    throw this.#why();
  }

  async stat(): Promise<ObjectStat | null> {
    throw this.#why();
  }

  async put(): Promise<UploadResult> {
    throw this.#why();
  }

  async openUpload(): Promise<Upload> {
    throw this.#why();
  }

  async delete(): Promise<{ readonly failed: readonly string[] }> {
    throw this.#why();
  }

  // biome-ignore lint/correctness/useYield: it throws instead
  async *list(): AsyncIterable<ObjectStat> {
    throw this.#why();
  }
}
