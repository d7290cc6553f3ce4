/** Runs are merged so that what is read at once stays bounded and rows keep their order. */
import * as arrow from 'apache-arrow';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { newEngine } from '../../../src/engine/default-engine.ts';
import type { BareReader, Batch, PartitionSlice } from '../../../src/engine/engine.ts';
import type { Bytes } from '../../../src/util/bytes.ts';
import { concatBytes, toHex, utf8 } from '../../../src/util/encoding.ts';
import { LabelReader } from '../../../src/write/runs/run-format.ts';
import { mergeDown, mergeRecords } from '../../../src/write/runs/run-merge.ts';
import { type RunBytes, RunReader } from '../../../src/write/runs/run-reader.ts';
import type { Run } from '../../../src/write/runs/run-writer.ts';

test('merging ends with as many runs as are read at once, in the order they were written', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 2, max: 20 }), async (count, fanIn) => {
      const runs: Run[] = Array.from({ length: count }, (_, at) => ({ location: `${at}`, sizeBytes: 1, rows: 1 }));
      let moved = 0;
      await mergeDown(runs, fanIn, async (some) => {
        expect(some.length).toBeGreaterThan(1);
        expect(some.length).toBeLessThanOrEqual(fanIn);
        const rows = some.reduce((sum, run) => sum + run.rows, 0);
        moved += rows;
        return { location: some.map((run) => run.location).join(), sizeBytes: rows, rows };
      });
      expect(runs.length).toBe(Math.min(count, fanIn));
      const all = runs.flatMap(({ location }) => location.split(',').map(Number));
      expect(all).toEqual(Array.from({ length: count }, (_, at) => at));
      // Each row is moved once for each level at most.
      expect(moved).toBeLessThanOrEqual(count * Math.ceil(Math.log(Math.max(count, 2)) / Math.log(fanIn)));
    }),
  );
});

/** Rows of one partition: the values of the partition's columns, and the numbers that its rows have. */
interface Rows {
  readonly values: readonly (Bytes | null)[];
  readonly numbers: readonly number[];
}

const engine = await newEngine();
const fields = [0, 1];

/** Null: no rows. */
function batchOf(records: readonly Rows[]): Batch | null {
  using reader = engine.jsonReader({
    schema: {
      fields: [
        ...fields.map(
          (at) =>
            ({ name: `p${at}`, nullable: true, fieldId: at, type: { kind: 'binary', layout: 'offset32' } }) as const,
        ),
        { name: 'n', nullable: false, fieldId: 9, type: { kind: 'int', bitWidth: 32, signed: true } },
      ],
    },
    batchRows: 100_000,
    batchBytes: 2 ** 21,
    onBadRow: 'fail',
    unknownFields: 'fail',
  });
  const lines = records.flatMap(({ values, numbers }) => {
    const partition = fields.map((at) => `"p${at}":${values[at] ? `"${toHex(values[at])}"` : 'null'}`);
    return numbers.map((n) => `{${partition},"n":${n}}\n`);
  });
  return [...reader.push(utf8(lines.join(''))), ...reader.finish()][0] ?? null;
}

const transforms = fields.map((sourceId) => ({ sourceId, transform: 'identity' }));

function clusteredOf(records: readonly Rows[], pieceBytes: number) {
  const batch = batchOf(records);
  return batch === null ? null : engine.cluster([batch], transforms, { pieceBytes }).rows;
}

interface Stored {
  readonly bytes: Bytes;
  readonly rows: number;
}

/** A run of these rows, as it is stored. */
function stored(records: readonly Rows[], pieceBytes: number, blockBytes: number): Stored {
  using clustered = clusteredOf(records, pieceBytes);
  const blocks: Bytes[] = [];
  for (let block = clustered?.takeRecords(blockBytes); block; block = clustered?.takeRecords(blockBytes)) {
    blocks.push(block);
  }
  for (const block of blocks.slice(0, -1)) expect(block.length).toBeGreaterThanOrEqual(blockBytes);
  return { bytes: concatBytes(blocks), rows: clustered?.numRows ?? 0 };
}

/** Of `bytes`, in memory that is used again. */
function kept(bytes: Bytes): RunBytes {
  return {
    async read(start, end, spare) {
      const into = spare !== undefined && spare.length >= end - start ? spare.fill(0xee) : new Uint8Array(end - start);
      into.set(bytes.subarray(start, end));
      return into.subarray(0, end - start);
    },
    async close() {},
  };
}

function readers(runs: readonly Stored[], chunkBytes: number): RunReader[] {
  const labels = new LabelReader();
  return runs.map(({ bytes, rows }, at) => {
    const run: Run = { location: `memory://test/run-${at}`, sizeBytes: bytes.length, rows };
    return new RunReader(run, kept(bytes), { chunkBytes, firstBytes: Math.ceil(chunkBytes / (at + 1)), labels });
  });
}

function bareReader(batchBytes: number): BareReader {
  using example = clusteredOf([{ values: [], numbers: [0] }], 1);
  if (example === null) throw new Error('no rows');
  return example.bareReader(batchBytes);
}

/** A row's partition key, and its number. */
type Row = readonly [string, number];

