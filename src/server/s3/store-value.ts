/** Hands bytes of a known number to a call of the binding: at once when they are few, else while they arrive. */
import type { R2Value } from '../../storage/r2/binding.ts';
import type { Bytes } from '../../util/bytes.ts';
import type { IncomingBody } from './body.ts';
import { S3Refusal } from './errors.ts';

/** R2 wants the length of a stream beforehand; this is how workerd tells it. */
type FixedLengthStreamConstructor = new (length: number) => TransformStream<Bytes, Bytes>;

/** Below this, a body is held whole: a stream costs more. */
const SMALL_BYTES = 64 << 10;
/** The same where the runtime has no streams of known length: there, a binding is a proxy that holds all of it too. */
const SMALL_WITHOUT_STREAMS_BYTES = 64 << 20;

/**
 * When `pieces` throws, nothing is stored: a stream that ends early is no object.
 * @returns what `put` returned.
 */
export async function storeValue<T>(
  { sizeBytes, pieces }: Pick<IncomingBody, 'sizeBytes' | 'pieces'>,
  put: (value: R2Value) => Promise<T>,
): Promise<T> {
  const { FixedLengthStream } = globalThis as { FixedLengthStream?: FixedLengthStreamConstructor };
  if (sizeBytes <= SMALL_BYTES || FixedLengthStream === undefined) return put(await whole(sizeBytes, pieces));
  const { readable, writable } = new FixedLengthStream(sizeBytes);
  const writer = writable.getWriter();
  let fault: { readonly error: unknown } | null = null;
  const written = (async () => {
    try {
      for await (const piece of watched(pieces, (error) => (fault = { error }))) await writer.write(piece);
      await writer.close();
    } catch (error) {
      await writer.abort(error).catch(() => {});
    }
  })();
  try {
    return await put(readable);
  } catch (error) {
    // R2's error is only that the stream broke off; why is known here.
    throw (fault as { readonly error: unknown } | null)?.error ?? error;
  } finally {
    // A put that is refused by its condition leaves the rest unread.
    await writer.abort().catch(() => {});
    await written;
  }
}

async function* watched(pieces: AsyncIterable<Bytes>, onFault: (error: unknown) => void): AsyncGenerator<Bytes> {
  try {
    yield* pieces;
  } catch (error) {
    onFault(error);
    throw error;
  }
}

async function whole(sizeBytes: number, pieces: AsyncIterable<Bytes>): Promise<Bytes> {
  if (sizeBytes > SMALL_WITHOUT_STREAMS_BYTES) {
    const limit = SMALL_WITHOUT_STREAMS_BYTES;
    throw new S3Refusal('EntityTooLarge', `this runtime cannot stream into R2: a body may have at most ${limit} bytes`);
  }
  const bytes = new Uint8Array(sizeBytes);
  let at = 0;
  for await (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
