/** `memoryPeakBytes` is of one write or scan, also where an earlier one has left a large engine. */
import { expect, test } from 'vitest';
import { newEngine } from '../../../src/engine/default-engine.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import type { ScanProgress } from '../../../src/scan/scan-options.ts';
import { fromAny } from '../../../src/source/from-any.ts';
import { utf8 } from '../../../src/util/encoding.ts';
import { lake } from './lake.ts';
import { MiB, orders, sourceOf } from './rows.ts';

const ROWS = 20_000;
const LIMIT = 32 * MiB;

/** An engine that has grown to twice the limit, and holds nothing of it. */
async function grownEngine(): Promise<Engine> {
  const engine = await newEngine({ memoryLimitBytes: 512 * MiB });
  expect(() => engine.inferCsv(new Uint8Array(LIMIT).fill(10))).toThrow(/no record/);
  expect(engine.memoryBytes).toBeGreaterThan(2 * LIMIT);
  return engine;
}

async function peaks(engine: Engine): Promise<{ readonly write: number; readonly scan: number }> {
  const { catalog } = await lake();
  const options = { engine, memoryLimitBytes: LIMIT };
  const source = sourceOf(orders(ROWS));
  const { table, result } = await catalog.createAndAppend('sales.orders', source, {}, options);
  const seen: ScanProgress[] = [];
  let rows = 0;
  for await (const batch of table.scan({ ...options, onProgress: (progress) => seen.push(progress) })) {
    rows += batch.numRows;
  }
  expect(rows).toBe(ROWS);
  return { write: result.memoryPeakBytes, scan: seen.at(-1)?.memoryPeakBytes ?? 0 };
}

test('what a larger one left in the engine is not charged to a smaller one beyond its limit', async () => {
  const engine = await grownEngine();
  const { write, scan } = await peaks(engine);
  expect(write).toBeLessThanOrEqual(LIMIT);
  expect(scan).toBeLessThanOrEqual(LIMIT);
});

test('it is never less than in an engine that no one else uses', async () => {
  const own = await peaks(await newEngine({ memoryLimitBytes: LIMIT }));
  const shared = await peaks(await grownEngine());
  expect(shared.write).toBeGreaterThanOrEqual(own.write);
  expect(shared.scan).toBeGreaterThanOrEqual(own.scan);
  const fresh = await newEngine({ memoryLimitBytes: LIMIT });
  expect((await peaks(fresh)).scan).toBeGreaterThanOrEqual(fresh.memoryBytes);
});

test('rows of a few bytes in a table of many columns are made one batch at a time', async () => {
  const fields = Array.from(
    { length: 300 },
    (_, id) => ({ id, name: `c${id}`, required: false, type: 'double' }) as const,
  );
  const { catalog } = await lake();
  await catalog.createNamespace('wide').catch(() => {});
  const table = await catalog.createTable('wide.rows', { type: 'struct', fields });
  const line = '{"c0":1}\n';
  // One piece of text for the engine, and 70 MB in rows.
  const text = utf8(line.repeat(Math.floor((256 * 1024) / line.length)));
  const engine = await newEngine({ memoryLimitBytes: 128 * MiB });
  const result = await table.append(fromAny(text, { format: 'json' }), { engine, memoryLimitBytes: LIMIT });
  expect(result.rows).toBe(BigInt(text.length / line.length));
  expect(result.memoryPeakBytes).toBeLessThanOrEqual(LIMIT);
  expect(engine.memoryBytes).toBeLessThanOrEqual(LIMIT);
});
