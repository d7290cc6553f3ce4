/** One object, in parts of one size, to a store that joins them. */
import { IcestreamError } from '../../errors.ts';
import type { Bytes } from '../../util/bytes.ts';
import { release as giveBack } from '../../util/release.ts';
import { Semaphore } from '../../util/semaphore.ts';
import type { OpenUploadOptions, PartSlots, StoreCapabilities, Upload, UploadResult } from '../store.ts';
import { shown, uploadEnded } from '../store-errors.ts';
import { PartBuffer } from './part-buffer.ts';
import type { PartPool } from './part-pool.ts';
import type { PartedObject } from './parted-object.ts';

const DEFAULT_PART_BYTES = 8 << 20;
const DEFAULT_PARTS_IN_FLIGHT = 3;
/** A small object counts as so much: six of them go at once where two parts of 5 MiB do, as many as a Worker may. */
const SMALLEST_IN_FLIGHT = 3 << 19;
const MAX_PART_BYTES = 5 * 2 ** 30;

/**
 * Parts are sent while more are written; the multipart upload begins with the first whole part. Expects a location
 * that nobody else writes to, as those of new data files are: `abort` removes what is there once it may be its own.
 */
export class PartedUpload implements Upload {
  readonly location: string;
  readonly #object: PartedObject;
  readonly #limits: NonNullable<StoreCapabilities['multipart']>;
  readonly #partSize: number;
  readonly #slots: PartSlots;
  readonly #contentType: string;
  readonly #buffer: PartBuffer;
  readonly #pool: PartPool;
  /** Ends what is under way, when a part fails, the caller's signal fires or the upload is aborted. */
  readonly #stop = new AbortController();
  /** Called once, when the upload ends. */
  readonly #unlink: () => void;
  readonly #inFlight = new Set<Promise<void>>();
  readonly #etags: string[] = [];
  #state: 'open' | 'failed' | 'finished' | 'aborted' = 'open';
  #uploadId: string | null = null;
  /** There may be uploads of this object that we opened and do not know. */
  #unknownUploads = false;
  /** The object may have been made visible. */
  #published = false;
  #taken = 0;
  #stored = 0;
  /** Calls are carried out one after the other. */
  #tail: Promise<void> = Promise.resolve();
  #aborting: Promise<{ readonly leftBehind: readonly string[] }> | null = null;

  /** @throws IcestreamError INVALID_ARGUMENT when `partSizeBytes` is outside of what the store allows. */
  constructor(
    object: PartedObject,
    limits: NonNullable<StoreCapabilities['multipart']>,
    pool: PartPool,
    options: OpenUploadOptions,
  ) {
    this.location = object.location;
    this.#object = object;
    this.#limits = limits;
    this.#partSize = options.partSizeBytes ?? DEFAULT_PART_BYTES;
    if (
      !(Number.isInteger(this.#partSize) && this.#partSize >= limits.minPartBytes && this.#partSize <= MAX_PART_BYTES)
    ) {
      throw new IcestreamError(
        'INVALID_ARGUMENT',
        `partSizeBytes ${this.#partSize} is not between ${limits.minPartBytes} and ${MAX_PART_BYTES}, as its store asks`,
        { option: 'partSizeBytes' },
      );
    }
    this.#slots = options.partSlots ?? new Semaphore(DEFAULT_PARTS_IN_FLIGHT * this.#partSize);
    this.#contentType = options.contentType ?? 'application/octet-stream';
    this.#buffer = new PartBuffer(this.#partSize, pool);
    const { signal } = options;
    const onAbort = () => this.#fail(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#pool = pool;
    pool.enter();
    this.#unlink = () => {
      signal?.removeEventListener('abort', onAbort);
      pool.leave();
    };
  }

  get pendingBytes(): number {
    return this.#state === 'open' ? this.#taken % this.#partSize : 0;
  }

  get bufferedBytes(): number {
    if (this.#state !== 'open' && this.#inFlight.size === 0) return 0;
    const { size, heldBytes } = this.#buffer;
    return this.#taken - this.#stored - size + heldBytes;
  }

  write(bytes: Bytes): Promise<void> {
    if (this.#state === 'open') this.#taken += bytes.length;
    return this.#inTurn(async () => {
      this.#buffer.push(bytes);
      while (this.#buffer.hasPart) await this.#sendNext();
    });
  }

  finish(): Promise<UploadResult> {
    return this.#inTurn(async () => {
      const result =
        this.#etags.length === 0 && this.#inFlight.size === 0 ? await this.#putWhole() : await this.#complete();
      this.#state = 'finished';
      this.#stored = this.#taken;
      this.#unlink();
      return result;
    });
  }

