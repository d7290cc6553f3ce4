import { Dictionary, Float64, Int32, Int64, Table, tableFromArrays, Utf8, vectorFromArray } from 'apache-arrow';
import { describe, expect, test } from 'vitest';
import { getEngine } from '../../../src/engine/default-engine.ts';
import { fromAny } from '../../../src/source/from-any.ts';
import { MemoryStore } from '../../../src/storage/memory/index.ts';
import { expectNothingHeld, ipc, openOptions, parquetOf, plainRows, readAll, text } from './helpers.ts';

const blob = (table: Table, name: string) => new File([ipc(table)], name);
const ints = (name: string, values: number[], more: Record<string, unknown[]> = {}) =>
  new Table({
    [name]: vectorFromArray(values, new Int32()),
    ...Object.fromEntries(Object.entries(more).map(([k, v]) => [k, vectorFromArray(v as string[], new Utf8())])),
  });

describe('many inputs as one source', () => {
  test('come in the order given, columns by name, and say which file they are in', async () => {
    const options = await openOptions();
    const before = options.engine.liveBytes;
    const source = fromAny([
      blob(ints('a', [1, 2], { s: ['x', 'y'] }), 'one.arrows'),
      blob(
        new Table({
          s: vectorFromArray(['z'], new Dictionary(new Utf8(), new Int32())),
          a: vectorFromArray([3], new Int32()),
        }),
        'two.arrows',
      ),
    ]);
    expect(source.replayable).toBe(true);
    const open = await source.open(options);
    const rows: unknown[] = [];
    for await (const batch of open.batches()) rows.push([open.currentFile, ...plainRows(batch)]);
    expect(rows).toEqual([
      ['one.arrows', { a: 1, s: 'x' }, { a: 2, s: 'y' }],
      ['two.arrows', { a: 3, s: 'z' }],
    ]);
    expectNothingHeld(options, before);
  });

  test('a file with other columns is refused by name, unless unionByName', async () => {
    const inputs = [
      blob(ints('a', [1]), 'one'),
      blob(ints('b', [2]), 'two'),
      blob(ints('a', [3], { b: ['x'] }), 'three'),
    ];
    await expect(readAll(fromAny(inputs.slice(0, 2)))).rejects.toMatchObject({
      code: 'SCHEMA_MISMATCH',
      message: expect.stringMatching(
        /^two has other columns.*unionByName.*\n {2}a: is not in this file\n {2}b: is not in the first/,
      ),
    });
    await expect(readAll(fromAny(inputs, { unionByName: true }))).rejects.toMatchObject({
      code: 'SCHEMA_MISMATCH',
      message: expect.stringMatching(
        /^three does not go with the files before it:\n {2}b: is utf8 here and int32 before/,
      ),
    });
  });

  test('unionByName: missing columns are null, types widen', async () => {
    const a = new Table({ n: vectorFromArray([1], new Int32()), s: vectorFromArray(['x'], new Utf8()) });
    const b = new Table({ n: vectorFromArray([2n ** 40n], new Int64()) });
    const c = new Table({ f: vectorFromArray([1.5], new Float64()), n: vectorFromArray([3], new Int32()) });
    const result = await readAll(fromAny([blob(a, 'a'), blob(b, 'b'), blob(c, 'c')], { unionByName: true }));
    expect(result.columns).toEqual(['n', 's', 'f']);
    expect(result.rows).toEqual([
      { n: 1n, s: 'x', f: null },
      { n: 2n ** 40n, s: null, f: null },
      { n: 3n, s: null, f: 1.5 },
    ]);
  });

  test('unionByName: columns that only some files have can be chosen', async () => {
    const files = [new File(['a,b\n1,2\n'], 'one.csv'), new File(['a,c\n3,4\n'], 'two.csv')];
    const read = (columns: string[]) => readAll(fromAny(files, { unionByName: true, columns }));
    expect((await read(['c', 'b'])).rows).toEqual([
      { c: null, b: 2n },
      { c: 4n, b: null },
    ]);
    await expect(read(['a', 'd'])).rejects.toMatchObject({
      code: 'SCHEMA_MISMATCH',
      message: '2 inputs: none has a column d (option columns)',
    });
  });

  test('types other than those of an Arrow file are refused, and those that it has are not', async () => {
    const file = () => blob(ints('a', [2]), 'two.arrows');
    const typed = (bitWidth: 32 | 64) => ({
      schema: { fields: [{ name: 'a', nullable: false, type: { kind: 'int', bitWidth, signed: true } as const }] },
    });
    expect((await readAll(fromAny(file(), typed(32)))).rows).toEqual([{ a: 2 }]);
    await expect(readAll(fromAny(file(), typed(64)))).rejects.toMatchObject({
      code: 'SCHEMA_MISMATCH',
      place: { option: 'schema', column: 'a', file: 'two.arrows' },
      message: expect.stringMatching(/^two\.arrows has types of its own.*\n {2}a: is int32, not int64; leave it out/),
    });
  });

  test('types of a column that no file has are refused', async () => {
    const type = { kind: 'int', bitWidth: 32, signed: true } as const;
    const schema = { fields: ['a', 'ax'].map((name) => ({ name, nullable: true, type })) };
    const files = [new File(['a\n1\n'], 'one.csv'), blob(ints('a', [2]), 'two.arrows')];
    const refused = (lacking: string) => ({
      code: 'SCHEMA_MISMATCH',
      place: { option: 'schema', column: 'ax' },
      message: `${lacking} lacks columns that option schema gives types for:\n  ax: is not there; correct its name, or leave it out`,
    });
    await expect(readAll(fromAny(files, { schema }))).rejects.toMatchObject(refused('one.csv'));
    for (const file of files) {
      await expect(readAll(fromAny(file, { schema }))).rejects.toMatchObject(refused(file.name));
    }
    await expect(readAll(fromAny(files, { schema, unionByName: true }))).rejects.toMatchObject(refused('2 inputs'));
    const more = [...files, new File(['ax\n3\n'], 'three.csv')];
    expect((await readAll(fromAny(more, { schema, unionByName: true }))).rows).toEqual([
      { a: 1, ax: null },
      { a: 2, ax: null },
      { a: null, ax: 3 },
    ]);
    // JSON has no header: a field may come after the sample.
    expect((await readAll(fromAny(new File(['{"a":1}'], 'rows.json'), { schema }))).rows).toEqual([{ a: 1, ax: null }]);
  });

  test('unionByName needs inputs that can be read twice', () => {
    const once = new Blob([ipc(ints('a', [1]))]).stream();
    expect(() => fromAny([once], { unionByName: true })).toThrow(/unionByName reads every schema first, and stream/);
  });

  test('empty files are passed over; only empty ones are an error', async () => {
    const empty = new File([], 'e');
    const result = await readAll(
      fromAny([empty, blob(ints('a', [1]), 'one'), empty, blob(ints('a', [2]), 'two'), empty]),
    );
    expect(result.rows).toEqual([{ a: 1 }, { a: 2 }]);
    await expect(readAll(fromAny([empty, empty]))).rejects.toMatchObject({ code: 'SOURCE_EMPTY' });
    await expect(readAll(fromAny(empty))).rejects.toMatchObject({
      code: 'SOURCE_EMPTY',
      message: expect.stringMatching(/^e: the source is empty/),
    });
    await expect(readAll(fromAny([]))).rejects.toMatchObject({ code: 'SOURCE_EMPTY' });
  });

  test('text files take the types of the first, or of the table, where their own rows do not say', async () => {
    const files = [
      new File(['a,b\n1,2.5\n'], 'a.csv'),
      new File(['b,a\n,2\n'], 'b.csv'),
      new File(['{"a":3,"b":1}'], 'c.json'),
    ];
    expect((await readAll(fromAny(files))).rows).toEqual([
      { a: 1n, b: 2.5 },
      { a: 2n, b: null },
      { a: 3n, b: 1 },
    ]);
    const utf8 = { kind: 'utf8', layout: 'offset32' } as const;
    const expected = { fields: [{ name: 'a', nullable: false, fieldId: 1, type: utf8 }] };
    expect((await readAll(fromAny(files, { unionByName: true }), { expected })).rows).toEqual([
      { a: '1', b: 2.5 },
      { a: '2', b: null },
      { a: '3', b: 1 },
    ]);
  });

  test('a value that the first file’s columns cannot hold is named by its row in its own file', async () => {
    const longs = (values: bigint[]) => new Table({ a: vectorFromArray(values, new Int64()) });
    const parts = [longs([1n, 2n, 3n]), longs([4n, 3_000_000_000n])].map((table) => table.batches[0]);
    const two = new Table(parts.flatMap((batch) => (batch === undefined ? [] : [batch])));
    const files = [blob(ints('a', [1, 2, 3, 4]), 'one.arrows'), blob(two, 'two.arrows')];
    await expect(readAll(fromAny(files))).rejects.toMatchObject({
      code: 'INVALID_VALUE',
      place: { file: 'two.arrows', row: 4, column: 'a' },
      message: expect.stringMatching(/^two\.arrows, row 4: column "a"/),
    });
  });

  test('a corrupt file among them is named, and nothing stays open', async () => {
    const good = blob(ints('a', [1]), 'good');
    const bad = new File([ipc(ints('a', [1, 2, 3])).slice(0, -60)], 'bad.arrows');
    await expect(readAll(fromAny([good, bad, good]))).rejects.toMatchObject({
      code: 'SOURCE_CORRUPT',
      place: { file: 'bad.arrows' },
    });
  });
});

