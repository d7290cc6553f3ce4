/** Rows of CSV and JSON that do not fit: the error names file, line, row and column, and the table keeps its one row. */
import { describe, expect, test } from 'vitest';
import type { RejectedRow } from '../../../src/engine/engine.ts';
import { fromAny } from '../../../src/source/from-any.ts';
import type { Schema } from '../../../src/spec/schema.ts';
import type { Type } from '../../../src/spec/types.ts';
import { lake } from '../write/lake.ts';
import { testEngine } from '../write/rows.ts';
import { type Expected, expectError, gzip, refused, stateOf, target, utf8 } from './refusal.ts';

const ab: Schema = {
  type: 'struct',
  fields: [
    { id: 1, name: 'a', required: false, type: 'int' },
    { id: 2, name: 'b', required: false, type: 'string' },
  ],
};
const FIRST = '{"a":1,"b":"here before"}\n';
const csv = (content: string) => new File([content], 'in.csv');
const json = (content: string) => new File([content], 'in.ndjson');

const FIX = /onBadRow/;

describe('a CSV row', () => {
  const cases: ReadonlyArray<readonly [string, string, Expected]> = [
    [
      'has too few fields',
      'a,b\n1,x\n2\n3,y\n',
      { code: 'INVALID_VALUE', place: { line: 3, row: 1 }, message: /too few fields: 1 instead of 2/ },
    ],
    [
      'has too many fields',
      'a,b\n1,x\n2,y,z\n',
      { code: 'INVALID_VALUE', place: { line: 3, row: 1 }, message: /too many fields: 3 instead of 2/ },
    ],
    [
      'has a value that does not parse',
      'a,b\n1,x\nfour,y\n',
      { code: 'INVALID_VALUE', place: { line: 3, row: 1, column: 'a' }, message: /"four" is not/ },
    ],
    [
      'has a value that overflows',
      'a,b\n1,x\n3000000000,y\n',
      { code: 'INVALID_VALUE', place: { line: 3, row: 1, column: 'a' }, message: /"3000000000" does not fit/ },
    ],
    ['is not UTF-8', '', { code: 'INVALID_VALUE', place: { line: 3, row: 1, column: 'b' }, message: /not UTF-8/ }],
    [
      'follows cells with line breaks',
      'a,b\n1,"x\ny\nz"\nfour,y\n',
      { code: 'INVALID_VALUE', place: { line: 5, row: 1, column: 'a' } },
    ],
  ];

  test.each(cases)('that %s', async (_, content, expected) => {
    const here = await target(ab, FIRST);
    const file =
      content === '' ? new File([utf8('a,b\n1,x\n2,'), Uint8Array.of(0xc3, 0x28), '\n'], 'in.csv') : csv(content);
    await refused(here, file, { ...expected, place: { ...expected.place, file: 'in.csv' } });
    await refused(here, file, { ...expected, message: FIX });
  });

  test('far behind the first batches takes the rows before it along', async () => {
    const here = await target(ab, FIRST);
    const rows = Array.from({ length: 60_000 }, (_, i) => `${i},row ${i}`);
    rows[55_555] = 'x,y';
    const place = { file: 'in.csv', line: 55_557, row: 55_555, column: 'a' };
    await refused(here, csv(`a,b\n${rows.join('\n')}\n`), { code: 'INVALID_VALUE', place });
    const packed = new File([await gzip(utf8(`a,b\n${rows.join('\n')}\n`))], 'in.csv.gz');
    await refused(here, packed, { code: 'INVALID_VALUE', place: { ...place, file: 'in.csv.gz' } });
  });

  test('is left out and reported where that is asked for, up to a limit', async () => {
    const here = await target(ab, FIRST);
    const content = 'a,b\n1,x\n2\n3,y,z\nfour,z\n5,v\n';
    const rejects: RejectedRow[] = [];
    const write = { engine: here.engine, onReject: (rows: readonly RejectedRow[]) => void rejects.push(...rows) };
    const expected = {
      code: 'TOO_MANY_BAD_ROWS',
      place: { file: 'in.csv', line: 5, row: 3, column: 'a', option: 'maxBadRows' },
    } as const;
    await refused(here, csv(content), expected, { source: { onBadRow: 'reject', maxBadRows: 2 }, write });
    rejects.length = 0;
    const result = await here.table.append(fromAny(csv(content), { onBadRow: 'reject', maxBadRows: 3 }), write);
    expect([result.rows, result.rejectedRows]).toEqual([2n, 3]);
    expect(rejects.map(({ line, row, column }) => [line, row, column])).toEqual([
      [3, 1, null],
      [4, 2, null],
      [5, 3, 'a'],
    ]);
  });
});

