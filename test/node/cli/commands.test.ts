/** The command line as a person runs it: in a process of its own, on a folder. */
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { VERSION } from '../../../src/util/version.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const main = join(root, 'src/cli/main.ts');
const airports = join(root, 'node_modules/vega-datasets/data/airports.csv');

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** The last line of `--json` output. */
  readonly last: Readonly<Record<string, unknown>>;
}

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'icestream-cli-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

function icestream(args: readonly string[], stdin?: string): Promise<Ended> {
  const all = ['--conditions=icestream-source', main, ...args, '--warehouse', join(folder, 'lakehouse')];
  const env = { PATH: process.env['PATH'], HOME: folder };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, all, { env, cwd: folder }, (error, out, err) => {
      const text = out.trim().split('\n').at(-1) ?? '';
      const last = text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {};
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, out, err, last });
    });
    child.stdin?.end(stdin);
  });
}

it('creates a table from a file and appends to it again, each as one snapshot', async () => {
  const args = [
    'append',
    airports,
    '--table',
    'demo.airports',
    '--create',
    '--partition',
    'truncate(1, iata)',
    '--json',
  ];
  const first = await icestream(args);
  expect(first).toMatchObject({ code: 0, last: { type: 'result', rows: '3376', alreadyCommitted: false } });
  const second = await icestream(args);
  expect(second.last).toMatchObject({ rows: '3376' });
  const summary = await icestream(['inspect', 'demo.airports', '--json']);
  expect(summary.last).toMatchObject({
    summary: { rows: '6752', snapshots: 2, partitioning: 'truncate(iata, 1)' },
  });
  const list = await icestream(['catalog', 'list', 'demo']);
  expect(list.out.trim()).toBe('demo.airports');
});

it('encodes on threads, and ends with them', async () => {
  const args = ['append', airports, '--table', 'demo.threads', '--create', '--threads', '2', '--json'];
  expect(await icestream(args)).toMatchObject({ code: 0, last: { rows: '3376', files: 1 } });
});

it('clusters rows, by way of temporary files in a folder of its own', async () => {
  const rows = Array.from({ length: 120_000 }, (_, id) => `${id},row number ${id} of many\n`).join('');
  const spill = join(folder, 'spill');
  const args = ['append', '-', '--table', 'demo.clustered', '--create', '--partition', 'bucket(20, id)', '--json'];
  const clustered = [...args, '--memory-limit', '24MiB', '--distribution-mode', 'hash', '--spill-dir', spill];
  const loaded = await icestream(clustered, `id,name\n${rows}`);
  expect(loaded).toMatchObject({ code: 0, last: { rows: '120000', files: 20, leftBehind: [] } });
  // It was made for a file, and none is left.
  expect(await readdir(spill)).toEqual([]);
  const unknown = await icestream([...args, '--distribution-mode', 'sorted'], 'id,name\n1,a\n');
  expect(unknown.code).toBe(2);
  expect(unknown.err).toContain('none, hash, range');
});

it('returns the first result for a commit id that it has seen', async () => {
  const id = '01920000-0000-7000-8000-000000000001';
  const args = ['append', '-', '--table', 'demo.once', '--create', '--commit-id', id, '--json'];
  const [first, second] = [await icestream(args, 'a,b\n1,2\n'), await icestream(args, 'a,b\n1,2\n')];
  expect(first).toMatchObject({ code: 0, last: { alreadyCommitted: false, commitId: id } });
  expect(second).toMatchObject({ code: 0, last: { alreadyCommitted: true, snapshotId: first.last['snapshotId'] } });
});

it('skips a load that the writer made before, by its number', async () => {
  const args = ['append', '-', '--table', 'demo.counted', '--create', '--json', '--writer', 'nightly', '--sequence'];
  const [first, again] = [await icestream([...args, '7'], 'a,b\n1,2\n'), await icestream([...args, '7'], 'a,b\n1,2\n')];
  expect(first).toMatchObject({ code: 0, last: { alreadyCommitted: false, writerSequence: '7' } });
  expect(again).toMatchObject({ code: 0, last: { alreadyCommitted: true, snapshotId: first.last['snapshotId'] } });
  expect(await icestream([...args, '8'], 'a,b\n1,2\n')).toMatchObject({ last: { alreadyCommitted: false } });
  for (const wrong of ['x', '-1', '1.5', '9'.repeat(20)]) {
    expect(await icestream([...args, wrong], 'a\n1\n')).toMatchObject({ code: 2, last: { code: 'INVALID_ARGUMENT' } });
  }
  const half = ['append', '-', '--table', 'demo.counted', '--sequence', '9', '--json'];
  expect(await icestream(half, 'a\n1\n')).toMatchObject({ code: 2, last: { option: '--writer' } });
  const noUuid = ['append', '-', '--table', 'demo.counted', '--commit-id', 'x', '--json'];
  expect(await icestream(noUuid, 'a\n1\n')).toMatchObject({ code: 2, last: { option: '--commit-id' } });
});

