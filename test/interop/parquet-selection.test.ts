/** Selected rows of the files of other writers are those that PyArrow takes of them. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tableFromIPC } from 'apache-arrow';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newEngine } from '../../src/engine/default-engine.ts';
import { paths } from '../support/kit/home.ts';

const script = (name: string) => new URL(`./python/${name}`, import.meta.url).pathname;
const rows = 400_000;
const columns = ['id', 'd1', 'text', 'few', 'list'];
/** Single rows, neighbours, rows that are far apart and many in a row. */
const ranges = [3, 4, 5, 6, 90_000, 90_050, 90_051, 90_700, 210_000, 229_999, 399_998, 400_000];
let folder: string;
const fileOf = (writer: string) => join(folder, `${writer}.parquet`);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'icestream-selection-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.each([
  ['PyArrow, with a page index', 'pyarrow-index', 0.6],
  ['PyArrow, without', 'pyarrow', 1.1],
  ['DuckDB', 'duckdb', 1.1],
])(
  'of a file of %s',
  async (_, writer, mostOfFile) => {
    const path = fileOf(writer);
    execFileSync(paths.python(), [script('make_large_row_group.py'), writer, path, String(rows)]);
    const out = join(folder, `${writer}.arrows`);
    execFileSync(paths.python(), [script('take_rows.py'), path, out, columns.join(','), ...ranges.map(String)]);
    const expected = tableFromIPC(readFileSync(out));
    await using file = await open(path);
    const sizeBytes = (await file.stat()).size;
    let bytesRead = 0;
    const read = async (start: number, end: number) => {
      const bytes = new Uint8Array(end - start);
      await file.read(bytes, 0, bytes.length, start);
      bytesRead += bytes.length;
      return bytes;
    };
    const engine = await newEngine({ memoryLimitBytes: 96 * 1024 * 1024 });
    using reader = await engine.openParquet({ sizeBytes, read });
    // By row group, as DuckDB has several.
    let first = 0;
    const rowGroups = reader.footer.rowGroups.map(({ numRows }, index) => {
      const within = (row: number) => Math.min(Math.max(row - first, 0), numRows);
      const pairs = Array.from({ length: ranges.length / 2 }, (_, i) => ranges.slice(2 * i, 2 * i + 2).map(within));
      first += numRows;
      return { index, rows: Uint32Array.from(pairs.filter(([start, end]) => start !== end).flat()) };
    });
    let at = 0;
    for await (const batch of reader.batches({ rowGroups, columns: columns.map((name) => [name]), batchRows: 5000 })) {
      using held = batch;
      const table = tableFromIPC(held.toIpc());
      for (const name of columns) {
        const text = (from: typeof table, start: number) =>
          JSON.stringify([...(from.getChild(name)?.slice(start, start + held.numRows) ?? [])], plain);
        expect(text(table, 0) === text(expected, at), `${name} of the rows from ${at} on`).toBe(true);
      }
      at += held.numRows;
    }
    expect(at).toBe(expected.numRows);
    expect(bytesRead).toBeLessThan(mostOfFile * sizeBytes);
  },
  120_000,
);

const plain = (_: string, value: unknown) =>
  typeof value === 'bigint' || (typeof value === 'number' && !Number.isInteger(value)) ? String(value) : value;
