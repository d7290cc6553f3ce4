/**
 * The contract of an object store. One folder per store; one conformance suite that every store calls
 * (`test/conformance/store.ts`). Locations are full URIs, exactly as they stand in table metadata
 * (`s3://bucket/key`, `file:///path`, `memory://name/key`); a store refuses locations that are not its own.
 */
import type { Bytes } from '../util/bytes.ts';

/** What a store can do, as data, so that callers choose before they act. */
export interface StoreCapabilities {
  /** `put` with `ifNoneMatch: '*'` has exactly one winner. */
  readonly conditionalCreate: boolean;
  /** `put` with `ifMatch` is atomic. */
  readonly conditionalReplace: boolean;
  /** How uploads are cut; null: bytes are stored as they come, without parts. */
  readonly multipart: {
    readonly minPartBytes: number;
    readonly maxParts: number;
    /** All parts but the last must have one size. */
    readonly equalParts: boolean;
  } | null;
  readonly list: boolean;
}

export interface ObjectStat {
  readonly location: string;
  readonly sizeBytes: number;
  readonly etag: string | null;
  /** Milliseconds since the epoch, or null where the store does not say. */
  readonly lastModifiedMs: number | null;
}

/** At most one precondition. */
export type PutCondition = { readonly ifNoneMatch: '*' } | { readonly ifMatch: string };

export interface CallOptions {
  readonly signal?: AbortSignal;
}

export interface PutOptions extends CallOptions {
  readonly condition?: PutCondition;
  readonly contentType?: string;
  /** Called when the put fails and its bytes were surely not stored; a store that cannot tell does not call it. */
  readonly onNotStored?: () => void;
}

export interface OpenUploadOptions extends CallOptions {
  /** Size of every part but the last, in bytes; ignored by stores without parts. Default 8 MiB. */
  readonly partSizeBytes?: number;
  /** Shared by all uploads of one write: bounds the bytes in flight. Default: 3 parts for this upload alone. */
  readonly partSlots?: PartSlots;
  readonly contentType?: string;
}

/** A semaphore over bytes in flight. */
export interface PartSlots {
  /** Resolves to a function that gives the bytes back; a part larger than all there are goes alone. */
  acquire(signal: AbortSignal, sizeBytes: number): Promise<() => void>;
}

/** What is stored after {@link Upload.finish}. */
export interface UploadResult {
  readonly location: string;
  readonly sizeBytes: number;
  readonly etag: string | null;
}

/**
 * One object being written. Lifecycle: open → `write`* → `finish` | `abort`. After an error, `abort` must be called.
 * A file smaller than one part is stored by one put at `finish`.
 */
export interface Upload {
  readonly location: string;
  /**
   * Takes over `bytes` (the caller must not touch them again); resolves when there is room for more. Rejects with
   * the error of an earlier part as soon as it is known.
   */
  write(bytes: Bytes): Promise<void>;
  /** Bytes taken that are not yet part of a request: depends only on the bytes written, never on timing. */
  readonly pendingBytes: number;
  /** Bytes held in memory now: pending and in flight. */
  readonly bufferedBytes: number;
  /** Makes the object visible, whole; verifies the stored size. */
  finish(): Promise<UploadResult>;
  /** Ends the upload and removes what was stored; idempotent; never throws: what it could not remove, it returns. */
  abort(): Promise<{ readonly leftBehind: readonly string[] }>;
}

/** An object that is open for reading. */
export interface ObjectReader {
  /** Fills `into` with the bytes from `start` on; resolves to how many: fewer when the object ends before. */
  readInto(into: Bytes, start: number): Promise<number>;
  /** Never throws. */
  close(): Promise<void>;
}

/**
 * Errors of all methods: NOT_FOUND, PRECONDITION_FAILED, UNAUTHENTICATED, FORBIDDEN, STORAGE_FULL, UNAVAILABLE
 * (after the store's own retries), INVALID_ARGUMENT (a location of another store, dot segments, control characters).
 */
export interface Store {
  readonly capabilities: StoreCapabilities;
  /** Whether this store is the one that serves `location`. */
  serves(location: string): boolean;
  /**
   * Bytes `[start, end)`, the caller's own; shorter when the object ends before. `end` omitted: to the object's end.
   */
  read(location: string, range?: { start: number; end?: number }, options?: CallOptions): Promise<Bytes>;
  /** For who reads an object again and again, where that costs less than `read`. */
  openReader?(location: string, options?: CallOptions): Promise<ObjectReader>;
  /** The object's bytes as they arrive, from `start`; each chunk is the caller's own. */
  stream(location: string, start?: number, options?: CallOptions): Promise<ReadableStream<Bytes>>;
  /** Null when there is no such object. */
  stat(location: string, options?: CallOptions): Promise<ObjectStat | null>;
  put(location: string, bytes: Bytes, options?: PutOptions): Promise<UploadResult>;
  /** Never visible before `finish`. */
  openUpload(location: string, options?: OpenUploadOptions): Promise<Upload>;
  /** Removes objects; those that do not exist are fine. Returns those it could not remove. */
  delete(locations: readonly string[], options?: CallOptions): Promise<{ readonly failed: readonly string[] }>;
  /** Objects whose location starts with `prefix`, in key order. */
  list(prefix: string, options?: CallOptions): AsyncIterable<ObjectStat>;
}
