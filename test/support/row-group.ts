/** Row groups as bytes. */
import type { Encoder } from '../../src/engine/encoder.ts';
import type { Batch } from '../../src/engine/engine.ts';
import type { Bytes } from '../../src/util/bytes.ts';
import { concatBytes } from '../../src/util/encoding.ts';
import { release } from '../../src/util/release.ts';

/** Encoder options where a test cares for none of them. */
export const encoding = {
  codec: 'zstd',
  level: 1,
  encoding: 'default',
  pageSizeBytes: 1024 * 1024,
  pageRowLimit: 20_000,
  dictionarySizeBytes: 2 * 1024 * 1024,
  statisticsTruncateBytes: 64,
} as const;

/** In one piece. */
export function rowGroupBytes(encoder: Encoder, batches: readonly Batch[]): Promise<Bytes> {
  return joined(encoder.writeRowGroup(batches));
}

/** Gives the memory of each piece back before the next one is made, as stores may. */
export async function joined(pieces: AsyncIterable<Bytes> | Iterable<Bytes>): Promise<Bytes> {
  const copies: Bytes[] = [];
  for await (const piece of pieces) {
    copies.push(piece.slice());
    release(piece);
  }
  return concatBytes(copies);
}
