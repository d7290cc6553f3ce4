import { describe, expect, test } from 'vitest';
import type { RejectedRow } from '../../../src/engine/engine.ts';
import { fromAny } from '../../../src/source/from-any.ts';
import { rowsSource } from '../../../src/source/rows.ts';
import { openOptions, readAll } from './helpers.ts';

async function typesOf(rows: object[], options = {}) {
  const open = await rowsSource(rows as never, options).open(await openOptions());
  const types = Object.fromEntries(open.schema.fields.map((f) => [f.name, f.type.kind]));
  await open[Symbol.asyncDispose]();
  return types;
}

test('every kind of value arrives exactly', async () => {
  const rows = [
    {
      id: 2n ** 63n - 1n,
      n: 1,
      x: -0,
      nan: Number.NaN,
      inf: Number.NEGATIVE_INFINITY,
      big: 10n ** 37n,
      s: 'é😀"\\\n\u2028',
      ok: true,
      at: new Date('2026-01-02T03:04:05.678Z'),
      bin: Uint8Array.of(0, 1, 255),
      list: [1, null, 3],
      typed: Float64Array.of(0.1, 2),
      map: new Map([['k', 1]]),
      obj: { a: 1, b: { c: null, d: 'z' } },
      none: null,
    },
    { id: -1n, n: null, x: 5e-324, s: '', list: [], obj: { b: { c: 1.5 } } },
    {},
  ];
  const { rows: read, columns, totalRows } = await readAll(rowsSource(rows));
  expect(totalRows).toBe(3);
  expect(columns).toEqual(Object.keys(rows[0] ?? {}));
  expect(read[0]).toMatchObject({
    id: 2n ** 63n - 1n,
    n: 1n,
    x: -0,
    nan: Number.NaN,
    inf: Number.NEGATIVE_INFINITY,
    s: 'é😀"\\\n\u2028',
    ok: true,
    at: Date.parse('2026-01-02T03:04:05.678Z'),
    bin: [0, 1, 255],
    list: [1n, null, 3n],
    typed: [0.1, 2],
    map: { k: 1n },
    obj: { a: 1n, b: { c: null, d: 'z' } },
    none: null,
  });
  expect(Object.is(read[0]?.['x'], -0)).toBe(true);
  expect(read[1]).toMatchObject({
    id: -1n,
    n: null,
    x: 5e-324,
    s: '',
    list: [],
    obj: { a: null, b: { c: 1.5, d: null } },
  });
  expect(Object.values(read[2] ?? {}).every((v) => v === null)).toBe(true);
});

describe('types', () => {
  test('come from the first rows', async () => {
    expect(await typesOf([{ a: 1, b: 1n, c: 1 }, { a: 2.5, b: 2n ** 70n, c: null }, { d: null }])).toEqual({
      a: 'float',
      b: 'decimal',
      c: 'int',
      d: 'utf8',
    });
  });

  test('of the table or the caller win, and missing columns of the caller’s are there', async () => {
    const schema = {
      type: 'struct',
      fields: [
        { id: 1, name: 'price', required: false, type: 'decimal(9, 2)' },
        { id: 2, name: 'day', required: false, type: 'date' },
        { id: 3, name: 'uid', required: false, type: 'uuid' },
        { id: 4, name: 'local', required: false, type: 'timestamp' },
        { id: 5, name: 'instant', required: false, type: 'timestamptz' },
        {
          id: 6,
          name: 'm',
          required: false,
          type: { type: 'map', 'key-id': 7, key: 'int', 'value-id': 8, 'value-required': false, value: 'string' },
        },
        { id: 9, name: 'unseen', required: false, type: 'int' },
      ],
    } as const;
    const uid = 'f79c3e09-677c-4bbd-a479-3f349cb785e7';
    const rows = [
      {
        price: 1.5,
        day: new Date('2026-01-02'),
        uid,
        local: '2026-01-02T03:04:05.000001',
        instant: 1_000_001n,
        m: new Map([[1, 'x']]),
      },
      {
        price: '2.25',
        day: '2026-01-03',
        uid: new Uint8Array(16),
        local: new Date(5),
        instant: '1970-01-01T01:00:00+01:00',
      },
      { price: 3n },
    ];
    const { rows: read } = await readAll(rowsSource(rows, { schema }));
    expect(read.map((r) => String(r['price']))).toHaveLength(3);
    expect(read[0]).toMatchObject({ m: { 1: 'x' }, unseen: null, local: 1767323045000.001, instant: 1000.001 });
    expect(read[0]?.['uid']).toEqual([
      0xf7, 0x9c, 0x3e, 0x09, 0x67, 0x7c, 0x4b, 0xbd, 0xa4, 0x79, 0x3f, 0x34, 0x9c, 0xb7, 0x85, 0xe7,
    ]);
    expect(read[1]).toMatchObject({ uid: Array(16).fill(0), local: 5, instant: 0 });
    const known = {
      fields: [{ name: 'a', nullable: true, fieldId: 1, type: { kind: 'float', bitWidth: 64 } }],
    } as const;
    expect((await readAll(rowsSource([{ a: 1 }, { a: 2 }]), { expected: known })).rows).toEqual([{ a: 1 }, { a: 2 }]);
  });

  test('that do not meet are refused, naming row and column', async () => {
    await expect(readAll(rowsSource([{ a: 1 }, { a: 'x' }], { name: 'r' }))).rejects.toMatchObject({
      code: 'INVALID_VALUE',
      place: { file: 'r', row: 1, column: 'a' },
      message: expect.stringMatching(/^r: row 1, column a: is utf8, and the rows before have int64/),
    });
    await expect(readAll(rowsSource([{ a: { b: [1] } }, { a: { b: ['x'] } }]))).rejects.toMatchObject({
      place: { row: 1 },
    });
  });
});

