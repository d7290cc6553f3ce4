import { type Table, tableFromIPC } from 'apache-arrow';
import { beforeAll, expect, it } from 'vitest';
import type { ArrowSchema } from '../../../src/engine/arrow-schema.ts';
import { newEngine } from '../../../src/engine/default-engine.ts';
import type { Engine, ParquetReader, RangeReader } from '../../../src/engine/engine.ts';
import type { WasmInstance } from '../../../src/engine/wasm/instance.ts';
import { openParquet } from '../../../src/engine/wasm/parquet-reader.ts';
import { IcestreamError } from '../../../src/errors.ts';
import type { Bytes } from '../../../src/util/bytes.ts';
import { toHex } from '../../../src/util/encoding.ts';
import { badParquet } from '../../fixtures/parquet-bad-data.ts';
import * as files from '../../fixtures/parquet-files.ts';
import { rowGroupBytes } from '../../support/row-group.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await newEngine();
});

function unpack(gzipBase64: string): Bytes {
  using gzip = engine.decompressor('gzip');
  const pieces = gzip.push(Uint8Array.from(atob(gzipBase64), (c) => c.charCodeAt(0)));
  gzip.finish();
  const out = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}

/** A file in memory that counts what is asked of it. */
function inMemory(bytes: Bytes): RangeReader & { readonly reads: Array<readonly [number, number]> } {
  const reads: Array<readonly [number, number]> = [];
  return {
    sizeBytes: bytes.length,
    reads,
    async read(start, end) {
      reads.push([start, end]);
      return bytes.slice(start, end);
    },
  };
}

type Row = Record<string, unknown>;

async function rowsOf(reader: ParquetReader, options?: Parameters<ParquetReader['batches']>[0]): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const batch of reader.batches(options)) {
    using held = batch;
    const table: Table = tableFromIPC(held.toIpc());
    for (const row of table.toArray()) rows.push(JSON.parse(JSON.stringify(row, plain)) as Row);
  }
  return rows;
}

const plain = (_: string, value: unknown) => {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  return value instanceof Uint8Array ? toHex(value) : value;
};

const rowNumbers = Array.from({ length: 60 }, (_, i) => i);

it.each([
  ['snappy', files.pyarrowSnappy],
  ['gzip', files.pyarrowGzip],
  ['zstd', files.pyarrowZstd],
  ['lz4', files.pyarrowLz4],
  ['data pages v2', files.pyarrowV2],
] as const)('reads every row and type of a file with %s', async (_, gzipBase64) => {
  const before = engine.liveBytes;
  const reader = await engine.openParquet(inMemory(unpack(gzipBase64)));
  expect(reader.footer.rowGroups.map((group) => group.numRows)).toEqual([40, 20]);
  const rows = await rowsOf(reader, { batchRows: 16 });
  expect(rows.map((row) => row['i'])).toEqual(rowNumbers.map((i) => (i % 7 === 3 ? null : 7 * i - 100)));
  expect(rows.map((row) => row['l'])).toEqual(rowNumbers.map((i) => (i % 7 === 3 ? null : 7919 * i - 1e12)));
  expect(rows.map((row) => row['s'])).toEqual(rowNumbers.map((i) => (i % 7 === 3 ? null : `name-${i % 16}`)));
  expect(rows.map((row) => row['ls'])).toEqual(rowNumbers.map((i) => `value ${i}`));
  expect(rows.map((row) => row['u'])).toEqual(rowNumbers.map((i) => 2 ** 32 - 1 - i));
  expect(rows.map((row) => row['d'])).toEqual(
    rowNumbers.map((i) => (i % 7 === 3 ? null : i % 11 === 0 ? 'NaN' : i / 4 - 3)),
  );
  expect(rows.map((row) => row['st'])).toEqual(
    rowNumbers.map((i) => (i % 7 === 3 ? null : { a: i, b: (i + 1) % 7 === 3 ? null : `x${i}` })),
  );
  expect(rows.map((row) => row['dict'])).toEqual(rowNumbers.map((i) => (i % 7 === 3 ? null : `c${i % 5}`)));
  expect(rows.map((row) => row['nul'])).toEqual(rowNumbers.map(() => null));
  const types = new Map(reader.schema.fields.map((field) => [field.name, field.type]));
  expect(types.get('ls')).toEqual({ kind: 'utf8', layout: 'offset64' });
  expect(types.get('tz')).toEqual({ kind: 'timestamp', unit: 'us', timezone: 'UTC' });
  reader.free();
  expect(engine.liveBytes).toBe(before);
});