describe('a CSV file', () => {
  const both = [{ onBadRow: 'fail' }, { onBadRow: 'reject' }] as const;

  test.each(both)(
    'with a quote that is never closed is refused, with the line that it opens on: %o',
    async (source) => {
      const here = await target(ab, FIRST);
      const rows = '2,y\n'.repeat(100_000);
      for (const [content, line] of [
        ['a,b\n1,"x\n2,y\n', 2],
        [`a,b\n${rows}1,"x\ny","open\n${rows}`, 100_003],
      ] as const) {
        const expected = {
          code: 'SOURCE_CORRUPT',
          place: { file: 'in.csv', line },
          message: /is never closed.*: close it/,
        } as const;
        await refused(here, csv(content), expected, { source });
      }
    },
  );

  test.each(both)('with a header that cannot be read is refused: %o', async (source) => {
    const here = await target(ab, FIRST);
    for (const [header, message] of [
      ['"a,b', /opens on line 1 is never closed/],
      ['"a"x,b', /line 1, the header: text follows a closing quote/],
      [Uint8Array.of(0x61, 0x2c, 0x62, 0xff), /line 1, the header: name 2 is not UTF-8/],
    ] as const) {
      const expected = { code: 'SOURCE_CORRUPT', place: { file: 'in.csv', line: 1 }, message } as const;
      const file = new File([header, '\n1,2\n3,4\n'], 'in.csv');
      await refused(here, file, expected, { source });
      const { catalog, objects } = await lake();
      const before = await objects();
      const created = catalog.createAndAppend('sales.new', fromAny(file, source), {}, { engine: await testEngine() });
      expectError(await created.catch((error: unknown) => error), expected);
      expect(await objects()).toEqual(before);
    }
  });

  test('with a record that memory does not hold is refused, with its line', async () => {
    const here = await target(ab, FIRST);
    async function* content() {
      yield utf8('a,b\n1,x\n2,"');
      for (let i = 0; i < 64; i++) yield utf8('x'.repeat(1 << 20));
    }
    const source = { name: 'in.csv', onBadRow: 'reject' } as const;
    const expected = {
      code: 'MEMORY_LIMIT_TOO_SMALL',
      place: { file: 'in.csv', line: 3 },
      message:
        /^in\.csv: CSV: the record that starts on line 3 is longer than fits.*quote that opens on line 3 is never closed/,
    } as const;
    const appended = here.table.append(fromAny(content(), source), { memoryLimitBytes: 24 << 20 });
    expectError(await appended.catch((error: unknown) => error), expected);
  });

  test('with a record that memory does not hold, after others that it held, is not called a batch', async () => {
    const here = await target(ab, FIRST);
    async function* content() {
      yield utf8('a,b\n');
      for (let i = 0; i < 1000; i++) yield utf8(`${i},${'x'.repeat(90)}\n`.repeat(100));
      yield utf8('2,"');
      for (let i = 0; i < 16; i++) yield utf8('x'.repeat(1 << 20));
    }
    const expected = {
      code: 'MEMORY_LIMIT_TOO_SMALL',
      place: { file: 'in.csv', line: 100_002 },
      message:
        /the record that starts on line 100002 .*; for rows or batches of \d+ bytes set memoryLimitBytes to at least/,
    } as const;
    const appended = here.table.append(fromAny(content(), { name: 'in.csv' }), { memoryLimitBytes: 24 << 20 });
    expectError(await appended.catch((error: unknown) => error), expected);
  });

  test('with cells of very many lines takes no longer than any other', async () => {
    const here = await target(ab, FIRST);
    const note = `"${'l\n'.repeat(1_000_000)}"`;
    const { rows } = await here.table.append(fromAny(csv(`a,b\n1,${note}\n2,y\n`)), { engine: here.engine });
    expect(rows).toBe(2n);
  });
});

