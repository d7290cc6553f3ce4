import { streamChunks } from '../source/input-stream.ts';
import type { Bytes } from '../util/bytes.ts';

/** A body's bytes; ends with the error of `tooLarge` once they are more than `maxBytes`, and reads no further. */
export async function* boundedBody(
  body: ReadableStream<Uint8Array>,
  maxBytes: number,
  tooLarge: () => Error,
  signal?: AbortSignal,
): AsyncGenerator<Bytes, void, undefined> {
  let bytes = 0;
  for await (const chunk of streamChunks(body, signal)) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge();
    yield chunk;
  }
}