it('tells what the footer says of each leaf, bounds as raw bytes', async () => {
  using reader = await engine.openParquet(inMemory(unpack(files.pyarrowZstd)));
  const leaf = (path: string) => {
    const found = reader.footer.leaves.find((one) => one.path === path);
    const hex = (bytes: Uint8Array | null | undefined) => (bytes ? toHex(bytes) : (bytes ?? null));
    return found && [found.physicalType, found.valueCount, found.nullCount, hex(found.min), hex(found.max)];
  };
  expect(reader.footer.numRows).toBe(60);
  expect(reader.footer.createdBy).toMatch(/^parquet-cpp-arrow/);
  expect(leaf('i')).toEqual(['INT32', 60, 9, '9cffffff', '32010000']);
  // Unsigned: the largest is above 2^31.
  expect(leaf('u')).toEqual(['INT32', 60, 0, 'c4ffffff', 'ffffffff']);
  // Zero bounds are -0 and +0, whichever the writer found.
  expect(leaf('z')).toEqual(['DOUBLE', 60, 0, '0000000000000080', '0000000000000000']);
  expect(leaf('s')).toEqual(['BYTE_ARRAY', 60, 9, toHex(utf8('name-0')), toHex(utf8('name-9'))]);
  // -0.30 is the least decimal, not the least byte string.
  expect(leaf('dec')).toEqual(['FIXED_LEN_BYTE_ARRAY', 60, 9, 'ffffffe2', '0000001c']);
  expect(leaf('nul')).toEqual(['BYTE_ARRAY', 60, 60, null, null]);
  expect(reader.footer.leaves.find((one) => one.path === 'li.list.element')?.repeated).toBe(true);
  expect(reader.footer.leaves.find((one) => one.path === 'st.a')?.repeated).toBe(false);
  const first = reader.footer.rowGroups[0];
  expect(first?.startOffset).toBe(4);
  const bytes = reader.footer.rowGroups.reduce((sum, group) => sum + group.compressedBytes, 0);
  expect(reader.footer.leaves.reduce((sum, one) => sum + one.compressedBytes, 0)).toBe(bytes);
});

const utf8 = (text: string) => new TextEncoder().encode(text);

it('reads the encodings that other writers choose', async () => {
  using reader = await engine.openParquet(inMemory(unpack(files.pyarrowDelta)));
  const rows = await rowsOf(reader);
  expect(rows.map((row) => row['ls'])).toEqual(rowNumbers.map((i) => `value ${i}`));
  expect(rows.map((row) => row['l'])).toEqual(rowNumbers.map((i) => (i % 7 === 3 ? null : 7919 * i - 1e12)));
});

it('a batch of more rows than a file has takes no memory for them', async () => {
  const engine = await newEngine({ memoryLimitBytes: 32 * 1024 * 1024 });
  using reader = await engine.openParquet(inMemory(unpack(files.pyarrowDelta)));
  expect(await rowsOf(reader, { batchRows: 2 ** 31 })).toHaveLength(60);
  expect(engine.memoryBytes).toBeLessThan(8 * 1024 * 1024);
});

it('reads INT96 timestamps as microseconds', async () => {
  using reader = await engine.openParquet(inMemory(unpack(files.pyarrowInt96)));
  expect(reader.schema.fields[0]?.type).toMatchObject({ kind: 'timestamp', unit: 'us' });
  const leaf = reader.footer.leaves[0];
  expect([leaf?.physicalType, leaf?.min, leaf?.max]).toEqual(['INT96', null, null]);
  for await (const batch of reader.batches()) {
    using held = batch;
    const column = tableFromIPC(held.toIpc()).getChildAt(0);
    const values = column?.data[0]?.values as BigInt64Array;
    expect(values[0]).toBe(BigInt(Date.UTC(1960, 0, 1)) * 1000n);
    expect(values[59]).toBe(BigInt(Date.UTC(1960, 0, 1)) * 1000n + 59n * 400n * 86_400_000_000n + 59n);
  }
});

