/** Where bytes come from, whatever it is: one small abstraction under all formats. */
import type { RangeReader } from '../engine/engine.ts';
import type { Store } from '../storage/store.ts';
import type { Bytes } from '../util/bytes.ts';

export interface ByteInput {
  /** For messages: a file name, a location, a URL without credentials or query. */
  readonly name: string;
  /** Null: unknown. */
  readonly sizeBytes: number | null;
  /** Whether `stream` can be called again. */
  readonly replayable: boolean;
  /** Whether `ranges` may give a reader without much ado: a stream is then not opened to look at the first bytes. */
  readonly rangesAreCheap: boolean;
  /**
   * The bytes, from the start, as they arrive; a chunk is valid until the next is asked for. Errors of the outside come
   * as they are; the caller names the file.
   */
  stream(signal?: AbortSignal): AsyncIterable<Bytes>;
  /** Random access; null: these bytes come only in order. */
  ranges(signal?: AbortSignal): Promise<RangeReader | null>;
  /** Ends what it was made of, unless `stream` took it. Default: there is nothing to end. */
  cancel?(reason: unknown): void;
}

/** An object in a store: local files too (`file:///…` in the local store). */
export interface StoreObject {
  readonly store: Store;
  /** Full URI, exactly as the store spells it. */
  readonly location: string;
}

/** Everything bytes can be read from. */
export type ByteSource =
  | Uint8Array
  | ArrayBuffer
  | Blob
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>
  | URL
  | StoreObject;
