import { describe, expect, test } from 'vitest';
import { newEngine } from '../../../src/engine/default-engine.ts';
import type { RejectedRow } from '../../../src/engine/engine.ts';
import { type FromAnyOptions, fromAny } from '../../../src/source/from-any.ts';
import type { Bytes } from '../../../src/util/bytes.ts';
import { concatBytes } from '../../../src/util/encoding.ts';
import { MemoryLease } from '../../../src/util/memory-budget.ts';
import { openOptions, readAll, text } from './helpers.ts';

const file = (content: string | Bytes, name: string) => new File([content], name);

async function typesOf(content: string, name: string, options: FromAnyOptions = {}) {
  const open = await fromAny(file(content, name), options).open(await openOptions());
  const types = open.schema.fields.map((f) => f.type.kind);
  await open[Symbol.asyncDispose]();
  return types;
}

describe('CSV', () => {
  const csv = 'id,name,ok\n1,ann,true\n2,"b,\nob",false\n3,,\n';
  const rows = [
    { id: 1n, name: 'ann', ok: true },
    { id: 2n, name: 'b,\nob', ok: false },
    { id: 3n, name: null, ok: null },
  ];

  test('names, types and dialect come from the file', async () => {
    expect((await readAll(fromAny(file(csv, 'a.csv')))).rows).toEqual(rows);
    expect((await readAll(fromAny(file(csv.replaceAll(',', ';').replace('b;', 'b,'), 'a.csv')))).rows).toEqual(rows);
    expect(await typesOf(csv, 'a.csv')).toEqual(['int', 'utf8', 'bool']);
  });

  test('the same rows come from any cut of the bytes', async () => {
    for (const step of [1, 2, 7, 1000]) {
      const bytes = text(csv);
      async function* pieces() {
        for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step);
      }
      expect((await readAll(fromAny(pieces(), { name: 'a.csv' }))).rows).toEqual(rows);
    }
  });

  test('with a byte order mark, and in UTF-16 of both orders', async () => {
    const wide = (big: boolean) => {
      const view = new DataView(new ArrayBuffer(2 + 2 * csv.length));
      view.setUint16(0, 0xfeff, !big);
      for (let i = 0; i < csv.length; i++) view.setUint16(2 + 2 * i, csv.charCodeAt(i), !big);
      return new Uint8Array(view.buffer);
    };
    for (const bytes of [text(`\ufeff${csv}`), wide(true), wide(false)]) {
      expect((await readAll(fromAny(file(bytes, 'a.csv')))).rows).toEqual(rows);
    }
  });

  test('a .tsv is cut at tabs, and given options win', async () => {
    const result = await readAll(fromAny(file('a,b\tc\n1,2\tx\n', 'a.tsv')));
    expect(result.columns).toEqual(['a,b', 'c']);
    const given = await readAll(
      fromAny(file('1|x\n2|-\n', 'a.csv'), {
        csv: { delimiter: '|', header: false, nullValues: ['-'], columnNames: ['n', 's'] },
      }),
    );
    expect(given.rows).toEqual([
      { n: 1n, s: 'x' },
      { n: 2n, s: null },
    ]);
  });

  test('types: the caller’s win over the table’s, and those over what is inferred', async () => {
    const utf8 = { kind: 'utf8', layout: 'offset32' } as const;
    const expected = {
      fields: [
        { name: 'id', nullable: false, fieldId: 1, type: utf8 },
        { name: 'x', nullable: true, fieldId: 2, type: utf8 },
      ],
    };
    const schema = {
      type: 'struct',
      fields: [{ id: 9, name: 'x', required: false, type: 'decimal(9, 2)' }],
    } as const;
    const open = await fromAny(file('id,x,y\n1,2.5,3\n', 'a.csv'), { schema }).open(await openOptions({ expected }));
    expect(open.schema.fields.map((f) => [f.name, f.type.kind])).toEqual([
      ['id', 'utf8'],
      ['x', 'decimal'],
      ['y', 'int'],
    ]);
    await open[Symbol.asyncDispose]();
  });

  test('some columns only, in the order asked for', async () => {
    const result = await readAll(fromAny(file(csv, 'a.csv'), { columns: ['ok', 'id'] }));
    expect(result.rows[1]).toEqual({ ok: false, id: 2n });
    expect(result.columns).toEqual(['ok', 'id']);
    await expect(readAll(fromAny(file(csv, 'a.csv'), { columns: ['x'] }))).rejects.toMatchObject({
      code: 'SCHEMA_MISMATCH',
      place: { file: 'a.csv', column: 'x', option: 'columns' },
    });
  });

  test('a blank line is a row where there is one column, and none where there are more', async () => {
    const one = await readAll(fromAny(file('\na\n1\n\n""\n3\n\n', 'a.csv')));
    expect(one.rows).toEqual([{ a: 1n }, { a: null }, { a: null }, { a: 3n }, { a: null }]);
    const words = await readAll(fromAny(file('a\nx\n\n""\n', 'a.csv')));
    expect(words.rows).toEqual([{ a: 'x' }, { a: null }, { a: '' }]);
    const two = await readAll(fromAny(file('a,b\n1,2\n\n3,4\n\n', 'a.csv')));
    expect(two.rows).toHaveLength(2);
  });

  test('a header without rows is a source of no rows', async () => {
    const result = await readAll(fromAny(file('a,b\n', 'a.csv')));
    expect([result.columns, result.rows]).toEqual([['a', 'b'], []]);
  });

  test('duplicate and empty names are refused, and can be given anew', async () => {
    await expect(readAll(fromAny(file('a,a,\n1,2,3\n', 'x.csv')))).rejects.toMatchObject({
      code: 'SCHEMA_MISMATCH',
      message: expect.stringMatching(/^x\.csv has columns.*\n {2}a: occurs twice.*\n {2}"#3": has an empty name/),
    });
    const renamed = await readAll(
      fromAny(file('a,a,\n1,2,3\n', 'x.csv'), { csv: { columnNames: ['a', 'b', 'c'], header: true } }),
    );
    expect(renamed.rows).toEqual([{ a: 1n, b: 2n, c: 3n }]);
    await expect(readAll(fromAny(file('a,b\n1,2\n', 'x.csv'), { csv: { columnNames: ['a'] } }))).rejects.toMatchObject({
      code: 'SCHEMA_MISMATCH',
      message: expect.stringMatching(/columnNames has 1 name and the header has 2 names; /),
    });
  });

  test('names that are given stand in for those that are not UTF-8', async () => {
    const bytes = concatBytes([
      new TextEncoder().encode('a'),
      Uint8Array.of(0xff),
      new TextEncoder().encode(',b\n1,2\n'),
    ]);
    const open = (columnNames?: string[]) =>
      readAll(fromAny(new File([bytes], 'x.csv'), columnNames === undefined ? {} : { csv: { columnNames } }));
    expect((await open(['x', 'y'])).rows).toEqual([{ x: 1n, y: 2n }]);
    await expect(open()).rejects.toMatchObject({
      code: 'SOURCE_CORRUPT',
      message: expect.stringMatching(/line 1, the header: name 1 is not UTF-8.*csv\.columnNames/),
      place: { line: 1 },
    });
  });

  test('__proto__ is a column', async () => {
    const result = await readAll(fromAny(file('__proto__,constructor\n1,2\n', 'a.csv')));
    expect(result.columns).toEqual(['__proto__', 'constructor']);
    expect(result.sizes).toEqual([1]);
  });
});

