import { beforeAll, expect, test } from 'vitest';
import { getEngine } from '../../../src/engine/default-engine.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import type { ParquetFooter } from '../../../src/engine/footer.ts';
import { arrowSchemaFromIceberg } from '../../../src/format/arrow-from-iceberg.ts';
import { dataFileFromFooter } from '../../../src/format/data-file-from-footer.ts';
import { withMappedIds } from '../../../src/format/mapped-ids.ts';
import { deriveNameMapping } from '../../../src/format/name-mapping.ts';
import { rowsSource } from '../../../src/source/rows.ts';
import type { Schema } from '../../../src/spec/schema.ts';
import { singleValueFromBytes } from '../../../src/spec/single-value.ts';
import type { PrimitiveType } from '../../../src/spec/types.ts';
import type { Bytes } from '../../../src/util/bytes.ts';
import { concatBytes } from '../../../src/util/encoding.ts';
import { rowGroupBytes } from '../../support/row-group.ts';
import { openOptions } from '../source/helpers.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await getEngine();
});

const field = (id: number, name: string, type: PrimitiveType) => ({ id, name, required: false, type });
const schema: Schema = {
  type: 'struct',
  'schema-id': 0,
  fields: [
    field(1, 'b', 'boolean'),
    field(2, 'i', 'int'),
    field(3, 'l', 'long'),
    field(4, 'f', 'float'),
    field(5, 'd', 'double'),
    field(6, 'dec9', 'decimal(9, 2)'),
    field(7, 'dec18', 'decimal(18, 2)'),
    field(8, 'dec38', 'decimal(38, 2)'),
    field(9, 'date', 'date'),
    field(10, 'time', 'time'),
    field(11, 'ts', 'timestamp'),
    field(12, 'tz', 'timestamptz'),
    field(13, 's', 'string'),
    field(14, 'u', 'uuid'),
    field(15, 'bin', 'binary'),
    field(16, 'fix', 'fixed[3]'),
    field(17, 'none', 'string'),
    {
      id: 18,
      name: 'list',
      required: false,
      type: { type: 'list', 'element-id': 19, 'element-required': false, element: 'int' },
    },
    { id: 20, name: 'o', required: false, type: { type: 'struct', fields: [field(21, 'x', 'long')] } },
  ],
};

const low = 'f79c3e09-677c-4bbd-a479-3f349cb785e7';
const high = 'fffffffe-677c-4bbd-a479-3f349cb785e7';
const rows = [
  {
    b: true,
    i: -5,
    l: -(2n ** 60n),
    f: 1.5,
    d: Number.NaN,
    dec9: '-1.05',
    dec18: '-1.05',
    dec38: '-1.05',
    date: '1969-12-31',
    time: '00:00:01',
    ts: '1969-12-31T23:59:59.999999',
    tz: '1970-01-01T00:00:00Z',
    s: 'a',
    u: high,
    bin: Uint8Array.of(1),
    fix: Uint8Array.of(0, 0, 1),
    list: [7, 8],
    o: { x: 4 },
  },
  {
    b: false,
    i: 7,
    l: 2n ** 60n,
    f: -0,
    d: 2.5,
    dec9: '300.00',
    dec18: '300.00',
    dec38: '300.00',
    date: '2026-01-01',
    time: '23:00:00',
    ts: '2026-01-01T00:00:00',
    tz: '2026-01-01T00:00:00Z',
    s: 'é\u{1f600} and a text of more than sixteen',
    u: low,
    bin: Uint8Array.of(255),
    fix: Uint8Array.of(255, 0, 0),
    list: [],
    o: null,
  },
  {},
];

