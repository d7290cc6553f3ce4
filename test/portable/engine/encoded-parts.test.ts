/** Row groups that were encoded elsewhere, column by column, placed into a file. */
import { tableFromArrays, tableToIPC } from 'apache-arrow';
import { expect, it } from 'vitest';
import { engineModule, newEngine } from '../../../src/engine/default-engine.ts';
import type { Batch } from '../../../src/engine/engine.ts';
import { batchesToParts } from '../../../src/engine/wasm/batch.ts';
import { PartEncoder } from '../../../src/engine/wasm/part-encoder.ts';
import type { Bytes } from '../../../src/util/bytes.ts';
import { toHex } from '../../../src/util/encoding.ts';
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
  const encoder = new PartEncoder(await engineModule(), 32 * 1024 * 1024);
  const apart = (rows: number, most: number) => {
    const request = { most, leastBytes: 1, allocate: (bytes: number) => new Uint8Array(bytes) };
    const { bytes, parts } = batchesToParts([batch(rows), batch(1)], request);
    expect(parts.length).toBe(most);
    return parts.map((part) => encoder.encode(bytes, part));
  };
  using sample = batch(1);
  const options = { schema: sample.schema, ...encoding };
  using here = engine.encoder(options);
  using placed = engine.encoder(options);
  encoder.begin(options);
  const groups = [
    [1, 1],
    [3000, 2],
    [50_000, 1],
    [50_001, 2],
  ] as const;
  for (const [rows, most] of groups) {
    const inPlace = await rowGroupBytes(here, [batch(rows), batch(1)]);
    const elsewhere = await joined(whole(placed.appendParts?.(apart(rows, most)) ?? []));
    // `toEqual` would take seconds.
    expect(await hash(elsewhere)).toBe(await hash(inPlace));
  }
  const [inPlace, elsewhere] = [await here.finish(), await placed.finish()];
  expect(elsewhere.footer).toEqual(inPlace.footer);
  expect(elsewhere.bytes).toEqual(inPlace.bytes);
});

async function hash(bytes: Bytes): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
}

/** A piece that is a part of its buffer would stay until garbage is collected. */
function* whole(pieces: Iterable<Bytes>): Generator<Bytes> {
  for (const piece of pieces) {
    expect(piece.length).toBe(piece.buffer.byteLength);
    yield piece;
  }
}
