/** Runs that cannot be merged into files that their store takes are refused before any is merged. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MemoryStore } from '../../../src/storage/memory/memory-store.ts';
import type { Store } from '../../../src/storage/store.ts';
import { RunFiles } from '../../../src/write/runs/run-files.ts';
import { mergeDown } from '../../../src/write/runs/run-merge.ts';
import { requireRunsFit } from '../../../src/write/runs/run-sizes.ts';
import type { Run } from '../../../src/write/runs/run-writer.ts';

const runsOf = (sizes: readonly number[]): Run[] =>
  sizes.map((sizeBytes, at) => ({ location: `${at}`, sizeBytes, rows: 1 }));

async function largestMerged(runs: Run[], fanIn: number): Promise<number> {
  let largest = 0;
  await mergeDown(runs, fanIn, async (some) => {
    const sizeBytes = some.reduce((sum, run) => sum + run.sizeBytes, 0);
    largest = Math.max(largest, sizeBytes);
    return { location: '', sizeBytes, rows: 1 };
  });
  return largest;
}

test('the largest that merging makes may have as many bytes as the store takes, and not one more', async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 1000 }), { maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(sizes, fc.integer({ min: 2, max: 9 }), async (some, fanIn) => {
      const runs = runsOf(some);
      const largest = await largestMerged([...runs], fanIn);
      await requireRunsFit(runs, fanIn, largest);
      expect(runs).toHaveLength(some.length);
      if (largest === 0) return;
      await expect(requireRunsFit(runs, fanIn, largest - 1)).rejects.toMatchObject({
        code: 'MEMORY_LIMIT_TOO_SMALL',
        place: { option: 'memoryLimitBytes' },
      });
    }),
  );
});

test('100 GB of runs, two of which are read at once, do not fit in 10,000 parts of 5 MiB; 50 GB do', async () => {
  const runs = runsOf(new Array(9_000).fill(12 << 20));
  const mostBytes = 10_000 * (5 << 20);
  const message =
    /of 9000 temporary files 2 can be read at once, .* one of \d{12} bytes, where the store takes 52428800000;/;
  await requireRunsFit(runs.slice(0, 4_000), 2, mostBytes);
  await expect(requireRunsFit(runs, 2, mostBytes)).rejects.toThrow(message);
});

test('a run has at most as many bytes as parts of its store hold', async () => {
  const memory = new MemoryStore('scratch');
  const multipart = { minPartBytes: 5 << 20, maxParts: 10_000, equalParts: true };
  const parted: Store = new Proxy(memory, {
    get: (target, name) =>
      name === 'capabilities' ? { ...memory.capabilities, multipart } : Reflect.get(target, name, target),
  });
  const runFiles = (store: Store, partSizeBytes: number) =>
    new RunFiles({ store, folder: 'memory://scratch', operationId: 'x', plan: { partSizeBytes, partsInFlight: 1 } });
  expect(runFiles(parted, 1 << 20).mostBytes).toBe(10_000 * (5 << 20));
  expect(runFiles(parted, 8 << 20).mostBytes).toBe(10_000 * (8 << 20));
  expect(runFiles(memory, 1 << 20).mostBytes).toBe(Number.POSITIVE_INFINITY);
});
