/** What a load keeps of the files it has finished: next to nothing, however many they are. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { MemoryStore } from '../../../src/storage/memory/memory-store.ts';
import type { Upload } from '../../../src/storage/store.ts';
import { StoreCatalog } from '../../../src/table/store-catalog.ts';
import { defaultWorld } from '../../../src/util/world.ts';
import { DiscardUpload } from '../../../src/write/rows/discard-upload.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const COLUMNS = 60;
const FILES = 2_000;

/** Manifests are kept, data files are only counted. */
class ForgetfulStore extends MemoryStore {
  override async openUpload(location: string): Promise<Upload> {
    return new DiscardUpload(location);
  }
}

function* rows() {
  for (let i = 0; i < FILES; i++) {
    yield Object.fromEntries(Array.from({ length: COLUMNS }, (_, c) => [`c${c}`, BigInt(i * (c + 1))]));
  }
}

test('a load of 2,000 files of 60 columns keeps less than 2 KB of each', async () => {
  const store = new ForgetfulStore('lake');
  // Progress is told at most every 100 ms: here that is at each step, however fast the machine.
  let now = Date.now();
  const world = { ...defaultWorld, now: () => (now += 100) };
  const catalog = StoreCatalog.open({ warehouse: 'memory://lake/wh', store, world });
  await catalog.createNamespace('a');
  const heap: { readonly files: number; readonly bytes: number }[] = [];
  const { table, result } = await catalog.createAndAppend(
    'a.b',
    rows(),
    { partitionSpec: ['c0'] },
    {
      memoryLimitBytes: 32 * 1024 * 1024,
      onProgress: ({ phase, filesWritten }) => {
        if (phase !== 'commit' && filesWritten - (heap.at(-1)?.files ?? 0) < 100) return;
        collectGarbage();
        const { heapUsed, arrayBuffers } = process.memoryUsage();
        heap.push({ files: filesWritten, bytes: heapUsed + arrayBuffers });
      },
    },
  );
  expect(result.files).toBe(FILES);
  // Before, code is compiled and caches fill.
  const [first, last] = [heap.find(({ files }) => files >= 500), heap.at(-1)];
  if (first === undefined || last?.files !== FILES || first.files > 700) throw new Error('too few samples');
  // A record of one takes 40 KB.
  expect((last.bytes - first.bytes) / (last.files - first.files)).toBeLessThan(2_048);
  let entries = 0;
  for await (const _ of table.files()) entries += 1;
  expect(entries).toBe(FILES);
});
