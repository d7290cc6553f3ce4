/** Undoing the compression of Avro blocks: null, deflate, snappy, and what the caller brings (zstandard). */
import { IcestreamError } from '../errors.ts';
import type { Bytes } from '../util/bytes.ts';
import { onDemand } from '../util/on-demand.ts';
import { throughStream } from '../util/streams.ts';
import { corrupt } from './byte-reader.ts';

/** Undoes one block; must refuse to give more than `maxBytes`. */
export type BlockDecompressor = (bytes: Bytes, maxBytes: number) => Promise<Bytes> | Bytes;

/** Codecs by Avro's names, for those this module has not (`zstandard`). */
export type ExtraCodecs = Readonly<Record<string, BlockDecompressor>>;

export function blockDecompressor(codec: string, extra: ExtraCodecs = {}): BlockDecompressor {
  if (Object.hasOwn(extra, codec) && extra[codec] !== undefined) return extra[codec];
  switch (codec) {
    case 'null':
      return (bytes) => bytes;
    case 'deflate':
      return deflateDecompressor();
    case 'snappy':
      return async (bytes, maxBytes) => {
        const { unsnap } = await onDemand(import('./snappy.ts'));
        return unsnap(bytes, maxBytes);
      };
    default:
      throw new IcestreamError('UNSUPPORTED', `The Avro codec ${JSON.stringify(codec)} cannot be read here.`);
  }
}

/** PyIceberg cuts a zlib stream to make a raw one, and leaves so much of its Adler-32 checksum at the end. */
const PYICEBERG_TAIL_BYTES = 3;

/** Runtimes refuse bytes after the end of the data, so the tail is cut off; what worked for one block is tried first. */
function deflateDecompressor(): BlockDecompressor {
  let tail = 0;
  return async (bytes, maxBytes) => {
    for (const candidate of [tail, tail === 0 ? PYICEBERG_TAIL_BYTES : 0]) {
      const plain = await inflate(bytes.subarray(0, Math.max(0, bytes.length - candidate)), maxBytes);
      if (plain === null || (candidate > 0 && !hasChecksum(bytes, plain))) continue;
      tail = candidate;
      return plain;
    }
    throw corrupt('a block cannot be uncompressed');
  };
}

/** Null when it is no deflate data. */
async function inflate(bytes: Bytes, maxBytes: number): Promise<Bytes | null> {
  const tooLong = () => corrupt(`a block is larger than ${maxBytes} bytes when uncompressed`);
  try {
    return await throughStream(bytes, new DecompressionStream('deflate-raw'), maxBytes, tooLong);
  } catch (cause) {
    if (cause instanceof IcestreamError) throw cause;
    return null;
  }
}

function hasChecksum(bytes: Bytes, plain: Bytes): boolean {
  const sum = adler32(plain);
  return [sum >>> 24, (sum >>> 16) & 0xff, (sum >>> 8) & 0xff].every(
    (byte, index) => bytes[bytes.length - PYICEBERG_TAIL_BYTES + index] === byte,
  );
}

function adler32(bytes: Uint8Array): number {
  let a = 1;
  let b = 0;
  for (const byte of bytes) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  return ((b << 16) | a) >>> 0;
}
