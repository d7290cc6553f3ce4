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

/** Values of a manifest may be views of its chunk, and keep it. */
const CHUNK_BYTES = 256 * 1024;

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

/**
 * A reader whose chunks are of their own buffers, and in Workers of 256 KiB. `leftBytes`: what is to come, where it is
 * known, so that no buffer is larger.
 */
export function chunkReader(
  stream: ReadableStream<Bytes>,
  leftBytes: number | null,
): Pick<ReadableStreamDefaultReader<Bytes>, 'read' | 'cancel'> {
  const reader = patientReader(stream);
  if (reader === null) return stream.getReader();
  let left = leftBytes ?? Number.POSITIVE_INFINITY;
  return {
    read: async () => {
      const chunk = await reader.fill(new Uint8Array(Math.max(1, Math.min(left, CHUNK_BYTES))));
      left -= chunk.value?.length ?? 0;
      return chunk;
    },
    cancel: reader.cancel,
  };
}
