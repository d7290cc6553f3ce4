/** Some rows, some leaves, and the page index of Parquet files. */
import { type Table, tableFromIPC } from 'apache-arrow';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import type { ArrowSchema } from '../../../src/engine/arrow-schema.ts';
import { newEngine } from '../../../src/engine/default-engine.ts';
import type { Engine, ParquetReader, RangeReader } from '../../../src/engine/engine.ts';
import type { Bytes } from '../../../src/util/bytes.ts';
import { concatBytes, fromBase64 } from '../../../src/util/encoding.ts';
import * as files from '../../fixtures/parquet-files.ts';
import { encoding, rowGroupBytes } from '../../support/row-group.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await newEngine();
});

type Row = Record<string, unknown>;
type Options = NonNullable<Parameters<ParquetReader['batches']>[0]>;

const plain = (_: string, value: unknown) => (typeof value === 'bigint' ? Number(value) : value);

async function rowsOf(reader: ParquetReader, options?: Options): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const batch of reader.batches(options)) {
    using held = batch;
    expect(held.numRows).toBeLessThanOrEqual(options?.batchRows ?? 8192);
    const table: Table = tableFromIPC(held.toIpc());
    for (const row of table.toArray()) rows.push(JSON.parse(JSON.stringify(row, plain)) as Row);
  }
  return rows;
}

function inMemory(bytes: Bytes): RangeReader & { bytesRead: number; reads: number } {
  const file = {
    sizeBytes: bytes.length,
    bytesRead: 0,
    reads: 0,
    async read(start: number, end: number) {
      file.bytesRead += end - start;
      file.reads += 1;
      return bytes.slice(start, end);
    },
  };
  return file;
}

function unpack(gzipBase64: string): Bytes {
  using gzip = engine.decompressor('gzip');
  const bytes = concatBytes(gzip.push(fromBase64(gzipBase64)));
  gzip.finish();
  return bytes;
}

const ranges = (...rows: readonly number[]) => Uint32Array.from(rows);

/** Row groups of `groupRows` rows with an offset index; texts are long enough for pages to be worth leaving out. */
async function written(rows: number, groupRows: number, textBytes: number): Promise<Bytes> {
  const text = { kind: 'utf8', layout: 'offset32' } as const;
  const long = { kind: 'int', bitWidth: 64, signed: true } as const;
  const element = { name: 'element', nullable: true, type: long, fieldId: 4 } as const;
  const schema: ArrowSchema = {
    fields: [
      { name: 'id', nullable: false, type: long, fieldId: 1 },
      { name: 't', nullable: true, type: text, fieldId: 2 },
      { name: 'l', nullable: true, type: { kind: 'list', layout: 'offset32', element }, fieldId: 3 },
    ],
  };
  using encoder = engine.encoder({ ...encoding, codec: 'uncompressed', level: null, schema, pageSizeBytes: 4096 });
  const parts: Bytes[] = [];
  for (let start = 0; start < rows; start += groupRows) {
    using reader = engine.jsonReader({
      schema,
      batchRows: groupRows,
      batchBytes: 2 ** 21,
      onBadRow: 'fail',
      unknownFields: 'fail',
    });
    const lines = Array.from({ length: Math.min(groupRows, rows - start) }, (_, i) => {
      const id = start + i;
      const t = id % 7 === 3 ? null : `${id} ${'x'.repeat(textBytes)}`;
      return `${JSON.stringify({ id, t, l: id % 5 === 2 ? null : Array.from({ length: id % 4 }, (_, n) => id + n) })}\n`;
    });
    const bytes = new TextEncoder().encode(lines.join(''));
    parts.push(await rowGroupBytes(encoder, [...reader.push(bytes), ...reader.finish()]));
  }
  parts.push((await encoder.finish()).bytes);
  return concatBytes(parts);
}

