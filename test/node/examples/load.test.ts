/** The script to copy, in each runtime that it is for. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { StoreCatalog } from 'icestream';
import { LocalStore } from 'icestream/storage/local';
import { afterEach, beforeEach, expect, test } from 'vitest';

const run = promisify(execFile);
const script = (name: string) => fileURLToPath(new URL(`../../../examples/${name}`, import.meta.url));
const source = '--conditions=icestream-source';
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'icestream-examples-'));
  await writeFile(join(folder, 'rows.csv'), 'id,name\n1,a\n2,b\n');
});

afterEach(() => rm(folder, { recursive: true, force: true }));

async function loadTwice(program: string, ...words: readonly string[]): Promise<void> {
  for (const times of [1, 2]) {
    const { stdout } = await run(program, [...words, 'demo.rows', 'rows.csv'], { cwd: folder });
    expect(stdout).toMatch(/^demo\.rows: 2 rows in 1 file, snapshot \d+$/m);
    const warehouse = pathToFileURL(join(folder, 'lakehouse')).href;
    const table = await StoreCatalog.open({ warehouse, store: new LocalStore() }).loadTable('demo.rows');
    expect(table.snapshots()).toHaveLength(times);
  }
  await expect(run(program, [...words, 'demo.rows'], { cwd: folder })).rejects.toMatchObject({ code: 2 });
}

test('Deno loads with the permissions of the first line and no others', async () => {
  const [first = ''] = (await readFile(script('load.ts'), 'utf8')).split('\n');
  const permissions = first.split(' ').filter((word) => word.startsWith('--allow'));
  expect(first).toMatch(/^#!\/usr\/bin\/env -S deno run --allow-/);
  await loadTwice('deno', 'run', '--no-prompt', source, ...permissions, script('load.ts'));
});

test('Node loads', () => loadTwice(process.execPath, source, '--no-warnings', script('load.ts')));

test('Bun loads', () => loadTwice('bun', source, script('load.ts')));