describe('a CSV file without a table', () => {
  const create = async (content: string) => {
    const { catalog, objects } = await lake();
    const before = await objects();
    const created = catalog.createAndAppend('sales.new', csv(content), {}, { engine: await testEngine() });
    return { created, objects, before };
  };

  test.each(['a,b\n1,x\n2\n', 'a,b\n1\n', 'a;b\n1;x\n2\n3;z;z\n'])(
    'does not become one column: %j',
    async (content) => {
      const { created, objects, before } = await create(content);
      expectError(await created.catch((error: unknown) => error), { code: 'INVALID_VALUE', place: { file: 'in.csv' } });
      expect(await objects()).toEqual(before);
    },
  );

  test('is one column where few lines have what could be a delimiter', async () => {
    const { created } = await create('text\nhello, world\nbye\n');
    expect((await created).table.columns().map(({ path }) => path)).toEqual(['text']);
  });
});

/** Values that a column cannot hold, as CSV and as JSON. */
const OVERFLOWS: ReadonlyArray<readonly [Type, string]> = [
  ['int', '2147483648'],
  ['int', '1.5'],
  ['long', '9223372036854775808'],
  ['float', '1e60'],
  ['double', '1e999'],
  ['decimal(5, 2)', '1000.00'],
  ['decimal(5, 2)', '1.005'],
];
const UNPARSABLE: ReadonlyArray<readonly [Type, string]> = [
  ['boolean', 'maybe'],
  ['int', 'ten'],
  ['double', '1,5'],
  ['date', '2024-02-30'],
  ['time', '25:00:00'],
  ['timestamp', '2024-13-01 00:00:00'],
  ['timestamp', '2024-01-01T00:00:00Z'],
  ['timestamptz', 'yesterday'],
  ['uuid', 'not-a-uuid'],
  ['binary', 'xyz'],
  ['fixed[2]', '000000'],
];

describe('a value', () => {
  const schema = (type: Type): Schema => ({
    type: 'struct',
    fields: [
      { id: 1, name: 'n', required: false, type: 'int' },
      { id: 2, name: 'v', required: false, type },
    ],
  });

  test.each([...OVERFLOWS, ...UNPARSABLE])('that %s cannot hold: %s', async (type, value) => {
    const here = await target(schema(type), '{"n":1,"v":null}\n');
    const expected = { code: 'INVALID_VALUE', message: FIX } as const;
    const inCsv = csv(`n,v\n1,\n2,"${value}"\n`);
    await refused(here, inCsv, { ...expected, place: { file: 'in.csv', line: 3, row: 1, column: 'v' } });
    const inJson = json(`{"n":1,"v":null}\n{"n":2,"v":"${value}"}\n`);
    await refused(here, inJson, { ...expected, place: { file: 'in.ndjson', line: 2, row: 1, column: 'v' } });
  });

  test.each(OVERFLOWS)('that %s cannot hold, as a number of JSON: %s', async (type, value) => {
    const here = await target(schema(type), '{"n":1,"v":null}\n');
    const place = { file: 'in.ndjson', line: 2, row: 1, column: 'v' };
    await refused(here, json(`{"n":1}\n{"n":2,"v":${value}}\n`), { code: 'INVALID_VALUE', place });
  });
});

