import fc from 'fast-check';
import { expect, test } from 'vitest';
import { IcestreamError } from '../../../src/errors.ts';
import type { StoreCapabilities } from '../../../src/storage/store.ts';
import { type MemoryPlanRequest, planMemory, requireLeastLimit } from '../../../src/write/memory-plan.ts';
import { chunkBytes, planMerge, runIsFull } from '../../../src/write/runs/merge-plan.ts';

const MiB = 1024 * 1024;
const s3: StoreCapabilities = {
  conditionalCreate: true,
  conditionalReplace: true,
  multipart: { minPartBytes: 5 * MiB, maxParts: 10_000, equalParts: true },
  list: true,
};
const usual: MemoryPlanRequest = {
  limitBytes: 96 * MiB,
  capabilities: s3,
  rowBytes: 70,
  leafColumns: 7,
  partitioned: false,
  targetFileSizeBytes: 512 * MiB,
};

test('96 MiB: 16 MiB of rows, three parts of 8 MiB in flight', () => {
  const plan = planMemory(usual);
  expect(plan.bufferedRowBytes).toBe(16 * MiB);
  expect([plan.partSizeBytes, plan.partsInFlight]).toEqual([8 * MiB, 3]);
});

test('a limit for which no engine is made is one that no plan divides, and the limit named instead does', () => {
  const local: StoreCapabilities = { ...s3, multipart: null };
  for (const threads of [undefined, { count: 2, owned: false }]) {
    for (let limitBytes = MiB; limitBytes < 96 * MiB; limitBytes += MiB / 2) {
      let refused: unknown;
      try {
        requireLeastLimit(limitBytes, threads);
      } catch (error) {
        refused = error;
      }
      if (refused === undefined) continue;
      expect(refused).toMatchObject({ code: 'MEMORY_LIMIT_TOO_SMALL', place: { option: 'memoryLimitBytes' } });
      const narrow = { ...usual, leafColumns: 1, rowBytes: 8, limitBytes, threads };
      for (const partitioned of [true, false]) {
        expect(() => planMemory({ ...narrow, capabilities: local, partitioned })).toThrow('too small');
      }
      const named = Number(/at least (\d+)$/.exec(String(refused))?.[1]);
      planMemory({ ...usual, threads, limitBytes: named });
    }
  }
});

test('64 MiB: parts of 5 MiB', () => {
  const plan = planMemory({ ...usual, limitBytes: 64 * MiB });
  expect([plan.partSizeBytes, plan.partsInFlight]).toEqual([5 * MiB, 3]);
  expect(plan.bufferedRowBytes).toBe(Math.floor((64 * MiB) / 6));
});

test('a partitioned write keeps more for the many files that are open', () => {
  const plan = planMemory({ ...usual, partitioned: true });
  expect(plan.partSizeBytes).toBe(5 * MiB);
  expect(plan.pendingBytes).toBe(22 * MiB);
  expect(plan.bufferedRowBytes).toBe(24 * MiB);
  expect(plan.rowGroupBytes).toBeLessThan(plan.engineBytes - plan.bufferedRowBytes);
});

test('what the source holds in the engine leaves less for rows, and small files take little', () => {
  const of = (sourceEngineBytes: number, limitBytes = 64 * MiB) =>
    planMemory({ ...usual, limitBytes, sourceEngineBytes }).bufferedRowBytes;
  expect(of(MiB)).toBe(of(0));
  expect(of(32 * MiB)).toBeLessThan(7 * MiB);
  // No more than its share is set aside.
  expect(of(Number.MAX_SAFE_INTEGER)).toBe(of(32 * MiB));
  expect(of(Number.MAX_SAFE_INTEGER, 96 * MiB)).toBeGreaterThan(11 * MiB);
});

test('parts are large enough for a file of twice the target size', () => {
  const plan = planMemory({ ...usual, limitBytes: 256 * MiB, targetFileSizeBytes: 60_000 * MiB });
  expect(plan.partSizeBytes * 10_000).toBeGreaterThanOrEqual(2 * 60_000 * MiB);
});

test('a store without parts needs none', () => {
  expect(planMemory({ ...usual, capabilities: { ...s3, multipart: null } }).bufferedRowBytes).toBe(16 * MiB);
});

