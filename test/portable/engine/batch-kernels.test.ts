/** Rows picked and hashed where they lie, and checksums. */
import { tableFromIPC } from 'apache-arrow';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import type { ArrowSchema } from '../../../src/engine/arrow-schema.ts';
import { newEngine } from '../../../src/engine/default-engine.ts';
import type { Batch, Engine } from '../../../src/engine/engine.ts';
import { toHex, utf8 } from '../../../src/util/encoding.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await newEngine();
});

const key = utf8('sixteen byte key');
const int = { kind: 'int', bitWidth: 32, signed: true } as const;
const schema: ArrowSchema = {
  fields: [
    { name: 'id', nullable: false, fieldId: 1, type: int },
    { name: 'name', nullable: true, fieldId: 2, type: { kind: 'utf8', layout: 'offset32' } },
    {
      name: 'list',
      nullable: true,
      fieldId: 3,
      type: { kind: 'list', layout: 'offset32', element: { name: 'element', nullable: false, fieldId: 4, type: int } },
    },
  ],
};

interface Row {
  readonly id: number;
  readonly name: string | null;
  readonly list: readonly number[] | null;
}

const rowsOf = fc.array(
  fc.record<Row>({
    id: fc.integer({ min: -2, max: 2 }),
    name: fc.constantFrom(null, '', 'a', 'ab', 'a text longer than twelve bytes'),
    list: fc.option(fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 3 })),
  }),
  { minLength: 1, maxLength: 40 },
);

function batchOf(rows: readonly Row[]): Batch {
  using reader = engine.jsonReader({
    schema,
    batchRows: 1000,
    batchBytes: 2 ** 21,
    onBadRow: 'fail',
    unknownFields: 'fail',
  });
  const text = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  const [batch] = [...reader.push(utf8(text)), ...reader.finish()];
  if (batch === undefined) throw new Error('no batch');
  return batch;
}

function plain(batch: Batch): Row[] {
  return JSON.parse(JSON.stringify(tableFromIPC(batch.toIpc()).toArray()));
}

test('rows are taken by number, in any order and repeatedly', () => {
  fc.assert(
    fc.property(rowsOf, fc.array(fc.nat(), { maxLength: 60 }), (rows, wanted) => {
      const numbers = Uint32Array.from(wanted, (n) => n % rows.length);
      using batch = batchOf(rows);
      using taken = batch.take(numbers);
      expect(taken.numRows).toBe(numbers.length);
      expect(plain(taken)).toEqual(Array.from(numbers, (n) => rows[n]));
      expect(plain(batch)).toEqual(rows);
    }),
  );
});

test('rows are kept by their bits, in slices too', () => {
  fc.assert(
    fc.property(rowsOf, fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }), fc.nat(5), (rows, keep, skip) => {
      const start = Math.min(skip, rows.length - 1);
      using batch = batchOf(rows);
      using slice = batch.slice(start, rows.length - start);
      const bits = new Uint8Array(Math.ceil(slice.numRows / 8));
      for (let i = 0; i < slice.numRows; i += 1) if (keep[i]) bits[i >> 3] = (bits[i >> 3] ?? 0) | (1 << (i % 8));
      using kept = slice.filter(bits);
      const expected = rows.slice(start).filter((_, i) => keep[i]);
      expect(kept.numRows).toBe(expected.length);
      expect(plain(kept)).toEqual(expected);
    }),
  );
});

test('rows have equal hashes exactly when their values are equal', () => {
  fc.assert(
    fc.property(rowsOf, (rows) => {
      using batch = batchOf(rows);
      const hashes = batch.hashRows([1, 2, 3], key);
      expect(hashes.length).toBe(16 * rows.length);
      const byRow = new Map<string, string>();
      for (const [i, row] of rows.entries()) {
        const hash = toHex(hashes.subarray(16 * i, 16 * i + 16));
        expect(byRow.get(JSON.stringify(row)) ?? hash).toBe(hash);
        byRow.set(JSON.stringify(row), hash);
      }
      expect(new Set(byRow.values()).size).toBe(byRow.size);
    }),
  );
});

