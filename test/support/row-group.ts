/** A row group's bytes in one piece. */
import type { Encoder } from '../../src/engine/encoder.ts';
import type { Batch } from '../../src/engine/engine.ts';
import type { Bytes } from '../../src/util/bytes.ts';
import { concatBytes } from '../../src/util/encoding.ts';
import { release } from '../../src/util/release.ts';

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