test('selected rows are those of a full read, in any batches, and all memory comes back', async () => {
  const lengths = fc.oneof(fc.nat(3), fc.nat(60), fc.nat(900));
  const turns = fc.array(fc.tuple(lengths, lengths), { maxLength: 8 });
  const shape = fc.record({
    turns: fc.array(fc.option(turns, { nil: undefined }), { minLength: 1, maxLength: 3 }),
    batchRows: fc.integer({ min: 1, max: 700 }),
    most: fc.option(fc.nat(1500), { nil: undefined }),
  });
  for (const [bytes, groupRows] of [
    [await written(2600, 1000, 90), 1000] as const,
    [unpack(files.pyarrowIndexed), 120] as const,
  ]) {
    const reader = await engine.openParquet(inMemory(bytes));
    const all = await rowsOf(reader);
    const before = engine.liveBytes;
    await fc.assert(
      fc.asyncProperty(shape, async ({ turns, batchRows, most }) => {
        const expected: Row[] = [];
        const rowGroups = turns.slice(0, reader.footer.rowGroups.length).map((turns, index) => {
          const group = all.slice(index * groupRows, (index + 1) * groupRows);
          const rows: number[] = [];
          let at = 0;
          for (const [skip, take] of turns ?? []) {
            const [start, end] = [at + skip, Math.min(at + skip + take, group.length)];
            if (start < end) rows.push(start, end);
            expected.push(...group.slice(start, end));
            at = start + take;
          }
          if (turns !== undefined) return { index, rows: ranges(...rows) };
          expected.push(...group);
          return { index };
        });
        const options = { rowGroups, batchRows, ...(most === undefined ? {} : { rows: most }) };
        expect(await rowsOf(reader, options)).toEqual(expected.slice(0, most));
        expect(engine.liveBytes).toBe(before);
      }),
      { numRuns: 25 },
    );
    reader.free();
  }
});

test('with an offset index only the pages of the selected rows are read', async () => {
  const bytes = await written(4000, 4000, 300);
  const file = inMemory(bytes);
  using reader = await engine.openParquet(file);
  const footerBytes = file.bytesRead;
  const rows = await rowsOf(reader, { rowGroups: [{ index: 0, rows: ranges(700, 702, 3500, 3501) }] });
  expect(rows.map((row) => row['id'])).toEqual([700, 701, 3500]);
  expect(file.bytesRead - footerBytes).toBeLessThan(bytes.length / 3);
  // Order and repetition of row groups are the caller's.
  const again = await rowsOf(reader, {
    rowGroups: [
      { index: 0, rows: ranges(9, 10) },
      { index: 0, rows: ranges(3, 4) },
    ],
  });
  expect(again.map((row) => row['id'])).toEqual([9, 3]);
});

test('a row group without its last rows is one request', async () => {
  const file = inMemory(unpack(files.pyarrowSnappy));
  using reader = await engine.openParquet(file);
  file.reads = 0;
  expect(await rowsOf(reader, { rowGroups: [{ index: 0, rows: ranges(0, 3, 5, 39) }] })).toHaveLength(37);
  expect(file.reads).toBe(1);
});

test('rows that are not there, and ranges that do not rise, are refused', async () => {
  using reader = await engine.openParquet(inMemory(unpack(files.pyarrowIndexed)));
  for (const rows of [ranges(0, 121), ranges(5, 5), ranges(9, 4), ranges(0, 5, 4, 6), ranges(1)]) {
    const read = rowsOf(reader, { rowGroups: [{ index: 0, rows }] });
    await expect(read).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringMatching(/row group 0/),
    });
  }
  expect(await rowsOf(reader, { rowGroups: [] })).toEqual([]);
  expect(await rowsOf(reader, { rowGroups: [{ index: 1, rows: ranges() }] })).toEqual([]);
});

test('an offset index that is not that of the pages is an error that names the column', async () => {
  const bytes = await written(4000, 4000, 300);
  using reader = await engine.openParquet(inMemory(bytes));
  const [index] = await reader.pageIndex(0, [1]);
  const pages = index?.offsetIndex ?? [];
  expect(pages.length).toBeGreaterThan(200);
  // Every other page begins a row earlier or later than it does, so that none has as many rows as the index says.
  const moved = pages.filter((_, at) => at % 2 === 1);
  const offsets = locate(
    bytes,
    moved.map((page) => page.firstRow),
  );
  const changed = bytes.slice();
  expect(offsets.length).toBeGreaterThan(0);
  for (const at of offsets) changed[at] = (changed[at] ?? 0) ^ 2;
  using wrong = await engine.openParquet(inMemory(changed));
  const read = rowsOf(wrong, { rowGroups: [{ index: 0, rows: ranges(3500, 3501) }] });
  await expect(read).rejects.toMatchObject({
    code: 'SOURCE_CORRUPT',
    message: expect.stringMatching(/row group 0, column t: its offset index says/),
    place: { column: 't' },
  });
});

