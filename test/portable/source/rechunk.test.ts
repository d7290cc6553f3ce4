import { tableFromArrays } from 'apache-arrow';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { getEngine } from '../../../src/engine/default-engine.ts';
import type { Batch, Engine } from '../../../src/engine/engine.ts';
import { rechunk } from '../../../src/source/rechunk.ts';
import { ipc, plainRows } from './helpers.ts';

/** The engine keeps the text of its last answer. */
const SLACK = 256;

let engine: Engine;
beforeAll(async () => {
  engine = await getEngine();
});

function batchOf(start: number, rows: number): Batch[] {
  const ids = Int32Array.from({ length: rows }, (_, i) => start + i);
  return engine.fromIpc(ipc(tableFromArrays({ id: ids })));
}

function* source(sizes: readonly number[]): Generator<Batch> {
  let start = 0;
  for (const size of sizes) {
    yield* batchOf(start, size);
    start += size;
  }
}

test('any batches become batches of one size, in order, and nothing stays behind', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 12 }),
      fc.integer({ min: 1, max: 30 }),
      async (sizes, rows) => {
        const before = engine.liveBytes;
        const total = sizes.reduce((sum, size) => sum + size, 0);
        const found: number[] = [];
        const cut: number[] = [];
        for await (const batch of rechunk(source(sizes), rows, engine)) {
          cut.push(batch.numRows);
          found.push(...plainRows(batch).map((row) => row['id'] as number));
        }
        expect(found).toEqual(Array.from({ length: total }, (_, i) => i));
        const full = Math.floor(total / rows);
        expect(cut).toEqual([
          ...Array.from({ length: full }, () => rows),
          ...(total % rows === 0 ? [] : [total % rows]),
        ]);
        expect(engine.liveBytes - before).toBeLessThan(SLACK);
      },
    ),
    { numRuns: 60 },
  );
});

test('leaving early frees what is held', async () => {
  const before = engine.liveBytes;
  for await (const batch of rechunk(source([5, 5, 50, 5]), 8, engine)) {
    batch.free();
    break;
  }
  expect(engine.liveBytes - before).toBeLessThan(SLACK);
});

test('an error of the source frees what is held', async () => {
  const before = engine.liveBytes;
  async function* failing() {
    yield* batchOf(0, 5);
    throw new Error('broken');
  }
  const read = async () => {
    for await (const batch of rechunk(failing(), 8, engine)) batch.free();
  };
  await expect(read()).rejects.toThrow('broken');
  expect(engine.liveBytes - before).toBeLessThan(SLACK);
  await expect(rechunk([], 0, engine).next()).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
});
