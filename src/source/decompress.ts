/** gzip and zstd undone on the way. */

import type { Bytes } from '../util/bytes.ts';
import { ByteStream, type ByteStreamOptions } from './byte-stream.ts';
import { DAMAGED, inFile } from './errors-in-file.ts';
import type { Compression } from './format-names.ts';
import type { OpenSourceOptions } from './source.ts';

/** Compressed bytes given at once: bounds what one push can produce. */
const PIECE_BYTES = 16 * 1024;

/** The bytes inside; takes over the stream. */
export function decompressed(stream: ByteStream, codec: Compression, open: OpenSourceOptions): ByteStream {
  const options: ByteStreamOptions = { name: stream.name, lease: open.lease, signal: open.signal, below: stream };
  return new ByteStream(inflate(stream, codec, open), options);
}

async function* inflate(
  stream: ByteStream,
  codec: Compression,
  open: OpenSourceOptions,
): AsyncGenerator<Bytes, void, undefined> {
  const decompressor = open.engine.decompressor(codec);
  try {
    for await (const piece of stream) {
      for (let at = 0; at < piece.length; at += PIECE_BYTES) {
        yield* decompressor.push(piece.slice(at, at + PIECE_BYTES));
      }
    }
    yield* decompressor.finish();
  } catch (error) {
    throw inFile(error, stream.name, DAMAGED);
  } finally {
    decompressor.free();
    await stream.cancel();
  }
}
