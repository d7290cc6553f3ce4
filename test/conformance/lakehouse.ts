/** A whole lakehouse on a store that has conditional creates: namespace, table, rows in, rows out. */
import { fromAny, type Store, StoreCatalog } from 'icestream';
import { expect } from 'vitest';

export async function appendsAndReadsBack(store: Store, warehouse: string): Promise<void> {
  const catalog = StoreCatalog.open({ warehouse, store });
  await catalog.createNamespace('demo');
  const rows = 50_000;
  const csv = Array.from({ length: rows }, (_, i) => `${i},${i % 7}\n`).join('');
  const { table, result } = await catalog.createAndAppend(
    'demo.rows',
    fromAny(new Blob([`id,kind\n${csv}`])),
    { partitionSpec: ['kind'] },
    { memoryLimitBytes: 64 * 2 ** 20 },
  );
  expect(result).toMatchObject({ rows: BigInt(rows), files: 7 });
  const seen = new Set<unknown>();
  for await (const row of table.scan({ select: ['id'] }).rows()) seen.add(row['id']);
  expect(seen.size).toBe(rows);
  let files = 0;
  for await (const { location } of store.list(`${warehouse}/`)) files += location.endsWith('.parquet') ? 1 : 0;
  expect(files).toBe(7);
}
