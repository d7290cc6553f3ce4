/** What icestream writes, engines that no one here wrote read: every row, every type, pruning included. */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fromAny, getEngine, RestCatalog, type Table, type TableCatalog } from 'icestream';
import { LocalStore } from 'icestream/storage/local';
import { S3Store } from 'icestream/storage/s3';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { arrowSchemaFromIceberg } from '../../src/format/arrow-from-iceberg.ts';
import { encoding } from '../support/row-group.ts';

const run = promisify(execFile);
const kit = inject('kit');
const rows = 3000;
/** Fewer for partitioned tables: these values are spread over thousands of days and hours. */
const partitionedRows = 100;
const script = (name: string) => new URL(`python/${name}`, import.meta.url).pathname;
const storage = Object.entries({
  's3.endpoint': kit.versitygw.endpoint,
  's3.region': kit.versitygw.region,
  's3.access-key-id': kit.versitygw.accessKeyId,
  's3.secret-access-key': kit.versitygw.secretAccessKey,
});

interface Answer {
  readonly rows: number;
  readonly types: Readonly<Record<string, string>>;
  readonly differences: readonly string[];
  readonly files: number;
  readonly planned: Readonly<Record<string, number>>;
  readonly matched: Readonly<Record<string, number>>;
  readonly snapshots: number;
}

let folder: string;
let source: string;
let stream: Blob;
let fewRows: string;
let fewRowsStream: Blob;
let catalog: TableCatalog;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'icestream-interop-'));
  source = join(folder, 'types.arrows');
  await run(kit.python, [script('make_types.py'), source, String(rows)]);
  stream = new Blob([await readFile(source)]);
  fewRows = join(folder, 'few.arrows');
  await run(kit.python, [script('make_types.py'), fewRows, String(partitionedRows)]);
  fewRowsStream = new Blob([await readFile(fewRows)]);
  const properties = Object.fromEntries([...storage, ['s3.path-style-access', 'true']]);
  catalog = await RestCatalog.connect({ uri: kit.restFixture.uri, properties });
  await catalog.createNamespace('others');
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function read(
  engine: 'pyiceberg' | 'duckdb' | 'java',
  table: string,
  written: string,
  filters: readonly string[] = [],
): Promise<Answer> {
  if (engine === 'java') return readWithJava(table, written);
  const { stdout } = await run(kit.python, [
    script('read_table.py'),
    ...['--engine', engine, '--source', written, '--uri', kit.restFixture.uri, '--table', table],
    ...storage.flatMap(([key, value]) => ['--property', `${key}=${value}`]),
    ...filters.flatMap((filter) => ['--filter', filter]),
  ]);
  return JSON.parse(stdout) as Answer;
}

async function readWithJava(table: string, written: string): Promise<Answer> {
  const { stdout: lines } = await run(
    'java',
    [
      '-Xmx384m',
      // Else the locale says how Java prints text.
      ...['-Dfile.encoding=UTF-8', '-Dstdout.encoding=UTF-8'],
      ...['-cp', `${kit.javaReader}/lib/*:${kit.javaReader}`, 'ReadTable', 'rest', table],
      ...[`uri=${kit.restFixture.uri}`, 'client.region=us-east-1'],
      ...storage.map(([key, value]) => `${key}=${value}`),
    ],
    { maxBuffer: 1 << 28 },
  );
  const rows = join(folder, 'java.jsonl');
  await writeFile(rows, lines);
  const args = ['--engine', 'java', '--read', rows, '--source', written];
  const { stdout } = await run(kit.python, [script('read_table.py'), ...args]);
  return JSON.parse(stdout) as Answer;
}

/** Its location. */
async function fileWithoutRows(table: Table): Promise<string> {
  const { endpoint, region, accessKeyId, secretAccessKey } = kit.versitygw;
  const store = new S3Store({ endpoint, region, credentials: { accessKeyId, secretAccessKey } });
  const engine = await getEngine();
  const encoder = engine.encoder({ ...encoding, schema: arrowSchemaFromIceberg(table.schema) });
  const location = `${table.location}/data/without-rows.parquet`;
  await store.put(location, (await encoder.finish()).bytes);
  return location;
}

describe.each(['2', '3'])('format version %s', (version) => {
  const properties = { 'format-version': version };

  it('every row and type of an unpartitioned table is equal in PyIceberg, DuckDB and Java', async () => {
    const name = `others.types_v${version}`;
    const every = join(folder, 'every.arrows');
    await run(kit.python, [script('make_types.py'), every, String(rows), 'long']);
    const input = fromAny(new Blob([await readFile(every)]));
    const { table, result } = await catalog.createAndAppend(name, input, { properties });
    expect(result.rows).toBe(BigInt(rows));
    // A file of a schema alone is one as well.
    expect(await table.addFiles([await fileWithoutRows(table)])).toMatchObject({ files: 1, rows: 0n });
    for (const engine of ['pyiceberg', 'duckdb', 'java'] as const) {
      const answer = await read(engine, name, every);
      expect({ engine, differences: answer.differences, rows: answer.rows }).toEqual({ engine, differences: [], rows });
    }
  });

  it.each([
    'year(ts)',
    'month(tstz)',
    'day(day)',
    'hour(ts)',
    'bucket(8, id)',
    'bucket(4, uid)',
    'truncate(2, name)',
    'truncate(100, small)',
    'truncate(1000, dec9)',
    'identity(flag)',
    'identity(day)',
  ])('every row of a table partitioned by %s is equal in PyIceberg and DuckDB', async (transform) => {
    const name = `others.by_${transform.replaceAll(/\W+/g, '_')}v${version}`;
    const request = { properties, partitionSpec: [transform] };
    await catalog.createAndAppend(name, fromAny(fewRowsStream), request);
    for (const engine of ['pyiceberg', 'duckdb'] as const) {
      const answer = await read(engine, name, fewRows);
      expect({ engine, differences: answer.differences, rows: answer.rows }).toEqual({
        engine,
        differences: [],
        rows: partitionedRows,
      });
    }
  });
});

