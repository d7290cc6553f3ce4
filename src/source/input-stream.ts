/** Bytes that come in order, once: web streams and async iterables. */
import { IcestreamError } from '../errors.ts';
import type { Bytes } from '../util/bytes.ts';
import { patientReader } from '../util/patient-reader.ts';
import { release } from '../util/release.ts';
import type { ByteInput } from './byte-input.ts';
import { endUnread } from './end-unread.ts';

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
        throw new IcestreamError(
          'SOURCE_UNREADABLE',
          `${name}: the stream was read or cancelled already; pass a new one`,
          { file: name },
        );
      }
      taken = true;
      return stream instanceof ReadableStream ? takenOver(stream, signal) : (stream as AsyncIterable<Bytes>);
    },
    ranges: async () => null,
    cancel(reason) {
      if (taken) return;
      taken = true;
      endUnread(stream, reason);
    },
  };
}

/** As `passingChunks`, and cancelled also where it ends before the first read: a generator is then not even begun. */
function takenOver(stream: ReadableStream<Uint8Array>, signal: AbortSignal | undefined): AsyncIterable<Bytes> {
  const chunks = passingChunks(stream, signal);
  let begun = false;
  return {
    [Symbol.asyncIterator]: () => ({
      next: () => {
        begun = true;
        return chunks.next();
      },
      return: () => {
        if (!begun) endUnread(stream, signal?.reason);
        return chunks.return();
      },
    }),
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
  chunkBytes = CHUNK_BYTES,
): AsyncGenerator<Bytes, void, undefined> {
  return chunksOf(() => largeChunks(stream, chunkBytes) ?? stream.getReader(), signal);
}

type ChunkReader = Pick<ReadableStreamDefaultReader<Uint8Array>, 'read' | 'cancel' | 'releaseLock'>;

async function* chunksOf(open: () => ChunkReader, signal?: AbortSignal): AsyncGenerator<Bytes, void, undefined> {
  const reader = open();
  let finished = false;
  // A cancelled stream may never answer: nobody waits for it.
  const stop = () => void reader.cancel(signal?.reason).catch(() => {});
  if (signal?.aborted === true) stop();
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

/** One buffer goes back and forth; it is given back at the end, or many short bodies would leave theirs to the collector. */
function largeChunks(stream: ReadableStream<Uint8Array>, chunkBytes: number): ChunkReader | null {
  const reader = patientReader(stream);
  if (reader === null) return null;
  let buffer = new Uint8Array(chunkBytes);
  return {
    ...reader,
    read: async () => {
      const result = await reader.fill(buffer);
      if (result.value === undefined) return result;
      buffer = new Uint8Array(result.value.buffer);
      if (result.done) release(buffer);
      return result;
    },
  };
}