it('reads standard input, patterns and compressed files', async () => {
  await writeFile(join(folder, 'part-1.csv.gz'), gzipSync('id,name\n1,a\n2,b\n'));
  await writeFile(join(folder, 'part-2.csv.gz'), gzipSync('id,name\n3,c\n'));
  const many = await icestream(['append', 'part-*.csv.gz', '--table', 'demo.parts', '--create', '--json']);
  expect(many).toMatchObject({ code: 0, last: { rows: '3' } });
  const piped = await icestream(['append', '-', '--table', 'demo.parts', '--json'], '{"id":4,"name":"d"}\n');
  expect(piped).toMatchObject({ code: 0, last: { rows: '1' } });
});

it.each([
  ['a pipe', 'cat big.csv |', ''],
  ['a file', '', '< big.csv'],
  ['an empty pipe', 'cat /dev/null |', ''],
])('reads standard input from %s', async (kind, before, after) => {
  const rows = Array.from({ length: 200_000 }, (_, i) => `${i},name ${i}`);
  await writeFile(join(folder, 'big.csv'), `id,name\n${rows.join('\n')}\n`);
  const table = `demo.${kind.replaceAll(' ', '_')}`;
  const command = `${process.execPath} --conditions=icestream-source ${main} append - --table ${table} --create --json`;
  const shell = `${before} ${command} --warehouse ${join(folder, 'lakehouse')} ${after}`;
  const ended = await new Promise<string>((resolve) => {
    execFile('sh', ['-c', shell], { cwd: folder }, (_, out) => resolve(out.trim().split('\n').at(-1) ?? ''));
  });
  const expected =
    kind === 'an empty pipe' ? { type: 'error', code: 'SOURCE_EMPTY' } : { type: 'result', rows: '200000' };
  expect(JSON.parse(ended)).toMatchObject(expected);
});

it('ends when it is interrupted while it waits for standard input', async () => {
  const args = [
    'append',
    '-',
    '--table',
    'demo.waiting',
    '--create',
    '--warehouse',
    join(folder, 'lakehouse'),
    '--json',
  ];
  const child = spawn(process.execPath, ['--conditions=icestream-source', main, ...args], { cwd: folder });
  // Its first line of progress: it has opened the source.
  await new Promise((resolve) => child.stdout.once('data', resolve));
  child.kill('SIGINT');
  expect(await new Promise((resolve) => child.on('close', resolve))).toBe(130);
  expect((await icestream(['catalog', 'list', 'demo'])).out).not.toContain('waiting');
});

it('writes the rows it leaves out to a file, with line and reason', async () => {
  const rejects = join(folder, 'rejects.jsonl');
  const args = ['append', '-', '--table', 'demo.rejects', '--create', '--types', 'id long', '--on-bad-row', 'reject'];
  const ended = await icestream([...args, '--rejects', rejects, '--json'], 'id,name\n1,a\nx,b\n3,c\n');
  expect(ended).toMatchObject({ code: 0, last: { rows: '2', rejectedRows: 1 } });
  const line = JSON.parse(await readFile(rejects, 'utf8')) as Record<string, unknown>;
  expect(line).toMatchObject({ type: 'reject', line: 3, row: 1, column: 'id' });
});

it.each([
  ['--rejects', 'unused.jsonl'],
  ['--max-bad-rows', '3'],
])('refuses %s where no row is left out', async (option, value) => {
  const args = ['append', '-', '--table', 'demo.unrejected', '--create', option, value, '--json'];
  const ended = await icestream(args, 'id\n1\n');
  expect(ended).toMatchObject({ code: 2, last: { code: 'INVALID_ARGUMENT', option } });
  expect((await icestream(['catalog', 'list', 'demo'])).out).not.toContain('unrejected');
});

it('names the columns of a file that has no header', async () => {
  const args = ['append', '-', '--table', 'demo.headless', '--no-header', '--column-names', 'id, name', '--json'];
  const created = await icestream([...args, '--create'], '1,a\n2,b\n');
  expect(created).toMatchObject({ code: 0, last: { rows: '2' } });
  expect(await icestream(args, '3,c\n')).toMatchObject({ code: 0, last: { rows: '1' } });
  const columns = await icestream(['inspect', 'demo.headless', 'schema']);
  expect(columns.out).toMatch(/id\s+long.*\n.*name\s+string/);
  const named = [...args.slice(0, 6), 'id', '--json'];
  const only = await icestream(named, '4,d\n');
  expect(only).toMatchObject({ code: 3, last: { code: 'INVALID_VALUE', line: 1 } });
  expect(only.last).toMatchObject({ message: expect.stringMatching(/too many fields.*--column-names, --types/) });
  const short = await icestream(named, '4,d\n5,e\n');
  expect(short).toMatchObject({ code: 3, last: { code: 'SCHEMA_MISMATCH', option: '--column-names' } });
});

