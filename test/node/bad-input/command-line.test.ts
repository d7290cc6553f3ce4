/** What goes wrong in a command: its exit code, its last JSON line, and a lakehouse that is as it was. */
import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { contents, type Ended, icestream, nodeArgs, type Setting } from './command.ts';

let folder: string;
const lakehouse = () => join(folder, 'lakehouse');
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'icestream-bad-input-'));
  await writeFile(at('good.csv'), 'a,b\n1,x\n2,y\n');
  const made = await run(['append', 'good.csv', '--table', 'demo.t', '--create', '--types', 'a int']);
  expect(made).toMatchObject({ code: 0, last: { rows: '2' } });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const run = (args: readonly string[], setting: Partial<Setting> = {}): Promise<Ended> =>
  icestream([...args, '--warehouse', lakehouse()], { cwd: folder, ...setting });

/** Runs a command that fails; nothing below the lakehouse changes. */
async function refused(args: readonly string[], expected: object, setting: Partial<Setting> = {}): Promise<Ended> {
  const before = await contents(lakehouse());
  const ended = await run(args, setting);
  expect(ended).toMatchObject(expected);
  expect(await contents(lakehouse())).toEqual(before);
  return ended;
}

const error = (code: number, name: string, more: object = {}) => ({
  code,
  last: { type: 'error', code: name, leftBehind: [], ...more },
});
const append = (file: string, ...more: string[]) => ['append', file, '--table', 'demo.t', ...more];

it.each(['none.csv', 'none.parquet', 'none'])('a source file that is not there: %s', async (name) => {
  const file = `file://${at(name)}`;
  const ended = await refused(append(name), error(3, 'SOURCE_UNREADABLE', { file }));
  expect(ended.last['message']).toMatch(/no such file; check the name/);
  await refused(append(name, '--format', 'csv'), error(3, 'SOURCE_UNREADABLE', { file }));
});

it('a folder instead of a file', async () => {
  await mkdir(at('many'), { recursive: true });
  await writeFile(at('many/one.csv'), 'a,b\n1,x\n');
  const ended = await refused(append('many'), error(3, 'SOURCE_UNREADABLE', { file: `file://${at('many')}` }));
  expect(ended.last['message']).toMatch(/pattern, like folder\/\*\.csv/);
  await refused(append('many', '--format', 'csv'), error(3, 'SOURCE_UNREADABLE'));
});

it('a pattern that matches nothing', async () => {
  await refused(append('2026-*.csv'), error(3, 'SOURCE_EMPTY', { message: expect.stringMatching(/no file matches/) }));
});

/** Root may read and write anything: without its capabilities it is bound by modes like everyone. */
const bound = process.getuid?.() === 0 ? { before: 'set -- setpriv --bounding-set=-all --inh-caps=-all "$@";' } : {};

it('a file that this user may not read', async () => {
  await writeFile(at('secret.csv'), 'a,b\n1,x\n');
  await chmod(at('secret.csv'), 0o000);
  const expected = error(3, 'SOURCE_UNREADABLE', { file: `file://${at('secret.csv')}` });
  const ended = await refused(append('secret.csv'), expected, bound);
  expect(ended.last['message']).toMatch(/permission denied; check the owner and the mode/);
});

it('a lakehouse that this user may not write', async () => {
  const parts = ['', '/demo', '/demo/t', '/demo/t/data', '/demo/t/metadata'];
  for (const part of parts) await chmod(lakehouse() + part, 0o555);
  try {
    const ended = await refused(append('good.csv'), error(5, 'FORBIDDEN'), bound);
    expect(ended.last['message']).toMatch(/permission denied/);
  } finally {
    for (const part of parts) await chmod(lakehouse() + part, 0o755);
  }
});

