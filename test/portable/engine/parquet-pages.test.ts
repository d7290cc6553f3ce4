/** Row groups larger than the memory limit are read in parts, and the parts give what the whole gives. */

import { Field, Float64, makeData, RecordBatch, Schema, Struct, Table, tableFromIPC, tableToIPC } from 'apache-arrow';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ArrowField, ArrowSchema, ArrowType } from '../../../src/engine/arrow-schema.ts';
import { newEngine } from '../../../src/engine/default-engine.ts';
import type { EncoderOptions } from '../../../src/engine/encoder.ts';
import type { Batch, Engine, ParquetReader, RangeReader } from '../../../src/engine/engine.ts';
import { IcestreamError } from '../../../src/errors.ts';
import { fromAny } from '../../../src/source/from-any.ts';
import type { Bytes } from '../../../src/util/bytes.ts';
import { concatBytes } from '../../../src/util/encoding.ts';
import { MemoryLease } from '../../../src/util/memory-budget.ts';
import { rowGroupBytes } from '../../support/row-group.ts';

const MiB = 1024 * 1024;

let engine: Engine;
beforeAll(async () => {
  engine = await newEngine();
});

const encoding = {
  codec: 'zstd',
  level: 1,
  encoding: 'default',
  pageSizeBytes: 64 * 1024,
  pageRowLimit: 20_000,
  dictionarySizeBytes: 64 * 1024,
  statisticsTruncateBytes: 16,
} as const satisfies Omit<EncoderOptions, 'schema'>;

async function encoded(batches: readonly Batch[], options: Partial<EncoderOptions> = {}): Promise<Bytes> {
  const schema = withIds((batches[0] as Batch).schema);
  using encoder = engine.encoder({ ...encoding, schema, ...options });
  const group = await rowGroupBytes(encoder, batches);
  return concatBytes([group, (await encoder.finish()).bytes]);
}

/** The encoder wants a field id everywhere. */
function withIds(schema: ArrowSchema): ArrowSchema {
  let next = 1;
  const field = (f: ArrowField): ArrowField => {
    const fieldId = next++;
    const { type } = f;
    const within: ArrowType =
      type.kind === 'list'
        ? { ...type, element: field(type.element) }
        : type.kind === 'struct'
          ? { ...type, fields: type.fields.map(field) }
          : type.kind === 'map'
            ? { ...type, key: field(type.key), value: field(type.value) }
            : type;
    return { ...f, fieldId, type: within };
  };
  return { ...schema, fields: schema.fields.map(field) };
}

/** A file in memory that notes what is read of it, and that nothing is read twice. */
function recorded(bytes: Bytes): RangeReader & { readonly reads: number; readonly bytesRead: number } {
  const seen: Array<readonly [number, number]> = [];
  let footerRead = false;
  return {
    sizeBytes: bytes.length,
    get reads() {
      return seen.length;
    },
    get bytesRead() {
      return seen.reduce((sum, [start, end]) => sum + end - start, 0);
    },
    async read(start, end) {
      if (footerRead) {
        expect(seen.some(([s, e]) => s < end && start < e)).toBe(false);
        seen.push([start, end]);
      }
      if (end === bytes.length) footerRead = true;
      return bytes.slice(start, end);
    },
  };
}

type Rows = unknown[];

async function rowsOf(reader: ParquetReader, options: Parameters<ParquetReader['batches']>[0]): Promise<Rows> {
  const rows: Rows = [];
  for await (const batch of reader.batches(options)) {
    using held = batch;
    if (options?.batchRows !== undefined) expect(held.numRows).toBeLessThanOrEqual(options.batchRows);
    for (const row of tableFromIPC(held.toIpc()).toArray()) rows.push(JSON.parse(JSON.stringify(row, plain)));
  }
  return rows;
}

const plain = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value);

/** Columns of numbers that hardly compress. */
function doubles(rows: number, columns: number): Batch {
  let state = 12345;
  const next = () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state / 7;
  };
  const fields = Array.from({ length: columns }, (_, c) => new Field(`c${c}`, new Float64(), false));
  const children = fields.map(() =>
    makeData({ type: new Float64(), data: Float64Array.from({ length: rows }, next), nullCount: 0 }),
  );
  const data = makeData({ type: new Struct(fields), length: rows, nullCount: 0, children });
  const ipc = tableToIPC(new Table([new RecordBatch(new Schema(fields), data)]), 'stream') as Bytes;
  return engine.fromIpc(ipc)[0] as Batch;
}

