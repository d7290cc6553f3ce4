/** Parquet that comes as a stream. */
import type { RangeReader } from '../engine/engine.ts';
import { IcestreamError } from '../errors.ts';
import type { Bytes } from '../util/bytes.ts';
import { concatBytes } from '../util/encoding.ts';
import type { ByteStream } from './byte-stream.ts';
import type { FileContext } from './file-context.ts';
import { openParquet } from './parquet.ts';
import type { OpenSource } from './source.ts';

/** Share of the lease that the file may take: it must be held whole. */
const SPOOL_SHARE = 4;

/**
 * A Parquet file that comes as a stream is read whole first (its footer is at the end), when a quarter of the memory
 * limit holds it. Takes over the stream.
 */
export async function openSpooledParquet(stream: ByteStream, context: FileContext): Promise<OpenSource> {
  const { lease } = context.open;
  const limit = Math.floor(lease.limitBytes / SPOOL_SHARE);
  const pieces: Bytes[] = [];
  let size = 0;
  const release = () => {
    lease.charge('source', -size);
    size = 0;
  };
  try {
    for await (const piece of stream) {
      if (size + piece.length > limit) throw tooBigToSpool(context.name, limit);
      lease.charge('source', piece.length);
      size += piece.length;
      pieces.push(piece.slice());
    }
  } catch (error) {
    release();
    throw error;
  } finally {
    await stream.cancel();
  }
  const bytes = concatBytes(pieces.splice(0));
  const file: RangeReader = { sizeBytes: bytes.length, read: async (start, end) => bytes.slice(start, end) };
  // Its bytes were counted when they arrived.
  const { onBytesRead: _, ...open } = context.open;
  return openParquet(file, { ...context, open }, release);
}

function tooBigToSpool(name: string, limit: number): IcestreamError {
  return new IcestreamError(
    'SOURCE_UNREADABLE',
    `${name}: a Parquet file has its footer at the end, so as a stream (or compressed) it must be held in memory, and ` +
      `this one is larger than the ${limit} bytes that the memory limit leaves for that; pass a Blob, a URL with ` +
      'ranges or { store, location }, or raise memoryLimitBytes',
    { file: name, option: 'memoryLimitBytes' },
  );
}
