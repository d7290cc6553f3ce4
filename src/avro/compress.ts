/** Compression of Avro blocks that are written. */
import type { Bytes } from '../util/bytes.ts';
import { throughStream } from '../util/streams.ts';

/** Codecs a file can be written with. */
export type WriteCodec = 'null' | 'deflate';

/** Compresses one block. */
export async function compressBlock(bytes: Bytes, codec: WriteCodec): Promise<Bytes> {
  return codec === 'null' ? bytes : throughStream(bytes, new CompressionStream('deflate-raw'));
}