describe('a first row that is longer than the sample', () => {
  const long = 'x'.repeat(1 << 20);

  test.each([
    ['a.csv', `s,n\n${long},1\ny,2\n`],
    ['a.csv', `s,n\n"${long}",1\n"y",2`],
    ['a.ndjson', `{"s":"${long}","n":1}\n{"s":"y","n":2}`],
    ['a.json', `[{"s":"${long}","n":1},{"s":"y","n":2}]`],
  ])('has types as any other: %s', async (name, content) => {
    const { columns, rows } = await readAll(fromAny(file(content, name)));
    expect(columns).toEqual(['s', 'n']);
    expect(rows).toEqual([
      { s: long, n: 1n },
      { s: 'y', n: 2n },
    ]);
  });

  test.each([
    ['a.csv', `\n"a","${long.repeat(17)}`, 2],
    ['a.csv', `a,b\n"1","${long.repeat(17)}`, 2],
    ['a.ndjson', `\n{"a":"${long.repeat(17)}`, 2],
    ['a.json', `[\n\n{"a":"${long.repeat(17)}`, 3],
  ])('is named by its line where nothing longer is read: %s', async (name, content, line) => {
    const lease = new MemoryLease(512 << 20);
    // In a Worker the usual one would be full.
    const engine = await newEngine({ memoryLimitBytes: 256 << 20 });
    await expect(readAll(fromAny(file(content, name)), { engine, lease })).rejects.toMatchObject({
      code: 'SOURCE_CORRUPT',
      message: expect.stringContaining(`line ${line}`),
      place: { file: name, line },
    });
  });

  test('is refused where the memory limit is too small to look at it', async () => {
    const content = `\n\n{"s":"${long.repeat(3)}"}\n`;
    const open = fromAny(file(content, 'a.ndjson')).open({
      ...(await openOptions()),
      lease: new MemoryLease(32 << 20),
    });
    const place = { file: 'a.ndjson', line: 3, option: 'memoryLimitBytes', neededBytes: 64 << 20 };
    await expect(open).rejects.toMatchObject({ code: 'MEMORY_LIMIT_TOO_SMALL', place });
    await using opened = await fromAny(file(content, 'a.ndjson')).open({
      ...(await openOptions()),
      lease: new MemoryLease(place.neededBytes),
    });
    expect(opened.schema.fields.map((field) => field.name)).toEqual(['s']);
  });
});

