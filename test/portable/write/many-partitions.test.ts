/** Far more partitions than memory has room for: what each of them costs is counted, and the load ends all the same. */
import { expect, test } from 'vitest';
import { newEngine } from '../../../src/engine/default-engine.ts';
import { engineShareBytes } from '../../../src/write/memory-plan.ts';
import type { DistributionMode } from '../../../src/write/write-options.ts';
import { lake, liveFiles, ordersSchema } from './lake.ts';
import { MiB, orders, sourceOf } from './rows.ts';

const cases: readonly (readonly [DistributionMode, string, number])[] = [
  ['none', 'bucket(2000, id)', 20_000],
  ['hash', 'id', 6_000],
];
const memoryLimitBytes = 20 * MiB;

test('files whose names alone would take more than the limit are refused, and removed', async () => {
  const { catalog, objects } = await lake();
  const properties = { 'write.data.path': `memory://lake/wh/sales/orders/${'long-'.repeat(1000)}` };
  const request = { partitionSpec: ['id'], properties };
  const table = await catalog.createTable('sales.orders', ordersSchema, request);
  const before = await objects();
  const engine = await newEngine({ memoryLimitBytes: engineShareBytes(memoryLimitBytes) });
  await expect(table.append(sourceOf(orders(6_000)), { engine, memoryLimitBytes })).rejects.toMatchObject({
    code: 'MEMORY_LIMIT_TOO_SMALL',
    place: { option: 'memoryLimitBytes' },
    message: expect.stringMatching(/for a load of more than \d+ files: their names take \d{7,8} bytes; raise it/),
  });
  expect(await objects()).toEqual(before);
});

test.each(cases)('%s, by %s: %i rows within 20 MiB', async (distributionMode, partitioning, rows) => {
  const engine = await newEngine({ memoryLimitBytes: engineShareBytes(memoryLimitBytes) });
  const { catalog, objects } = await lake();
  const table = await catalog.createTable('sales.orders', ordersSchema, { partitionSpec: [partitioning] });
  const result = await table.append(sourceOf(orders(rows)), { engine, memoryLimitBytes, distributionMode });
  expect(result.rows).toBe(BigInt(rows));
  expect(result.memoryPeakBytes).toBeLessThanOrEqual(memoryLimitBytes);
  expect(engine.alive).toBe(true);
  expect(engine.liveBytes).toBeLessThan(MiB / 4);
  const files = await liveFiles(table);
  expect(files.reduce((sum, file) => sum + file.recordCount, 0n)).toBe(BigInt(rows));
  const partitions = new Set(files.map((file) => JSON.stringify(file.partition, (_, value) => String(value))));
  if (distributionMode === 'hash') expect(partitions.size).toBe(files.length);
  expect((await objects()).filter((location) => location.includes('/data/'))).toHaveLength(files.length);
});
