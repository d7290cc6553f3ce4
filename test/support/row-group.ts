/** A row group's bytes in one piece. */
import type { Encoder } from '../../src/engine/encoder.ts';
import type { Batch } from '../../src/engine/engine.ts';
import type { Bytes } from '../../src/util/bytes.ts';
import { concatBytes } from '../../src/util/encoding.ts';

export async function rowGroupBytes(encoder: Encoder, batches: readonly Batch[]): Promise<Bytes> {
  const pieces: Bytes[] = [];
  for await (const piece of encoder.writeRowGroup(batches)) pieces.push(piece);
  return concatBytes(pieces);
}