test('an escape character without quotes is refused', async () => {
  const csv = { quote: null, escape: '\\' };
  await expect(readAll(fromAny(file('a,b\n1,2\\,3\n', 'x.csv'), { csv }))).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    place: { option: 'csv.escape', file: 'x.csv' },
  });
});

describe('rows that do not fit', () => {
  const bad = 'a,b\n1,x\n2\n3,y,z\nfour,z\n5,v\n';
  const schema = {
    type: 'struct',
    fields: [
      { id: 1, name: 'a', required: false, type: 'int' },
      { id: 2, name: 'b', required: false, type: 'string' },
    ],
  } as const;

  test('fail the source, naming file, line, row and column', async () => {
    await expect(readAll(fromAny(file('a,b\n1,x\nfour,z\n', 'x.csv'), { schema }))).rejects.toMatchObject({
      code: 'INVALID_VALUE',
      place: { file: 'x.csv', line: 3, row: 1, column: 'a' },
      message: expect.stringMatching(/^x\.csv: /),
    });
    await expect(readAll(fromAny(file(bad, 'x.csv'), { schema }))).rejects.toMatchObject({
      code: 'INVALID_VALUE',
      place: { file: 'x.csv', line: 3, row: 1 },
    });
  });

  test('are also the first of a file without a header', async () => {
    const csv = { delimiter: ',', header: false, columnNames: ['a', 'b'] };
    const { rows } = await readAll(fromAny(file('1\n2,x\n3,y\n', 'x.csv'), { csv, onBadRow: 'reject' }));
    expect(rows).toEqual([
      { a: 2n, b: 'x' },
      { a: 3n, b: 'y' },
    ]);
  });

  test.each([
    ['csv.columnNames', { csv: { header: false, columnNames: ['a', 'b'] } }],
    ['schema', { csv: { header: false }, schema }],
    ['both', { csv: { header: false, columnNames: ['a', 'b'] }, schema }],
  ])('are also the only one of a file without a header, whose columns are named by %s', async (_, options) => {
    for (const only of ['1\n', '\n1', '1,x,y\n', '1;x;y']) {
      const source = fromAny(file(only, 'x.csv'), options);
      const line = only.startsWith('\n') ? 2 : 1;
      await expect(readAll(source), only).rejects.toMatchObject({
        code: 'INVALID_VALUE',
        place: { file: 'x.csv', line, row: 0 },
        message: expect.stringMatching(
          /^x\.csv: line \d: too (few|many) fields: \d instead of 2; .*csv\.columnNames.*onBadRow/,
        ),
      });
      const rejects: RejectedRow[] = [];
      const onReject = (rows: readonly RejectedRow[]) => void rejects.push(...rows);
      const { rows, columns } = await readAll(fromAny(file(only, 'x.csv'), { ...options, onBadRow: 'reject' }), {
        onReject,
      });
      expect([rows, columns, rejects.length]).toEqual([[], ['a', 'b'], 1]);
    }
  });

  test('and columns that are too many or too few in most rows are named anew, not taken for bad rows', async () => {
    for (const [text, csv, found] of [
      ['1,x,y\n2,x,y\n', { header: false }, 'most rows have 3 fields'],
      ['1\n2\n3,x\n', { header: false }, 'most rows have 1 field'],
      ['p,q,r\n', { header: true }, 'the header has 3 names'],
    ] as const) {
      const source = fromAny(file(text, 'x.csv'), { csv: { ...csv, columnNames: ['a', 'b'] }, onBadRow: 'reject' });
      await expect(readAll(source), text).rejects.toMatchObject({
        code: 'SCHEMA_MISMATCH',
        place: { file: 'x.csv', option: 'csv.columnNames' },
        message: expect.stringContaining(`x.csv: csv.columnNames has 2 names and ${found}; `),
      });
    }
  });

  test('do not hide the delimiter that cuts the others as their names say', async () => {
    const csv = { header: false, columnNames: ['a', 'b'] };
    const { rows } = await readAll(fromAny(file('1\n2|x\n', 'x.csv'), { csv, onBadRow: 'reject' }));
    expect(rows).toEqual([{ a: 2n, b: 'x' }]);
  });

  test('or are set aside and reported, up to a limit', async () => {
    const rejects: RejectedRow[] = [];
    const onReject = (rows: readonly RejectedRow[]) => void rejects.push(...rows);
    const result = await readAll(fromAny(file(bad, 'x.csv'), { schema, onBadRow: 'reject' }), { onReject });
    expect(result.rows).toEqual([
      { a: 1, b: 'x' },
      { a: 5, b: 'v' },
    ]);
    expect(rejects.map((r) => [r.line, r.row, r.column])).toEqual([
      [3, 1, null],
      [4, 2, null],
      [5, 3, 'a'],
    ]);
    rejects.length = 0;
    const limited = fromAny(file(bad, 'x.csv'), { schema, onBadRow: 'reject', maxBadRows: 2 });
    await expect(readAll(limited, { onReject })).rejects.toMatchObject({
      code: 'TOO_MANY_BAD_ROWS',
      place: { file: 'x.csv', line: 5, row: 3, column: 'a' },
      message: expect.stringMatching(/more than 2 rows/),
    });
    expect(rejects.length).toBe(3);
    expect(() => fromAny(file(bad, 'x'), { maxBadRows: -1 })).toThrow(/maxBadRows/);
  });

  test('the limit counts over all files', async () => {
    const two = [file('a,b\n1,x\nq,y\n', 'a.csv'), file('a,b\nq,x\n1,y\n', 'b.csv')];
    const options = { schema, onBadRow: 'reject', maxBadRows: 1 } as const;
    await expect(readAll(fromAny(two, options))).rejects.toMatchObject({
      code: 'TOO_MANY_BAD_ROWS',
      place: { file: 'b.csv', row: 0 },
    });
    expect((await readAll(fromAny(two, { ...options, maxBadRows: 2 }))).rows.length).toBe(2);
  });
});

