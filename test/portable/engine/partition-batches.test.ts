import {
  Binary,
  DateDay,
  Decimal,
  FixedSizeBinary,
  Int32,
  Int64,
  makeData,
  Table,
  TimeMicrosecond,
  TimestampMicrosecond,
  TimestampNanosecond,
  tableFromArrays,
  tableFromIPC,
  tableToIPC,
  Utf8,
  Vector,
  vectorFromArray,
} from 'apache-arrow';
import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import type { ArrowField, ArrowType } from '../../../src/engine/arrow-schema.ts';
import { newEngine } from '../../../src/engine/default-engine.ts';
import type { Batch, Engine } from '../../../src/engine/engine.ts';
import type { Bytes } from '../../../src/util/bytes.ts';
import { murmur3 } from '../../../src/util/murmur3.ts';
import { hashVectors } from '../../fixtures/iceberg-hash-vectors.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await newEngine();
});

/** Columns with field ids from 1 on, in the layouts a table has. */
function withIds(ipc: Uint8Array, types: readonly ArrowType[]): Batch {
  const [batch] = engine.fromIpc(ipc as Bytes);
  if (batch === undefined) throw new Error('no batch');
  const fields = batch.schema.fields.map((given, i): ArrowField => {
    return { name: given.name, nullable: true, fieldId: i + 1, type: types[i] ?? given.type };
  });
  using aligner = engine.aligner(batch.schema, { target: { fields } });
  return aligner.align(batch);
}

const utf8: ArrowType = { kind: 'utf8', layout: 'offset32' };
const int32: ArrowType = { kind: 'int', bitWidth: 32, signed: true };

const fromHex = (hex: string) => Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));

/** A column of one value: its bytes as the specification hashes them. */
function columnOf(type: string, bytes: Uint8Array): Vector {
  const long = () => new DataView(bytes.buffer).getBigInt64(0, true);
  const longs = (value: bigint) => BigInt64Array.of(value);
  const length = 1;
  const valueOffsets = Int32Array.of(0, bytes.length);
  switch (type) {
    case 'int':
      return new Vector([makeData({ type: new Int32(), length, data: Int32Array.of(Number(long())) })]);
    case 'date':
      return new Vector([makeData({ type: new DateDay(), length, data: Int32Array.of(Number(long())) })]);
    case 'long':
      return new Vector([makeData({ type: new Int64(), length, data: longs(long()) })]);
    case 'time':
      return new Vector([makeData({ type: new TimeMicrosecond(), length, data: longs(long()) })]);
    case 'timestamp':
      return new Vector([makeData({ type: new TimestampMicrosecond(), length, data: longs(long()) })]);
    case 'timestamptz':
      return new Vector([makeData({ type: new TimestampMicrosecond('UTC'), length, data: longs(long()) })]);
    case 'timestamp_ns':
      return new Vector([makeData({ type: new TimestampNanosecond(), length, data: longs(long() * 1000n + 1n) })]);
    case 'string':
      return new Vector([makeData({ type: new Utf8(), length, valueOffsets, data: bytes })]);
    case 'binary':
      return new Vector([makeData({ type: new Binary(), length, valueOffsets, data: bytes })]);
    case 'decimal(9,2)':
      return new Vector([makeData({ type: new Decimal(2, 9, 128), length, data: Uint32Array.of(1420, 0, 0, 0) })]);
    default:
      return new Vector([makeData({ type: new FixedSizeBinary(bytes.length), length, data: bytes })]);
  }
}

it('puts every value of the specification into its bucket', () => {
  const bucketable = hashVectors.filter((v) => !v.type.includes('not bucketable'));
  expect(bucketable).toHaveLength(13);
  for (const { type, bytesHex, hash, bucket16 } of bucketable) {
    for (const [count, bucket] of [
      [16, bucket16],
      [2147483647, (hash & 0x7fffffff) % 2147483647],
    ]) {
      const batch = withIds(tableToIPC(new Table({ c: columnOf(type, fromHex(bytesHex)) }), 'stream'), []);
      const { slices } = engine.partition([batch], [{ sourceId: 1, transform: `bucket[${count}]` }]);
      const [part] = slices;
      const value = part?.values[0];
      expect(value && new DataView(value.buffer).getInt32(0, true), type).toBe(bucket);
      part?.batch.free();
    }
  }
});

it('puts longs into the buckets of their hashes, however many there are', () => {
  // Small numbers are as likely as others.
  const long = fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.bigInt({ min: -50n, max: 50n }));
  const counts = fc.oneof(fc.integer({ min: 1, max: 2147483647 }), fc.integer({ min: 1, max: 100 }));
  fc.assert(
    fc.property(fc.array(long, { minLength: 1, maxLength: 40 }), counts, (longs, count) => {
      const data = BigInt64Array.from(longs);
      const column = new Vector([makeData({ type: new Int64(), length: data.length, data })]);
      const { slices } = engine.partition(
        [withIds(tableToIPC(new Table({ c: column }), 'stream'), [])],
        [{ sourceId: 1, transform: `bucket[${count}]` }],
      );
      let rows = 0;
      for (const { values, batch } of slices) {
        const bucket = values[0] && new DataView(values[0].buffer).getInt32(0, true);
        for (const value of tableFromIPC(batch.toIpc()).getChild('c') ?? []) {
          const bytes = new Uint8Array(BigInt64Array.of(value as bigint).buffer);
          expect((murmur3(bytes) & 0x7fffffff) % count).toBe(bucket);
          rows++;
        }
        batch.free();
      }
      expect(rows).toBe(longs.length);
    }),
  );
});

