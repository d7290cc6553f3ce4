import * as arrow from 'apache-arrow';
import { describe, expect, test } from 'vitest';
import type { DataFile } from '../../../src/spec/data-file.ts';
import { bindPartitionSpec } from '../../../src/spec/partition-bind.ts';
import type { PartitionTuple } from '../../../src/spec/partition-spec.ts';
import { parseTransform } from '../../../src/spec/transform.ts';
import { applyTransform } from '../../../src/spec/transform-apply.ts';
import type { PrimitiveType, SingleValue } from '../../../src/spec/types.ts';
import type { Store } from '../../../src/storage/store.ts';
import { lake, liveFiles, ordersSchema } from './lake.ts';
import { MiB, orders, sourceOf, testEngine } from './rows.ts';

const engine = await testEngine();
const options = { engine, memoryLimitBytes: 64 * MiB };

type Row = Readonly<Record<string, SingleValue | null>>;

/** The rows of a data file, read back; timestamps as microseconds. */
async function rowsOf(store: Store, file: DataFile): Promise<Row[]> {
  const bytes = await store.read(file.filePath);
  using reader = await engine.openParquet({
    sizeBytes: bytes.length,
    read: async (start, end) => bytes.slice(start, end),
  });
  const rows: Row[] = [];
  for await (const batch of reader.batches()) {
    const table = arrow.tableFromIPC(batch.toIpc());
    batch.free();
    const at = table.getChild('at')?.data.map((data) => data.values as BigInt64Array) ?? [];
    const micros = at.flatMap((values) => [...values]);
    for (const [index, row] of [...table].entries()) {
      const { id, name, amount, kind } = row?.toJSON() ?? {};
      rows.push({ id, at: micros[index] ?? null, name, amount, kind });
    }
  }
  return rows;
}

const transforms = [
  'id',
  'name',
  'at',
  'amount',
  'kind',
  'bucket(7, id)',
  'bucket(5, name)',
  'bucket(3, at)',
  'truncate(id, 50)',
  'truncate(name, 11)',
  'year(at)',
  'month(at)',
  'day(at)',
  'hour(at)',
  'void(kind)',
];

describe('every row lands in the file of its partition', () => {
  test.each([...transforms, 'month(at), bucket(4, name), kind'])('%s', async (partitioning) => {
    const { store, catalog } = await lake();
    const table = await catalog.createTable('sales.orders', ordersSchema, { partitionSpec: [partitioning] });
    await table.append(sourceOf(orders(300)), options);
    const bound = bindPartitionSpec(table.spec, table.schema);
    const ids: bigint[] = [];
    for (const file of await liveFiles(table)) {
      const rows = await rowsOf(store, file);
      expect(BigInt(rows.length)).toBe(file.recordCount);
      for (const row of rows) {
        const tuple: PartitionTuple = bound.map(({ field, source }) =>
          applyTransform(parseTransform(field.transform), source.type as PrimitiveType, row[source.name] ?? null),
        );
        expect(tuple).toEqual(file.partition);
        ids.push(row['id'] as bigint);
      }
    }
    expect(ids.sort((a, b) => Number(a - b))).toEqual(Array.from({ length: 300 }, (_, row) => BigInt(row)));
  });
});

test('files lie under names of their partition, and the summary counts partitions', async () => {
  const { catalog } = await lake();
  const table = await catalog.createTable('sales.orders', ordersSchema, {
    partitionSpec: ['month(at)', 'kind'],
    properties: { 'write.data.path': 'memory://lake/elsewhere' },
  });
  const { files } = await table.append(sourceOf(orders(500)), options);
  const locations = (await liveFiles(table)).map((file) => file.filePath);
  for (const location of locations) {
    expect(location).toMatch(/^memory:\/\/lake\/elsewhere\/at_month=\d{4}-\d\d\/kind=kind-\d+\/[^/]+\.parquet$/);
  }
  expect(table.snapshots()[0]?.summary['changed-partition-count']).toBe(String(files));
});
