import { tableFromArrays, tableFromIPC, tableToIPC } from 'apache-arrow';
import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import type { ArrowField, ArrowSchema, ArrowType } from '../../../src/engine/arrow-schema.ts';
import { newEngine } from '../../../src/engine/default-engine.ts';
import type { Batch, Engine } from '../../../src/engine/engine.ts';
import type { Bytes } from '../../../src/util/bytes.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await newEngine();
});

function batchOf(columns: Record<string, unknown>): Batch {
  const [batch] = engine.fromIpc(tableToIPC(tableFromArrays(columns as Record<string, never>), 'stream') as Bytes);
  if (batch === undefined) throw new Error('no batch');
  return batch;
}

const field = (name: string, type: ArrowType, fieldId: number, nullable = true): ArrowField => ({
  name,
  type,
  nullable,
  fieldId,
});
const int = (bitWidth: 32 | 64): ArrowType => ({ kind: 'int', bitWidth, signed: true });
const utf8: ArrowType = { kind: 'utf8', layout: 'offset32' };
const uuid: ArrowField = {
  ...field('u', { kind: 'fixed_size_binary', byteWidth: 16 }, 9),
  extension: 'arrow.uuid',
};

function align(batch: Batch, fields: ArrowField[], file?: string): Batch {
  const target: ArrowSchema = { fields };
  try {
    using aligner = engine.aligner(batch.schema, file === undefined ? { target } : { target, file });
    return aligner.align(batch);
  } finally {
    batch.free();
  }
}

const rowsOf = (batch: Batch) =>
  tableFromIPC(batch.toIpc())
    .toArray()
    .map((row) => ({ ...row?.toJSON() }));

it('brings columns to the order, types, names and field ids of the target', () => {
  const before = engine.liveBytes;
  const fields = [field('b', utf8, 2), field('a', int(64), 1, false), field('missing', { kind: 'bool' }, 3)];
  // apache-arrow turns an array of strings into a dictionary.
  const given = batchOf({ a: Int8Array.from([1, -2]), extra: Float32Array.from([0, 0]), b: ['x', null] });
  expect(given.schema.fields.find((f) => f.name === 'b')?.type.kind).toBe('dictionary');
  const aligned = align(given, fields);
  expect(aligned.schema).toEqual({ fields });
  expect(aligned.slice(0, 1).schema.fields[1]?.fieldId).toBe(1);
  expect(rowsOf(aligned)).toEqual([
    { b: 'x', a: 1n, missing: null },
    { b: null, a: -2n, missing: null },
  ]);
  const [again] = engine.fromIpc(aligned.toIpc());
  expect(again?.schema).toEqual({ fields });
  again?.free();
  aligned.free();
  const third = align(batchOf({ a: [1] }), [field('a', { kind: 'float', bitWidth: 64 }, 1)]);
  third.free();
  expect(engine.liveBytes - before).toBeLessThan(4096);
});

it('names column, row, file and value of what would be lost, and frees the batch', () => {
  const before = engine.liveBytes;
  const lost = batchOf({ n: Float64Array.from([1, 2.5]) });
  expect(() => align(lost, [field('n', int(64), 1)], 'data.arrow')).toThrow(
    expect.objectContaining({
      code: 'INVALID_VALUE',
      place: { column: 'n', row: 1, file: 'data.arrow' },
      message: expect.stringContaining('2.5'),
    }),
  );
  expect(() => lost.toIpc()).toThrow(/freed or consumed/);
  expect(() => align(batchOf({ n: [1, null] }), [field('n', int(32), 1, false)])).toThrow(
    expect.objectContaining({ code: 'INVALID_VALUE', place: { column: 'n', row: 1 } }),
  );
  expect(() => align(batchOf({ u: ['f79c3e09-677c-4bbd-a479-3f349cb785e7', 'nonsense'] }), [uuid])).toThrow(
    expect.objectContaining({ code: 'INVALID_VALUE', place: { column: 'u', row: 1 } }),
  );
  expect(engine.liveBytes - before).toBeLessThan(4096);
});