  abort(): Promise<{ readonly leftBehind: readonly string[] }> {
    this.#aborting ??= this.#abort();
    return this.#aborting;
  }

  async #putWhole(): Promise<UploadResult> {
    const release = await this.#slots.acquire(this.#stop.signal, Math.max(this.#buffer.size, SMALLEST_IN_FLIGHT));
    const whole = this.#buffer.take((size) => new Uint8Array(size));
    try {
      const options = { contentType: this.#contentType, signal: this.#stop.signal };
      return await this.#object.put(whole, options, () => {
        this.#published = true;
      });
    } finally {
      giveBack(whole);
      release();
    }
  }

  async #complete(): Promise<UploadResult> {
    const uploadId = this.#uploadId;
    if (uploadId === null) throw uploadEnded(this.location, 'failed');
    if (this.#buffer.size > 0) await this.#sendNext();
    await Promise.all(this.#inFlight);
    this.#stop.signal.throwIfAborted();
    this.#published = true;
    const result = await this.#object.complete(uploadId, this.#etags, this.#taken, this.#stop.signal);
    if (this.#unknownUploads) await this.#abortUploads();
    return result;
  }

  /** Resolves once the part is on its way. Its buffer is taken when there is a slot, not while it waits for one. */
  async #sendNext(): Promise<void> {
    const number = this.#etags.push('');
    if (number > this.#limits.maxParts) throw this.#tooManyParts();
    const release = await this.#slots.acquire(this.#stop.signal, this.#partSize);
    try {
      this.#uploadId ??= await this.#create();
    } catch (error) {
      release();
      throw error;
    }
    const part = this.#buffer.take((size) => this.#pool.take(size));
    const sent: Promise<void> = this.#object
      .part(this.#uploadId, number, part, this.#stop.signal)
      .then(
        (etag) => {
          this.#etags[number - 1] = etag;
          this.#stored += part.length;
        },
        (error) => this.#fail(error),
      )
      .finally(() => {
        this.#pool.give(part);
        release();
        this.#inFlight.delete(sent);
      });
    this.#inFlight.add(sent);
  }

  async #create(): Promise<string> {
    return this.#object.create(this.#contentType, this.#stop.signal, () => {
      this.#unknownUploads = true;
    });
  }

  #inTurn<T>(step: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(async () => {
      this.#stop.signal.throwIfAborted();
      if (this.#state !== 'open') throw uploadEnded(this.location, this.#state);
      try {
        return await step();
      } catch (error) {
        this.#fail(error);
        throw this.#stop.signal.reason;
      }
    });
    this.#tail = result.then(
      () => {},
      () => {},
    );
    return result;
  }

  /** The first failure is the one that every later call throws. */
  #fail(error: unknown): void {
    if (this.#state !== 'open') return;
    this.#state = 'failed';
    this.#buffer.clear();
    this.#stop.abort(error);
  }

  async #abort(): Promise<{ readonly leftBehind: readonly string[] }> {
    const finished = this.#state === 'finished';
    if (!finished) {
      this.#fail(uploadEnded(this.location, 'aborted'));
      this.#state = 'aborted';
      this.#unlink();
    }
    await this.#tail;
    await Promise.all(this.#inFlight);
    if (finished || this.#state === 'finished') return { leftBehind: [] };
    const leftBehind = await this.#abortUploads();
    if (this.#published) leftBehind.push(...(await this.#object.remove()));
    return { leftBehind };
  }

  /** Aborts ours, and those that lost answers may have opened; names the ones that stay. */
  async #abortUploads(): Promise<string[]> {
    const own = this.#uploadId === null || this.#state === 'open' ? [] : [this.#uploadId];
    const ids = new Set(own);
    const left: string[] = [];
    if (this.#unknownUploads) {
      const open = await this.#object.openUploads();
      for (const id of open ?? []) ids.add(id);
      if (open === null) left.push(`${this.location}?uploadId=unknown`);
    }
    for (const id of ids) {
      if (!(await this.#object.abort(id))) left.push(`${this.location}?uploadId=${encodeURIComponent(id)}`);
    }
    return left;
  }

  #tooManyParts(): IcestreamError {
    const { maxParts } = this.#limits;
    const file = shown(this.location);
    return new IcestreamError(
      'INVALID_ARGUMENT',
      `${file} is larger than ${maxParts} parts of ${this.#partSize} bytes; raise partSizeBytes or write smaller files`,
      { file, option: 'partSizeBytes' },
    );
  }
}
