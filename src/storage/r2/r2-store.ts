/** A bucket over a Worker's R2 binding: no keys, no requests over the network. */
import type { Bytes } from '../../util/bytes.ts';
import { type OptionNames, requireKnownOptions } from '../../util/known-options.ts';
import type { RetryPolicy } from '../../util/retry.ts';
import { defaultWorld } from '../../util/world.ts';
import { PartPool } from '../parts/part-pool.ts';
import { PartedUpload } from '../parts/parted-upload.ts';
import { isS3Location, parseS3Location, type S3Location } from '../s3/location.ts';
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
import { checkRange, notFound, otherStore } from '../store-errors.ts';
import { surePut } from '../sure-put.ts';
import type { R2BucketBinding, R2Object } from './binding.ts';
import { getFrom, type R2Calls, type R2World, r2Calls } from './calls.ts';
import { R2PartedObject } from './parted-object.ts';
import { putObject } from './put.ts';
import { streamObject } from './stream.ts';

/** R2 joins only parts of one size. */
const MULTIPART = { minPartBytes: 5 << 20, maxParts: 10_000, equalParts: true } as const;
const MAX_DELETED_AT_ONCE = 1000;

export interface R2StoreOptions {
  /** The binding: `env.BUCKET`. */
  readonly binding: R2BucketBinding;
  /** The bucket's name, as locations have it: `s3://name/key`, by which R2's S3 endpoint knows it too. */
  readonly bucket: string;
  readonly world?: R2World;
  readonly retry?: RetryPolicy;
}

const OPTIONS: OptionNames<R2StoreOptions> = { binding: true, bucket: true, world: true, retry: true };

/** Serves `s3://bucket/…` (and `s3a`, `s3n`) of one bucket. */
export class R2Store implements Store {
  readonly capabilities: StoreCapabilities = {
    conditionalCreate: true,
    conditionalReplace: true,
    multipart: MULTIPART,
    list: true,
  };
  readonly #bucket: string;
  readonly #calls: R2Calls;
  readonly #parts = new PartPool();

  /** @throws TypeError for an option that there is not. */
  constructor(options: R2StoreOptions) {
    requireKnownOptions('R2Store', options, OPTIONS);
    const { binding, bucket, world = defaultWorld, retry: policy } = options;
    this.#bucket = bucket;
    this.#calls = r2Calls(binding, world, policy);
  }

  serves(location: string): boolean {
    return isS3Location(location) && location.split('/')[2] === this.#bucket;
  }

  async read(location: string, range?: { start: number; end?: number }, options?: CallOptions): Promise<Bytes> {
    const { key } = this.#object(location, options);
    const { start = 0, end } = range ?? {};
    checkRange(start, end);
    const { binding, call } = this.#calls;
    return call(location, options?.signal, async () => {
      // R2 knows no empty range.
      if (end === start) return (await binding.head(key)) === null ? absent(location) : new Uint8Array();
      const found = await getFrom(binding, key, start, end);
      if (found === 'beyond') return new Uint8Array();
      return found === null ? absent(location) : new Uint8Array(await found.arrayBuffer());
    });
  }

  async stream(location: string, start = 0, options?: CallOptions): Promise<ReadableStream<Bytes>> {
    const object = this.#object(location, options);
    checkRange(start, undefined);
    return streamObject(this.#calls, object, start, options?.signal);
  }

  async stat(location: string, options?: CallOptions): Promise<ObjectStat | null> {
    const { key } = this.#object(location, options);
    const { binding, call } = this.#calls;
    const found = await call(location, options?.signal, () => binding.head(key));
    return found === null ? null : statOf(location, found);
  }

  async put(location: string, bytes: Bytes, options: PutOptions = {}): Promise<UploadResult> {
    return surePut(options, async (onAmbiguous) =>
      putObject(this.#calls, this.#object(location, options), bytes, options, onAmbiguous),
    );
  }

  async openUpload(location: string, options: OpenUploadOptions = {}): Promise<Upload> {
    const object = new R2PartedObject(this.#calls, this.#object(location, options));
    return new PartedUpload(object, MULTIPART, this.#parts, options);
  }

  async delete(locations: readonly string[], options?: CallOptions): Promise<{ readonly failed: readonly string[] }> {
    const objects = locations.map((location) => this.#object(location, options));
    const { binding, call } = this.#calls;
    const failed: string[] = [];
    for (let at = 0; at < objects.length; at += MAX_DELETED_AT_ONCE) {
      const some = objects.slice(at, at + MAX_DELETED_AT_ONCE);
      const [first] = some;
      if (first === undefined) break;
      try {
        await call(first.location, options?.signal, () => binding.delete(some.map(({ key }) => key)));
      } catch {
        options?.signal?.throwIfAborted();
        failed.push(...some.map((object) => object.location));
      }
    }
    return { failed };
  }

  async *list(prefix: string, options?: CallOptions): AsyncIterable<ObjectStat> {
    const { key } = this.#object(prefix, options, true);
    const base = prefix.slice(0, prefix.length - key.length);
    const { binding, call } = this.#calls;
    for (let cursor: string | undefined; ; ) {
      const from = cursor === undefined ? {} : { cursor };
      const page = await call(prefix, options?.signal, () => binding.list({ prefix: key, ...from }));
      for (const object of page.objects) yield statOf(base + object.key, object);
      if (!page.truncated || page.cursor === undefined) return;
      cursor = page.cursor;
    }
  }

  #object(location: string, options: CallOptions | undefined, prefix = false): S3Location {
    options?.signal?.throwIfAborted();
    const object = parseS3Location(location, prefix);
    if (object.bucket !== this.#bucket) throw otherStore(location, `s3://${this.#bucket}/`);
    return object;
  }
}

function absent(location: string): never {
  throw notFound(location);
}

function statOf(location: string, { size, httpEtag, uploaded }: R2Object): ObjectStat {
  return { location, sizeBytes: size, etag: httpEtag, lastModifiedMs: uploaded.getTime() };
}