it.each<[string, string | Uint8Array, object]>([
  ['empty.csv', '', error(3, 'SOURCE_EMPTY')],
  ['page.csv', '<!doctype html><p>no</p>', error(3, 'SOURCE_UNREADABLE')],
  ['cut.csv.gz', gzipSync('a,b\n1,x\n').subarray(0, 15), error(3, 'SOURCE_CORRUPT')],
  ['cut.parquet', 'PAR1 and no more', error(3, 'SOURCE_CORRUPT')],
  ['few.csv', 'a,b\n1,x\n2\n', error(3, 'INVALID_VALUE', { line: 3, row: 1 })],
  ['big.csv', 'a,b\n1,x\n3000000000,y\n', error(3, 'INVALID_VALUE', { line: 3, row: 1, column: 'a' })],
  ['more.csv', 'a,b,c\n1,x,2\n', error(3, 'SCHEMA_MISMATCH', { column: 'c', table: 'demo.t' })],
  ['twice.csv', 'a,a\n1,2\n', error(3, 'SCHEMA_MISMATCH', { column: 'a' })],
  ['list.xlsx', 'PK\u0003\u0004', error(2, 'UNSUPPORTED')],
])('%s', async (name, content, expected) => {
  await writeFile(at(name), content);
  const ended = await refused(append(name), expected);
  expect(ended.last['file']).toBe(`file://${at(name)}`);
  expect(ended.last['message']).toContain(name);
});

it('the same through standard input, named as such', async () => {
  const expected = error(3, 'INVALID_VALUE', { file: 'standard input', line: 2, column: 'a' });
  await refused(append('-', '--format', 'csv'), expected, { stdin: 'a,b\nx,y\n' });
});

it('more bad rows than are allowed', async () => {
  await writeFile(at('bad.csv'), 'a,b\nx,1\n2,y\nz,3\n');
  const rejects = at('rejects.jsonl');
  const flags = ['--on-bad-row', 'reject', '--max-bad-rows', '1', '--rejects', rejects];
  await refused(append('bad.csv', ...flags), error(3, 'TOO_MANY_BAD_ROWS', { line: 4, column: 'a' }));
  expect((await readFile(rejects, 'utf8')).trim().split('\n')).toHaveLength(2);
});

it('rejects that cannot be written', async () => {
  await writeFile(at('bad.csv'), 'a,b\nx,1\n2,y\n');
  const flags = ['--on-bad-row', 'reject', '--rejects', at('no/such/folder/rejects.jsonl')];
  await refused(append('bad.csv', ...flags), error(2, 'INVALID_ARGUMENT', { option: '--rejects' }));
});

it('a table or namespace that is not there, or is already', async () => {
  await refused(['append', 'good.csv', '--table', 'demo.none'], error(4, 'NOT_FOUND', { table: 'demo.none' }));
  await refused(['append', 'good.csv', '--table', 'none.t'], error(4, 'NOT_FOUND', { table: 'none.t' }));
  await refused(['inspect', 'demo.none'], error(4, 'NOT_FOUND', { table: 'demo.none' }));
  await refused(['create', 'demo.t', '--schema', 'a int'], error(4, 'ALREADY_EXISTS', { table: 'demo.t' }));
});

it('a failed create leaves no table', async () => {
  await writeFile(at('few.csv'), 'a,b\n1,x\n2\n');
  await refused(['append', 'few.csv', '--table', 'demo.new', '--create'], error(3, 'INVALID_VALUE', { line: 3 }));
  await refused(['inspect', 'demo.new'], error(4, 'NOT_FOUND'));
});

it('options that cannot be', async () => {
  await refused(append('good.csv', '--memory-limit', '1KiB'), error(2, 'MEMORY_LIMIT_TOO_SMALL'));
  await refused(append('good.csv', '--memory-limit', 'lots'), error(2, 'INVALID_ARGUMENT'));
  await refused(append('good.csv', '--threads', 'some'), error(2, 'INVALID_ARGUMENT', { option: '--threads' }));
  await refused(append('good.csv', '--types', 'a nothing'), error(2, 'INVALID_ARGUMENT'));
  await refused(append('good.csv', '--columns', 'z'), error(3, 'SCHEMA_MISMATCH', { column: 'z' }));
  expect((await run(['append', 'good.csv'])).code).toBe(2);
  expect((await run(['appendd', 'good.csv'])).code).toBe(2);
});

