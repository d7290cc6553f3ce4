/** A Worker's own lakehouse: a catalog in a bucket, over the binding alone. */
import { env } from 'cloudflare:workers';
import { fromAny, StoreCatalog } from 'icestream';
import { R2Store } from 'icestream/storage/r2';
import { expect, test } from 'vitest';

const binding = env.BUCKET;

test('rows are appended to a table in a bucket and read back', async () => {
  const store = new R2Store({ binding, bucket: 'lake' });
  const catalog = StoreCatalog.open({ warehouse: 's3://lake/house', store });
  await catalog.createNamespace('demo');
  const csv = Array.from({ length: 50_000 }, (_, i) => `${i},${i % 7}\n`).join('');
  const limits = { memoryLimitBytes: 64 * 2 ** 20 };
  const { table, result } = await catalog.createAndAppend(
    'demo.rows',
    fromAny(new Blob([`id,kind\n${csv}`])),
    { partitionSpec: ['kind'] },
    limits,
  );
  expect(result).toMatchObject({ rows: 50_000n, files: 7 });
  let sum = 0;
  for await (const batch of table.scan({ select: ['id'] })) sum += batch.numRows;
  expect(sum).toBe(50_000);
  let files = 0;
  for await (const { location } of store.list('s3://lake/house/')) files += location.endsWith('.parquet') ? 1 : 0;
  expect(files).toBe(7);
});
