/** `npm run demo`, and what other engines make of the lakehouse that it leaves running. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, inject, it } from 'vitest';

const kit = inject('kit');
const folder = await mkdtemp(join(tmpdir(), 'icestream-demo-'));
const demo = join(import.meta.dirname, '../../examples/demo.ts');
let running: ChildProcess | null = null;

afterAll(async () => {
  if (running !== null && running.exitCode === null) {
    const child = running;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
  }
  await rm(folder, { recursive: true, force: true });
});

/** Starts the demo; what it printed until its server was all that ran, and how long its first load took. */
function untilLoaded(): Promise<{ readonly text: string; readonly firstLoadMs: number }> {
  const started = performance.now();
  const child = spawn(process.execPath, ['--conditions=icestream-source', '--no-warnings', demo], { cwd: folder });
  running = child;
  return new Promise((resolve, reject) => {
    let text = '';
    let firstLoadMs = 0;
    const read = (bytes: Buffer) => {
      text += bytes;
      if (firstLoadMs === 0 && text.includes('one snapshot')) firstLoadMs = performance.now() - started;
      if (text.includes('curl -X POST')) resolve({ text, firstLoadMs });
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('exit', (code) => reject(new Error(`the demo ended with ${code}: ${text}`)));
  });
}

it('starts a lakehouse that PyIceberg and DuckDB read and write', async () => {
  const { text, firstLoadMs } = await untilLoaded();
  expect(text).toMatch(/demo\.flights {2}← {2}flights-3m\.parquet\n {2}3,000,000 rows in 7 files/);
  expect(text).toContain('row: 2001-01-01T00:01:00, 33, 2176, LAS, PHL');
  expect(firstLoadMs).toBeLessThan(20_000 * (process.env['CI'] === undefined ? 1 : 3));
  const [, address = ''] = /lakehouse is at (\S+);/.exec(text) ?? [];
  const [, token = ''] = /token='([^']+)'/.exec(text) ?? [];
  const page = await (await fetch(address)).text();
  expect(page).toContain('demo.airports');
  const script = join(import.meta.dirname, 'python/open_lakehouse.py');
  const { stdout } = await promisify(execFile)(kit.python, [script, `${address}/catalog`, token]);
  expect(JSON.parse(stdout)).toEqual({
    first: ['LAS'],
    fromSfo: 60_869,
    made: [
      { a: 1, b: 'x' },
      { a: 2, b: 'y' },
      { a: 3, b: 'z' },
    ],
    busiest: [['ORD', 166_341]],
    duckdbReadsMade: [[6]],
  });
});
