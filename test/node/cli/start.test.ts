/** What the command loads before it does something: each start waits for it. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';

const main = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));
const hook = fileURLToPath(new URL('loaded-modules.ts', import.meta.url));

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'icestream-start-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** The folders of the modules that a command loads; Node's own modules under `NativeModule`. */
async function foldersLoaded(...args: string[]): Promise<ReadonlySet<string>> {
  const file = join(folder, 'loaded.json');
  const env = { PATH: process.env['PATH'], HOME: folder, LOADED_MODULES: file };
  await promisify(execFile)(process.execPath, ['--conditions=icestream-source', '--import', hook, main, ...args], {
    env,
    cwd: folder,
  });
  const modules = JSON.parse(await readFile(file, 'utf8')) as string[];
  return new Set(modules.map((module) => module.replace(/\/?[^/]*$/, '')));
}

it('help and the version load no catalog, no store and no engine', async () => {
  for (const args of [['--version'], ['append', '--help']]) {
    const loaded = await foldersLoaded(...args);
    expect([...loaded].filter((one) => /^(storage|engine|table|write|catalog\/.)/.test(one))).toEqual([]);
  }
});

it('a load into a local folder loads no code for S3 and for REST catalogs, and nothing that fetches', async () => {
  await writeFile(join(folder, 'one.csv'), 'a\n1\n');
  const loaded = await foldersLoaded('append', 'one.csv', '--table', 'a.b', '--create', '--warehouse', 'lake');
  expect([...loaded]).toEqual(expect.arrayContaining(['storage/local', 'catalog/store', 'write/rows']));
  expect([...loaded].filter((one) => /^(storage\/s3|storage\/memory|catalog\/rest)|undici/.test(one))).toEqual([]);
});
