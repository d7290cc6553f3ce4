/** `icestream scan` as a person or a program runs it. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tableFromIPC } from 'apache-arrow';
import { afterAll, beforeAll, expect, it } from 'vitest';

const main = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));
let folder: string;

interface Ended {
  readonly code: number | null;
  readonly out: Buffer;
  readonly err: string;
}

/** `takeBytes`: closes the pipe after so many bytes, as `head` does. */
function icestream(args: readonly string[], takeBytes = Infinity): Promise<Ended> {
  const all = ['--conditions=icestream-source', main, ...args, '--warehouse', join(folder, 'lakehouse')];
  const child = spawn(process.execPath, all, { env: { PATH: process.env['PATH'], HOME: folder }, cwd: folder });
  const out: Buffer[] = [];
  let err = '';
  let size = 0;
  child.stdout.on('data', (piece: Buffer) => {
    out.push(piece);
    size += piece.length;
    if (size >= takeBytes) child.stdout.destroy();
  });
  child.stderr.on('data', (piece: Buffer) => {
    err += piece.toString();
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out: Buffer.concat(out), err })));
}

const rows = [
  '{"big":9007199254740993,"price":"12.30","at":"2026-11-21T10:00:00.000001Z","text":"a \\"b\\", c","tags":["x",null]}',
  '{"big":-1,"price":null,"at":null,"text":"","tags":[]}',
  '{"big":null,"price":"-0.05","at":"1969-12-31T23:59:59Z","text":"two\\nlines","tags":null}',
];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'icestream-scan-'));
  await writeFile(join(folder, 'rows.jsonl'), `${rows.join('\n')}\n`);
  const schema = 'big long, price decimal(9,2), at timestamptz, text string, tags list<string>';
  await icestream(['create', 'demo.rows', '--schema', schema]);
  const appended = await icestream(['append', 'rows.jsonl', '--table', 'demo.rows']);
  expect(appended).toMatchObject({ code: 0 });
  const many = Array.from({ length: 60_000 }, (_, i) => `${i},${'x'.repeat(50)}`).join('\n');
  await writeFile(join(folder, 'many.csv'), `id,pad\n${many}\n`);
  await icestream(['append', 'many.csv', '--table', 'demo.many', '--create']);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

it('prints a table, with nulls told from empty text and nothing that moves the cursor', async () => {
  const { code, out } = await icestream(['scan', 'demo.rows', '--select', 'big,price,text']);
  expect(code).toBe(0);
  expect(out.toString().split('\n')).toEqual([
    '             big  price  text',
    '────────────────  ─────  ──────────',
    '9007199254740993  12.30  a "b", c',
    '              -1  NULL',
    '            NULL  -0.05  two\\nlines',
    '',
  ]);
});

it('prints CSV that append reads again as the same rows', async () => {
  const { out } = await icestream(['scan', 'demo.rows', '--format', 'csv']);
  expect(out.toString()).toBe(
    [
      'big,price,at,text,tags',
      '9007199254740993,12.30,2026-11-21T10:00:00.000001+00:00,"a ""b"", c","[""x"",null]"',
      '-1,,,"",[]',
      ',-0.05,1969-12-31T23:59:59+00:00,"two\nlines",',
      '',
    ].join('\n'),
  );
});

it('prints CSV of one column with a line for each row that readers take for one', async () => {
  const { out } = await icestream(['scan', 'demo.rows', '--select', 'price', '--format', 'csv']);
  expect(out.toString()).toBe('price\n12.30\n""\n-0.05\n');
  await writeFile(join(folder, 'prices.csv'), out);
  await icestream(['append', 'prices.csv', '--table', 'demo.prices', '--create']);
  const back = await icestream(['scan', 'demo.prices', '--format', 'ndjson']);
  expect(back.out.toString()).toBe('{"price":12.3}\n{"price":null}\n{"price":-0.05}\n');
});

it.each([['--json'], ['--format=ndjson']])('prints JSON lines with exact numbers with %s', async (flag) => {
  const { out } = await icestream(['scan', 'demo.rows', flag]);
  expect(out.toString().split('\n')).toEqual([
    '{"big":9007199254740993,"price":"12.30","at":"2026-11-21T10:00:00.000001+00:00","text":"a \\"b\\", c","tags":["x",null]}',
    '{"big":-1,"price":null,"at":null,"text":"","tags":[]}',
    '{"big":null,"price":"-0.05","at":"1969-12-31T23:59:59+00:00","text":"two\\nlines","tags":null}',
    '',
  ]);
});

