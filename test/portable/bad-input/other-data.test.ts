/** What is given is not the data that was meant: nothing, another format, a bomb, no file, no table. */
import * as arrow from 'apache-arrow';
import { describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../../src/errors.ts';
import { arrowSource } from '../../../src/source/arrow-js.ts';
import { type FromAnyOptions, fromAny, type SourceInput } from '../../../src/source/from-any.ts';
import type { Schema } from '../../../src/spec/schema.ts';
import { MemoryStore } from '../../../src/storage/memory/index.ts';
import type { Bytes } from '../../../src/util/bytes.ts';
import { fromBase64 } from '../../../src/util/encoding.ts';
import { pyarrowEmpty } from '../../fixtures/parquet-files.ts';
import { lake } from '../write/lake.ts';
import { testEngine } from '../write/rows.ts';
import { answering, expectError, gzip, refused, target, utf8 } from './refusal.ts';

const ab: Schema = {
  type: 'struct',
  fields: [
    { id: 1, name: 'a', required: false, type: 'int' },
    { id: 2, name: 'b', required: false, type: 'string' },
  ],
};
const FIRST = '{"a":1,"b":"here before"}\n';
const engine = await testEngine();

const streamed = (bytes: Bytes) =>
  new ReadableStream<Bytes>({
    start: (controller) => {
      if (bytes.length > 0) controller.enqueue(bytes);
      controller.close();
    },
  });

describe('a source of no bytes', () => {
  test.each(['in.csv', 'in.json', 'in.parquet', 'in.arrow', 'in.csv.gz', 'in.ndjson.zst', 'in'])('%s', async (name) => {
    const here = await target(ab, FIRST);
    const expected = { code: 'SOURCE_EMPTY', place: { file: name }, message: /empty \(0 bytes\)/ } as const;
    await refused(here, new Uint8Array(0), expected, { source: { name } });
    await refused(here, new File([], name), expected);
    await refused(here, streamed(new Uint8Array(0)), expected, { source: { name } });
    await refused(here, [new File([], name), new File([], 'other')], { code: 'SOURCE_EMPTY' });
  });

  test('in a gzip', async () => {
    const here = await target(ab, FIRST);
    const packed = new File([await gzip(new Uint8Array(0))], 'in.csv.gz');
    await refused(here, packed, { code: 'SOURCE_EMPTY', place: { file: 'in.csv.gz' } });
  });

  test.each<[string, SourceInput]>([
    ['line breaks alone', new File(['\n\n\n'], 'in')],
    ['a byte order mark alone', new File([Uint8Array.of(0xef, 0xbb, 0xbf)], 'in')],
    ['an empty JSON array', new File(['[]'], 'in')],
    ['no rows', fromAny([], { name: 'in' })],
    ['rows without columns', fromAny([{}, {}], { name: 'in' })],
  ])('%s', async (_, input) => {
    await refused(await target(ab, FIRST), input, { code: 'SOURCE_EMPTY', place: { file: 'in' } });
  });
});

describe('a source of columns and no rows', () => {
  const none = new arrow.Table(
    new arrow.Schema([new arrow.Field('a', new arrow.Int32(), true), new arrow.Field('b', new arrow.Utf8(), true)]),
  );
  const gunzip = async (base64: string) =>
    new Response(new Blob([fromBase64(base64)]).stream().pipeThrough(new DecompressionStream('gzip'))).arrayBuffer();

  test.each<[string, () => SourceInput]>([
    ['CSV', () => new File(['a,b\n'], 'in.csv')],
    ['an Arrow stream', () => new Uint8Array(arrow.tableToIPC(none, 'stream'))],
    ['an Arrow file', () => new Uint8Array(arrow.tableToIPC(none, 'file'))],
    ['an Arrow table', () => arrowSource(none)],
  ])('commits nothing: %s', async (_, input) => {
    const here = await target(ab, FIRST);
    const before = await here.lake.objects();
    const result = await here.table.append(input(), { engine });
    expect(result).toMatchObject({ rows: 0n, files: 0, snapshotId: null });
    expect(await here.lake.objects()).toEqual(before);
  });

  test('commits nothing: Parquet', async () => {
    const { catalog } = await lake();
    const name = { name: 'in.parquet' };
    const { table, result } = await catalog.createAndAppend(
      'sales.none',
      fromAny(new Uint8Array(await gunzip(pyarrowEmpty)), name),
      {},
      { engine },
    );
    expect(result.rows).toBe(0n);
    expect((await table.append(fromAny(new Uint8Array(await gunzip(pyarrowEmpty)), name), { engine })).snapshotId).toBe(
      null,
    );
  });
});

describe('another format', () => {
  const page = '<!DOCTYPE html>\n<html><body>Please sign in</body></html>';
  test.each(['in.csv', 'in.json', 'in.parquet', 'in.arrow', 'in', 'in.csv.gz'])('a web page as %s', async (name) => {
    const here = await target(ab, FIRST);
    const expected = {
      code: 'SOURCE_UNREADABLE',
      place: { file: name },
      message: /web page.*check the address/,
    } as const;
    await refused(here, new File([page], name), expected);
    for (const format of ['csv', 'json', 'parquet', 'arrow'] as const) {
      await refused(here, streamed(utf8(page)), expected, { source: { name, format } });
    }
  });

  test('a web page from a server', async () => {
    const here = await target(ab, FIRST);
    const world = answering(() => new Response(page, { headers: { 'content-type': 'text/html' } }));
    const place = { file: 'https://data.example/in.csv' };
    await refused(
      here,
      'https://data.example/in.csv',
      { code: 'SOURCE_UNREADABLE', place, message: /web page/ },
      { source: { world } },
    );
  });

  test.each([
    [401, /credentials/],
    [403, /denied/],
    [404, /no such file/],
    [500, /answered 500/],
  ])('an answer of %i', async (status, message) => {
    const here = await target(ab, FIRST);
    const world = answering(() => new Response('<h1>sorry</h1>', { status }));
    const place = { file: 'https://data.example/in.csv', status };
    const url = 'https://data.example/in.csv?signature=SECRET';
    const error = await refused(here, url, { code: 'SOURCE_UNREADABLE', place, message }, { source: { world } });
    expect(JSON.stringify([error.message, error.place])).not.toContain('SECRET');
  });

  test.each<[string, Bytes, FromAnyOptions, ErrorCode]>([
    ['CSV as Parquet', utf8('a,b\n1,x\n2,y\n3,z\n'), { format: 'parquet' }, 'SOURCE_CORRUPT'],
    ['CSV as Arrow', utf8('a,b\n1,x\n2,y\n3,z\n'), { format: 'arrow' }, 'SOURCE_CORRUPT'],
    ['CSV as JSON', utf8('a,b\n1,x\n2,y\n3,z\n'), { format: 'json' }, 'SOURCE_CORRUPT'],
    ['a spreadsheet', Uint8Array.of(0x50, 0x4b, 3, 4, 20, 0, 6, 0), {}, 'UNSUPPORTED'],
    ['an ORC file', utf8('ORC\u0001\u0002'), {}, 'UNSUPPORTED'],
    ['an Avro file', utf8('Obj\u0001\u0002'), {}, 'UNSUPPORTED'],
    ['bytes of any kind', Uint8Array.of(1, 2, 0, 255, 254, 3), {}, 'UNSUPPORTED'],
    ['a server’s message', utf8('<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>'), {}, 'UNSUPPORTED'],
    ['text as gzip', utf8('a,b\n1,x\n'), { compression: 'gzip' }, 'SOURCE_CORRUPT'],
  ])('%s', async (_, bytes, options, code) => {
    await refused(
      await target(ab, FIRST),
      bytes,
      { code, place: { file: 'in.dat' } },
      { source: { ...options, name: 'in.dat' } },
    );
  });
});

describe('what would fill the memory', () => {
  const megabyte = 'x'.repeat(1 << 20);
  async function* quoteWithoutEnd(): AsyncGenerator<Bytes> {
    yield utf8('a,b\n1,"');
    for (let i = 0; i < 1000; i++) yield utf8(megabyte);
  }

  test('a cell without an end stops at a limit', async () => {
    const here = await target(ab, FIRST);
    const expected = {
      code: 'SOURCE_CORRUPT',
      place: { file: 'in.csv', line: 2 },
      message: /quote that opens on line 2 is never closed/,
    } as const;
    await refused(here, quoteWithoutEnd(), expected, { source: { name: 'in.csv' } });
  });

  test('a header without an end stops at a limit', async () => {
    const here = await target(ab, FIRST);
    async function* line() {
      for (let i = 0; i < 1000; i++) yield utf8(megabyte);
    }
    await refused(
      here,
      line(),
      {
        code: 'SOURCE_CORRUPT',
        place: { file: 'in.csv' },
        message:
          /no record ends .*: look for a quote .*csv\.quote.*option format.*; rows of more than 16777216 bytes cannot be read/,
      },
      { source: { name: 'in.csv' }, write: { memoryLimitBytes: 256 << 20 } },
    );
  });

  test('a JSON row without an end stops at a limit', async () => {
    const here = await target(ab, FIRST);
    async function* line() {
      yield utf8('{"a":1,"b":"');
      for (let i = 0; i < 1000; i++) yield utf8(megabyte);
    }
    await refused(
      here,
      line(),
      {
        code: 'SOURCE_CORRUPT',
        place: { file: 'in.ndjson' },
        message:
          /no record ends .*: rows are one JSON object a line.*option format.*; rows of more than 16777216 bytes cannot be read/,
      },
      { source: { name: 'in.ndjson' }, write: { memoryLimitBytes: 256 << 20 } },
    );
  });

  test('a gzip bomb grows no further than a row may', async () => {
    const here = await target(ab, FIRST);
    const before = engine.memoryBytes;
    const bomb = await new Response(
      new ReadableStream<Bytes>({
        start: (controller) => controller.enqueue(utf8('a,b\n1,"')),
        pull: (controller) => {
          sent += 1;
          if (sent > 100) controller.close();
          else controller.enqueue(utf8(megabyte));
        },
      }).pipeThrough(new CompressionStream('gzip')),
    ).arrayBuffer();
    expect(bomb.byteLength).toBeLessThan(1 << 20);
    const file = new File([bomb], 'bomb.csv.gz');
    await refused(here, file, { code: 'SOURCE_CORRUPT', place: { file: 'bomb.csv.gz', line: 2 } });
    const twice = new File([await gzip(new Uint8Array(bomb))], 'bomb.csv.gz');
    await refused(here, twice, { code: 'SOURCE_CORRUPT', place: { file: 'bomb.csv.gz', line: 2 } });
    expect(engine.memoryBytes - before).toBeLessThan(80 << 20);
  });
  let sent = 0;

  test('lists in lists are written as deep as types go, and refused beyond', async () => {
    const nested = (levels: number) => `{"a":${'['.repeat(levels)}1${']'.repeat(levels)}}\n`;
    const { catalog } = await lake();
    const { table } = await catalog.createAndAppend(
      'sales.deep',
      fromAny(new File([nested(32)], 'in.ndjson')),
      {},
      { engine },
    );
    const rows: unknown[] = [];
    for await (const row of table.scan({ engine }).rows())
      rows.push(JSON.stringify(row, (_, v) => (typeof v === 'bigint' ? `${v}` : v)));
    expect(rows).toEqual([nested(32).trim().replace('1', '"1"')]);
    const deeper = catalog.createAndAppend(
      'sales.deeper',
      fromAny(new File([nested(33)], 'in.ndjson')),
      {},
      { engine },
    );
    await expect(deeper).rejects.toMatchObject({ code: 'UNSUPPORTED', place: { file: 'in.ndjson', column: 'a' } });
  });

  test('archives in archives are not unpacked for ever', async () => {
    const here = await target(ab, FIRST);
    let bytes = utf8('a,b\n1,x\n');
    for (let i = 0; i < 4; i++) bytes = await gzip(bytes);
    const expected = { code: 'SOURCE_UNREADABLE', place: { file: 'in.csv.gz' }, message: /more than 2 times/ } as const;
    await refused(here, new File([bytes], 'in.csv.gz'), expected);
  });
});

describe('nothing there', () => {
  test('a table', async () => {
    const { catalog, objects } = await lake();
    const error = await catalog.loadTable('sales.orderz').catch((thrown: unknown) => thrown);
    expectError(error, { code: 'NOT_FOUND', place: { table: 'sales.orderz' } });
    const namespace = await catalog.loadTable('nowhere.t').catch((thrown: unknown) => thrown);
    expectError(namespace, { code: 'NOT_FOUND', place: { table: 'nowhere.t' } });
    expect((await objects()).filter((location) => /parquet|avro/.test(location))).toEqual([]);
  });

  test('a file of a store', async () => {
    const here = await target(ab, FIRST);
    const store = new MemoryStore('in');
    const location = 'memory://in/none.csv';
    const expected = {
      code: 'SOURCE_UNREADABLE',
      place: { file: location },
      message: /no such file; check the name/,
    } as const;
    for (const format of ['csv', 'parquet', 'arrow', undefined] as const) {
      await refused(here, { store, location }, expected, { source: format === undefined ? {} : { format } });
    }
    const glob = 'memory://in/2026-*.csv';
    await refused(here, { store, glob }, { code: 'SOURCE_EMPTY', place: { file: glob }, message: /no file matches/ });
  });

  test('a stream that breaks', async () => {
    const here = await target(ab, FIRST);
    async function* breaking() {
      yield utf8('a,b\n1,x\n');
      throw new Error('the socket closed');
    }
    const expected = {
      code: 'SOURCE_UNREADABLE',
      place: { file: 'in.csv' },
      message: /after 8 bytes: the socket closed/,
    } as const;
    await refused(here, breaking(), expected, { source: { name: 'in.csv' } });
    async function* rows() {
      yield { a: 1, b: 'x' };
      throw new Error('the cursor is gone');
    }
    const place = { file: 'feed' };
    await refused(
      here,
      rows(),
      { code: 'SOURCE_UNREADABLE', place, message: /after 1 rows: the cursor/ },
      { source: { name: 'feed' } },
    );
  });

  test.each<[string, unknown]>([
    ['null', null],
    ['a number', 7],
    ['a text that is no URL', 'orders.csv'],
    ['an empty list', []],
    ['numbers', [1, 2]],
  ])('a source: %s', async (_, input) => {
    const here = await target(ab, FIRST);
    const append = async () => here.table.append(input as SourceInput, { engine });
    const error = await append().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: expect.stringMatching(/INVALID_ARGUMENT|SOURCE_EMPTY/) });
  });
});