it('refuses by the schemas alone what can never work', () => {
  const batch = batchOf({ s: ['x'] });
  const cases: ArrowField[] = [field('s', int(32), 1), field('needed', int(32), 2, false)];
  for (const wanted of cases) {
    expect(() => engine.aligner(batch.schema, { target: { fields: [wanted] }, file: 'f' })).toThrow(
      expect.objectContaining({ code: 'SCHEMA_MISMATCH', place: { column: wanted.name, file: 'f' } }),
    );
  }
  batch.free();
});

it('refuses a batch whose schema is not that of the first', () => {
  const first = batchOf({ a: Int32Array.from([1]) });
  using aligner = engine.aligner(first.schema, { target: first.schema });
  aligner.align(first).free();
  const other = batchOf({ a: Float64Array.from([1]) });
  expect(() => aligner.align(other)).toThrow(
    expect.objectContaining({ code: 'SCHEMA_MISMATCH', place: { column: 'a' } }),
  );
  expect(() => other.slice(0, 1)).toThrow();
});

it('names of columns are only names', () => {
  const columns = Object.fromEntries([['__proto__', Int32Array.from([7])]].map(([k, v]) => [`x${k}`, v]));
  const given = batchOf({ ...columns, constructor: Int32Array.from([8]) });
  const aligned = align(given, [field('constructor', int(32), 1), field('__proto__', int(32), 2)]);
  expect(aligned.schema.fields.map((f) => f.name)).toEqual(['constructor', '__proto__']);
  aligned.free();
});

it('turns doubles into longs exactly when they are whole', () => {
  fc.assert(
    fc.property(fc.double(), (value) => {
      const fits = Number.isInteger(value) && value >= -(2 ** 63) && value < 2 ** 63;
      try {
        const aligned = align(batchOf({ n: Float64Array.from([value]) }), [field('n', int(64), 1)]);
        expect(fits).toBe(true);
        expect(rowsOf(aligned)).toEqual([{ n: BigInt(value) }]);
        aligned.free();
      } catch (error) {
        if (fits) throw error;
        expect(error).toMatchObject({ code: 'INVALID_VALUE' });
      }
    }),
    { numRuns: 200 },
  );
});

it('fills what the source lacks with one value', () => {
  const before = engine.liveBytes;
  const target: ArrowSchema = {
    fields: [
      field('a', int(64), 1),
      field('n', int(32), 2, false),
      field('s', utf8, 3),
      field('day', { kind: 'date', unit: 'day' }, 4),
      field('none', { kind: 'bool' }, 5),
    ],
  };
  const constants = [
    { path: ['a'], value: '9' },
    { path: ['n'], value: '-5' },
    { path: ['s'], value: ' ä' },
    { path: ['day'], value: '2024-02-29' },
    { path: ['none'], value: null },
  ];
  {
    using batch = batchOf({ a: BigInt64Array.of(1n, 2n) });
    using aligner = engine.aligner(batch.schema, { target, constants });
    using filled = aligner.align(batch);
    const row = { n: -5, s: ' ä', day: Date.UTC(2024, 1, 29), none: null };
    expect(rowsOf(filled)).toEqual([
      { a: 1n, ...row },
      { a: 2n, ...row },
    ]);
  }
  expect(engine.liveBytes).toBe(before);
});

it('refuses constants that cannot be, naming the column', () => {
  const source: ArrowSchema = { fields: [] };
  const list: ArrowType = { kind: 'list', layout: 'offset32', element: field('element', int(32), 3) };
  const target: ArrowSchema = { fields: [field('n', int(32), 1), field('l', list, 2)] };
  for (const [path, value, code] of [
    [['n'], 'x', 'INVALID_VALUE'],
    [['n'], '2147483648', 'INVALID_VALUE'],
    [['l'], '[]', 'UNSUPPORTED'],
    [['m'], '1', 'INVALID_ARGUMENT'],
    [['l', 'element', 'x'], '1', 'INVALID_ARGUMENT'],
  ] as const) {
    expect(() => engine.aligner(source, { target, constants: [{ path, value }] })).toThrow(
      expect.objectContaining({ code, place: { column: path.join('.') } }),
    );
  }
});
