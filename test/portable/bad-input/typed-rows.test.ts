/** Rows that come with types of their own (Arrow, Parquet): values that the table's columns cannot take. */
import * as arrow from 'apache-arrow';
import { describe, expect, test } from 'vitest';
import type { RejectedRow } from '../../../src/engine/engine.ts';
import { fromAny } from '../../../src/source/from-any.ts';
import type { Schema } from '../../../src/spec/schema.ts';
import type { Bytes } from '../../../src/util/bytes.ts';
import { parquetOf } from '../source/helpers.ts';
import { testEngine } from '../write/rows.ts';
import { refused, target, utf8 } from './refusal.ts';

const engine = await testEngine();
const ROWS = 30_000;
const BAD = 25_000;

const schema = (more: Partial<Schema['fields'][number]>): Schema => ({
  type: 'struct',
  fields: [
    { id: 1, name: 'n', required: false, type: 'int' },
    { id: 2, name: 'v', required: false, type: 'int', ...more },
  ],
});

/** Rows with one value of another kind at row `BAD`, as an Arrow stream, an Arrow file and a Parquet file. */
async function formats(type: arrow.DataType, good: unknown, bad: unknown): Promise<Array<readonly [string, Bytes]>> {
  const numbers = arrow.vectorFromArray(Int32Array.from({ length: ROWS }, (_, i) => i));
  const values = arrow.vectorFromArray(
    Array.from({ length: ROWS }, (_, i) => (i === BAD ? bad : good)),
    type,
  );
  const table = new arrow.Table(
    new arrow.Schema([new arrow.Field('n', numbers.type, true), new arrow.Field('v', values.type, true)]),
    { n: numbers, v: values },
  );
  const stream = new Uint8Array(arrow.tableToIPC(table, 'stream'));
  return [
    ['in.arrows', stream],
    ['in.arrow', new Uint8Array(arrow.tableToIPC(table, 'file'))],
    ['in.parquet', await parquetOf(engine, engine.fromIpc(stream), 7000)],
  ];
}

describe('a value that its column cannot take', () => {
  test.each<[string, Partial<Schema['fields'][number]>, arrow.DataType, unknown, unknown, RegExp]>([
    ['a null in a required column', { required: true }, new arrow.Int32(), 1, null, /required/],
    [
      'a decimal that is too long',
      { type: 'decimal(4, 2)' },
      new arrow.Decimal(2, 9, 128),
      new Uint32Array([1, 0, 0, 0]),
      new Uint32Array([999_999, 0, 0, 0]),
      /decimal\(4, 2\)|fit/,
    ],
  ])('%s', async (_, field, type, good, bad, message) => {
    for (const [name, bytes] of await formats(type, good, bad)) {
      const here = await target(schema(field), '{"n":1,"v":1}'.replace('"v":1', field.required ? '"v":1' : '"v":null'));
      const place = { file: name, row: BAD, column: 'v' };
      await refused(here, bytes, { code: 'INVALID_VALUE', place, message }, { source: { name } });
    }
  });

  test('a type that may overflow is refused before a row is read, where no cast is offered', async () => {
    for (const [name, bytes] of await formats(new arrow.Utf8(), 'x', 'y')) {
      const here = await target(schema({}), '{"n":1,"v":1}');
      const place = { file: name, table: 'sales.t', column: 'v' };
      await refused(here, bytes, { code: 'SCHEMA_MISMATCH', place }, { source: { name } });
    }
  });

  test('a long beyond an int', async () => {
    for (const [name, bytes] of await formats(new arrow.Int64(), 1n, 3_000_000_000n)) {
      const here = await target(schema({}), '{"n":1,"v":1}');
      const error = await refused(
        here,
        bytes,
        { code: 'INVALID_VALUE', place: { file: name, column: 'v', row: BAD } },
        { source: { name } },
      );
      expect(error.message).toMatch(/, row 25000: column "v": 3000000000 .*; correct the value/);
    }
  });
});

test('a bad last row takes back the files of all partitions', async () => {
  const here = await target(schema({ type: 'string' }), '{"n":1,"v":"a"}', ['bucket(8, n)', 'v']);
  const rows = Array.from({ length: 20_000 }, (_, i) => `${i},${'abcdefgh'[i % 8]}`);
  const place = { file: 'in.csv', line: 20_002, row: 20_000, column: 'n' };
  const file = new File([`n,v\n${rows.join('\n')}\nlast,z\n`], 'in.csv');
  await refused(here, file, { code: 'INVALID_VALUE', place });
});

test('a first row that is broken is left out like any other, where that is asked for', async () => {
  const here = await target(schema({ type: 'string' }), '{"n":1,"v":"a"}');
  const rejects: RejectedRow[] = [];
  const onReject = (some: readonly RejectedRow[]) => void rejects.push(...some);
  const content = '{"n":1,"v":\n{"n":2,"v":"x"}\n{"n":3,"v":"\\ud800"}\n7\n';
  const source = fromAny(utf8(content), { name: 'in.ndjson', onBadRow: 'reject' });
  const { rows } = await here.table.append(source, { engine, onReject });
  expect(rows).toBe(1n);
  expect(rejects.map(({ line, row }) => [line, row])).toEqual([
    [1, 0],
    [3, 2],
    [4, 3],
  ]);
});