test('a row group larger than the memory limit is read in parts, each byte once', async () => {
  const rows = 250_000;
  const bytes = await encoded([doubles(rows, 4)]);
  expect(bytes.length).toBeGreaterThan(5 * MiB);
  const file = recorded(bytes);
  using reader = await engine.openParquet(file);
  expect(reader.footer.rowGroups).toHaveLength(1);
  const before = engine.liveBytes;
  const limit = 2 * MiB;
  let [peak, read] = [0, 0];
  for await (const batch of reader.batches({ memoryLimitBytes: limit, batchRows: 8192 })) {
    read += batch.numRows;
    peak = Math.max(peak, engine.liveBytes - before);
    batch.free();
  }
  expect(read).toBe(rows);
  expect(peak).toBeLessThan(1.25 * limit);
  expect(engine.liveBytes).toBe(before);
  expect(file.reads).toBeGreaterThan(4);
  expect(file.reads).toBeLessThan(60);
  expect(file.bytesRead).toBeLessThanOrEqual(bytes.length);
});

test('a small row group is one request', async () => {
  const file = recorded(await encoded([doubles(10_000, 4)]));
  using reader = await engine.openParquet(file);
  await rowsOf(reader, {});
  expect(file.reads).toBe(1);
});

test('leaving in the middle gives all memory back', async () => {
  const bytes = await encoded([doubles(100_000, 4)]);
  const before = engine.liveBytes;
  const reader = await engine.openParquet(recorded(bytes));
  for await (const batch of reader.batches({ memoryLimitBytes: 2 * MiB })) {
    batch.free();
    break;
  }
  reader.free();
  expect(engine.liveBytes).toBe(before);
});

test('pages that do not fit are refused with a limit that does', async () => {
  const bytes = await encoded([doubles(200_000, 4)], { pageSizeBytes: 64 * MiB, pageRowLimit: 1_000_000 });
  const file = () => recorded(bytes);
  const refused = async (memoryLimitBytes: number): Promise<number | null> => {
    using reader = await engine.openParquet(file());
    try {
      for await (const batch of reader.batches({ memoryLimitBytes })) batch.free();
      return null;
    } catch (error) {
      expect(error).toMatchObject({ code: 'MEMORY_LIMIT_TOO_SMALL' });
      return (error as IcestreamError).place.neededBytes ?? Number.NaN;
    }
  };
  let limit = MiB;
  for (let round = 0; ; round++) {
    const needed = await refused(limit);
    if (needed === null) break;
    expect(needed).toBeGreaterThan(limit);
    expect(round).toBeLessThan(4);
    limit = needed;
  }
  expect(limit).toBeLessThan(4 * bytes.length);
});

test('a source names the memory limit of the write that would do', async () => {
  const bytes = await encoded([doubles(200_000, 4)], { pageSizeBytes: 64 * MiB, pageRowLimit: 1_000_000 });
  const readWith = async (leaseBytes: number): Promise<number> => {
    const source = fromAny(new Blob([bytes]), { name: 'wide.parquet' });
    await using open = await source.open({ engine, lease: new MemoryLease(leaseBytes) });
    expect(open.engineBytes).toBeGreaterThan(bytes.length);
    let rows = 0;
    for await (const batch of open.batches()) {
      rows += batch.numRows;
      batch.free();
    }
    return rows;
  };
  const before = engine.liveBytes;
  let lease = 8 * MiB;
  for (let round = 0; ; round++) {
    const answer = await readWith(lease).catch((error: unknown) => error);
    if (answer === 200_000) break;
    expect(answer).toMatchObject({
      code: 'MEMORY_LIMIT_TOO_SMALL',
      place: { file: 'wide.parquet', option: 'memoryLimitBytes' },
    });
    const { message, place } = answer as IcestreamError;
    expect(message).toContain(`to ${place.neededBytes} or more`);
    expect(place.neededBytes).toBeGreaterThan(lease);
    expect(round).toBeLessThan(4);
    lease = place.neededBytes ?? 0;
  }
  expect(engine.liveBytes).toBe(before);
});

/** A column's type and values of it, as JSON has them. */
interface Shape {
  readonly type: ArrowType;
  readonly value: fc.Arbitrary<unknown>;
}

