import * as arrow from 'apache-arrow';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inPieces } from '../../../src/write/rows/batch-pieces.ts';
import { orders, testEngine } from './rows.ts';

test('rows are cut anew, in order, however they were cut; each batch is freed', async () => {
  const engine = await testEngine();
  const rows = orders(400);
  const whole = engine.fromIpc(rows.ipc(0, 400));
  const first = whole[0];
  if (first === undefined) throw new Error('no batch');
  const sizes = fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 6 });
  fc.assert(
    fc.property(sizes, fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 9 }), (cuts, pieceRows, most) => {
      let at = 0;
      const batches = cuts.map((count) => {
        const batch = first.slice(at, count);
        at += count;
        return batch;
      });
      const found: number[] = [];
      let pieces = 0;
      for (const piece of inPieces(engine, batches, pieceRows)) {
        found.push(piece.numRows);
        const ids = arrow.tableFromIPC(piece.toIpc()).getChild('id')?.toArray();
        expect(ids).toEqual(
          BigInt64Array.from({ length: piece.numRows }, (_, row) => BigInt(pieces * pieceRows + row)),
        );
        piece.free();
        pieces += 1;
        if (pieces === most) break;
      }
      const all = Array.from({ length: Math.ceil(at / pieceRows) }, (_, piece) =>
        Math.min(pieceRows, at - piece * pieceRows),
      );
      expect(found).toEqual(all.slice(0, most));
      for (const batch of batches) expect(() => batch.slice(0, 1)).toThrow();
    }),
    { numRuns: 50 },
  );
  for (const batch of whole) batch.free();
});
