/** Row groups that were encoded elsewhere, placed into a file. */
import { tableFromArrays, tableToIPC } from 'apache-arrow';
import { expect, it } from 'vitest';
import { newEngine } from '../../../src/engine/default-engine.ts';
import type { Batch } from '../../../src/engine/engine.ts';
import type { Bytes } from '../../../src/util/bytes.ts';
import { encoding, joined, rowGroupBytes } from '../../support/row-group.ts';

it('make the file that encoding them in place makes, also when the memory of each piece is given back', async () => {
  const engine = await newEngine({ memoryLimitBytes: 32 * 1024 * 1024 });
  const batch = (rows: number): Batch => {
    const table = tableFromArrays({
      n: Float64Array.from({ length: rows }, (_, i) => Math.sin(i)),
      text: Array.from({ length: rows }, (_, i) => `row ${i}`),
    });
    const [first] = engine.fromIpc(tableToIPC(table, 'stream') as Bytes);
    if (first === undefined) throw new Error('no batch');
    return first;
  };
  using sample = batch(1);
  const options = { schema: sample.schema, ...encoding };
  using here = engine.encoder(options);
  using placed = engine.encoder(options);
  const groups = [1, 3000, 50_000];
  const bytes: [Bytes[], Bytes[]] = [[], []];
  for (const rows of groups) {
    bytes[0].push(await rowGroupBytes(here, [batch(rows)]));
    bytes[1].push(await joined(whole(placed.appendPart?.(engine.encodePart(options, [batch(rows)])) ?? [])));
  }
  expect(bytes[1]).toEqual(bytes[0]);
  const [inPlace, elsewhere] = [await here.finish(), await placed.finish()];
  expect(elsewhere.footer).toEqual(inPlace.footer);
  expect(elsewhere.bytes).toEqual(inPlace.bytes);
});

/** A piece that is a part of its buffer would stay until garbage is collected. */
function* whole(pieces: Iterable<Bytes>): Generator<Bytes> {
  for (const piece of pieces) {
    expect(piece.length).toBe(piece.buffer.byteLength);
    yield piece;
  }
}