const leaf: fc.Arbitrary<Shape> = fc.constantFrom<Shape>(
  { type: { kind: 'int', bitWidth: 32, signed: true }, value: fc.integer() },
  { type: { kind: 'int', bitWidth: 64, signed: true }, value: fc.integer() },
  { type: { kind: 'bool' }, value: fc.boolean() },
  { type: { kind: 'utf8', layout: 'offset32' }, value: fc.string({ maxLength: 300, size: 'max' }) },
  { type: { kind: 'utf8', layout: 'offset32' }, value: fc.constantFrom('one', 'two', 'three') },
);
const text: ArrowType = { kind: 'utf8', layout: 'offset32' };
const nullable = (name: string, type: ArrowType): ArrowField => ({ name, type, nullable: true });
const orNull = (value: fc.Arbitrary<unknown>) => fc.option(value, { freq: 6 });

const shape: fc.Arbitrary<Shape> = fc.letrec<{ any: Shape; list: Shape; struct: Shape; map: Shape }>((tie) => ({
  any: fc.oneof({ maxDepth: 2, withCrossShrink: true }, leaf, tie('list'), tie('struct'), tie('map')),
  list: tie('any').map(({ type, value }) => ({
    type: { kind: 'list', element: nullable('element', type), layout: 'offset32' } as ArrowType,
    value: fc.array(orNull(value), { maxLength: 4 }),
  })),
  map: tie('any').map(({ type, value }) => ({
    type: {
      kind: 'map',
      key: { ...nullable('key', text), nullable: false },
      value: nullable('value', type),
    } as ArrowType,
    value: fc.dictionary(fc.constantFrom('a', 'b', 'c'), orNull(value), { noNullPrototype: true }),
  })),
  struct: fc.array(tie('any'), { minLength: 1, maxLength: 3 }).map((parts) => ({
    type: { kind: 'struct', fields: parts.map(({ type }, i) => nullable(`f${i}`, type)) },
    value: fc.record(Object.fromEntries(parts.map(({ value }, i) => [`f${i}`, orNull(value)]))),
  })),
})).any;

describe('rows of any schema, whatever the pages, batches and limits', () => {
  test('are the same read in parts as read whole', async () => {
    const cases = fc.record({
      shapes: fc.array(shape, { minLength: 1, maxLength: 4 }),
      count: fc.integer({ min: 1, max: 3000 }),
      pageSizeBytes: fc.integer({ min: 100, max: 20_000 }),
      pageRowLimit: fc.integer({ min: 5, max: 2000 }),
      dictionarySizeBytes: fc.integer({ min: 100, max: 20_000 }),
      codec: fc.constantFrom('zstd', 'uncompressed', 'snappy'),
      encoding: fc.constantFrom('default', 'compact'),
      batchRows: fc.integer({ min: 1, max: 1500 }),
      memoryLimitBytes: fc.integer({ min: 400 * 1024, max: 2 * MiB }),
    });
    await fc.assert(
      fc.asyncProperty(cases, fc.gen(), async ({ shapes, count, batchRows, memoryLimitBytes, ...options }, random) => {
        const schema: ArrowSchema = { fields: shapes.map(({ type }, i) => nullable(`c${i}`, type)) };
        // A few different rows, over and over: making each anew takes longer than all the rest.
        const some = Array.from({ length: 24 }, () =>
          JSON.stringify(Object.fromEntries(shapes.map(({ value }, i) => [`c${i}`, random(() => orNull(value))]))),
        );
        const rows = Array.from({ length: count }, (_, i) => some[(i * 7 + (i >> 5)) % some.length]);
        using json = engine.jsonReader({
          schema,
          batchRows: 4096,
          batchBytes: 2 ** 21,
          onBadRow: 'fail',
          unknownFields: 'fail',
        });
        const batches = [...json.push(new TextEncoder().encode(`${rows.join('\n')}\n`)), ...json.finish()];
        const bytes = await encoded(batches, options as Partial<EncoderOptions>);
        using whole = await engine.openParquet(recorded(bytes));
        const expected = await rowsOf(whole, { batchRows: 100_000 });
        expect(expected).toHaveLength(count);
        for (let limit = memoryLimitBytes; ; ) {
          using parts = await engine.openParquet(recorded(bytes));
          try {
            expect(await rowsOf(parts, { batchRows, memoryLimitBytes: limit })).toEqual(expected);
            return;
          } catch (error) {
            if (!(error instanceof IcestreamError) || error.code !== 'MEMORY_LIMIT_TOO_SMALL') throw error;
            expect(error.place.neededBytes).toBeGreaterThan(limit);
            limit = error.place.neededBytes ?? 0;
          }
        }
      }),
      { numRuns: 15 },
    );
  });
});
