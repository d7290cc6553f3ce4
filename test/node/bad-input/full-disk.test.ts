/** A disk that fills up while a table is written: the load fails with words, and its files are gone. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contents, icestream } from './command.ts';

let folder: string;

/** About 3 MB of data that do not compress. */
const noise = () => {
  let seed = 1;
  const next = () => {
    seed = Math.imul(seed ^ (seed >>> 15), 0x2c1b3c6d) + 0x9e3779b9;
    return (seed >>> 0).toString(36);
  };
  return `a,b\n${Array.from({ length: 100_000 }, (_, i) => `${i},${next()}${next()}${next()}${next()}`).join('\n')}\n`;
};

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

/** Words before a command that give it a file system of one megabyte at `mount`, or null where that is not allowed. */
function smallDisk(mount: string): string | null {
  const script = `mkdir -p '${mount}' && mount -t tmpfs -o size=1m none '${mount}'`;
  try {
    execFileSync('unshare', ['--user', '--map-root-user', '--mount', 'sh', '-c', script], { stdio: 'ignore' });
    return script;
  } catch {
    return null;
  }
}

describe('a full disk', () => {
  const mount = join(tmpdir(), `icestream-disk-${process.pid}`);
  const script = smallDisk(mount);
  afterAll(() => rm(mount, { recursive: true, force: true }));

  it.skipIf(script === null)('stops the load and is as empty as before', async () => {
    const command = [
      process.execPath,
      '--conditions=icestream-source',
      join(import.meta.dirname, '../../../src/cli/main.ts'),
    ]
      .map((word) => `'${word}'`)
      .join(' ');
    const run = (file: string) =>
      `${command} append ${file} --table demo.t --create --warehouse '${mount}' --json | tail -n 1`;
    const files = `find '${mount}' -type f -exec sha256sum {} + | sort`;
    const steps = [script, run('small.csv'), `${files} > before`, run('large.csv'), `${files} > after`].join('\n');
    const out = execFileSync('unshare', ['--user', '--map-root-user', '--mount', 'sh', '-c', steps], {
      cwd: folder,
      encoding: 'utf8',
    });
    const [first, second] = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(first).toMatchObject({ type: 'result', rows: '1' });
    expect(second).toMatchObject({ type: 'error', code: 'STORAGE_FULL', leftBehind: [] });
    expect(second?.['message']).toMatch(/disk is full; free some space/);
    const before = await readFile(join(folder, 'before'), 'utf8');
    expect(before).toMatch(/parquet/);
    expect(await readFile(join(folder, 'after'), 'utf8')).toBe(before);
  });
});