describe('JSON', () => {
  const rows = [
    { id: 1n, tags: ['a'], at: { x: 1.5 } },
    { id: 9007199254740993n, tags: [], at: null },
  ];
  const lines = '{"id":1,"tags":["a"],"at":{"x":1.5}}\n{"id":9007199254740993,"tags":[],"at":null}\n';

  test('lines and one array are the same', async () => {
    const array = `[${lines.trim().split('\n').join(',')}]`;
    for (const content of [lines, array, `\n ${array}`, `\ufeff${lines}`]) {
      expect((await readAll(fromAny(text(content)))).rows).toEqual(rows);
    }
    expect((await readAll(fromAny(text(array.replaceAll(',', ',\n'))))).rows).toEqual(rows);
  });

  test('in UTF-16', async () => {
    const view = new DataView(new ArrayBuffer(2 + 2 * lines.length));
    view.setUint16(0, 0xfeff, false);
    for (let i = 0; i < lines.length; i++) view.setUint16(2 + 2 * i, lines.charCodeAt(i), false);
    expect((await readAll(fromAny(new Uint8Array(view.buffer), { format: 'json' }))).rows).toEqual(rows);
    const half = new Uint8Array(view.buffer).slice(0, -1);
    await expect(readAll(fromAny(half, { format: 'json', name: 'x' }))).rejects.toMatchObject({
      code: 'SOURCE_CORRUPT',
    });
  });

  test('columns: a choice, and one that only the schema knows', async () => {
    const result = await readAll(fromAny(text(lines), { columns: ['id'] }));
    expect(result.rows).toEqual([{ id: 1n }, { id: 9007199254740993n }]);
    const schema = { type: 'struct', fields: [{ id: 1, name: 'late', required: false, type: 'date' }] } as const;
    expect((await readAll(fromAny(text(lines), { schema }))).columns).toEqual(['id', 'tags', 'at', 'late']);
  });

  test('a field that comes after the sample is never lost without a word', async () => {
    const many = Array.from({ length: 20_000 }, (_, i) => `{"id":${i},"who":{"a":1}}\n`);
    const late = `${many.join('')}{"id":7,"new":true}\n{"id":8,"who":{"a":1,"b":2}}\n{"id":9}\n`;
    const open = (options: FromAnyOptions) => fromAny(file(late, 'x.ndjson'), options);
    await expect(readAll(open({}))).rejects.toMatchObject({
      code: 'INVALID_VALUE',
      place: { file: 'x.ndjson', line: 20_001, row: 20_000, column: 'new' },
      message: expect.stringMatching(/^x\.ndjson: line 20001, column new: .*schema .*--types.*sampleBytes.*columns/),
    });
    const rejects: RejectedRow[] = [];
    const onReject = (rows: readonly RejectedRow[]) => void rejects.push(...rows);
    expect((await readAll(open({ onBadRow: 'reject' }), { onReject })).rows.length).toBe(20_001);
    expect(rejects.map((r) => [r.line, r.column])).toEqual([
      [20_001, 'new'],
      [20_002, 'who.b'],
    ]);
    const seen = await readAll(open({ sampleBytes: 1 << 20 }));
    expect([seen.columns, seen.rows.length]).toEqual([['id', 'who', 'new'], 20_003]);
    const chosen = await readAll(open({ columns: ['id'] }));
    expect([chosen.columns, chosen.rows.length]).toEqual([['id'], 20_003]);
    await expect(readAll(open({ columns: ['id', 'who'] }))).rejects.toMatchObject({ place: { column: 'who.b' } });
  });

  test('no rows have the columns that the caller names', async () => {
    const schema = { type: 'struct', fields: [{ id: 1, name: 'a', required: false, type: 'int' }] } as const;
    for (const [content, name] of [
      ['[]', 'x.json'],
      ['\n', 'x.ndjson'],
    ] as const) {
      expect(await readAll(fromAny(file(content, name), { schema }))).toMatchObject({ columns: ['a'], rows: [] });
    }
  });

  test('a broken row in the sample makes no column', async () => {
    const source = fromAny(file('{"a":1}\n{"b":2,}\n{"a":3}\n', 'x.ndjson'), { onBadRow: 'reject' });
    const { columns, rows } = await readAll(source);
    expect(columns).toEqual(['a']);
    expect(rows).toEqual([{ a: 1n }, { a: 3n }]);
  });

  test('broken JSON names the line; nothing at all is empty', async () => {
    await expect(readAll(fromAny(text('{"a":1}\n{"a":\n{"a":3}\n'), { name: 'x.ndjson' }))).rejects.toMatchObject({
      code: 'INVALID_VALUE',
      place: { file: 'x.ndjson', line: 2, row: 1 },
    });
    await expect(readAll(fromAny(text('{"type": "FeatureCollection",\n"features": []}')))).rejects.toMatchObject({
      code: 'SOURCE_CORRUPT',
      message: expect.stringMatching(/one JSON object a line, or one array/),
    });
    await expect(readAll(fromAny(text('[[[[['), { name: 'x.json' }))).rejects.toMatchObject({ code: 'SOURCE_CORRUPT' });
    await expect(readAll(fromAny(text('[]'), { name: 'x.json' }))).rejects.toMatchObject({ code: 'SOURCE_EMPTY' });
    await expect(readAll(fromAny(text('\n\n'), { name: 'x.json' }))).rejects.toMatchObject({ code: 'SOURCE_EMPTY' });
  });
});

