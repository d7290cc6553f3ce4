/** What the writer's thread and an encoding thread say to each other. */
import type { ErrorCode, ErrorPlace } from '../../errors.ts';
import type { EncodedPart, EncoderOptions } from '../encoder.ts';

/** The first message to a thread. */
export interface Setup {
  readonly module: WebAssembly.Module;
  /** The most wasm memory of the thread's engine. */
  readonly engineBytes: number;
  readonly options: EncoderOptions;
}

/**
 * Each further one: the rows of one row group, as Arrow IPC streams, in shared memory where the runtime has it;
 * transferred elsewhere. Shared memory must stay as it is until the answer.
 */
export interface EncodeRequest {
  readonly streams: readonly Uint8Array[];
}

/** The answer to a request, in order. */
export type EncodeAnswer =
  | {
      readonly part: EncodedPart;
      readonly memoryBytes: number;
      /** The request's that are not shared, transferred back. */
      readonly buffers: readonly ArrayBuffer[];
    }
  | { readonly error: { readonly code: ErrorCode; readonly message: string; readonly place: ErrorPlace } };

/** One thread as its starter sees it; `#spawn-thread` makes them. */
export interface EncodeThread {
  post(message: Setup | EncodeRequest, transfer: ArrayBuffer[]): void;
  terminate(): Promise<void>;
}

/** What a thread tells its starter: `onGone` when it ended without being told to, or could not start. */
export interface ThreadEvents {
  readonly onAnswer: (answer: EncodeAnswer) => void;
  readonly onGone: (error: unknown) => void;
}

/** Null: the runtime has no threads. */
export type SpawnThread = ((events: ThreadEvents) => EncodeThread) | null;

export function buffersOf(parts: readonly Uint8Array[]): ArrayBufferLike[] {
  return [...new Set(parts.map((bytes) => bytes.buffer))];
}

/** Of the buffers of `parts` those that are not shared: they change hands when they are sent. */
export function transferred(parts: readonly Uint8Array[]): ArrayBuffer[] {
  return buffersOf(parts).filter((buffer) => buffer instanceof ArrayBuffer);
}