/** Where the first rows of pages, behind the first, stand in an offset index (zigzag varints). */
function locate(bytes: Bytes, firstRows: readonly number[]): number[] {
  const varint = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)]);
  const found: number[] = [];
  for (const row of firstRows.slice(1)) {
    const pattern = [0x16, ...varint(2 * row), 0];
    for (let at = bytes.length - 30_000; at < bytes.length; at++) {
      if (pattern.every((byte, i) => bytes[at + i] === byte)) found.push(at + 1);
    }
  }
  return found;
}

test('leaves of structs and of lists are read without their neighbours', async () => {
  using reader = await engine.openParquet(inMemory(unpack(files.pyarrowIndexed)));
  const rows = await rowsOf(reader, {
    columns: [['st', 'b', 'y'], ['ls', 'element', 'b'], ['m']],
    rowGroups: [{ index: 1, rows: ranges(4, 6) }],
  });
  expect(rows).toEqual([
    { st: { b: { y: 62 } }, ls: [{ b: 'b0' }], m: { k0: 0 } },
    { st: { b: { y: 62.5 } }, ls: [{ b: 'b0' }, { b: 'b1' }], m: { k0: 0, k1: 1 } },
  ]);
  const both = await rowsOf(reader, { columns: [['st', 'b', 'y'], ['st', 'a'], ['i']], rows: 1 });
  expect(both).toEqual([{ i: -100, st: { a: 0, b: { y: 0 } } }]);
  const refused = (column: string[]) => expect(rowsOf(reader, { columns: [column] })).rejects;
  await refused(['st', 'c']).toMatchObject({ code: 'SCHEMA_MISMATCH', place: { column: 'st.c' } });
  await refused(['st.a']).toMatchObject({ code: 'SCHEMA_MISMATCH' });
  await refused(['m', 'key_value', 'key']).toMatchObject({ code: 'UNSUPPORTED', place: { column: 'm.key_value.key' } });
});

test('the page index is plain data, and null where there is none', async () => {
  const before = engine.liveBytes;
  const reader = await engine.openParquet(inMemory(unpack(files.pyarrowIndexed)));
  const leaf = (path: string) => reader.footer.leaves.findIndex((one) => one.path === path);
  const [i, nul] = await reader.pageIndex(0, [leaf('i'), leaf('nul')]);
  const int = (bytes: Uint8Array | null | undefined) => bytes && new DataView(bytes.slice().buffer).getInt32(0, true);
  expect(i?.offsetIndex?.map((page) => page.firstRow)).toEqual([0, 16, 32, 48, 64, 80, 96, 112]);
  const [first, second] = i?.offsetIndex ?? [];
  expect(first && first.offset + first.compressedBytes).toBe(second?.offset);
  expect(i?.columnIndex?.boundaryOrder).toBe('ascending');
  const facts = i?.columnIndex?.pages.map((page) => [page.allNull, page.nullCount, int(page.min), int(page.max)]);
  expect(facts?.slice(0, 2)).toEqual([
    [false, 2, -100, 5],
    [false, 3, 12, 110],
  ]);
  expect(nul?.columnIndex?.pages[0]).toMatchObject({ allNull: true, nullCount: 16, min: null, max: null });
  await expect(reader.pageIndex(2, [0])).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  await expect(reader.pageIndex(0, [99])).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  const small = reader.pageIndex(0, [0], { memoryLimitBytes: 100 });
  await expect(small).rejects.toMatchObject({ code: 'MEMORY_LIMIT_TOO_SMALL' });
  reader.free();
  expect(engine.liveBytes).toBe(before);
  using without = await engine.openParquet(inMemory(unpack(files.duckdbFile)));
  expect(await without.pageIndex(0, [0])).toEqual([{ columnIndex: null, offsetIndex: null }]);
});