test('a limit that cannot work is refused with the number that would', () => {
  const refused = (request: MemoryPlanRequest): IcestreamError => {
    try {
      planMemory(request);
    } catch (error) {
      if (error instanceof IcestreamError) return error;
    }
    throw new Error('not refused');
  };
  const error = refused({ ...usual, limitBytes: 8 * MiB });
  expect(error.code).toBe('MEMORY_LIMIT_TOO_SMALL');
  expect(error.place.option).toBe('memoryLimitBytes');
  const enough = Number(/at least (\d+)/.exec(error.message)?.[1]);
  expect(planMemory({ ...usual, limitBytes: enough }).limitBytes).toBe(enough);
  expect(() => planMemory({ ...usual, limitBytes: enough - MiB })).toThrow();
});

test('an engine at hand that cannot work is refused with one that would, where the limit would do', () => {
  const request = { ...usual, limitBytes: 64 * MiB, engineLimitBytes: 8 * MiB };
  let refused: unknown;
  try {
    planMemory(request);
  } catch (error) {
    refused = error;
  }
  expect(refused).toMatchObject({ code: 'MEMORY_LIMIT_TOO_SMALL', place: { option: 'engine' } });
  const { neededBytes = 0 } = (refused as IcestreamError).place;
  expect(planMemory({ ...request, engineLimitBytes: neededBytes }).limitBytes).toBe(64 * MiB);
  expect(() => planMemory({ ...request, limitBytes: 8 * MiB })).toThrow(/set it to at least/);
});

test('shares never add up to more than the limit', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 24, max: 2048 }),
      fc.integer({ min: 1, max: 500 }),
      fc.integer({ min: 1, max: 20_000 }),
      fc.boolean(),
      fc.boolean(),
      (mib, leafColumns, rowBytes, partitioned, columnsApart) => {
        const request = { ...usual, limitBytes: mib * MiB, leafColumns, rowBytes, partitioned };
        let plan: ReturnType<typeof planMemory>;
        try {
          plan = planMemory(request);
        } catch (error) {
          expect(error).toMatchObject({ code: 'MEMORY_LIMIT_TOO_SMALL' });
          return;
        }
        const parts = plan.partSizeBytes * plan.partsInFlight + plan.pendingBytes;
        expect(plan.engineBytes + parts + plan.sourceBytes).toBeLessThanOrEqual(plan.limitBytes);
        expect(plan.bufferedRowBytes * 2).toBeLessThanOrEqual(plan.engineBytes);
        expect(plan.stepBytes).toBeGreaterThan(0);
        expect(plan.routeBytes + plan.stepBytes).toBeLessThanOrEqual(plan.bufferedRowBytes);
        const settings = { rowGroupSizeBytes: 128 * MiB, targetFileSizeBytes: 512 * MiB };
        const merge = planMerge(plan, leafColumns, settings, columnsApart);
        // In the second pass one file is open.
        const growing = plan.partSizeBytes * (plan.partsInFlight + 1);
        expect(plan.engineBytes + growing + merge.readBytes).toBeLessThanOrEqual(plan.limitBytes);
        expect(merge.fanIn).toBeGreaterThan(2);
        for (const runs of [2, merge.fanIn]) {
          const chunks = 2 * runs * chunkBytes(merge, runs);
          expect(chunks + 2 * merge.recordBytes).toBeLessThanOrEqual(merge.readBytes);
        }
        expect(merge.stepRows).toBeGreaterThan(0);
        expect(plan.mostSlices * plan.sliceBytes).toBeLessThanOrEqual(
          Math.max(plan.sliceBytes, plan.bufferedRowBytes / 2),
        );
        const slices = merge.mostSlices === 1 ? 0 : merge.mostSlices * plan.sliceBytes;
        expect(merge.runRoomBytes + slices).toBeLessThanOrEqual(plan.roomBytes);
        const half = plan.roomBytes / 2;
        expect(runIsFull(merge, { rows: 0, columnBytes: [] })).toBe(false);
        // Of columns that go together all is there twice, and of one column always.
        expect(runIsFull(merge, { rows: 1, columnBytes: [half] })).toBe(true);
        expect(runIsFull(merge, { rows: 1, columnBytes: [half / 2, half / 2] })).toBe(!columnsApart);
      },
    ),
  );
});

test('the limit that a table of huge rows needs is found at once, and does', () => {
  const huge = { ...usual, rowBytes: 2 ** 41 };
  const named = (limitBytes: number) => {
    try {
      planMemory({ ...huge, limitBytes });
    } catch (error) {
      return Number(/at least (\d+)$/.exec(String(error))?.[1]);
    }
    return undefined;
  };
  const enough = named(usual.limitBytes) as number;
  expect(enough).toBeGreaterThan(16 * huge.rowBytes);
  expect(named(enough)).toBeUndefined();
  expect(named(enough - MiB)).toBe(enough);
});
