import {
  Bool,
  Dictionary,
  Field,
  Float64,
  Int32,
  List,
  type RecordBatch,
  Struct,
  Table,
  Timestamp,
  TimeUnit,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import { describe, expect, test } from 'vitest';
import { arrowSource } from '../../../src/source/arrow-js.ts';
import { expectNothingHeld, openOptions, readAll, tableRows } from './helpers.ts';

const count = 1000;
const each = <T>(value: (i: number) => T) => Array.from({ length: count }, (_, i) => value(i));
const table = new Table({
  i: vectorFromArray(
    each((i) => (i % 5 === 0 ? null : i)),
    new Int32(),
  ),
  s: vectorFromArray(
    each((i) => (i % 7 === 0 ? null : `s${i}`)),
    new Utf8(),
  ),
  d: vectorFromArray(
    each((i) => `d${i % 3}`),
    new Dictionary(new Utf8(), new Int32()),
  ),
  b: vectorFromArray(
    each((i) => (i % 11 === 0 ? null : i % 2 === 0)),
    new Bool(),
  ),
  t: vectorFromArray(
    each((i) => i),
    new Timestamp(TimeUnit.MICROSECOND, 'UTC'),
  ),
  l: vectorFromArray(
    each((i) => (i % 4 === 0 ? null : [i, null, i + 1].slice(0, i % 4))),
    new List(new Field('item', new Int32(), true)),
  ),
  o: vectorFromArray(
    each((i) => (i % 6 === 0 ? null : { x: i / 2, y: i % 3 === 0 ? null : `y${i}` })),
    new Struct([new Field('x', new Float64(), true), new Field('y', new Utf8(), true)]),
  ),
});

test('a table’s rows arrive, whatever its batches', async () => {
  const whole = await readAll(arrowSource(table));
  expect(whole.rows).toEqual(tableRows(table));
  expect(whole.totalRows).toBe(count);
  const cut = new Table([table.slice(0, 333), table.slice(333, 334), table.slice(334)].flatMap((t) => t.batches));
  expect((await readAll(arrowSource(cut))).rows).toEqual(whole.rows);
});

test('batches one by one: arrays, generators, async generators', async () => {
  const batches = [table.slice(0, 10), table.slice(10, 1000)].flatMap((t) => t.batches);
  async function* later() {
    yield* batches;
  }
  function* now() {
    yield* batches;
  }
  for (const input of [batches, later(), now()]) {
    expect((await readAll(arrowSource(input))).rows).toEqual(tableRows(table));
  }
  const once = arrowSource(later());
  expect(once.replayable).toBe(false);
  await readAll(once);
  await expect(once.open(await openOptions())).rejects.toThrow(/read already/);
});

test('a large batch goes over in slices', async () => {
  const big = new Table({
    s: vectorFromArray(
      Array.from({ length: 40_000 }, (_, i) => `${i}-`.padEnd(600, 'x')),
      new Utf8(),
    ),
  });
  const options = await openOptions();
  const open = await arrowSource(big).open(options);
  let rows = 0;
  let batches = 0;
  for await (const batch of open.batches()) {
    rows += batch.numRows;
    batches += 1;
    batch.free();
  }
  expect([rows, batches > 1]).toEqual([40_000, true]);
});

describe('batches that differ from the first', () => {
  const one = new Table({
    a: vectorFromArray([1], new Int32()),
    d: vectorFromArray(['x'], new Dictionary(new Utf8(), new Int32())),
  });

  test('in their dictionaries only are fine', async () => {
    const two = new Table({
      a: vectorFromArray([2], new Int32()),
      d: vectorFromArray(['y'], new Dictionary(new Utf8(), new Int32())),
    });
    const result = await readAll(arrowSource([...one.batches, ...two.batches, ...one.batches]));
    expect(result.rows).toEqual([
      { a: 1, d: 'x' },
      { a: 2, d: 'y' },
      { a: 1, d: 'x' },
    ]);
  });

  test('in columns or types are refused by name', async () => {
    const other = new Table({ a: vectorFromArray(['1'], new Utf8()), z: vectorFromArray(['y'], new Utf8()) });
    await expect(readAll(arrowSource([...one.batches, ...other.batches]))).rejects.toMatchObject({
      code: 'SCHEMA_MISMATCH',
      message: expect.stringMatching(
        /^arrow: batch 1 has another schema.*\n {2}a: is utf8, and int32 in the first\n {2}d: is not in this batch\n {2}z: is not in the first/,
      ),
    });
  });
});

test('no batches and no schema is empty; an empty table has its columns', async () => {
  await expect(readAll(arrowSource([]))).rejects.toMatchObject({ code: 'SOURCE_EMPTY' });
  const empty = await readAll(arrowSource(new Table(table.schema)));
  expect([empty.columns.length, empty.rows.length]).toEqual([7, 0]);
  expect((await readAll(arrowSource(table.batches[0] as RecordBatch))).rows.length).toBe(count);
  await expect(readAll(arrowSource(5 as never))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  const copy = { schema: table.schema, data: [], numRows: 1 } as never;
  await expect(readAll(arrowSource(copy))).rejects.toThrow(/another copy of apache-arrow/);
  const wrong = [{ a: 1 }] as unknown as RecordBatch[];
  await expect(readAll(arrowSource(wrong))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
});

test('leaving early ends the iterator', async () => {
  let ended = false;
  async function* endless() {
    try {
      for (;;) yield* table.batches;
    } finally {
      ended = true;
    }
  }
  const options = await openOptions();
  const before = options.engine.liveBytes;
  const open = await arrowSource(endless()).open(options);
  for await (const batch of open.batches()) {
    batch.free();
    break;
  }
  expect(ended).toBe(true);
  expectNothingHeld(options, before);
});