describe('a value that does not fit its column is named', () => {
  const late = async (first: object, second: object, options = {}) =>
    readAll(rowsSource([first, second] as never, { name: 'r', sampleRows: 1, ...options }));

  test.each<[string, object, object, RegExp]>([
    ['a fraction', { a: 1 }, { a: 1.5 }, /1.5 is not whole; the column holds integers/],
    ['an unsafe number', { a: 1 }, { a: 2 ** 60 }, /beyond 2\^53/],
    ['another type', { a: 'x' }, { a: 1 }, /is a number; the column is utf8/],
    ['an inexact bigint', { a: 1.5 }, { a: 2n ** 60n + 1n }, /no exact floating-point/],
    ['half a surrogate pair', { a: 'x' }, { a: 'b\ud800' }, /half of a surrogate pair/],
    ['one in a nested place', { a: { b: ['x'] } }, { a: { b: ['\udc00'] } }, /half of a surrogate pair/],
    ['a number of unknown unit', { a: new Date(0) }, { a: 5 }, /nobody can say the unit/],
    ['an invalid date', { a: new Date(0) }, { a: new Date(Number.NaN) }, /invalid Date/],
    ['a new property', { a: 1 }, { a: 1, b: 2 }, /not in the schema, which was taken from the first rows/],
    ['a function', { a: 1 }, { a: () => 1 }, /is a function/],
  ])('%s', async (_, first, second, message) => {
    await expect(late(first, second)).rejects.toMatchObject({
      code: 'INVALID_VALUE',
      place: { file: 'r', row: 1 },
      message: expect.stringMatching(message),
    });
  });

  test('overflow is found by the engine, and rows are counted as the caller does', async () => {
    const schema = { type: 'struct', fields: [{ id: 1, name: 'a', required: false, type: 'int' }] } as const;
    await expect(late({ a: 1 }, { a: 2 ** 40 }, { schema })).rejects.toMatchObject({
      code: 'INVALID_VALUE',
      place: { file: 'r', row: 1, column: 'a' },
    });
    const rows = [{ a: 1 }, { a: 'x' }, { a: 2 }, { a: 2 ** 40 }, { a: 1.5 }, { a: 3 }];
    const rejects: RejectedRow[] = [];
    const source = rowsSource(rows, { schema, onBadRow: 'reject' });
    const result = await readAll(source, { onReject: (r) => void rejects.push(...r) });
    expect(result.rows).toEqual([{ a: 1 }, { a: 2 }, { a: 3 }]);
    expect(rejects.map((r) => [r.row, r.column])).toEqual([
      [1, 'a'],
      [3, 'a'],
      [4, 'a'],
    ]);
    await expect(readAll(rowsSource(rows, { schema, onBadRow: 'reject', maxBadRows: 2 }))).rejects.toMatchObject({
      code: 'TOO_MANY_BAD_ROWS',
      place: { row: 4 },
    });
  });

  test('an object without properties of its own, which would be an empty one', async () => {
    class OfGetters {
      get b(): number {
        return 1;
      }
    }
    const values = [
      new Date(0),
      new Set([1]),
      Promise.resolve({ b: 1 }),
      /x/,
      new ArrayBuffer(4),
      new Uint8Array(),
      new DataView(new ArrayBuffer(4)),
      Object(1),
      new Error('x'),
      new OfGetters(),
    ];
    for (const value of values) {
      for (const [first, row] of [
        [{ a: { b: 1 } }, { a: value }],
        [{ a: new Map([['b', 1]]) }, { a: value }],
        [{ a: new Map([[1n, 1]]) }, { a: value }],
        [{ a: 1 }, value instanceof Promise ? new Map([[value, 1]]) : value],
      ]) {
        await expect(late(first as object, row as object), value.constructor.name).rejects.toMatchObject({
          code: 'INVALID_VALUE',
          place: { row: 1 },
          message: expect.stringMatching(/row 1.* is an? /),
        });
      }
    }
    await expect(typesOf([{ a: new OfGetters() }])).rejects.toMatchObject({ code: 'INVALID_VALUE', place: { row: 0 } });
    await expect(typesOf([{ a: new DataView(new ArrayBuffer(4)) }])).rejects.toMatchObject({ code: 'INVALID_VALUE' });
    expect((await late({ a: { b: 1 } }, { a: {} })).rows[1]).toEqual({ a: { b: null } });
    expect((await late({ a: { b: 1 } }, { a: Object.create(null) })).rows[1]).toEqual({ a: { b: null } });
  });

  test('something that is no row', async () => {
    for (const row of [null, 1, 'x', [1], new Map([[1, 1]]), new Set([1]), new Uint8Array(2)]) {
      await expect(readAll(rowsSource([{ a: 1 }, row] as never))).rejects.toMatchObject({
        code: 'INVALID_VALUE',
        place: { row: 1 },
      });
    }
  });
});