it('creates an empty table from a schema text', async () => {
  const schema = 'id long not null, at timestamptz, tags list<string>';
  const created = await icestream(['create', 'demo.empty', '--schema', schema, '--partition', 'day(at)', '--json']);
  expect(created).toMatchObject({ code: 0, last: { type: 'result', table: 'demo.empty' } });
  const columns = await icestream(['inspect', 'demo.empty', 'schema']);
  expect(columns.out).toMatch(/id\s+long\s+yes/);
});

it('registers a file that another table wrote, by addFiles', async () => {
  await icestream(['append', '-', '--table', 'demo.origin', '--create'], 'id,name\n1,a\n2,b\n');
  const data = join(folder, 'lakehouse/demo/origin/data');
  const [file = ''] = await readdir(data);
  await icestream(['create', 'demo.adopted', '--schema', 'id long, name string']);
  const added = await icestream(['add-files', join(data, file), '--table', 'demo.adopted', '--json']);
  expect(added).toMatchObject({ code: 0, last: { rows: '2', files: 1 } });
  const again = await icestream(['add-files', join(data, file), '--table', 'demo.adopted', '--json']);
  expect(again).toMatchObject({ code: 2, last: { type: 'error', code: 'INVALID_ARGUMENT' } });
});

it('ends with the exit code of the error class, and prints the error as the last JSON line', async () => {
  const missing = await icestream(['append', airports, '--table', 'demo.nothing', '--json']);
  expect(missing).toMatchObject({ code: 4, last: { type: 'error', code: 'NOT_FOUND' } });
  const usage = await icestream(['append', airports]);
  expect(usage.code).toBe(2);
  expect(usage.err).toContain('--table');
  const html = await icestream(
    ['append', '-', '--table', 'demo.html', '--create', '--json'],
    '<!doctype html><p>no</p>',
  );
  expect(html.code).toBe(3);
  const list = await icestream(['catalog', 'list', 'demo']);
  expect(list.out).not.toContain('demo.html');
});

it('says wrong words as a JSON line too', async () => {
  for (const args of [['frob'], ['append', 'a.csv'], ['append', 'a.csv', '--table', 'demo.t', '--frob']]) {
    const ended = await icestream([...args, '--json']);
    expect(ended).toMatchObject({ code: 2, last: { type: 'error', code: 'INVALID_ARGUMENT' } });
    expect(ended.err).toContain(String(ended.last['message']));
  }
  expect((await icestream(['append', '--help', '--json'])).last).toEqual({});
});

it('refuses flags of a new table where none is to be made', async () => {
  for (const flag of [
    ['--partition', 'month(id)'],
    ['--table-property', 'a=b'],
    ['--schema', 'id long'],
  ]) {
    const ended = await icestream(['append', airports, '--table', 'demo.airports', '--json', ...flag]);
    expect(ended).toMatchObject({ code: 2, last: { code: 'INVALID_ARGUMENT', option: flag[0] } });
  }
});

it('appends to the table that another load created in the meantime', async () => {
  const args = ['append', airports, '--table', 'demo.raced', '--create', '--json'];
  const ended = await Promise.all([icestream(args), icestream(args), icestream(args)]);
  expect(ended.map(({ last }) => last)).toEqual(ended.map(() => expect.objectContaining({ rows: '3376' })));
  const summary = await icestream(['inspect', 'demo.raced', '--json']);
  expect(summary.last).toMatchObject({ summary: { rows: `${3 * 3376}`, snapshots: 3 } });
});

it('names the file of each row that it leaves out', async () => {
  const rejects = join(folder, 'of-many.jsonl');
  await writeFile(join(folder, 'bad-1.csv'), 'id\n1\n');
  await writeFile(join(folder, 'bad-2.csv'), 'id\n2\nx\n');
  const args = ['append', 'bad-?.csv', '--table', 'demo.of_many', '--create', '--types', 'id long', '--json'];
  const ended = await icestream([...args, '--on-bad-row', 'reject', '--rejects', rejects]);
  expect(ended.last).toMatchObject({ rows: '2', rejectedRows: 1 });
  const left = JSON.parse(await readFile(rejects, 'utf8')) as Record<string, unknown>;
  expect(left).toMatchObject({ file: `file://${folder}/bad-2.csv`, line: 3, column: 'id' });
});

it('takes paths as they are written: with #, %, spaces, and a pattern with ?', async () => {
  const names = ['a#1 %.csv', 'a#2 %.csv'];
  for (const name of names) await writeFile(join(folder, name), 'id\n1\n');
  const args = ['--table', 'demo.odd_names', '--create', '--json'];
  expect((await icestream(['append', 'a#1 %.csv', ...args])).last).toMatchObject({ rows: '1' });
  expect((await icestream(['append', 'a#? %.csv', ...args])).last).toMatchObject({ rows: '2' });
});

it('says its version', async () => {
  const said = await icestream(['--version']);
  expect([said.code, said.out.trim()]).toEqual([0, VERSION]);
});

it('teaches with --help', async () => {
  const help = await icestream(['append', '--help']);
  expect(help.code).toBe(0);
  expect(help.out).toContain('Examples:');
  expect(help.out).toContain('--on-bad-row');
});