test('a hash depends on the key, the columns and their order, not on what stands beside them', () => {
  using batch = batchOf([{ id: 1, name: 'a', list: [1] }]);
  using other = batchOf([
    { id: 2, name: 'a', list: null },
    { id: 1, name: 'a', list: null },
  ]);
  const hash = (of: Batch, ids: number[], by = key) => toHex(of.hashRows(ids, by));
  expect(hash(other, [1, 2]).slice(32)).toBe(hash(batch, [1, 2]));
  expect(hash(batch, [2, 1])).not.toBe(hash(batch, [1, 2]));
  expect(hash(batch, [1], utf8('another 16 bytes'))).not.toBe(hash(batch, [1]));
});

test('what is no row, mask, key or column is refused, and nothing is held after', () => {
  const before = engine.liveBytes;
  {
    using batch = batchOf([{ id: 1, name: 'a', list: [1] }]);
    const refused = (message: RegExp) =>
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringMatching(message) });
    expect(() => batch.take(Uint32Array.of(0, 1))).toThrow(refused(/row 1 is not within a batch of 1 rows/));
    expect(() => batch.filter(new Uint8Array(2))).toThrow(refused(/1 rows/));
    expect(() => batch.hashRows([1], utf8('short'))).toThrow(refused(/16 bytes, not 5/));
    expect(() => batch.hashRows([7], key)).toThrow(refused(/field id 7/));
    batch.take(Uint32Array.of(0)).free();
    batch.filter(Uint8Array.of(1)).free();
    batch.hashRows([1, 2, 3], key);
    batch.toIpc();
  }
  expect(engine.liveBytes).toBe(before);
});

test('numbers and masks of other kinds are checked before the engine sees them', () => {
  using batch = batchOf([1, 2, 0].map((id) => ({ id, name: null, list: null })));
  const take = (rows: unknown) => () => batch.take(rows as Uint32Array).free();
  for (const [rows, message] of [
    [[0, 1.5], /row 1\.5 \(number 1 of those to take\).*3 rows/],
    [[0, -1], /row -1 \(number 1 /],
    [[2 ** 32], /row 4294967296 \(number 0 /],
    [[Number.NaN], /row NaN/],
    [[0, undefined, 1], /row undefined \(number 1 /],
    [['1'], /row 1 /],
    [Int32Array.of(-1), /row -1 /],
    [[3], /row 3 /],
    [null, /take needs/],
  ] as const) {
    expect(take(rows), String(rows)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringMatching(message) }),
    );
  }
  using taken = batch.take([2, 0] as unknown as Uint32Array);
  expect(plain(taken).map(({ id }) => id)).toEqual([0, 1]);
  for (const keep of [[true, false, true], [1], Uint16Array.of(1), 'a', null, new Uint8Array(0), new Uint8Array(2)]) {
    expect(() => batch.filter(keep as Uint8Array<ArrayBuffer>).free(), String(keep)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringMatching(/1 byte,.* 3 rows/) }),
    );
  }
});

test('a checksum is xxHash64 of all bytes, however they come', () => {
  const bytes = new Uint8Array(200_000).map((_, i) => i * 7);
  const of = (step: number) => {
    using checksum = engine.checksum();
    for (let at = 0; at < bytes.length; at += step) checksum.push(bytes.subarray(at, at + step));
    return checksum.value();
  };
  expect(of(200_000)).toBe(of(77_777));
  using empty = engine.checksum();
  expect(empty.value()).toBe('ef46db3751d8e999');
  // Of the reference implementation: xxhsum's test of "a" with seed 0.
  empty.push(utf8('a'));
  expect(empty.value()).toBe('d24ec4f1a98c6e5b');
});
