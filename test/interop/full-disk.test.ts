/** A file system of one megabyte: needs user namespaces, or root. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { nodeArgs, noise } from '../node/bad-input/command.ts';

let folder: string;
const mount = join(tmpdir(), `icestream-disk-${process.pid}`);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'icestream-full-disk-'));
  await writeFile(join(folder, 'small.csv'), 'a,b\n1,x\n');
  await writeFile(join(folder, 'large.csv'), noise());
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await rm(mount, { recursive: true, force: true });
});

it('a full disk stops the load and is as empty as before', async () => {
  const command = [process.execPath, ...nodeArgs].map((word) => `'${word}'`).join(' ');
  const run = (file: string) =>
    `${command} append ${file} --table demo.t --create --warehouse '${mount}' --json | tail -n 1`;
  const files = `find '${mount}' -type f -exec sha256sum {} + | sort`;
  const script = `mkdir -p '${mount}' && mount -t tmpfs -o size=1m none '${mount}'`;
  const steps = [script, run('small.csv'), `${files} > before`, run('large.csv'), `${files} > after`].join('\n');
  const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  const out = execFileSync('unshare', [...user, '--mount', 'sh', '-c', steps], {
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
