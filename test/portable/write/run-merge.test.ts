/** Runs are merged so that what is read at once stays bounded and rows keep their order. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Bytes } from '../../../src/util/bytes.ts';
import { concatBytes } from '../../../src/util/encoding.ts';
import { fillHead, type RunRecord, recordStart } from '../../../src/write/runs/run-format.ts';
import { mergeDown, mergedRecords } from '../../../src/write/runs/run-merge.ts';
import { RunReader } from '../../../src/write/runs/run-reader.ts';
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

/** Reads `bytes`, short of what is asked by `missing` bytes. */
function reader(bytes: Bytes, rows: number, chunkBytes: number): RunReader {
  const run: Run = { location: 'memory://test/run', sizeBytes: bytes.length, rows };
  return new RunReader(run, async (_, start, end) => bytes.slice(start, end), chunkBytes);
}

function stored(records: readonly RunRecord[]): Bytes {
  return concatBytes(
    records.flatMap(({ partition, rows, body }) => {
      const start = recordStart(partition);
      fillHead(start, rows, body);
      return [start, ...body];
    }),
  );
}

const values = fc.array(fc.option(fc.uint8Array({ maxLength: 5 })), { minLength: 1, maxLength: 3 });
const record = fc.record({
  partition: fc.record({ key: fc.stringMatching(/^[0-9a-f]{1,4}$/), values }),
  rows: fc.integer({ min: 1, max: 1000 }),
  body: fc.integer({ min: 0, max: 40 }).map((words): Bytes[] => [new Uint8Array(8 * words).fill(words)]),
});

test('records come back as they were written, by key and then in the order of their runs', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(record, { maxLength: 12 }), { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 1, max: 40 }),
      async (runs, chunkWords) => {
        const byKey = (a: RunRecord, b: RunRecord) =>
          a.partition.key === b.partition.key ? 0 : a.partition.key < b.partition.key ? -1 : 1;
        const sorted = runs.map((records) => records.toSorted(byKey));
        const readers = sorted.map((records) =>
          reader(
            stored(records),
            records.reduce((sum, one) => sum + one.rows, 0),
            8 * chunkWords,
          ),
        );
        const found: RunRecord[] = [];
        for await (const one of mergedRecords(readers)) {
          const { key, values: tuple } = one.partition;
          const copied = tuple.map((value) => value && Uint8Array.from(value));
          found.push({ partition: { key, values: copied }, rows: one.rows, body: [concatBytes(one.body).slice()] });
        }
        expect(found).toEqual(sorted.flat().toSorted(byKey));
        expect(readers.every((one) => one.bufferedBytes === 0)).toBe(true);
      },
    ),
  );
});

test('whatever byte of a run changes, reading it fails', async () => {
  const records: RunRecord[] = ['00', '0101', '0102'].map((key, at) => ({
    partition: { key, values: [null, Uint8Array.of(at)] },
    rows: at + 1,
    body: [new Uint8Array(24).fill(at)],
  }));
  const bytes = stored(records);
  for (let at = 0; at < bytes.length; at++) {
    const changed = bytes.slice();
    changed[at] = (changed[at] ?? 0) ^ 0x10;
    const read = async () => {
      for await (const _ of mergedRecords([reader(changed, 6, 64)]));
    };
    await expect(read(), `byte ${at}`).rejects.toMatchObject({ code: 'INVALID_RESPONSE', retryable: true });
  }
});
