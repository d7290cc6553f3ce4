/** Compression of Avro blocks: null, deflate, snappy (read), and what the caller brings (zstandard). */
import { IcestreamError } from '../errors.ts';
import type { Bytes } from '../util/bytes.ts';
import { throughStream } from '../util/streams.ts';
import { corrupt } from './byte-reader.ts';
import { unsnap } from './snappy.ts';

/** Undoes one block; must refuse to give more than `maxBytes`. */
export type BlockDecompressor = (bytes: Bytes, maxBytes: number) => Promise<Bytes> | Bytes;

/** Codecs by Avro's names, for those this module has not (`zstandard`). */
export type ExtraCodecs = Readonly<Record<string, BlockDecompressor>>;

/** Codecs a file can be written with. */
export type WriteCodec = 'null' | 'deflate';

export function blockDecompressor(codec: string, extra: ExtraCodecs = {}): BlockDecompressor {
  if (Object.hasOwn(extra, codec) && extra[codec] !== undefined) return extra[codec];
  switch (codec) {
    case 'null':
      return (bytes) => bytes;
    case 'deflate':
      return inflate;
    case 'snappy':
      return (bytes, maxBytes) => unsnap(bytes, maxBytes);
    default:
      throw new IcestreamError('UNSUPPORTED', `The Avro codec ${JSON.stringify(codec)} cannot be read here.`);
  }
}

async function inflate(bytes: Bytes, maxBytes: number): Promise<Bytes> {
  const tooLong = () => corrupt(`a block is larger than ${maxBytes} bytes when uncompressed`);
  try {
    return await throughStream(bytes, new DecompressionStream('deflate-raw'), maxBytes, tooLong);
  } catch (cause) {
    throw cause instanceof IcestreamError ? cause : corrupt('a block cannot be uncompressed');
  }
}

/** Compresses one block. */
export async function compressBlock(bytes: Bytes, codec: WriteCodec): Promise<Bytes> {
  return codec === 'null' ? bytes : throughStream(bytes, new CompressionStream('deflate-raw'));
}