describe('compression is undone on the way', () => {
  const gzip = async (bytes: Bytes) =>
    new Uint8Array(
      await new Response(new Blob([bytes]).stream().pipeThrough(new CompressionStream('gzip'))).arrayBuffer(),
    );
  const csv = `a,b\n${Array.from({ length: 20_000 }, (_, i) => `${i},v${i % 10}`).join('\n')}\n`;

  test('gzip, also twice, and in members', async () => {
    const once = await gzip(text(csv));
    for (const bytes of [once, await gzip(once)]) {
      let read = 0;
      const result = await readAll(fromAny(new Blob([bytes])), { onBytesRead: (n) => (read += n) });
      expect(result.rows.length).toBe(20_000);
      expect(result.rows[19_999]).toEqual({ a: 19_999n, b: 'v9' });
      expect(read).toBe(bytes.length);
    }
    const half = Math.floor(csv.length / 2);
    const members = new Blob([await gzip(text(csv.slice(0, half))), await gzip(text(csv.slice(half)))]);
    expect((await readAll(fromAny(members))).rows.length).toBe(20_000);
  });

  test('zstd', async () => {
    // "hello, hello, hello\n", by zstd 1.5.
    const bytes = Uint8Array.from(atob('KLUv/QRYdQAAQGhlbGxvLCAKAQDiihEhaZ2H'), (c) => c.charCodeAt(0));
    const result = await readAll(fromAny(bytes, { csv: { delimiter: ',', header: false } }));
    expect(result.rows.map((row) => Object.values(row).map((v) => String(v).trim()))).toEqual([
      ['hello', 'hello', 'hello'],
    ]);
  });

  test('a body that is cut off or broken is an error', async () => {
    const bytes = await gzip(text(csv));
    await expect(readAll(fromAny(bytes.slice(0, -10), { name: 'x.csv.gz' }))).rejects.toMatchObject({
      code: 'SOURCE_CORRUPT',
      place: { file: 'x.csv.gz' },
    });
    const broken = bytes.slice();
    broken.fill(0x55, 1000, 1100);
    await expect(readAll(fromAny(broken, { name: 'x.csv.gz' }))).rejects.toMatchObject({ code: 'SOURCE_CORRUPT' });
    await expect(readAll(fromAny(bytes, { name: 'x', compression: 'none' }))).rejects.toMatchObject({
      code: 'SOURCE_UNREADABLE',
      message: expect.stringMatching(/compressed with gzip, though the option/),
    });
  });
});