it('reads a file of DuckDB', async () => {
  using reader = await engine.openParquet(inMemory(unpack(files.duckdbFile)));
  const rows = await rowsOf(reader, { columns: [['i'], ['n'], ['l'], ['st']] });
  expect(rows[7]).toEqual({ i: 7, n: 7, l: [7, 8], st: { a: 7, b: 'z7' } });
  expect(rows).toHaveLength(60);
});

it('asks for the columns and row groups it needs and for nothing else', async () => {
  const bytes = unpack(files.pyarrowZstd);
  const file = inMemory(bytes);
  using reader = await engine.openParquet(file);
  expect(file.reads).toEqual([[Math.max(0, bytes.length - 65_536), bytes.length]]);
  file.reads.length = 0;
  const rows = await rowsOf(reader, { columns: [['ls'], ['b']], rowGroups: [{ index: 1 }] });
  expect(rows).toHaveLength(20);
  expect(rows[0]).toEqual({ b: false, ls: 'value 40' });
  const second = reader.footer.rowGroups[1]?.startOffset ?? 0;
  expect(file.reads.every(([start]) => start >= second)).toBe(true);
  await expect(rowsOf(reader, { columns: [['nope']] })).rejects.toMatchObject({ code: 'SCHEMA_MISMATCH' });
  await expect(rowsOf(reader, { rowGroups: [{ index: 2 }] })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
});

it('reads a file without rows', async () => {
  using reader = await engine.openParquet(inMemory(unpack(files.pyarrowEmpty)));
  expect(reader.footer.numRows).toBe(0);
  expect(reader.schema.fields.map((field) => field.name)).toEqual(['i', 's']);
  expect(await rowsOf(reader)).toEqual([]);
});

it('knows the facts of a file whose codec it cannot read', async () => {
  using reader = await engine.openParquet(inMemory(unpack(files.pyarrowBrotli)));
  expect(reader.footer.leaves[0]?.nullCount).toBe(9);
  await expect(rowsOf(reader)).rejects.toMatchObject({ code: 'UNSUPPORTED', message: expect.stringMatching(/brotli/) });
});

it('frees what it holds when the loop is left or aborted', async () => {
  const bytes = unpack(files.pyarrowZstd);
  const before = engine.liveBytes;
  const reader = await engine.openParquet(inMemory(bytes));
  for await (const batch of reader.batches({ batchRows: 5 })) {
    batch.free();
    break;
  }
  const stop = new AbortController();
  const read = async () => {
    for await (const batch of reader.batches({ batchRows: 5, signal: stop.signal })) {
      batch.free();
      stop.abort();
    }
  };
  await expect(read()).rejects.toMatchObject({ code: 'ABORTED' });
  reader.free();
  expect(engine.liveBytes).toBe(before);
});

it('tells a short read, and passes on what the file throws', async () => {
  const bytes = unpack(files.pyarrowZstd);
  const short: RangeReader = { sizeBytes: bytes.length, read: async (start, end) => bytes.slice(start, end - 1) };
  await expect(engine.openParquet(short)).rejects.toMatchObject({ code: 'SOURCE_UNREADABLE' });
  const failing: RangeReader = { sizeBytes: bytes.length, read: () => Promise.reject(new Error('the disk is gone')) };
  await expect(engine.openParquet(failing)).rejects.toThrow('the disk is gone');
});

it('refuses what is no Parquet file', async () => {
  for (const text of ['', 'hello', 'PAR1PAR1PAR1', 'x'.repeat(100_000), `${'x'.repeat(100)}\xff\xff\xff\x7fPAR1`]) {
    const bytes = Uint8Array.from(text, (c) => c.charCodeAt(0));
    await expect(engine.openParquet(inMemory(bytes))).rejects.toMatchObject({ code: 'SOURCE_CORRUPT' });
  }
  const bytes = unpack(files.pyarrowZstd);
  for (const length of [bytes.length - 1, bytes.length >> 1, 12]) {
    const file = inMemory(bytes.slice(0, length));
    await expect(engine.openParquet(file)).rejects.toMatchObject({ code: 'SOURCE_CORRUPT' });
  }
});

it.each(badParquet)('survives %s', async (name, gzipBase64) => {
  const before = engine.liveBytes;
  const bytes = unpack(gzipBase64);
  const read = async () => {
    using reader = await engine.openParquet(inMemory(bytes));
    return (await rowsOf(reader)).length;
  };
  // Indices of zero bits are odd, and can be read: all of them are zero.
  if (name === 'ARROW-GH-43605.parquet') await expect(read()).resolves.toBe(21_186);
  else await expect(read()).rejects.toMatchObject({ code: 'SOURCE_CORRUPT' });
  expect(engine.alive).toBe(true);
  expect(engine.liveBytes).toBe(before);
});

it('takes a changed byte anywhere for a corrupt file, or reads it, and lives', async () => {
  const before = engine.liveBytes;
  const bytes = unpack(files.pyarrowSnappy);
  for (let at = 0; at < bytes.length; at += 29) {
    const changed = bytes.slice();
    changed[at] = at % 2 === 0 ? 0xff : (changed[at] ?? 0) ^ (1 << (at % 8));
    try {
      using reader = await engine.openParquet(inMemory(changed));
      for await (const batch of reader.batches()) batch.free();
    } catch (error) {
      expect(error, `byte ${at}`).toMatchObject({ code: expect.stringMatching(/^(SOURCE_CORRUPT|UNSUPPORTED)$/) });
    }
    expect(engine.alive, `byte ${at}`).toBe(true);
  }
  expect(engine.liveBytes).toBe(before);
});

/** A column of texts in an uncompressed file: all different, so plain; or few, so by a dictionary. */
async function textFile(distinct: number): Promise<Bytes> {
  const type = { kind: 'utf8', layout: 'offset32' } as const;
  const schema: ArrowSchema = { fields: [{ name: 's', nullable: true, type, fieldId: 1 }] };
  const lines = Array.from({ length: 300 }, (_, i) => `{"s":"text ${1000 + (i % distinct)}"}\n`).join('');
  using reader = engine.jsonReader({
    schema,
    batchRows: 300,
    batchBytes: 2 ** 21,
    onBadRow: 'fail',
    unknownFields: 'fail',
  });
  const batches = [...reader.push(new TextEncoder().encode(lines)), ...reader.finish()];
  using encoder = engine.encoder({
    schema,
    codec: 'uncompressed',
    level: null,
    encoding: 'default',
    pageSizeBytes: 1 << 20,
    pageRowLimit: 20_000,
    dictionarySizeBytes: 1 << 20,
    statisticsTruncateBytes: null,
  });
  const start = await rowGroupBytes(encoder, batches);
  const { bytes: end } = await encoder.finish();
  const bytes = new Uint8Array(start.length + end.length);
  bytes.set(start);
  bytes.set(end, start.length);
  return bytes;
}

it('survives lengths and runs that no page can hold', async () => {
  const before = engine.liveBytes;
  for (const distinct of [300, 5]) {
    const good = await textFile(distinct);
    // Eleven bytes of ones anywhere: a length that wraps around 32 bits, a head of a run that never ends.
    for (let at = 4; at < 400; at++) {
      const bytes = good.slice();
      bytes.fill(0xff, at, at + 11);
      try {
        using reader = await engine.openParquet(inMemory(bytes));
        for await (const batch of reader.batches()) batch.free();
      } catch (error) {
        expect(error, `byte ${at}`).toMatchObject({ code: expect.stringMatching(/^(SOURCE_CORRUPT|UNSUPPORTED)$/) });
      }
      expect(engine.alive, `byte ${at}`).toBe(true);
    }
  }
  // The last message is kept.
  expect(engine.liveBytes - before).toBeLessThan(1024);
});

it('leaves open whose fault a panic is that nothing explains', async () => {
  let alive = true;
  const stopping = {
    get alive() {
      return alive;
    },
    call(name: string) {
      if (name === 'parquet_footer') return 1;
      alive = false;
      throw new IcestreamError('ENGINE_FAILED', 'the engine stopped: panicked at somewhere: index out of bounds');
    },
    drop() {},
  };
  const opening = openParquet(stopping as unknown as WasmInstance, inMemory(new Uint8Array(100)));
  await expect(opening).rejects.toMatchObject({
    code: 'ENGINE_FAILED',
    message: expect.stringMatching(/damaged .* or icestream is at fault.*index out of bounds/),
  });
});
