import { describe, expect, test } from 'vitest';
import { expandGlob, globMatcher } from '../../../src/source/glob.ts';
import { MemoryStore } from '../../../src/storage/memory/index.ts';

describe('a pattern matches', () => {
  test.each<[string, string[], string[]]>([
    [
      's3://b/a/*.csv',
      ['s3://b/a/x.csv'],
      ['s3://b/a/c/x.csv', 's3://b/a/_x.csv', 's3://b/a/.x.csv', 's3://b/a/x.csv.gz'],
    ],
    ['s3://b/a/**', ['s3://b/a/x', 's3://b/a/c/d/x'], ['s3://b/a/_tmp/x', 's3://b/a/c/_SUCCESS']],
    ['s3://b/a/**/*.csv', ['s3://b/a/x.csv', 's3://b/a/c/d/x.csv'], ['s3://b/a/c/.d/x.csv', 's3://b/ax.csv']],
    ['s3://b/a/_*/x', ['s3://b/a/_tmp/x'], ['s3://b/a/tmp/x']],
    ['s3://b/x?.{csv,json}', ['s3://b/x1.csv', 's3://b/x2.json'], ['s3://b/x.csv', 's3://b/x12.csv', 's3://b/x1.tsv']],
    ['s3://b/x[0-3].csv', ['s3://b/x0.csv'], ['s3://b/x4.csv', 's3://b/x/.csv']],
    ['s3://b/x[!0-3].csv', ['s3://b/x4.csv'], ['s3://b/x0.csv']],
    ['s3://b/day=2026-*/p-*.parquet', ['s3://b/day=2026-01/p-1.parquet'], ['s3://b/day=2025-01/p-1.parquet']],
    ['s3://b/(a+b)|$^.c\\sv', ['s3://b/(a+b)|$^.c\\sv'], ['s3://b/(aab)|$^.csv']],
    ['s3://b/*é😀', ['s3://b/xé😀'], ['s3://b/x']],
  ])('%s', (pattern, yes, no) => {
    const matches = globMatcher(pattern);
    expect(yes.filter((name) => !matches(name))).toEqual([]);
    expect(no.filter(matches)).toEqual([]);
  });
});

test('files are listed in the order of their bytes, folder markers left out', async () => {
  const store = new MemoryStore('m');
  for (const key of ['d/b.csv', 'd/a.csv', 'd/Z.csv', 'd/c/', 'd/\u{ff5e}.csv', 'd/\u{1f600}.csv', 'e/a.csv']) {
    await store.put(`memory://m/${key}`, new Uint8Array(3));
  }
  const found = await expandGlob(store, 'memory://m/d/*.csv');
  expect(found.map((f) => f.location.slice(13))).toEqual(['Z.csv', 'a.csv', 'b.csv', '\u{ff5e}.csv', '\u{1f600}.csv']);
  expect(found[0]?.sizeBytes).toBe(3);
  await expect(expandGlob(store, 'memory://m/d/*.json')).rejects.toMatchObject({
    code: 'SOURCE_EMPTY',
    message: 'no file matches memory://m/d/*.json',
  });
  await expect(expandGlob(store, 'memory://m/{d/*.csv')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
});
