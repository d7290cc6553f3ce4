import type { Bytes } from '../util/bytes.ts';

/** A body's bytes; ends with the error of `tooLarge` once they are more than `maxBytes`, and reads no further. */
export async function* boundedBody(
  chunks: AsyncIterable<Bytes>,
  maxBytes: number,
  tooLarge: () => Error,
): AsyncGenerator<Bytes, void, undefined> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge();
    yield chunk;
  }
}
