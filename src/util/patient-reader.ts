/** Large reads of streams that give small pieces. */
import type { Bytes } from './bytes.ts';

/** A reader that waits until a buffer is full. */
export interface PatientReader {
  /** Fills the view, whose buffer it takes over; less comes at the end only, in a view of the buffer that comes back. */
  fill(view: Bytes): Promise<ReadableStreamReadResult<Bytes>>;
  cancel(reason?: unknown): Promise<void>;
  releaseLock(): void;
}

/** workerd's own way to say how much a read waits for. */
interface WorkerdReader extends ReadableStreamBYOBReader {
  readAtLeast(byteCount: number, view: Bytes): ReturnType<PatientReader['fill']>;
}

/**
 * Workers give what comes from the network in pieces of 4 KiB, or fewer bytes still, unless they are asked for more: each
 * of them costs as much time and garbage as a large one. Null: not in this runtime, or not for this stream.
 */
export function patientReader(stream: ReadableStream<Uint8Array>): PatientReader | null {
  if (!('readAtLeast' in (globalThis.ReadableStreamBYOBReader?.prototype ?? {}))) return null;
  let reader: WorkerdReader;
  try {
    reader = stream.getReader({ mode: 'byob' }) as WorkerdReader;
  } catch {
    return null;
  }
  return {
    fill: (view) => reader.readAtLeast(view.length, view),
    cancel: (reason) => reader.cancel(reason),
    releaseLock: () => reader.releaseLock(),
  };
}
