/** Several stores as one: each location goes to the store that is for it. */
import { IcestreamError } from '../../../errors.ts';
import type {
  CallOptions,
  ObjectStat,
  OpenUploadOptions,
  PutOptions,
  Store,
  StoreCapabilities,
  Upload,
  UploadResult,
} from '../../../storage/store.ts';
import type { Bytes } from '../../../util/bytes.ts';

export class RoutedStore implements Store {
  readonly #route: (location: string) => Store | null;
  readonly #home: Store;

  /** @param home the store whose capabilities are shown: that of the table's own location. */
  constructor(home: Store, route: (location: string) => Store | null) {
    this.#home = home;
    this.#route = route;
  }

  get capabilities(): StoreCapabilities {
    return this.#home.capabilities;
  }

  serves(location: string): boolean {
    return this.#route(location) !== null;
  }

  async read(location: string, range?: { start: number; end?: number }, options?: CallOptions): Promise<Bytes> {
    return this.#for(location).read(location, range, options);
  }

  async stream(location: string, start?: number, options?: CallOptions): Promise<ReadableStream<Bytes>> {
    return this.#for(location).stream(location, start, options);
  }

  async stat(location: string, options?: CallOptions): Promise<ObjectStat | null> {
    return this.#for(location).stat(location, options);
  }

  async put(location: string, bytes: Bytes, options?: PutOptions): Promise<UploadResult> {
    return this.#for(location).put(location, bytes, options);
  }

  async openUpload(location: string, options?: OpenUploadOptions): Promise<Upload> {
    return this.#for(location).openUpload(location, options);
  }

  async delete(locations: readonly string[], options?: CallOptions): Promise<{ readonly failed: readonly string[] }> {
    const groups = Map.groupBy(locations, (location) => this.#for(location));
    const failed: string[] = [];
    for (const [store, group] of groups) failed.push(...(await store.delete(group, options)).failed);
    return { failed };
  }

  list(prefix: string, options?: CallOptions): AsyncIterable<ObjectStat> {
    return this.#for(prefix).list(prefix, options);
  }

  #for(location: string): Store {
    const store = this.#route(location);
    if (store !== null) return store;
    throw new IcestreamError('INVALID_ARGUMENT', `no store was given, and no credentials vended, for ${location}`, {
      file: location,
    });
  }
}