describe('name=value folders as columns', () => {
  async function lake(): Promise<MemoryStore> {
    const store = new MemoryStore('lake');
    const put = (key: string, table: Table) => store.put(`memory://lake/${key}`, ipc(table));
    await put('t/year=2026/region=eu%2Fwest/day=2026-01-02/a.arrows', ints('a', [1, 2]));
    await put('t/year=2025/region=__HIVE_DEFAULT_PARTITION__/day=2025-12-31/b.arrows', ints('a', [3]));
    await put('t/year=2024/region=007/day=2024-02-29/c.arrows', ints('a', [4], { region: ['own'] }));
    return store;
  }

  test('typed by all values; null; the file’s own column stands', async () => {
    const store = await lake();
    const source = fromAny({ store, glob: 'memory://lake/t/**/*.arrows' }, { hivePartitioning: true });
    const result = await readAll(source);
    expect(result.columns).toEqual(['a', 'region', 'year', 'day']);
    const day = (text: string) => Date.parse(text);
    expect(result.rows.map((r) => ({ ...r, day: Number(r['day']) }))).toEqual([
      { a: 4, region: 'own', year: 2024n, day: day('2024-02-29') },
      { a: 3, region: null, year: 2025n, day: day('2025-12-31') },
      { a: 1, region: 'eu/west', year: 2026n, day: day('2026-01-02') },
      { a: 2, region: 'eu/west', year: 2026n, day: day('2026-01-02') },
    ]);
  });

  test('the table’s types win; a value that is not one names the file', async () => {
    const store = await lake();
    const source = fromAny({ store, glob: 'memory://lake/t/year=202[56]/**' }, { hivePartitioning: true });
    const expected = {
      fields: [{ name: 'year', nullable: false, fieldId: 3, type: { kind: 'int', bitWidth: 32, signed: true } }],
    } as const;
    const result = await readAll(source, { expected });
    expect(result.rows.map((r) => r['year'])).toEqual([2025, 2026, 2026]);
    const wrong = { fields: [{ name: 'region', nullable: true, type: { kind: 'bool' } }] } as const;
    await expect(readAll(source, { expected: wrong })).rejects.toMatchObject({
      code: 'INVALID_VALUE',
      message: expect.stringMatching(/year=2026.*"eu\/west" in the path is not a boolean, which column region is/),
    });
  });

  test('columns may name what only the path gives, in any order, in every format', async () => {
    const store = new MemoryStore('lake');
    const table = ints('a', [1, 2], { b: ['x', 'z'] });
    const engine = await getEngine();
    const reader = engine.ipcReader();
    const parquet = await parquetOf(engine, [...reader.push(ipc(table)), ...reader.finish()]);
    reader.free();
    const files = {
      'f.csv': text('a,b\n1,x\n2,z\n'),
      'f.ndjson': text('{"a":1,"b":"x"}\n{"a":2,"b":"z"}\n'),
      'f.arrows': ipc(table),
      'f.parquet': parquet,
    };
    for (const [name, bytes] of Object.entries(files)) {
      const location = `memory://lake/y=7/z=8/${name}`;
      await store.put(location, bytes);
      for (const unionByName of [false, true]) {
        const read = (columns: string[]) =>
          readAll(fromAny({ store, location }, { hivePartitioning: true, unionByName, columns }));
        expect((await read(['y', 'b'])).columns).toEqual(['y', 'b']);
        expect((await read(['b', 'y'])).rows).toEqual([
          { b: 'x', y: 7n },
          { b: 'z', y: 7n },
        ]);
        expect((await read(['y'])).rows).toEqual([{ y: 7n }, { y: 7n }]);
        expect((await read(['b'])).rows).toEqual([{ b: 'x' }, { b: 'z' }]);
        await expect(read(['b', 'year'])).rejects.toMatchObject({
          code: 'SCHEMA_MISMATCH',
          place: { option: 'columns', column: 'year' },
        });
      }
    }
  });

  test('the path says a column that JSON lines of a table’s columns leave out', async () => {
    const store = new MemoryStore('lake');
    await store.put('memory://lake/y=7/f.ndjson', text('{"a":1}\n'));
    const long = { kind: 'int', bitWidth: 64, signed: true } as const;
    const expected = { fields: [{ name: 'y', nullable: true, type: long }], optional: ['y'] };
    const source = fromAny({ store, glob: 'memory://lake/**' }, { hivePartitioning: true });
    expect((await readAll(source, { expected })).rows).toEqual([{ a: 1n, y: 7n }]);
  });

  test('a given type wins', async () => {
    const store = await lake();
    const schema = { fields: [{ name: 'year', nullable: true, type: { kind: 'utf8', layout: 'offset32' } }] } as const;
    const options = { hivePartitioning: true, schema };
    const { rows } = await readAll(fromAny({ store, glob: 'memory://lake/t/year=2025/**' }, options));
    expect(rows.map((r) => r['year'])).toEqual(['2025']);
  });

  test('every flat type', async () => {
    const store = new MemoryStore('types');
    const cells = {
      b: ['true', { kind: 'bool' }, true],
      i: ['-7', { kind: 'int', bitWidth: 32, signed: true }, -7],
      f: ['1.5', { kind: 'float', bitWidth: 32 }, 1.5],
      g: ['-2.25', { kind: 'float', bitWidth: 64 }, -2.25],
      t: ['2026-01-02%2003%3A04%3A05.000006', { kind: 'timestamp', unit: 'us', timezone: null }, 1767323045000.006],
      d: ['-12.50', { kind: 'decimal', bitWidth: 128, precision: 9, scale: 2 }, undefined],
      u: ['f79c3e09-677c-4bbd-a479-3f349cb785e7', { kind: 'fixed_size_binary', byteWidth: 16 }, undefined],
      x: ['0aff', { kind: 'binary', layout: 'offset32' }, [10, 255]],
      e: ['', { kind: 'utf8', layout: 'offset32' }, ''],
    } as const;
    const path = Object.entries(cells).map(([name, [text]]) => `${name}=${text}`);
    const many = tableFromArrays({ a: Int32Array.from({ length: 5000 }, (_, i) => i) });
    await store.put(`memory://types/${path.join('/')}/f.arrows`, ipc(many));
    const expected = {
      fields: Object.entries(cells).map(([name, [, type]]) => ({
        name,
        nullable: true,
        type,
        ...(name === 'u' ? { extension: 'arrow.uuid' } : {}),
      })),
    };
    const source = fromAny({ store, glob: 'memory://types/**' }, { hivePartitioning: true });
    const { rows } = await readAll(source, { expected });
    expect(rows.length).toBe(5000);
    for (const row of [rows[0], rows[4999]]) {
      for (const [name, [, , value]] of Object.entries(cells))
        if (value !== undefined) expect(row?.[name]).toEqual(value);
    }
    expect(rows[4999]?.['a']).toBe(4999);
  });
});
