/** A store in memory, for tests, demos and small scratch tables: `memory://name/key`. */
import type { Bytes } from '../../util/bytes.ts';
import { compareUtf8, concatBytes } from '../../util/encoding.ts';
import { requireKnownOptions } from '../../util/known-options.ts';
import { invalidLocation, parseLocation } from '../../util/location.ts';
import { defaultWorld, type World } from '../../util/world.ts';
import type {
  CallOptions,
  ObjectStat,
  OpenUploadOptions,
  PutOptions,
  Store,
  StoreCapabilities,
  Upload,
  UploadResult,
} from '../store.ts';
import { checkRange, notFound, otherStore, preconditionFailed, uploadEnded } from '../store-errors.ts';

interface StoredObject {
  readonly bytes: Bytes;
  readonly etag: string;
  readonly lastModifiedMs: number;
}

const STREAM_CHUNK_BYTES = 256 * 1024;

/** Objects live as long as the instance; two instances of one name share nothing. */
export class MemoryStore implements Store {
  readonly capabilities: StoreCapabilities = {
    conditionalCreate: true,
    conditionalReplace: true,
    multipart: null,
    list: true,
  };
  readonly name: string;
  readonly #world: Pick<World, 'now'>;
  readonly #objects = new Map<string, StoredObject>();
  #versions = 0;

  /**
   * @param name the part after `memory://`; default empty: `memory:///key`.
   * @throws TypeError for an option that there is not.
   */
  constructor(name = '', options: { readonly world?: Pick<World, 'now'> } = {}) {
    requireKnownOptions('MemoryStore', options, { world: true });
    this.name = name;
    this.#world = options.world ?? defaultWorld;
  }

  serves(location: string): boolean {
    return location.startsWith(`memory://${this.name}/`);
  }

  async read(location: string, range?: { start: number; end?: number }, options?: CallOptions): Promise<Bytes> {
    const { bytes } = this.#get(location, options);
    checkRange(range?.start ?? 0, range?.end);
    return bytes.slice(range?.start ?? 0, range?.end);
  }

  async stream(location: string, start = 0, options?: CallOptions): Promise<ReadableStream<Bytes>> {
    const { bytes } = this.#get(location, options);
    checkRange(start, undefined);
    let at = start;
    return new ReadableStream<Bytes>(
      {
        pull: (controller) => {
          if (options?.signal?.aborted) return controller.error(options.signal.reason);
          if (at >= bytes.length) return controller.close();
          controller.enqueue(bytes.slice(at, at + STREAM_CHUNK_BYTES));
          at += STREAM_CHUNK_BYTES;
        },
      },
      { highWaterMark: 0 },
    );
  }

  async stat(location: string, options?: CallOptions): Promise<ObjectStat | null> {
    const object = this.#objects.get(this.#check(location, options));
    return object === undefined ? null : statOf(location, object);
  }

  async put(location: string, bytes: Bytes, options: PutOptions = {}): Promise<UploadResult> {
    this.#check(location, options);
    const { condition } = options;
    const current = this.#objects.get(location);
    if (condition !== undefined && 'ifNoneMatch' in condition && current !== undefined) {
      throw preconditionFailed(location, 'an object is there already');
    }
    if (condition !== undefined && 'ifMatch' in condition && current?.etag !== condition.ifMatch) {
      throw preconditionFailed(location, `its etag is not ${condition.ifMatch}`);
    }
    return this.#set(location, bytes.slice());
  }

  async openUpload(location: string, options: OpenUploadOptions = {}): Promise<Upload> {
    this.#check(location, options);
    return new MemoryUpload(location, options.signal, (bytes) => this.#set(location, bytes));
  }

  async delete(locations: readonly string[], options?: CallOptions): Promise<{ readonly failed: readonly string[] }> {
    for (const location of locations) this.#check(location, options);
    for (const location of locations) this.#objects.delete(location);
    return { failed: [] };
  }

  async *list(prefix: string, options?: CallOptions): AsyncIterable<ObjectStat> {
    this.#check(prefix, options);
    const found = [...this.#objects.keys()].filter((location) => location.startsWith(prefix)).sort(compareUtf8);
    for (const location of found) {
      options?.signal?.throwIfAborted();
      const object = this.#objects.get(location);
      if (object !== undefined) yield statOf(location, object);
    }
  }

  #check(location: string, options: CallOptions | undefined): string {
    options?.signal?.throwIfAborted();
    if (!this.serves(location)) throw otherStore(location, `memory://${this.name}/`);
    if (parseLocation(location).path === '') throw invalidLocation(location, 'it names no object');
    return location;
  }

  #get(location: string, options: CallOptions | undefined): StoredObject {
    const object = this.#objects.get(this.#check(location, options));
    if (object === undefined) throw notFound(location);
    return object;
  }

  #set(location: string, bytes: Bytes): UploadResult {
    this.#versions += 1;
    const etag = `"${this.#versions.toString(16)}"`;
    this.#objects.set(location, { bytes, etag, lastModifiedMs: this.#world.now() });
    return { location, sizeBytes: bytes.length, etag };
  }
}

function statOf(location: string, { bytes, etag, lastModifiedMs }: StoredObject): ObjectStat {
  return { location, sizeBytes: bytes.length, etag, lastModifiedMs };
}

class MemoryUpload implements Upload {
  readonly location: string;
  readonly pendingBytes = 0;
  readonly #signal: AbortSignal | undefined;
  readonly #publish: (bytes: Bytes) => UploadResult;
  #chunks: Bytes[] = [];
  #state: 'open' | 'finished' | 'aborted' = 'open';

  constructor(location: string, signal: AbortSignal | undefined, publish: (bytes: Bytes) => UploadResult) {
    this.location = location;
    this.#signal = signal;
    this.#publish = publish;
  }

  /** 0: what was written counts as stored, as in every other store. */
  get bufferedBytes(): number {
    return 0;
  }

  async write(bytes: Bytes): Promise<void> {
    this.#open();
    this.#chunks.push(bytes);
  }

  async finish(): Promise<UploadResult> {
    this.#open();
    this.#state = 'finished';
    return this.#publish(concatBytes(this.#chunks.splice(0)));
  }

  async abort(): Promise<{ readonly leftBehind: readonly string[] }> {
    if (this.#state === 'open') this.#state = 'aborted';
    this.#chunks = [];
    return { leftBehind: [] };
  }

  #open(): void {
    this.#signal?.throwIfAborted();
    if (this.#state !== 'open') throw uploadEnded(this.location, this.#state);
  }
}