test('__proto__ is a column, and inherited properties are not', async () => {
  const row = JSON.parse('{"__proto__": 5, "constructor": "c", "toString": null}');
  const { columns, sizes } = await readAll(rowsSource([row]));
  expect([columns, sizes]).toEqual([['__proto__', 'constructor', 'toString'], [1]]);
  const { rows } = await readAll(rowsSource([new Map<string, unknown>([['a', 1]])]));
  expect(rows).toEqual([{ a: 1n }]);
});

test('empty and duplicate names, and half surrogates in names, are refused', async () => {
  await expect(readAll(rowsSource([{ '': 1 }]))).rejects.toMatchObject({ code: 'SCHEMA_MISMATCH' });
  await expect(readAll(rowsSource([{ 'a\ud800': 1 }]))).rejects.toMatchObject({ code: 'INVALID_VALUE' });
  await expect(readAll(rowsSource([]))).rejects.toMatchObject({ code: 'SOURCE_EMPTY' });
  await expect(readAll(rowsSource([{}]))).rejects.toMatchObject({ code: 'SOURCE_EMPTY' });
});

test('promises of rows are awaited, also for the types of their columns', async () => {
  const row = (a: number) => Promise.resolve({ a });
  expect((await readAll(rowsSource([row(1), row(2)] as never))).rows).toEqual([{ a: 1n }, { a: 2n }]);
  // Made when it is asked for: runtimes report a promise that fails before anyone awaits it.
  function* failing() {
    yield row(1);
    yield Promise.reject(new Error('gone'));
  }
  await expect(readAll(rowsSource(failing() as never))).rejects.toMatchObject({
    code: 'SOURCE_UNREADABLE',
    message: expect.stringMatching(/after 1 rows: gone/),
  });
});

test('many rows from an async generator, in batches of one size', async () => {
  async function* generate() {
    for (let i = 0; i < 20_000; i++) yield { id: i, s: `row ${i}` };
  }
  const { rows, sizes } = await readAll(fromAny(generate(), { batchRows: 4096 }));
  expect(rows.length).toBe(20_000);
  expect(rows[19_999]).toEqual({ id: 19_999n, s: 'row 19999' });
  expect(sizes).toEqual([4096, 4096, 4096, 4096, 3616]);
});

test('an error of the rows keeps its reason, and leaving early ends them', async () => {
  async function* failing() {
    yield { a: 1 };
    throw new Error('database gone');
  }
  await expect(readAll(fromAny(failing(), { name: 'db' }))).rejects.toMatchObject({
    code: 'SOURCE_UNREADABLE',
    message: expect.stringMatching(/^db: .*after 1 rows: database gone/),
  });
  let ended = false;
  async function* endless() {
    try {
      for (let i = 0; ; i++) yield { i };
    } finally {
      ended = true;
    }
  }
  const open = await fromAny(endless()).open(await openOptions());
  for await (const batch of open.batches()) {
    batch.free();
    break;
  }
  expect(ended).toBe(true);
});