describe('JSON', () => {
  const cases: ReadonlyArray<readonly [string, string, Expected]> = [
    [
      'a line that is cut off',
      '{"a":1,"b":"x"}\n{"a":2,"b":"y',
      { code: 'INVALID_VALUE', place: { line: 2, row: 1 }, message: /not closed/ },
    ],
    [
      'a line that is no JSON',
      '{"a":1,"b":"x"}\n{a:2}\n',
      { code: 'INVALID_VALUE', place: { line: 2, row: 1 }, message: /not JSON/ },
    ],
    [
      'a line that is no object',
      '{"a":1,"b":"x"}\n5\n',
      { code: 'INVALID_VALUE', place: { line: 2, row: 1 }, message: /not an object/ },
    ],
    [
      'half of a surrogate pair',
      '{"a":1,"b":"x"}\n{"a":2,"b":"\\ud800"}\n',
      { code: 'INVALID_VALUE', place: { line: 2, row: 1 }, message: /surrogate/ },
    ],
    [
      'half of a surrogate pair in the first row',
      '{"a":2,"b":"\\udc00"}\n',
      { code: 'SOURCE_CORRUPT', place: { line: 1 }, message: /surrogate/ },
    ],
    ['an array that is cut off', '[{"a":1,"b":"x"},{"a":2,"b":"y"}', { code: 'SOURCE_CORRUPT', message: /cut off/ }],
    [
      'an empty name',
      '{"a":1,"":2}\n',
      { code: 'SCHEMA_MISMATCH', place: { column: '#2' }, message: /empty name; give it one/ },
    ],
    [
      'one object over many lines',
      '{\n"a":1,\n"b":"x"\n}\n',
      { code: 'SOURCE_CORRUPT', message: /one JSON object a line, or one array/ },
    ],
  ];

  test.each(cases)('with %s', async (_, content, expected) => {
    const here = await target(ab, FIRST);
    await refused(here, json(content), { ...expected, place: { ...expected.place, file: 'in.ndjson' } });
  });

  test('that is very deep is refused, and takes no stack', async () => {
    const here = await target(ab, FIRST);
    const deep = (open: string, close: string, levels: number) => `${open.repeat(levels)}1${close.repeat(levels)}`;
    for (const levels of [100, 10_000, 40_000]) {
      for (const value of [deep('[', ']', levels), deep('{"a":', '}', levels)]) {
        const expected = {
          code: 'SOURCE_CORRUPT',
          place: { file: 'in.ndjson', line: 1 },
          message: /more than 64 levels/,
        } as const;
        await refused(here, json(`{"a":1,"b":${value}}\n`), expected);
      }
    }
    // Behind the rows that types are taken from.
    const before = `${'{"a":1,"b":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}\n'.repeat(10_000)}`;
    const late = `${before}{"a":1,"b":${deep('[', ']', 10_000)}}\n`;
    await refused(here, json(late), { code: 'INVALID_VALUE', place: { file: 'in.ndjson', line: 10_001, row: 10_000 } });
  });
});

describe('a null in a required column', () => {
  const nested: Schema = {
    type: 'struct',
    fields: [
      { id: 1, name: 'id', required: true, type: 'long' },
      {
        id: 2,
        name: 's',
        required: false,
        type: { type: 'struct', fields: [{ id: 3, name: 'x', required: true, type: 'int' }] },
      },
      {
        id: 4,
        name: 'l',
        required: false,
        type: { type: 'list', 'element-id': 5, 'element-required': true, element: 'int' },
      },
      {
        id: 6,
        name: 'm',
        required: false,
        type: { type: 'map', 'key-id': 7, key: 'string', 'value-id': 8, 'value-required': true, value: 'int' },
      },
    ],
  };
  const rows: ReadonlyArray<readonly [string, string, Record<string, unknown>]> = [
    ['id', '{"id":null}', { id: null }],
    ['s.x', '{"id":2,"s":{"x":null}}', { id: 2n, s: { x: null } }],
    ['l.element', '{"id":2,"l":[1,null]}', { id: 2n, l: [1, null] }],
    ['m.value', '{"id":2,"m":{"k":null}}', { id: 2n, m: new Map([['k', null]]) }],
  ];
  const good = '{"id":1,"s":{"x":1},"l":[1],"m":{"k":1}}';

  test.each(rows)('%s', async (column, bad, row) => {
    const here = await target(nested, good);
    const expected = { code: 'INVALID_VALUE', message: /required|null/ } as const;
    await refused(here, json(`${good}\n${bad}\n`), {
      ...expected,
      place: { file: 'in.ndjson', line: 2, row: 1, column },
    });
    const first: Record<string, unknown> = { id: 1n, s: { x: 1 }, l: [1], m: new Map([['k', 1]]) };
    const rowError = await refused(here, fromAny([first, row], { name: 'feed' }), {
      ...expected,
      place: { file: 'feed', row: 1, column },
    });
    expect(rowError.message).toMatch(/row 1/);
    expect(rowError.message).not.toMatch(/line/);
    if (column === 'id') await refused(here, csv('id\n1\n""\n'), { ...expected, place: { line: 3, row: 1, column } });
  });

  test('that no row gives at all is refused before a row is read', async () => {
    const here = await target(nested, good);
    const place = { file: 'in.csv', table: 'sales.t', column: 'id' };
    await refused(here, csv('x\n1\n'), {
      code: 'SCHEMA_MISMATCH',
      place,
      message: /id: is required and not in the source/,
    });
  });

  test('under a null parent is none', async () => {
    const here = await target(nested, good);
    const result = await here.table.append(json('{"id":3,"s":null,"l":null,"m":null}\n'), { engine: here.engine });
    expect(result.rows).toBe(1n);
    expect((await stateOf(here)).snapshots).toBe(2);
  });
});
