/** Any S3-compatible object store: AWS, R2, MinIO, versitygw, Ceph and others. */
import type { Bytes } from '../../util/bytes.ts';
import { onDemand } from '../../util/on-demand.ts';
import { PartPool } from '../parts/part-pool.ts';
import { PartedUpload } from '../parts/parted-upload.ts';
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
import { checkRange, otherStore } from '../store-errors.ts';
import { surePut } from '../sure-put.ts';
import { S3Client } from './client.ts';
import { deleteObjects } from './delete.ts';
import { isS3Location, parseS3Location, type S3Location } from './location.ts';
import { Multipart } from './multipart.ts';
import { checkS3Options, type S3StoreOptions } from './options.ts';
import { put } from './put.ts';
import { read, stat } from './read.ts';

const MULTIPART = { minPartBytes: 5 << 20, maxParts: 10_000, equalParts: true } as const;

/** Serves `s3://`, `s3a://` and `s3n://` locations of one endpoint, in all buckets unless some are named. */
export class S3Store implements Store {
  readonly capabilities: StoreCapabilities = {
    conditionalCreate: true,
    conditionalReplace: true,
    multipart: MULTIPART,
    list: true,
  };
  readonly #client: S3Client;
  readonly #buckets: readonly string[] | null;
  readonly #parts = new PartPool();

  /** @throws IcestreamError INVALID_ARGUMENT for an endpoint that is none; TypeError for an option that there is not. */
  constructor(options: S3StoreOptions = {}) {
    checkS3Options(options);
    this.#client = new S3Client(options);
    this.#buckets = options.buckets ?? null;
  }

  serves(location: string): boolean {
    if (!isS3Location(location)) return false;
    return this.#buckets === null || this.#buckets.includes(location.split('/')[2] ?? '');
  }

  async read(location: string, range?: { start: number; end?: number }, options?: CallOptions): Promise<Bytes> {
    const object = this.#object(location, options);
    const start = range?.start ?? 0;
    checkRange(start, range?.end);
    return read(this.#client, { object, start, end: range?.end ?? null, ...options });
  }

  async stream(location: string, start = 0, options?: CallOptions): Promise<ReadableStream<Bytes>> {
    const object = this.#object(location, options);
    checkRange(start, undefined);
    const { openStream } = await onDemand(import('./seldom.ts'));
    return openStream(this.#client, { object, start, end: null, ...options });
  }

  async stat(location: string, options?: CallOptions): Promise<ObjectStat | null> {
    return stat(this.#client, this.#object(location, options), options?.signal);
  }

  async put(location: string, bytes: Bytes, options: PutOptions = {}): Promise<UploadResult> {
    return surePut(options, async (onAmbiguous) =>
      put(this.#client, this.#object(location, options), bytes, options, onAmbiguous),
    );
  }

  async openUpload(location: string, options: OpenUploadOptions = {}): Promise<Upload> {
    const object = new Multipart(this.#client, this.#object(location, options));
    return new PartedUpload(object, MULTIPART, this.#parts, options);
  }

  async delete(locations: readonly string[], options?: CallOptions): Promise<{ readonly failed: readonly string[] }> {
    const objects = locations.map((location) => this.#object(location, options));
    return { failed: await deleteObjects(this.#client, objects, options?.signal) };
  }

  async *list(prefix: string, options?: CallOptions): AsyncIterable<ObjectStat> {
    const object = this.#object(prefix, options, true);
    const { listObjects } = await onDemand(import('./seldom.ts'));
    yield* listObjects(this.#client, object, options?.signal);
  }

  #object(location: string, options: CallOptions | undefined, prefix = false): S3Location {
    options?.signal?.throwIfAborted();
    const object = parseS3Location(location, prefix);
    if (this.#buckets !== null && !this.#buckets.includes(object.bucket)) {
      throw otherStore(location, `the buckets ${this.#buckets.join(', ')}`);
    }
    return object;
  }
}