/** A catalog as a function. */
async function serving(answer: (path: string) => { status: number; body: string }) {
  const server: Server = createServer((request, response) => {
    const { status, body } = answer(request.url ?? '');
    response.writeHead(status, { 'content-type': body.startsWith('<') ? 'text/html' : 'application/json' }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    uri: `http://127.0.0.1:${port}`,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

it.each<[string, number, string, object]>([
  [
    'refuses the token',
    401,
    '{"error":{"code":401,"type":"NotAuthorizedException","message":"no"}}',
    error(5, 'UNAUTHENTICATED'),
  ],
  ['forbids', 403, '{"error":{"code":403,"type":"ForbiddenException","message":"no"}}', error(5, 'FORBIDDEN')],
  ['answers with a page', 200, '<html>hello</html>', error(6, 'INVALID_RESPONSE')],
  ['is broken', 500, '<html>oops</html>', error(6, 'UNAVAILABLE', { retryable: true })],
])('a catalog that %s', async (_, status, body, expected) => {
  const server = await serving(() => ({ status, body }));
  try {
    const flags = ['--catalog', server.uri, '--token', 'canary-token', '--table', 'demo.t'];
    const ended = await icestream(['append', 'good.csv', ...flags], { cwd: folder });
    expect(ended).toMatchObject(expected);
    expect(JSON.stringify(ended)).not.toContain('canary-token');
  } finally {
    await server.close();
  }
});

it('a catalog that is not there', async () => {
  const flags = ['--catalog', 'http://127.0.0.1:1', '--table', 'demo.t'];
  expect(await icestream(['append', 'good.csv', ...flags], { cwd: folder })).toMatchObject(error(6, 'UNAVAILABLE'));
});

it('broken metadata', async () => {
  await run(['append', 'good.csv', '--table', 'demo.broken', '--create']);
  const metadata = join(lakehouse(), 'demo/broken/metadata');
  for (const name of [...(await contents(metadata)).keys()].filter((path) => path.endsWith('.json'))) {
    await writeFile(name, '{"format-version":2,');
  }
  const ended = await refused(['append', 'good.csv', '--table', 'demo.broken'], error(4, 'INVALID_METADATA'));
  expect(ended.last['message']).toMatch(/metadata\.json/);
  await rm(join(lakehouse(), 'demo/broken'), { recursive: true });
});

it('an interruption in the middle of a load', async () => {
  const before = await contents(lakehouse());
  const args = [...nodeArgs, ...append('-', '--format', 'csv'), '--json', '--warehouse', lakehouse()];
  const child = spawn(process.execPath, args, { cwd: folder, stdio: ['pipe', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.on('data', (chunk) => (out += String(chunk)));
  child.stdin.on('error', () => {});
  const row = `${'1,some text that is long enough to be noticed\n'.repeat(20_000)}`;
  child.stdin.write(`a,b\n${row}`);
  // The first line of progress says that rows are read.
  let interrupted = false;
  const feed = setInterval(() => {
    child.stdin.write(row);
    if (out.includes('"phase":"write"') && !interrupted) interrupted = child.kill('SIGINT');
  }, 50);
  const code = await new Promise((resolve) => child.on('close', resolve));
  clearInterval(feed);
  expect(code).toBe(130);
  expect(JSON.parse(out.trim().split('\n').at(-1) ?? '{}')).toMatchObject({ type: 'error', code: 'ABORTED' });
  expect(await contents(lakehouse())).toEqual(before);
});

it('a reader of the output who leaves does not stop the load', async () => {
  const args = [...nodeArgs, ...append('good.csv'), '--json', '--warehouse', lakehouse()];
  const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  child.stdout.destroy();
  expect(await new Promise((resolve) => child.on('close', resolve))).toBe(0);
});
