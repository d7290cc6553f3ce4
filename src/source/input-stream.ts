/** Bytes that come in order, once: web streams and async iterables. */
import { IcestreamError } from '../errors.ts';
import type { Bytes } from '../util/bytes.ts';
import type { ByteInput } from './byte-input.ts';

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
      return stream instanceof ReadableStream ? streamChunks(stream, signal) : (stream as AsyncIterable<Bytes>);
    },
    ranges: async () => null,
  };
}

/** A web stream's chunks; ending early cancels it (not every runtime's streams are async iterable). */
export async function* streamChunks(
  stream: ReadableStream<Uint8Array>,
  signal?: AbortSignal,
): AsyncGenerator<Bytes, void, undefined> {
  const reader = stream.getReader();
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