it('keeps every row, in order, with the rows of its tuple', () => {
  const before = engine.liveBytes;
  const row = fc.record({
    day: fc.option(fc.integer({ min: -1, max: 1 })),
    word: fc.option(fc.constantFrom('', 'a', 'ab', 'abc', '語語語', '😀😀b', 'a long word of more than sixteen bytes')),
  });
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 90 }), fc.nat(), (rows, cut) => {
      const ipc = tableToIPC(
        new Table({
          day: vectorFromArray(
            rows.map((r) => r.day),
            new Int32(),
          ),
          word: vectorFromArray(
            rows.map((r) => r.word),
            new Utf8(),
          ),
          n: vectorFromArray([...rows.keys()], new Int32()),
        }),
        'stream',
      );
      using batch = withIds(ipc, [int32, utf8, int32]);
      const at = cut % rows.length;
      const { slices: parts } = engine.partition(
        [batch.slice(0, at), batch.slice(at, rows.length - at)],
        [
          { sourceId: 1, transform: 'identity' },
          { sourceId: 2, transform: 'truncate[2]' },
        ],
      );
      const expected = new Map<string, number[]>();
      for (const [n, { day, word }] of rows.entries()) {
        const key = JSON.stringify([day, word === null ? null : [...word].slice(0, 2).join('')]);
        expected.set(key, [...(expected.get(key) ?? []), n]);
      }
      const text = new TextDecoder();
      // Rows of one tuple alone come as the batches they were.
      const found = new Map<string, number[]>();
      for (const part of parts) {
        const [day, word] = part.values;
        const key = JSON.stringify([
          day ? new DataView(day.buffer).getInt32(0, true) : null,
          word ? text.decode(word) : null,
        ]);
        using held = part.batch;
        const slice = tableFromIPC(held.toIpc()).toArray();
        const members = slice.map((r) => r?.['n'] as number);
        expect(slice.map((r) => r?.['word'])).toEqual(members.map((n) => rows[n]?.word));
        expect(part.firstRow).toBe(members[0]);
        found.set(key, [...(found.get(key) ?? []), ...members]);
      }
      expect([...found]).toEqual([...expected]);
      expect(new Set(parts.map((p) => p.key)).size).toBe(expected.size);
    }),
    { numRuns: 100 },
  );
  expect(engine.liveBytes - before).toBeLessThan(4096);
});

it('refuses a transform it does not know, and a field that is not there, and frees the batch', () => {
  const before = engine.liveBytes;
  for (const [sourceId, transform, code] of [
    [1, 'zorder[3]', 'UNSUPPORTED'],
    [1, 'day', 'INVALID_ARGUMENT'],
    [77, 'identity', 'INVALID_ARGUMENT'],
  ] as const) {
    const batch = withIds(tableToIPC(tableFromArrays({ a: Int32Array.of(1) }), 'stream'), [int32]);
    expect(() => engine.partition([batch], [{ sourceId, transform }])).toThrow(expect.objectContaining({ code }));
    expect(() => batch.toIpc()).toThrow(/freed or consumed/);
  }
  expect(engine.liveBytes - before).toBeLessThan(4096);
});

it('joins batches in order and measures them the same', () => {
  const before = engine.liveBytes;
  const batch = withIds(
    tableToIPC(
      tableFromArrays({
        n: Int32Array.from({ length: 50 }, (_, i) => i),
        w: 'lorem ipsum dolor '.repeat(3).slice(0, 50).split(''),
      }),
      'stream',
    ),
    [int32, utf8],
  );
  const cuts = [batch.slice(0, 7), batch.slice(7, 0), batch.slice(7, 20), batch.slice(27, 23)];
  const bytes = cuts.reduce((sum, cut) => sum + cut.byteLength, 0);
  expect(bytes).toBe(50 * 4 + 50 * 4 + 50);
  expect(batch.byteLength).toBe(bytes);
  using joined = engine.concat(cuts);
  expect(joined.numRows).toBe(50);
  expect(joined.byteLength).toBe(bytes);
  expect(joined.toIpc()).toEqual(batch.toIpc());
  for (const cut of cuts) expect(() => cut.toIpc()).toThrow(/freed or consumed/);
  expect(() => engine.concat([])).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  batch.free();
  joined.free();
  expect(engine.liveBytes - before).toBeLessThan(4096);
});