async function written(): Promise<{ bytes: Bytes; footer: ParquetFooter }> {
  const target = arrowSchemaFromIceberg(schema);
  const open = await rowsSource(rows, { schema }).open(await openOptions());
  using aligner = engine.aligner(open.schema, { target });
  using encoder = engine.encoder({
    schema: target,
    codec: 'snappy',
    level: null,
    encoding: 'default',
    pageSizeBytes: 1 << 20,
    pageRowLimit: 20_000,
    dictionarySizeBytes: 1 << 20,
    statisticsTruncateBytes: 64,
  });
  const parts: Bytes[] = [];
  for await (const batch of open.batches()) {
    const aligned = aligner.align(batch);
    // Two row groups: bounds are taken over both.
    parts.push(
      await rowGroupBytes(encoder, [aligned.slice(0, 1)]),
      await rowGroupBytes(encoder, [aligned.slice(1, aligned.numRows - 1)]),
    );
    aligned.free();
  }
  const { bytes, footer } = await encoder.finish();
  return { bytes: concatBytes([...parts, bytes]), footer };
}

const request = {
  location: 'memory://x/f.parquet',
  schema,
  spec: { 'spec-id': 0, fields: [] },
  partition: [],
  metadata: { 'sort-orders': [], 'default-sort-order-id': 0 },
};

test('metrics of a file just written are exact, and the same when it is read back', async () => {
  const { bytes, footer } = await written();
  const made = dataFileFromFooter({ ...request, footer, sizeBytes: bytes.length });
  const bounds = (id: number) => {
    const type = schema.fields.find((f) => f.id === id)?.type ?? 'long';
    return [made.lowerBounds?.get(id), made.upperBounds?.get(id)].map((b) =>
      b === undefined ? null : singleValueFromBytes(type as PrimitiveType, b),
    );
  };
  expect(made.recordCount).toBe(3n);
  expect(bounds(1)).toEqual([false, true]);
  expect(bounds(2)).toEqual([-5, 7]);
  expect(bounds(3)).toEqual([-(2n ** 60n), 2n ** 60n]);
  expect(bounds(4)).toEqual([-0, 1.5]);
  expect(bounds(5)).toEqual([2.5, 2.5]);
  for (const id of [6, 7, 8]) expect(bounds(id)).toEqual([-105n, 30_000n]);
  expect(made.lowerBounds?.get(8)?.length).toBe(1);
  expect(bounds(9)).toEqual([-1, 20_454]);
  expect(bounds(10)).toEqual([1_000_000n, 82_800_000_000n]);
  expect(bounds(11)).toEqual([-1n, 1_767_225_600_000_000n]);
  expect(bounds(12)).toEqual([0n, 1_767_225_600_000_000n]);
  expect(bounds(13)).toEqual(['a', 'é\u{1f600} and a text og']);
  expect(bounds(14).map((b) => (b as Uint8Array)[0])).toEqual([0xf7, 0xff]);
  expect(bounds(15)).toEqual([Uint8Array.of(1), Uint8Array.of(255)]);
  expect(bounds(16)).toEqual([Uint8Array.of(0, 0, 1), Uint8Array.of(255, 0, 0)]);
  expect(bounds(17)).toEqual([null, null]);
  expect(bounds(21)).toEqual([4n, 4n]);
  expect(made.lowerBounds?.has(19)).toBe(false);
  expect(made.valueCounts?.has(19)).toBe(false);
  expect((made.columnSizes?.get(19) ?? 0n) > 0n).toBe(true);
  expect([made.nullValueCounts?.get(1), made.nullValueCounts?.get(17), made.nullValueCounts?.get(21)]).toEqual([
    1n,
    3n,
    2n,
  ]);
  expect(made.nanValueCounts).toEqual(
    new Map([
      [4, 0n],
      [5, 1n],
    ]),
  );
  expect(made.splitOffsets?.[0]).toBe(4n);

  const file = { sizeBytes: bytes.length, read: async (start: number, end: number) => bytes.slice(start, end) };
  using parquet = await engine.openParquet(file);
  for (const fileSchema of [parquet.schema, withMappedIds(parquet.schema, deriveNameMapping(schema))]) {
    const read = dataFileFromFooter({ ...request, footer: parquet.footer, sizeBytes: bytes.length, fileSchema });
    expect(read).toEqual(made);
  }
});
