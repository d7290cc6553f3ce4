import { RecordBatchStreamWriter, tableFromArrays, tableFromIPC, tableToIPC } from 'apache-arrow';
import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import { getEngine } from '../../../src/engine/default-engine.ts';
import type { Batch, Engine } from '../../../src/engine/engine.ts';
import type { Bytes } from '../../../src/util/bytes.ts';
import * as fixtures from '../../fixtures/arrow-ipc.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await getEngine();
});

const bytesOf = (base64: string): Bytes => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));

/** Rows as plain values, out of the engine's own IPC. */
function rows(batches: readonly Batch[]): Array<Record<string, unknown>> {
  return batches.flatMap((batch) => {
    using held = batch;
    const json = tableFromIPC(held.toIpc()).toArray();
    return json.map((row) => JSON.parse(JSON.stringify(row, (_, v) => (typeof v === 'bigint' ? Number(v) : v))));
  });
}

function readIn(bytes: Bytes, step: number): Batch[] {
  using reader = engine.ipcReader();
  const batches: Batch[] = [];
  try {
    for (let at = 0; at < bytes.length; at += step) batches.push(...reader.push(bytes.subarray(at, at + step)));
    batches.push(...reader.finish());
  } catch (error) {
    for (const batch of batches) batch.free();
    throw error;
  }
  return batches;
}

const plain = Array.from({ length: 300 }, (_, i) => ({
  id: i,
  name: i % 7 === 0 ? null : `name ${i % 40}`,
  list: i % 5 === 0 ? null : Array.from({ length: i % 4 }, (_, j) => j),
}));

it.each([
  ['plainStream', fixtures.plainStream],
  ['zstdStream', fixtures.zstdStream],
  ['lz4File', fixtures.lz4File],
  ['plainFile', fixtures.plainFile],
])('reads the same rows from %s', (_, base64) => {
  const before = engine.liveBytes;
  for (const step of [7, 1000, 1 << 20]) {
    const batches = readIn(bytesOf(base64), step);
    expect(batches.map((b) => b.numRows)).toEqual([100, 100, 100]);
    expect(rows(batches)).toEqual(plain);
  }
  expect(engine.liveBytes).toBe(before);
});

it('reads large messages in pieces of any size, in about as much memory as they have', () => {
  const ids = Int32Array.from({ length: 200_000 }, (_, i) => i);
  const stream = tableToIPC(tableFromArrays({ id: ids }), 'stream') as Bytes;
  const before = engine.liveBytes;
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 300_000 }), { minLength: 1, maxLength: 20 }), (sizes) => {
      using reader = engine.ipcReader();
      const batches: Batch[] = [];
      for (let at = 0, n = 0; at < stream.length; n++) {
        const piece = stream.subarray(at, at + (sizes[n % sizes.length] ?? 1) + 50_000);
        batches.push(...reader.push(piece));
        expect(engine.liveBytes - before).toBeLessThan(stream.length + 100_000);
        at += piece.length;
      }
      batches.push(...reader.finish());
      expect(batches.map((batch) => batch.numRows)).toEqual([200_000]);
      const [read] = batches.map((batch) => tableFromIPC(batch.toIpc()).getChild('id')?.toArray() as Int32Array);
      expect(read?.every((id, i) => id === i)).toBe(true);
      for (const batch of batches) batch.free();
    }),
    { numRuns: 20 },
  );
  expect(engine.liveBytes).toBe(before);
});

it('frees the batches before a broken message', () => {
  const before = engine.liveBytes;
  const stream = tableToIPC(tableFromArrays({ id: Int32Array.from({ length: 10_000 }, (_, i) => i) })) as Bytes;
  const broken = new Uint8Array(stream.length + 100);
  broken.set(stream);
  broken.fill(7, stream.length - 8);
  expect(() => readIn(broken, broken.length)).toThrow(expect.objectContaining({ code: 'SOURCE_CORRUPT' }));
  expect(engine.liveBytes).toBe(before);
});

it('follows dictionaries that grow and that are replaced', () => {
  const batches = readIn(bytesOf(fixtures.dictionaryDeltas), 100);
  expect(batches[0]?.schema.fields[0]?.type).toMatchObject({ kind: 'dictionary' });
  expect(rows(batches).map((r) => r['d'])).toEqual(['a', 'b', null, 'b', 'c', 'a', 'b', 'x', 'y', 'x']);
});

it('reads views', () => {
  const batches = readIn(bytesOf(fixtures.views), 64);
  expect(batches[0]?.schema.fields.map((f) => f.type)).toEqual([
    { kind: 'utf8', layout: 'view' },
    { kind: 'binary', layout: 'view' },
  ]);
  expect(batches.map((b) => b.numRows)).toEqual([15]);
  for (const batch of batches) batch.free();
});

