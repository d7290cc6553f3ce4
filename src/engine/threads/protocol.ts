/** What the writer's thread and an encoding thread say to each other. */
import type { ErrorCode, ErrorPlace } from '../../errors.ts';
import type { EncodedPart, EncoderOptions } from '../encoder.ts';
import type { PartRows } from '../wasm/batch.ts';

/** The first message to a thread: its engine. */
export interface Setup {
  readonly module: WebAssembly.Module;
  /** The most wasm memory of the engine. */
  readonly engineBytes: number;
}

/** A write begins; null: it is over, and the engine is as before it. */
export interface WriteRequest {
  readonly options: EncoderOptions | null;
}

/** A row group of the write: the thread encodes all of its parts, or shares them with others. */
export interface EncodeRequest {
  /**
   * In shared memory where the runtime has it, which must stay as it is until all that share it have answered;
   * transferred elsewhere.
   */
  readonly rows: Uint8Array;
  /** In the order in which they are to be begun. */
  readonly parts: readonly PartRows[];
  /**
   * In shared memory, with the others that were asked to encode the same rows: how many of `parts` were begun. Each
   * thread takes the next until there is none. Null: the thread has all.
   */
  readonly begun: Int32Array | null;
}

export type ThreadRequest = Setup | WriteRequest | EncodeRequest;

export interface EncodedRows {
  /** Those that this thread has encoded, in any order. */
  readonly parts: readonly EncodedPart[];
  /** The one that the rows came in, transferred back; null: it is shared. */
  readonly buffer: ArrayBuffer | null;
}

/** The answer to a request; there is one for each, in order. */
export interface ThreadAnswer {
  /** Null: none could be made. */
  readonly engine: { readonly alive: boolean; readonly memoryBytes: number; readonly liveBytes: number } | null;
  /** Of an `EncodeRequest`. */
  readonly encoded: EncodedRows | null;
  /** Null: what was asked for is done. */
  readonly error: { readonly code: ErrorCode; readonly message: string; readonly place: ErrorPlace } | null;
}

/** One thread as `#spawn-thread` makes it. */
export interface EncodeThread {
  post(message: ThreadRequest, transfer: ArrayBuffer[]): void;
  terminate(): Promise<void>;
}

/** What a thread tells its starter: `onGone` when it ended without being told to, or could not start. */
export interface ThreadEvents {
  readonly onAnswer: (answer: ThreadAnswer) => void;
  readonly onGone: (error: unknown) => void;
}

/** Null: the runtime has no threads. */
export type SpawnThread = ((events: ThreadEvents) => EncodeThread) | null;

/** The buffer of `bytes` if it is not shared: it changes hands when they are sent. */
export function ownBuffer({ buffer }: Uint8Array): ArrayBuffer | null {
  return buffer instanceof ArrayBuffer ? buffer : null;
}