it('timestamps in nanoseconds, which DuckDB 1.5 has no zone for, are equal in PyIceberg and Java', async () => {
  const name = 'others.nanoseconds';
  const every = join(folder, 'nanoseconds.arrows');
  await run(kit.python, [script('make_types.py'), every, String(rows), 'nanoseconds']);
  const input = fromAny(new Blob([await readFile(every)]));
  await catalog.createAndAppend(name, input, { properties: { 'format-version': '3' } });
  for (const engine of ['pyiceberg', 'java'] as const) {
    const answer = await read(engine, name, every);
    expect({ engine, differences: answer.differences, rows: answer.rows }).toEqual({ engine, differences: [], rows });
  }
});

it.each(['beside the data', 'in a folder'])(
  'clustered rows are equal, one file a partition, with runs %s',
  async (place) => {
    const manyRows = 20_000;
    const many = join(folder, 'many.arrows');
    await run(kit.python, [script('make_types.py'), many, String(manyRows)]);
    const name = `others.clustered_${place.replaceAll(' ', '_')}`;
    const scratch = join(folder, 'spill');
    const elsewhere = { store: new LocalStore(), location: `file://${scratch}` };
    const { result } = await catalog.createAndAppend(
      name,
      fromAny(new Blob([await readFile(many)])),
      { partitionSpec: ['bucket(16, id)', 'identity(flag)'], properties: { 'write.distribution-mode': 'hash' } },
      { memoryLimitBytes: 40 * 1024 * 1024, ...(place === 'in a folder' ? { spill: elsewhere } : {}) },
    );
    expect(result).toMatchObject({ rows: BigInt(manyRows), files: 48, leftBehind: [] });
    for (const engine of ['pyiceberg', 'duckdb'] as const) {
      const answer = await read(engine, name, many);
      expect({ engine, differences: answer.differences, rows: answer.rows }).toEqual({
        engine,
        differences: [],
        rows: manyRows,
      });
    }
    // The folder was made for a run, and none is left.
    if (place === 'in a folder') expect(await readdir(scratch)).toEqual([]);
  },
);

it('partition values let PyIceberg leave out files', async () => {
  const name = 'others.partition_pruning';
  await catalog.createAndAppend(name, fromAny(stream), { partitionSpec: ['bucket(16, id)', 'identity(flag)'] });
  const answer = await read('pyiceberg', name, source, ['id = 7', 'flag = true', 'flag is null']);
  expect(answer.files).toBe(48);
  // One bucket, three values of flag; column bounds may leave out more.
  expect(answer.planned['id = 7']).toBeLessThanOrEqual(3);
  expect(answer.planned['flag = true']).toBe(16);
  expect(answer.planned['flag is null']).toBe(16);
  expect(answer.matched['id = 7']).toBe(1);
});

it('column bounds let PyIceberg leave out files', async () => {
  const name = 'others.metrics_pruning';
  const columns = (from: number) =>
    Array.from({ length: 100 }, (_, i) => ({
      id: BigInt(from + i),
      name: `row ${String(from + i).padStart(4, '0')}`,
      amount: (from + i) / 2,
    }));
  const { table } = await catalog.createAndAppend(name, fromAny(columns(0)));
  for (let from = 100; from < 1000; from += 100) await table.append(fromAny(columns(from)));
  const filters = ['id < 250', "name = 'row 0555'", 'amount > 499.0', 'id is null', 'amount is nan'];
  const { stdout } = await run(kit.python, [
    script('read_table.py'),
    ...['--engine', 'pyiceberg', '--uri', kit.restFixture.uri, '--table', name],
    ...storage.flatMap(([key, value]) => ['--property', `${key}=${value}`]),
    ...filters.flatMap((filter) => ['--filter', filter]),
  ]);
  const answer = JSON.parse(stdout) as Answer;
  expect({ files: answer.files, snapshots: answer.snapshots, rows: answer.rows }).toEqual({
    files: 10,
    snapshots: 10,
    rows: 1000,
  });
  expect(answer.planned).toEqual({
    'id < 250': 3,
    "name = 'row 0555'": 1,
    'amount > 499.0': 1,
    'id is null': 0,
    'amount is nan': 0,
  });
  expect(answer.matched['id < 250']).toBe(250);
});