it('keeps batches whose messages have no body', () => {
  const batches = readIn(bytesOf(fixtures.nullColumns), 1);
  expect(batches.map((b) => b.numRows)).toEqual([3, 2]);
  for (const batch of batches) batch.free();
});

it('takes offsets of no rows that lie behind the values, of which there are none', () => {
  const empty = readIn(bytesOf(fixtures.offsetsOfNoRows), 100);
  expect(empty.map((b) => [b.numRows, b.schema.fields.length])).toEqual([[0, 5]]);
  const lists = readIn(bytesOf(fixtures.listOfNoLists), 100);
  expect(lists.map((b) => [b.numRows, b.byteLength])).toEqual([[1, 4]]);
  for (const batch of [...empty, ...lists]) batch.free();
});

it('knows the schema before the first batch', () => {
  const bytes = bytesOf(fixtures.plainStream);
  using reader = engine.ipcReader();
  expect(reader.schema).toBeNull();
  const length = 8 + new DataView(bytes.buffer).getInt32(4, true);
  expect(reader.push(bytes.subarray(0, length))).toEqual([]);
  expect(reader.schema?.fields.map((f) => f.name)).toEqual(['id', 'name', 'list']);
});

it('reads what apache-arrow writes, and gives it back', () => {
  const table = tableFromArrays({ a: Int32Array.from([1, 2, 3]), constructor: ['x', null, 'z'] });
  const [batch] = engine.fromIpc(tableToIPC(table, 'file') as Bytes);
  expect(batch?.schema.fields.map((f) => f.name)).toEqual(['a', 'constructor']);
  const back = tableFromIPC(batch?.toIpc() ?? []);
  expect(back.toArray().map((r) => r?.['a'])).toEqual([1, 2, 3]);
  batch?.free();
});

it('refuses a message that is cut off, wherever', () => {
  const before = engine.liveBytes;
  const stream = bytesOf(fixtures.zstdStream);
  const file = bytesOf(fixtures.lz4File);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: file.length - 1 }), (end) => {
      expect(() => readIn(file.subarray(0, end), 4096)).toThrow(expect.objectContaining({ code: 'SOURCE_CORRUPT' }));
    }),
  );
  expect(() => readIn(stream.subarray(0, stream.length - 100), 4096)).toThrow(/cut off/);
  expect(() => readIn(new Uint8Array(0), 1)).toThrow(expect.objectContaining({ code: 'SOURCE_EMPTY' }));
  expect(engine.liveBytes).toBe(before);
});

it('refuses broken bytes with an error and stays alive', () => {
  const bytes = bytesOf(fixtures.plainStream);
  const before = engine.liveBytes;
  fc.assert(
    fc.property(fc.integer({ min: 0, max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, mask) => {
      const broken = bytes.slice();
      broken[at] = (broken[at] ?? 0) ^ mask;
      try {
        for (const batch of readIn(broken, 4096)) batch.free();
      } catch (error) {
        expect(error).toMatchObject({ name: 'IcestreamError' });
      }
      expect(engine.alive).toBe(true);
    }),
    { numRuns: 300 },
  );
  expect(engine.liveBytes).toBe(before);
});

it('slices share memory, and a freed batch is refused', () => {
  const batches = readIn(bytesOf(fixtures.plainStream), 1 << 20);
  const [first] = batches;
  if (first === undefined) throw new Error('no batch');
  const slice = first.slice(10, 5);
  const bytes = first.byteLength;
  expect(first.slice(0, 100).byteLength).toBe(bytes);
  expect(slice.byteLength).toBeLessThan(bytes / 10);
  expect(() => first.slice(99, 2)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  first.free();
  first.free();
  expect(() => first.toIpc()).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  expect(rows([slice])).toEqual(plain.slice(10, 15));
  for (const batch of batches) batch.free();
});

it('a slice takes whole numbers within the batch', () => {
  using reader = engine.ipcReader();
  const [batch, ...others] = [...reader.push(bytesOf(fixtures.plainStream)), ...reader.finish()];
  if (batch === undefined) throw new Error('no batch');
  for (const [start, length] of [
    [2 ** 32, 1],
    [0, 2 ** 32 + 1],
    [0.5, 1.7],
    [-1, 1],
    [0, -1],
    [Number.NaN, 1],
    [1, batch.numRows],
  ] as const) {
    expect(() => batch.slice(start, length)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  }
  expect(() => batch.hashRows([2 ** 32 + 1], new Uint8Array(16))).toThrow(
    expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining('4294967297') }),
  );
  for (const one of [batch, ...others]) one.free();
});

it('streams without an end marker are whole', () => {
  const writer = RecordBatchStreamWriter.writeAll(tableFromArrays({ a: [1, 2] }));
  const bytes = writer.toUint8Array(true) as Bytes;
  const batches = readIn(bytes.slice(0, bytes.length - 8), 64);
  expect(batches.map((b) => b.numRows)).toEqual([2]);
  for (const batch of batches) batch.free();
});