it('prints one Arrow stream, also of no rows', async () => {
  const { out } = await icestream(['scan', 'demo.many', '--format', 'arrow', '--limit', '20000']);
  const table = tableFromIPC(out);
  expect(table.numRows).toBe(20_000);
  expect(table.batches.length).toBeGreaterThan(1);
  expect(table.getChild('id')?.get(19_999)).toBe(19_999n);
  const none = tableFromIPC((await icestream(['scan', 'demo.rows', '--format', 'arrow', '--limit', '0'])).out);
  expect(none.numRows).toBe(0);
  expect(none.schema.fields.map(({ name }) => name)).toEqual(['big', 'price', 'at', 'text', 'tags']);
});

it('ends quietly when the reader of the pipe has enough', async () => {
  for (const format of ['table', 'csv', 'ndjson', 'arrow']) {
    const { code, err } = await icestream(['scan', 'demo.many', '--format', format], 1000);
    expect({ format, code, err }).toEqual({ format, code: 0, err: '' });
  }
});

it('reads an earlier snapshot', async () => {
  await writeFile(join(folder, 'one.csv'), 'id,pad\n1,y\n');
  const list = await icestream(['inspect', 'demo.many', 'snapshots', '--json']);
  const { snapshots } = JSON.parse(list.out.toString()) as { snapshots: { snapshotId: string }[] };
  await icestream(['append', 'one.csv', '--table', 'demo.many']);
  const count = async (args: string[]) =>
    (await icestream(['scan', 'demo.many', '--json', '--select', 'id', ...args])).out.toString().trim().split('\n')
      .length;
  expect(await count([])).toBe(60_001);
  expect(await count(['--ref', 'main'])).toBe(60_001);
  expect(await count(['--snapshot-id', snapshots[0]?.snapshotId ?? ''])).toBe(60_000);
});

it('says what is wrong with its words', async () => {
  const fails = async (args: string[]) => {
    const { code, err } = await icestream(['scan', ...args]);
    return { code, err: err.split('\n')[0] };
  };
  expect(await fails(['demo.rows', '--select', 'BIG'])).toMatchObject({ code: 2, err: expect.stringMatching(/"big"/) });
  expect(await fails(['demo.rows', '--limit', 'ten'])).toMatchObject({
    code: 2,
    err: expect.stringMatching(/--limit/),
  });
  expect(await fails(['demo.rows', '--snapshot-id', '7'])).toMatchObject({ code: 4 });
  expect(await fails(['demo.nothing'])).toMatchObject({ code: 4 });
});

it('prints JSON with the columns in the order wanted, also those whose names are numbers', async () => {
  await writeFile(join(folder, 'years.jsonl'), '{"name":"x","2025":1,"2024":2}\n');
  await icestream(['append', 'years.jsonl', '--table', 'demo.years', '--create']);
  const line = async (...args: string[]) =>
    (await icestream(['scan', 'demo.years', '--json', ...args])).out.toString().trim();
  expect(await line()).toBe('{"name":"x","2025":1,"2024":2}');
  expect(await line('--select', '2025,name')).toBe('{"2025":1,"name":"x"}');
});

// A device whose disk is always full.
it.runIf(existsSync('/dev/full'))('says that what it printed is not complete when the disk is full', async () => {
  const all = ['--conditions=icestream-source', main, '--warehouse', join(folder, 'lakehouse')];
  const onFullDisk = (args: string[]) =>
    spawnSync('/bin/sh', ['-c', 'exec "$@" > /dev/full', 'sh', process.execPath, ...all, ...args], { cwd: folder });
  for (const format of ['table', 'arrow']) {
    const { status, stderr } = onFullDisk(['scan', 'demo.many', '--format', format]);
    expect(stderr.toString()).toMatch(/^STORAGE_FULL: standard output: the disk is full.* is not complete\n$/);
    expect(status).toBe(6);
  }
  // What a load does is done all the same.
  await writeFile(join(folder, 'full.csv'), 'a\n1\n');
  expect(onFullDisk(['append', 'full.csv', '--table', 'demo.full', '--create', '--json']).status).toBe(6);
  expect((await icestream(['scan', 'demo.full', '--json'])).out.toString()).toBe('{"a":1}\n');
});
