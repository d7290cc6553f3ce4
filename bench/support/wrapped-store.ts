/** Stores around a store, to isolate what a benchmark measures: one forgets data files, one counts. */
import type {
  CallOptions,
  ObjectStat,
  OpenUploadOptions,
  PutOptions,
  Store,
  Upload,
  UploadResult,
} from '../../src/storage/store.ts';
import type { Bytes } from '../../src/util/bytes.ts';
import { DiscardUpload } from '../../src/write/rows/discard-upload.ts';

/** Passes everything on; what a subclass does not change. */
export class WrappedStore implements Store {
  readonly inner: Store;

  constructor(inner: Store) {
    this.inner = inner;
  }

  get capabilities() {
    return this.inner.capabilities;
  }

  serves(location: string): boolean {
    return this.inner.serves(location);
  }

  read(location: string, range?: { start: number; end?: number }, options?: CallOptions): Promise<Bytes> {
    return this.inner.read(location, range, options);
  }

  stream(location: string, start?: number, options?: CallOptions): Promise<ReadableStream<Bytes>> {
    return this.inner.stream(location, start, options);
  }

  stat(location: string, options?: CallOptions): Promise<ObjectStat | null> {
    return this.inner.stat(location, options);
  }

  put(location: string, bytes: Bytes, options?: PutOptions): Promise<UploadResult> {
    return this.inner.put(location, bytes, options);
  }

  openUpload(location: string, options?: OpenUploadOptions): Promise<Upload> {
    return this.inner.openUpload(location, options);
  }

  delete(locations: readonly string[], options?: CallOptions): Promise<{ readonly failed: readonly string[] }> {
    return this.inner.delete(locations, options);
  }

  list(prefix: string, options?: CallOptions): AsyncIterable<ObjectStat> {
    return this.inner.list(prefix, options);
  }
}

/** Data files are counted and forgotten; metadata is kept. */
export class DiscardingStore extends WrappedStore {
  override async openUpload(location: string): Promise<Upload> {
    return new DiscardUpload(location);
  }
}

/** Requests and bytes by kind of file, since the last `reset`. */
export class CountingStore extends WrappedStore {
  requests = 0;
  manifestBytes = 0;
  listBytes = 0;
  metadataBytes = 0;

  reset(): void {
    this.requests = this.manifestBytes = this.listBytes = this.metadataBytes = 0;
  }

  #count(location: string, bytes: number): void {
    this.requests++;
    const name = location.slice(location.lastIndexOf('/') + 1);
    if (name.startsWith('snap-')) this.listBytes += bytes;
    else if (name.endsWith('.avro')) this.manifestBytes += bytes;
    else if (name.endsWith('.metadata.json')) this.metadataBytes += bytes;
  }

  override async read(
    location: string,
    range?: { start: number; end?: number },
    options?: CallOptions,
  ): Promise<Bytes> {
    const bytes = await super.read(location, range, options);
    this.#count(location, bytes.length);
    return bytes;
  }

  override async put(location: string, bytes: Bytes, options?: PutOptions): Promise<UploadResult> {
    this.#count(location, bytes.length);
    return super.put(location, bytes, options);
  }

  override async stat(location: string, options?: CallOptions): Promise<ObjectStat | null> {
    this.requests++;
    return super.stat(location, options);
  }

  override async openUpload(location: string, options?: OpenUploadOptions): Promise<Upload> {
    this.requests++;
    return super.openUpload(location, options);
  }
}
