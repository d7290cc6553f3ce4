/** Bytes that come in order, once: web streams and async iterables. */
import { IcestreamError } from '../errors.ts';
import type { Bytes } from '../util/bytes.ts';
import type { ByteInput } from './byte-input.ts';

/** The objects of each read, about 800 bytes, outlive V8's quick collections: few reads keep the heap flat. */
const CHUNK_BYTES = 1024 * 1024;

export function streamInput(
  stream: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>,
  name = 'stream',
): ByteInput {
  let taken = false;
  return {
    name,
    sizeBytes: null,
    replayable: false,
    rangesAreCheap: false,
    stream(signal) {
      if (taken) {
        throw new IcestreamError('SOURCE_UNREADABLE', `${name}: the stream was read already; pass a new one`, {
          file: name,
        });
      }
      taken = true;
      return stream instanceof ReadableStream ? passingChunks(stream, signal) : (stream as AsyncIterable<Bytes>);
    },
    ranges: async () => null,
  };
}

/** A web stream's chunks; ending early cancels it (not every runtime's streams are async iterable). */
export function streamChunks(
  stream: ReadableStream<Uint8Array>,
  signal?: AbortSignal,
): AsyncGenerator<Bytes, void, undefined> {
  return chunksOf(() => stream.getReader(), signal);
}

/** As `streamChunks`, but each chunk is valid until the next is asked for; in Workers they are large. */
export function passingChunks(
  stream: ReadableStream<Uint8Array>,
  signal?: AbortSignal,
): AsyncGenerator<Bytes, void, undefined> {
  return chunksOf(() => patientReader(stream) ?? stream.getReader(), signal);
}

type ChunkReader = Pick<ReadableStreamDefaultReader<Uint8Array>, 'read' | 'cancel' | 'releaseLock'>;

async function* chunksOf(open: () => ChunkReader, signal?: AbortSignal): AsyncGenerator<Bytes, void, undefined> {
  const reader = open();
  let finished = false;
  // A cancelled stream may never answer: nobody waits for it.
  const stop = () => void reader.cancel(signal?.reason).catch(() => {});
  signal?.addEventListener('abort', stop, { once: true });
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        signal?.throwIfAborted();
        break;
      }
      yield value as Bytes;
    }
    finished = true;
  } catch (error) {
    finished = true;
    throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
    if (!finished) stop();
    reader.releaseLock();
  }
}

/** workerd's own way to say how much a read waits for. */
interface WorkerdReader extends ReadableStreamBYOBReader {
  readAtLeast(byteCount: number, view: Uint8Array): ReturnType<ChunkReader['read']>;
}

/**
 * Workers give what comes from the network in pieces of 4 KiB, or fewer bytes still, unless they are asked for more: each
 * of them costs as much time and garbage as a large one. One buffer goes back and forth. Null: not in this runtime, or
 * not for this stream.
 */
function patientReader(stream: ReadableStream<Uint8Array>): ChunkReader | null {
  if (!('readAtLeast' in (globalThis.ReadableStreamBYOBReader?.prototype ?? {}))) return null;
  let reader: WorkerdReader;
  try {
    reader = stream.getReader({ mode: 'byob' }) as WorkerdReader;
  } catch {
    return null;
  }
  let buffer = new Uint8Array(CHUNK_BYTES);
  return {
    read: async () => {
      const result = await reader.readAtLeast(CHUNK_BYTES, buffer);
      if (result.value !== undefined) buffer = new Uint8Array(result.value.buffer as ArrayBuffer);
      return result;
    },
    cancel: (reason) => reader.cancel(reason),
    releaseLock: () => reader.releaseLock(),
  };
}