/** All rows of the runs, in the order in which they come. */
async function merged(from: readonly RunReader[], batchBytes: number): Promise<Row[]> {
  using bare = bareReader(batchBytes);
  const heads: { readonly key: string; readonly rows: number }[] = [];
  const numbers: number[] = [];
  const take = () => {
    const { rowBytes } = bare;
    using batch = bare.take();
    expect(batch.byteLength).toBe(rowBytes);
    using own = batch.compact();
    expect(own.byteLength).toBe(rowBytes);
    numbers.push(...numbersOf(batch));
  };
  await mergeRecords(from, ({ partition, head, pieces }) => {
    if (!bare.fits(head.bytes)) take();
    bare.add(head, pieces);
    heads.push({ key: partition.key, rows: head.rows });
    return null;
  });
  if (bare.rows > 0) take();
  const keys = heads.flatMap(({ key, rows }) => Array.from({ length: rows }, () => key));
  return keys.map((key, at) => [key, numbers[at] ?? Number.NaN]);
}

function numbersOf(batch: Batch): number[] {
  return [...(arrow.tableFromIPC(batch.toIpc()).getChild('n')?.toArray() ?? [])];
}

const value = fc.option(fc.uint8Array({ maxLength: 5 }));
const someRows = fc.record<Rows>({
  values: fc.tuple(value, value),
  numbers: fc.array(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), { minLength: 1, maxLength: 60 }),
});
const keyOf = ({ values }: Rows): string =>
  toHex(concatBytes(values.map((v) => (v === null ? Uint8Array.of(0) : Uint8Array.of(1, 0, 0, 0, v.length, ...v)))));
const rowsOf = (records: readonly Rows[]): Row[] =>
  records.flatMap((record) => record.numbers.map((n): Row => [keyOf(record), n]));
const byKey = ([a]: Row, [b]: Row) => (a === b ? 0 : a < b ? -1 : 1);

test('rows come back as they were written, by key and then in the order of their runs', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(someRows, { maxLength: 12 }), { minLength: 1, maxLength: 5 }),
      fc.record({
        pieceBytes: fc.integer({ min: 1, max: 300 }),
        blockBytes: fc.integer({ min: 1, max: 3000 }),
        chunkBytes: fc.integer({ min: 1, max: 700 }),
        batchBytes: fc.integer({ min: 1, max: 3000 }),
      }),
      async (runs, { pieceBytes, blockBytes, chunkBytes, batchBytes }) => {
        const from = readers(
          runs.map((records) => stored(records, pieceBytes, blockBytes)),
          chunkBytes,
        );
        expect(await merged(from, batchBytes)).toEqual(runs.flatMap(rowsOf).toSorted(byKey));
        expect(from.every((one) => one.bufferedBytes === 0)).toBe(true);
      },
    ),
  );
});

test('of many runs the chunks are held, and the one record whose turn it is', async () => {
  const numbers = Array.from({ length: 1000 }, (_, at) => Math.imul(at, 0x9e3779b9));
  const one = stored([{ values: [null, null], numbers }], 1_000_000, 1_000_000);
  const chunkBytes = 256;
  expect(one.bytes.length).toBeGreaterThan(10 * chunkBytes);
  const from = readers(
    Array.from({ length: 20 }, () => one),
    chunkBytes,
  );
  let most = 0;
  let rows = 0;
  await mergeRecords(from, ({ head, pieces }) => {
    expect(pieces.reduce((sum, piece) => sum + piece.length, 0)).toBe(head.bytes);
    most = Math.max(
      most,
      from.reduce((sum, reader) => sum + reader.bufferedBytes, 0),
    );
    rows += head.rows;
    return null;
  });
  expect(rows).toBe(20_000);
  expect(most).toBeLessThanOrEqual(one.bytes.length + 2 * chunkBytes * from.length);
});

test('rows are cut into the same pieces however they came in batches', () => {
  fc.assert(
    fc.property(
      fc.array(someRows, { minLength: 1, maxLength: 12 }),
      fc.array(fc.nat(), { maxLength: 5 }),
      fc.integer({ min: 1, max: 300 }),
      (records, cuts, pieceBytes) => {
        using whole = batchOf(records);
        if (whole === null) return;
        const ends = [...cuts.map((cut) => cut % whole.numRows), whole.numRows].toSorted((a, b) => a - b);
        const cut = ends.map((end, at) => whole.slice(ends[at - 1] ?? 0, end - (ends[at - 1] ?? 0)));
        const pieces = (batches: readonly Batch[]) => {
          using clustered = engine.cluster(batches, transforms, { pieceBytes }).rows;
          const found: (readonly [string, number[]])[] = [];
          for (let piece = clustered.takeSlice(); piece !== null; piece = clustered.takeSlice()) {
            using batch: Batch = (piece satisfies PartitionSlice).batch;
            found.push([piece.key, numbersOf(batch)]);
          }
          return found;
        };
        const found = pieces(cut);
        expect(found).toEqual(pieces([whole.slice(0, whole.numRows)]));
        expect(found.flatMap(([key, numbers]) => numbers.map((n): Row => [key, n]))).toEqual(
          rowsOf(records).toSorted(byKey),
        );
      },
    ),
    { numRuns: 50 },
  );
});

test('whatever byte of a run changes, reading it fails', async () => {
  const records = [0, 1, 2].map((at): Rows => ({ values: [null, Uint8Array.of(at)], numbers: [at, 7] }));
  const { bytes, rows } = stored(records, 1000, 1000);
  expect(await merged(readers([{ bytes, rows }], 100), 1000)).toEqual(rowsOf(records));
  for (let at = 0; at < bytes.length; at++) {
    const changed = bytes.slice();
    changed[at] = (changed[at] ?? 0) ^ 0x10;
    const read = merged(readers([{ bytes: changed, rows }], 100), 1000);
    const error = await read.catch((e: { code: string }) => e);
    expect(['INVALID_RESPONSE', 'SOURCE_CORRUPT'], `byte ${at}`).toContain((error as { code: string }).code);
  }
});
