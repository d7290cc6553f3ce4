/** `npm run demo`, and what other engines make of the lakehouse that it leaves running. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { bearer, fromAny, RestCatalog, type Table } from 'icestream';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';

const run = promisify(execFile);
const kit = inject('kit');
const folder = await mkdtemp(join(tmpdir(), 'icestream-demo-'));
const demo = join(import.meta.dirname, '../../examples/demo.ts');
let running: ChildProcess | null = null;
let loaded: { readonly text: string; readonly firstLoadMs: number };
let address: string;
let token: string;

/** Where the demo would be if nothing else were. */
const usualPort = createServer();

/** Where the recipes and the example keep tables. */
const ownFile = join(folder, 'lakehouse/file');

beforeAll(async () => {
  await mkdir(join(folder, 'lakehouse'));
  await writeFile(ownFile, 'mine');
  usualPort.on('error', () => {}).listen(8787, '127.0.0.1');
  loaded = await untilLoaded();
  [, address = ''] = /lakehouse is at (\S+);/.exec(loaded.text) ?? [];
  [, token = ''] = /token='([^']+)'/.exec(loaded.text) ?? [];
});

afterAll(async () => {
  usualPort.close();
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

function python(script: string, ...args: readonly string[]) {
  return run(kit.python, [join(import.meta.dirname, 'python', script), ...args]);
}

async function rowsOf(table: Table): Promise<unknown[]> {
  const rows = [];
  for await (const row of table.scan().rows()) rows.push(row);
  return rows.sort((a, b) => Number(a['id']) - Number(b['id']));
}

it('starts a lakehouse that PyIceberg and DuckDB read and write', async () => {
  const { text, firstLoadMs } = loaded;
  expect(address).not.toContain('8787');
  expect(text).toMatch(/demo\.flights {2}← {2}flights-3m\.parquet\n {2}3,000,000 rows in 8 files/);
  expect(text).toContain('row: 2001-01-01T00:01:00, 33, 2176, LAS, PHL');
  expect(firstLoadMs).toBeLessThan(60_000);
  expect(await readFile(ownFile, 'utf8')).toBe('mine');
  const page = await (await fetch(address)).text();
  expect(page).toContain('demo.airports');
  const { stdout } = await python('open_lakehouse.py', `${address}/catalog`, token);
  expect(JSON.parse(stdout)).toEqual({
    first: 1,
    fromSfo: 60_869,
    tables: [
      ['python', 'made'],
      ['python', 'other'],
    ],
    made: [
      { a: 1, b: 'x' },
      { a: 2, b: 'y' },
      { a: 3, b: 'z' },
      { a: 4, b: 'w' },
    ],
    busiest: [['ORD', 166_341]],
    // DuckDB's transaction over two tables was one commit.
    commits: ['/v1/transactions/commit'],
    duckdbReadsMade: [[10, 5]],
  });
});

it('Spark reads and writes it: its own tables, tables of icestream, every type by columns and by rows', async () => {
  const catalog = await RestCatalog.connect({ uri: `${address}/catalog`, auth: bearer(token) });
  await catalog.createNamespace('spark');
  await catalog.createAndAppend('spark.shared', fromAny([{ id: 1n, who: 'icestream' }]));
  // Spark has no type for a time of day: Iceberg's schema conversion refuses the table.
  const types = join(folder, 'types.arrows');
  await python('make_types.py', types, '3000', 'clock');
  for (const version of ['2', '3']) {
    const source = fromAny(new Blob([await readFile(types)]));
    await catalog.createAndAppend(`spark.types_v${version}`, source, { properties: { 'format-version': version } });
  }

  const { stdout } = await python('spark_lakehouse.py', `${address}/catalog`, token, kit.sparkJars, folder);
  expect(JSON.parse(stdout)).toEqual({
    flights: [3_000_000, 228, '2001-01-01 00:01:00'],
    busiest: [
      ['ORD', 166_341],
      ['DFW', 157_162],
    ],
    inJanuary: 508_239,
    made: [
      [2, '2026-11-21', null, '2.25', 'new'],
      [3, '2026-11-21', 'ü', null, null],
    ],
    shared: [
      [1, 'icestream'],
      [100, 'spark'],
    ],
    tables: ['copied', 'made', 'shared', 'types_v2', 'types_v3'],
    rowIds: 3000,
    vectorised: [true, true],
  });
  for (const version of ['2', '3']) {
    for (const way of ['flat', 'all']) {
      const read = ['--engine', 'spark', '--read', join(folder, `spark.types_v${version}_${way}.arrows`)];
      const answer = JSON.parse((await python('read_table.py', ...read, '--source', types)).stdout);
      expect({ version, way, rows: answer.rows, differences: answer.differences }).toEqual({
        ...{ version, way, rows: 3000, differences: [] },
      });
    }
  }

  const made = await catalog.loadTable('spark.made');
  expect(made.metadata.properties).toMatchObject({ purpose: 'test' });
  await made.append(fromAny([{ id: 4n, day: '2026-11-22', name: 'back', price: '7.00', note: 'icestream' }]));
  expect(await rowsOf(await catalog.loadTable('spark.made'))).toEqual([
    { id: 2n, day: '2026-11-21', name: null, price: '2.25', note: 'new' },
    { id: 3n, day: '2026-11-21', name: 'ü', price: null, note: null },
    { id: 4n, day: '2026-11-22', name: 'back', price: '7.00', note: 'icestream' },
  ]);
  expect(await rowsOf(await catalog.loadTable('spark.shared'))).toEqual([
    { id: 1n, who: 'icestream' },
    { id: 100n, who: 'spark' },
  ]);
  const copied = await catalog.loadTable('spark.copied');
  expect(copied.metadata['format-version']).toBe(3);
  const airports = (await rowsOf(copied)).map((row) => (row as { readonly airports: bigint }).airports);
  expect(airports.reduce((sum, count) => sum + count, 0n)).toBe(3376n);
}, 240_000);
