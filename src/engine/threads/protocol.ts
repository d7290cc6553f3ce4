/** What the writer's thread and an encoding thread say to each other. */
import type { ErrorCode, ErrorPlace } from '../../errors.ts';
import type { Bytes } from '../../util/bytes.ts';
import type { EncodedPart, EncoderOptions } from '../encoder.ts';

/** The first message to a thread. */
export interface Setup {
  readonly module: WebAssembly.Module;
  /** The most wasm memory of the thread's engine. */
  readonly engineBytes: number;
  readonly options: EncoderOptions;
}

/** Each further one: the rows of one row group, as Arrow IPC streams, transferred. */
export interface EncodeRequest {
  readonly streams: readonly Bytes[];
}

/** The answer to a request, in order. */
export type EncodeAnswer =
  | {
      readonly part: EncodedPart;
      readonly memoryBytes: number;
      /** The request's, transferred back. */
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

export function buffersOf(parts: readonly Bytes[]): ArrayBuffer[] {
  return [...new Set(parts.map((bytes) => bytes.buffer))];
}
