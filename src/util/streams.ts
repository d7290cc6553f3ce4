/** Byte streams in and out of the runtime's own transform streams. */
import type { Bytes } from './bytes.ts';
import { concatBytes } from './encoding.ts';

/** Runs bytes through a compression or decompression stream; stops with `onTooLong` when the output passes `limit`. */
export async function throughStream(
  input: Bytes,
  transform: { readonly readable: ReadableStream<Uint8Array>; readonly writable: WritableStream<BufferSource> },
  limit: number = Number.POSITIVE_INFINITY,
  onTooLong: () => Error = () => new RangeError('too much output'),
): Promise<Bytes> {
  const writer = transform.writable.getWriter();
  // Failures show on the readable side; an unhandled rejection here would end the process.
  const written = writer.write(input).then(() => writer.close());
  written.catch(() => {});
  const chunks: Bytes[] = [];
  let size = 0;
  const reader = transform.readable.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > limit) {
      const error = onTooLong();
      await reader.cancel(error).catch(() => {});
      throw error;
    }
    chunks.push(value as Bytes);
  }
  await written;
  return concatBytes(chunks);
}
