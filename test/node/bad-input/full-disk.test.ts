/** A disk that takes no more while a table is written: the load fails with words, and its files are gone. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { contents, icestream, noise } from './command.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'icestream-full-disk-'));
  await writeFile(join(folder, 'small.csv'), 'a,b\n1,x\n');
  await writeFile(join(folder, 'large.csv'), noise());
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('a file that may not grow any further', async () => {
  const warehouse = join(folder, 'limited');
  const args = (file: string) => ['append', file, '--table', 'demo.t', '--create', '--warehouse', warehouse];
  expect(await icestream(args('small.csv'), { cwd: folder })).toMatchObject({ code: 0 });
  const before = await contents(warehouse);
  // 512-byte blocks in some shells, 1,024 in others: less than the data, more than the metadata.
  const ended = await icestream(args('large.csv'), { cwd: folder, before: 'ulimit -f 512;' });
  expect(ended).toMatchObject({ code: 6, last: { type: 'error', code: 'STORAGE_FULL', leftBehind: [] } });
  expect(ended.last['message']).toMatch(/data\/.*\.parquet.*larger than the system allows.*raise that limit/);
  expect(await contents(warehouse)).toEqual(before);
  expect(await icestream(args('large.csv'), { cwd: folder })).toMatchObject({ code: 0, last: { rows: '100000' } });
});
