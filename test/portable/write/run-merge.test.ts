/** Runs are merged so that what is read at once stays bounded and rows keep their order. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { newEngine } from '../../../src/engine/default-engine.ts';
import type { Batch } from '../../../src/engine/engine.ts';
import type { Bytes } from '../../../src/util/bytes.ts';
import { concatBytes, toHex, utf8 } from '../../../src/util/encoding.ts';
import type { PartitionId } from '../../../src/write/rows/partition-router.ts';
import { LabelReader, labelOf } from '../../../src/write/runs/run-format.ts';
import { mergeDown, mergedRecords } from '../../../src/write/runs/run-merge.ts';
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

/** A record's partition, and the numbers that its rows have. */
interface Rows {
  readonly partition: PartitionId;
  readonly numbers: readonly number[];
}

const engine = await newEngine();

function batchOf(numbers: readonly number[]): Batch {
  using reader = engine.jsonReader({
    schema: {
      fields: [{ name: 'n', nullable: false, fieldId: 1, type: { kind: 'int', bitWidth: 32, signed: true } }],
    },
    batchRows: 1000,
    onBadRow: 'fail',
    unknownFields: 'fail',
  });
  const [batch] = [...reader.push(utf8(numbers.map((n) => `{"n":${n}}\n`).join(''))), ...reader.finish()];
  if (batch === undefined) throw new Error('no batch');
  return batch;
}

function stored(records: readonly Rows[]): Bytes {
  return concatBytes(
    records.map(({ partition, numbers }) => {
      using batch = batchOf(numbers);
      return batch.toBare(labelOf(partition), (bytes) => new Uint8Array(bytes));
    }),
  );
}

function partitionOf(values: readonly (Bytes | null)[]): PartitionId {
  const parts = values.map((value) =>
    value === null ? Uint8Array.of(0) : Uint8Array.of(1, 0, 0, 0, value.length, ...value),
  );
  return { key: toHex(concatBytes(parts)), values };
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

function readers(runs: readonly { bytes: Bytes; rows: number }[], chunkBytes: number): RunReader[] {
  const labels = new LabelReader();
  return runs.map(({ bytes, rows }, at) => {
    const run: Run = { location: `memory://test/run-${at}`, sizeBytes: bytes.length, rows };
    return new RunReader(run, kept(bytes), { chunkBytes, firstBytes: Math.ceil(chunkBytes / (at + 1)), labels });
  });
}

/** All records of the runs, by key. */
async function merged(from: readonly RunReader[]): Promise<Rows[]> {
  using example = batchOf([0]);
  using bare = example.bareReader();
  const found: Rows[] = [];
  for await (const { partition, head, pieces } of mergedRecords(from)) {
    using batch = bare.read(head, pieces);
    expect(batch.byteLength).toBe(4 * head.rows);
    found.push({ partition, numbers: numbersOf(batch) });
  }
  return found;
}

function numbersOf(batch: Batch): number[] {
  const bytes = batch.toBare(new Uint8Array(), (size) => new Uint8Array(size));
  // A 32-bit column is stored as it is, last.
  return [...new Int32Array(bytes.slice(bytes.length - Math.ceil((4 * batch.numRows) / 64) * 64).buffer)].slice(
    0,
    batch.numRows,
  );
}

const values = fc.array(fc.option(fc.uint8Array({ maxLength: 5 })), { minLength: 1, maxLength: 3 });
const record = fc.record<Rows>({
  partition: values.map(partitionOf),
  numbers: fc.array(fc.integer(), { minLength: 1, maxLength: 60 }),
});
const byKey = (a: Rows, b: Rows) =>
  a.partition.key === b.partition.key ? 0 : a.partition.key < b.partition.key ? -1 : 1;
const rowsIn = (records: readonly Rows[]) => records.reduce((sum, { numbers }) => sum + numbers.length, 0);

test('records come back as they were written, by key and then in the order of their runs', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(record, { maxLength: 12 }), { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 1, max: 700 }),
      async (runs, chunkBytes) => {
        const sorted = runs.map((records) => records.toSorted(byKey));
        const from = readers(
          sorted.map((records) => ({ bytes: stored(records), rows: rowsIn(records) })),
          chunkBytes,
        );
        expect(await merged(from)).toEqual(sorted.flat().toSorted(byKey));
        expect(from.every((one) => one.bufferedBytes === 0)).toBe(true);
      },
    ),
  );
});

test('whatever byte of a run changes, reading it fails', async () => {
  const records = [0, 1, 2].map(
    (at): Rows => ({ partition: partitionOf([null, Uint8Array.of(at)]), numbers: [at, 7] }),
  );
  const bytes = stored(records);
  expect(await merged(readers([{ bytes, rows: 6 }], 100))).toEqual(records);
  for (let at = 0; at < bytes.length; at++) {
    const changed = bytes.slice();
    changed[at] = (changed[at] ?? 0) ^ 0x10;
    const error = await merged(readers([{ bytes: changed, rows: 6 }], 100)).catch((e: { code: string }) => e);
    expect(['INVALID_RESPONSE', 'SOURCE_CORRUPT'], `byte ${at}`).toContain((error as { code: string }).code);
  }
});
