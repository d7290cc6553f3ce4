/** Row groups of more than 128 MiB, as PyArrow writes them, inside small memory limits. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, openAsBlob, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newEngine } from '../../src/engine/default-engine.ts';
import { fromAny } from '../../src/source/from-any.ts';
import { MemoryStore } from '../../src/storage/memory/memory-store.ts';
import { StoreCatalog } from '../../src/table/store-catalog.ts';
import { MiB } from '../portable/write/rows.ts';
import { paths } from '../support/kit/home.ts';

const script = new URL('./python/make_large_row_group.py', import.meta.url).pathname;
const rows = 2_300_000;
const writers = ['pyarrow', 'pyarrow-index'] as const;
let folder: string;
const fileOf = (writer: string) => join(folder, `${writer}.parquet`);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'icestream-large-'));
  for (const writer of writers) execFileSync(paths.python(), [script, writer, fileOf(writer), String(rows)]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.each([
  ['without an offset index', 'pyarrow'],
  ['with an offset index', 'pyarrow-index'],
])('a row group of more than 128 MiB %s is read by an engine of 64 MiB, each byte once', async (_, writer) => {
  await using file = await open(fileOf(writer));
  const sizeBytes = (await file.stat()).size;
  expect(sizeBytes).toBeGreaterThan(128 * MiB);
  let bytesRead = 0;
  const read = async (start: number, end: number) => {
    const bytes = new Uint8Array(end - start);
    await file.read(bytes, 0, bytes.length, start);
    bytesRead += bytes.length;
    return bytes;
  };
  const engine = await newEngine({ memoryLimitBytes: 64 * MiB });
  using reader = await engine.openParquet({ sizeBytes, read });
  expect(reader.footer.rowGroups).toHaveLength(1);
  let seen = 0;
  for await (const batch of reader.batches({ memoryLimitBytes: 32 * MiB })) {
    seen += batch.numRows;
    batch.free();
  }
  expect(seen).toBe(rows);
  // The end of the file is read for the footer too.
  expect(bytesRead).toBeLessThan(sizeBytes + 128 * 1024);
});

it('such a file is appended to a table within 96 MiB', async () => {
  const catalog = StoreCatalog.open({ warehouse: 'memory://large', store: new MemoryStore('large') });
  await catalog.createNamespace('a');
  const source = fromAny(await openAsBlob(fileOf('pyarrow')), { name: 'large.parquet' });
  const { result } = await catalog.createAndAppend('a.b', source, {}, { memoryLimitBytes: 96 * MiB });
  expect(Number(result.rows)).toBe(rows);
});
