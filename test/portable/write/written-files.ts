/** One write of many orders, and what its files hold: the same hashes for the same bytes. */
import { expect } from 'vitest';
import { toHex } from '../../../src/util/encoding.ts';
import type { WriteOptions } from '../../../src/write/write-options.ts';
import { lake, liveFiles } from './lake.ts';
import { madeOnce, orders, sourceOf, testEngine } from './rows.ts';

export const ROWS = 200_000;
const rows = madeOnce(orders(ROWS, 3));

export async function written(partitionSpec: readonly string[], options: WriteOptions): Promise<string[]> {
  const engine = await testEngine();
  const before = engine.liveBytes;
  const { catalog, store } = await lake();
  const properties = { 'write.target-file-size-bytes': '900000', 'write.parquet.row-group-size-bytes': '1500000' };
  const request = { partitionSpec, properties };
  const source = sourceOf(rows, { batchRows: 10_000 });
  const { table, result } = await catalog.createAndAppend('sales.orders', source, request, { engine, ...options });
  expect(result.rows).toBe(BigInt(ROWS));
  expect(result.memoryPeakBytes).toBeLessThanOrEqual(options.memoryLimitBytes ?? 0);
  // What the engine keeps between writes is less.
  expect(engine.liveBytes - before).toBeLessThan(1024);
  const files = await liveFiles(table);
  const hashes = files.map(async ({ filePath, recordCount }) => {
    const hash = await crypto.subtle.digest('SHA-256', await store.read(filePath));
    return `${recordCount} ${toHex(new Uint8Array(hash))}`;
  });
  return Promise.all(hashes);
}
