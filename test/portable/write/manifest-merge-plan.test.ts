import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ManifestFile } from '../../../src/spec/data-file.ts';
import { hasLiveFiles, planManifestMerges } from '../../../src/write/commit/manifest-merge-plan.ts';

const options = { enabled: true, minCountToMerge: 100, targetSizeBytes: 8 * 1024 * 1024 };

function manifest(path: string, files: number, over: Partial<ManifestFile> = {}): ManifestFile {
  return {
    manifestPath: path,
    manifestLength: BigInt(4000 + files * 200),
    partitionSpecId: 0,
    content: 'data',
    sequenceNumber: 1n,
    minSequenceNumber: 1n,
    addedSnapshotId: 1n,
    addedFilesCount: files,
    existingFilesCount: 0,
    deletedFilesCount: 0,
    ...over,
  };
}

/** Appends one manifest of `files` files `times` times; returns the bytes rewritten by merges and the longest list. */
function simulate(times: number, files: number, minCountToMerge: number): { merged: number; longest: number } {
  let list: ManifestFile[] = [];
  let merged = 0;
  let longest = 0;
  for (let n = 0; n < times; n++) {
    for (const group of planManifestMerges(list, { ...options, minCountToMerge })) {
      const joined = manifest(
        `m${n}`,
        group.reduce((sum, one) => sum + (one.addedFilesCount ?? 0), 0),
      );
      merged += Number(joined.manifestLength);
      list = list.filter((one) => !group.includes(one)).concat(joined);
    }
    list.push(manifest(`a${n}`, files));
    longest = Math.max(longest, list.length);
  }
  return { merged, longest };
}

test('nothing is joined below the count, or when merging is off', () => {
  const list = Array.from({ length: 99 }, (_, i) => manifest(`${i}`, 1));
  expect(planManifestMerges(list, options)).toEqual([]);
  const full = [...list, manifest('last', 1)];
  expect(planManifestMerges(full, options)).toEqual([full]);
  expect(planManifestMerges(full, { ...options, enabled: false })).toEqual([]);
});

test('specs and contents are never mixed, and large manifests are left alone', () => {
  const list = [
    manifest('a', 1),
    manifest('b', 1, { partitionSpecId: 1 }),
    manifest('c', 1, { content: 'deletes' }),
    manifest('d', 1, { manifestLength: 8n * 1024n * 1024n }),
    manifest('e', 1),
  ];
  const paths = planManifestMerges(list, { ...options, minCountToMerge: 2 }).map((g) => g.map((m) => m.manifestPath));
  expect(paths).toEqual([['a', 'e']]);
});

test('a thousand appends rewrite less than an append writes, and the list stays short', () => {
  const { merged, longest } = simulate(1000, 1, 100);
  expect(merged / 1000).toBeLessThan(4200);
  expect(longest).toBeLessThan(120);
});

test('the cost of merging stays logarithmic, whatever the count and the size of appends', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 20 }), fc.integer({ min: 1, max: 30 }), (minCount, files) => {
      const { merged, longest } = simulate(400, files, minCount);
      const tiers = Math.ceil(Math.log(400 * files) / Math.log(minCount)) + 1;
      expect(merged).toBeLessThanOrEqual(400 * (4000 + files * 200) * tiers);
      expect(longest).toBeLessThanOrEqual(minCount * tiers + 1);
    }),
    { numRuns: 30 },
  );
});

test('a manifest whose files are all deleted has nothing live; unknown counts do', () => {
  expect(hasLiveFiles(manifest('a', 0))).toBe(false);
  const { addedFilesCount: _, ...unknown } = manifest('a', 0);
  expect(hasLiveFiles(unknown)).toBe(true);
});
