/** Tables of others and our own come out of a scan row for row, as PyArrow and PyIceberg see them. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fromAny, RestCatalog, type ScanTask, type TableCatalog } from 'icestream';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

const run = promisify(execFile);
const kit = inject('kit');
const rows = 1200;
const script = (name: string) => new URL(`python/${name}`, import.meta.url).pathname;
const storage = Object.entries({
  's3.endpoint': kit.versitygw.endpoint,
  's3.region': kit.versitygw.region,
  's3.access-key-id': kit.versitygw.accessKeyId,
  's3.secret-access-key': kit.versitygw.secretAccessKey,
});

let folder: string;
let source: string;
let catalog: TableCatalog;
let theirs: readonly { readonly table: string; readonly rows: number }[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'icestream-scan-'));
  source = join(folder, 'source.arrows');
  await run(kit.python, [script('make_types.py'), source, String(rows)]);
  const properties = Object.fromEntries([...storage, ['s3.path-style-access', 'true']]);
  catalog = await RestCatalog.connect({ uri: kit.restFixture.uri, properties });
  await catalog.createNamespace('scanned');
  const { stdout } = await run(kit.python, [
    ...[script('write_for_scan.py'), source, folder, '--uri', kit.restFixture.uri],
    ...storage.flatMap(([key, value]) => ['--property', `${key}=${value}`]),
  ]);
  theirs = JSON.parse(stdout) as typeof theirs;
}, 120_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

/** What differs between a table's scan and a stream of the rows it should have. */
async function differences(table: string, expected: string): Promise<{ rows: number; differences: string[] }> {
  const read = join(folder, 'read.arrows');
  const scan = (await catalog.loadTable(table)).scan({ memoryLimitBytes: 64 * 1024 * 1024, batchSize: 333 });
  const pieces: Uint8Array[] = [];
  for await (const piece of scan.ipcStream()) pieces.push(piece);
  await writeFile(read, pieces);
  const args = ['--engine', 'stream', '--read', read, '--source', expected];
  const { stdout } = await run(kit.python, [script('read_table.py'), ...args]);
  return JSON.parse(stdout) as { rows: number; differences: string[] };
}

it.each(['types', 'partitioned', 'evolved', 'deleted'])(
  'a table of PyIceberg is read as PyIceberg reads it: %s',
  async (name) => {
    const table = `theirs.${name}`;
    const count = theirs.find((one) => one.table === table)?.rows;
    expect(count).toBeGreaterThan(0);
    expect(await differences(table, join(folder, `${name}.arrows`))).toMatchObject({ rows: count, differences: [] });
  },
);

describe.each(['2', '3'])('format version %s', (version) => {
  it.each([
    ['unpartitioned', []],
    ['partitioned', ['bucket(4, id)', 'flag', 'year(ts)']],
  ])('our own table is read back: %s', async (name, partitionSpec) => {
    const table = `scanned.${name}_v${version}`;
    const properties = { 'format-version': version };
    await catalog.createAndAppend(table, fromAny(new Blob([await readFile(source)])), { properties, partitionSpec });
    expect(await differences(table, source)).toMatchObject({ rows, differences: [] });
  });
});

it('tasks planned here are read through another connection', async () => {
  const table = await catalog.loadTable('theirs.partitioned');
  const sent: string[] = [];
  for await (const task of table.scan({ select: ['id'] }).planFiles()) sent.push(JSON.stringify(task));
  const ids = new Set<unknown>();
  const elsewhere = await catalog.loadTable('theirs.partitioned');
  for (const text of sent) {
    for await (const batch of elsewhere.readTask(JSON.parse(text) as ScanTask)) {
      for (const { id } of batch.rows()) ids.add(id);
    }
  }
  expect(ids.size).toBe(rows);
});
