/** Options that there are not, as plain JavaScript can give them: they are refused, as TypeScript does, never ignored. */
import { describe, expect, test } from 'vitest';
import { getEngine, newEngine } from '../../../src/engine/default-engine.ts';
import { startEncodeThreads } from '../../../src/engine/encode-threads.ts';
import { arrowSource } from '../../../src/source/arrow-js.ts';
import { fromAny } from '../../../src/source/from-any.ts';
import { MemoryStore } from '../../../src/storage/memory/memory-store.ts';
import { OpfsStore } from '../../../src/storage/opfs/opfs-store.ts';
import { R2Store } from '../../../src/storage/r2/r2-store.ts';
import { S3Store } from '../../../src/storage/s3/s3-store.ts';
import { RestCatalog } from '../../../src/table/rest-catalog.ts';
import { StoreCatalog } from '../../../src/table/store-catalog.ts';
import { collect } from '../scan/helpers.ts';
import { lake, ordersSchema } from '../write/lake.ts';

/** As JavaScript, which has no types, gives it. */
const untyped = (options: unknown) => options as never;

const { catalog } = await lake();
const table = await catalog.createTable('sales.orders', ordersSchema);
const rows = [{ id: 1n }];

async function refusal(call: () => unknown): Promise<Error> {
  try {
    await call();
  } catch (error) {
    if (error instanceof TypeError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('an option that there is not is refused by name', () => {
  const store = new MemoryStore();
  const cases: Readonly<Record<string, readonly [string, () => unknown]>> = {
    scan: ['asof', () => table.scan(untyped({ asof: new Date(0) }))],
    readTask: ['batchsize', () => collect(table.readTask(untyped({}), untyped({ batchsize: 1 })))],
    append: ['partitionBy', () => table.append(rows, untyped({ partitionBy: ['id'] }))],
    createAndAppend: ['spil', () => catalog.createAndAppend('a.b', rows, {}, untyped({ spil: {} }))],
    'the table to be created': [
      'partitionBy',
      () => catalog.createAndAppend('a.b', rows, untyped({ partitionBy: [] })),
    ],
    createTable: ['sortorder', () => catalog.createTable('a.b', ordersSchema, untyped({ sortorder: {} }))],
    addFiles: ['threads', () => table.addFiles([], untyped({ threads: 2 }))],
    fromAny: ['onBadRows', () => fromAny('https://data.example/a.csv', untyped({ onBadRows: 'reject' }))],
    'option csv of fromAny': ['separator', () => fromAny(new Uint8Array(), { csv: untyped({ separator: ';' }) })],
    newEngine: ['memoryLimit', () => newEngine(untyped({ memoryLimit: 1 }))],
    getEngine: ['memoryLimit', () => getEngine(untyped({ memoryLimit: 1 }))],
    startEncodeThreads: ['memoryLimit', () => startEncodeThreads(1, untyped({ memoryLimit: 1 }))],
    'StoreCatalog.open': ['root', () => StoreCatalog.open(untyped({ warehouse: 'memory:///w', store, root: 1 }))],
    'RestCatalog.connect': [
      'token',
      () => RestCatalog.connect(untyped({ uri: 'https://catalog.example', token: 'x' })),
    ],
    S3Store: ['accessKeyId', () => new S3Store(untyped({ accessKeyId: 'x' }))],
    R2Store: ['name', () => new R2Store(untyped({ binding: {}, bucket: 'b', name: 'x' }))],
    MemoryStore: ['now', () => new MemoryStore('', untyped({ now: 1 }))],
    dropTable: ['purged', () => catalog.dropTable('sales.none', untyped({ purged: true }))],
    loadTable: ['Signal', () => catalog.loadTable('sales.orders', untyped({ Signal: null }))],
    listTables: ['pageSize', () => catalog.listTables('sales', untyped({ pageSize: 1 }))],
    listNamespaces: ['pageSize', () => catalog.listNamespaces('sales', untyped({ pageSize: 1 }))],
    createNamespace: ['location', () => catalog.createNamespace('a', {}, untyped({ location: 'memory:///a' }))],
    dropNamespace: ['cascade', () => catalog.dropNamespace('sales', untyped({ cascade: true }))],
    renameTable: ['overwrite', () => catalog.renameTable('sales.orders', 'a.b', untyped({ overwrite: true }))],
    registerTable: ['overwrite', () => catalog.registerTable('a.b', 'memory:///m', untyped({ overwrite: true }))],
    'the call of createTable': [
      'properties',
      () => catalog.createTable('a.b', ordersSchema, {}, untyped({ properties: {} })),
    ],
    refresh: ['force', () => table.refresh(untyped({ force: true }))],
    arrowSource: ['columns', () => arrowSource([], untyped({ columns: ['id'] }))],
    OpfsStore: ['folder', () => new OpfsStore(untyped({ folder: 'x' }))],
  };

  test.each(Object.entries(cases))('%s', async (what, [option, call]) => {
    const { message } = await refusal(call);
    expect(message).toContain(`${what} has no option ${option}`);
    expect(message).toMatch(/; there (are|is) \w+/);
  });

  test('which leaves no table and no namespace behind', async () => {
    await refusal(() =>
      catalog.createTable('new.one', ordersSchema, untyped({ createNamespace: true, sortorder: {} })),
    );
    expect(await catalog.listNamespaces()).toEqual([['sales']]);
  });
});

describe('what is often tried says what to do instead', () => {
  const cases: ReadonlyArray<readonly [string, () => unknown, RegExp]> = [
    ['a filter of a scan', () => table.scan(untyped({ filter: 'delay > 100' })), /filter.*scans do not filter yet/],
    ['columns of a scan', () => table.scan(untyped({ columns: ['id'] })), /columns.*: the columns are named by select/],
    [
      'an option of the source, given to the write',
      () => table.append(rows, untyped({ onBadRow: 'reject' })),
      /append\(fromAny\(source, \{ onBadRow: … \}\)\)/,
    ],
    [
      'an option of the new table, given to the write',
      () => catalog.createAndAppend('a.b', rows, {}, untyped({ partitionSpec: ['id'] })),
      /partitionSpec.* of the table to be created/,
    ],
    [
      'an option of the write, given for the new table',
      () => catalog.createAndAppend('a.b', rows, untyped({ threads: 2 })),
      /threads.* of the write/,
    ],
    [
      'an option of CSV, given to the source',
      () => fromAny([], untyped({ delimiter: ';' })),
      /\{ csv: \{ delimiter: … \} \}/,
    ],
  ];
  test.each(cases)('%s', async (_, call, message) => {
    expect((await refusal(call)).message).toMatch(message);
  });
});

describe('what is no object of options is refused', () => {
  test.each([['id > 1'], [null], [7]])('%j', async (options) => {
    expect((await refusal(() => table.scan(untyped(options)))).message).toMatch(/scan takes its options as an object/);
  });
});

test('an option that is undefined is not given', async () => {
  expect(await collect(table.scan(untyped({ filter: undefined, limit: 1 })).rows())).toEqual([]);
});

describe('a list of names that is none is refused with how to write it', () => {
  const cases: ReadonlyArray<readonly [string, () => unknown]> = [
    ['select', () => table.scan({ select: untyped('id') })],
    ['columns', () => fromAny(new Uint8Array(), { columns: untyped('id') })],
    ['csv.columnNames', () => fromAny(new Uint8Array(), { csv: { columnNames: untyped('id') } })],
  ];
  test.each(cases)('%s', async (name, call) => {
    expect((await refusal(call)).message).toBe(`${name} must be a list of names, as ["id"], not text`);
  });

  test('with anything but text in it', async () => {
    const { message } = await refusal(() => table.scan({ select: untyped([1]) }));
    expect(message).toBe('select must be a list of names, as ["id"], not a list of other things');
  });

  test('a partitioning', async () => {
    const partitioned = () => catalog.createTable('sales.other', ordersSchema, { partitionSpec: untyped('month(at)') });
    expect((await refusal(partitioned)).message).toBe(
      'partitionSpec must be a list, as ["month(at)"], or a spec, not "month(at)"',
    );
  });
});

describe('an option that cannot be is refused at once', () => {
  const source = (options: object) => () => fromAny(new Uint8Array(), untyped(options));
  const cases: ReadonlyArray<readonly [string, () => unknown]> = [
    ['onBadRow must be one of fail, reject, not "skip"', source({ onBadRow: 'skip' })],
    ['format must be one of arrow, parquet, csv, json, not "xml"', source({ format: 'xml' })],
    ['compression must be one of gzip, zstd, none, not "lz4"', source({ compression: 'lz4' })],
    ['batchRows must be a whole number, 1 or more, not 1.5', source({ batchRows: 1.5 })],
    ['sampleBytes must be a whole number, 1 or more, not "all"', source({ sampleBytes: 'all' })],
    ['sampleRows must be a whole number, 1 or more, not -1', source({ sampleRows: -1 })],
    ['csv.delimiter must be one ASCII character, not "é"', source({ csv: { delimiter: 'é' } })],
    ['csv.quote must be one ASCII character, not ""', source({ csv: { quote: '' } })],
    ['csv.nullValues must be a list of texts, as ["NA"], not text', source({ csv: { nullValues: 'NA' } })],
    ['encoding must be one of default, compact, not "small"', () => table.append(rows, untyped({ encoding: 'small' }))],
    [
      'schemaEvolution must be one of none, addColumns, not "addcolumns"',
      () => table.append(rows, untyped({ schemaEvolution: 'addcolumns' })),
    ],
    [
      'distributionMode must be one of none, hash, range, not "sort"',
      () => catalog.createAndAppend('a.b', rows, {}, untyped({ distributionMode: 'sort' })),
    ],
    [
      'option spill of the write has no option folder; there are store, location',
      () => table.append(rows, untyped({ spill: { store: new MemoryStore(), location: 'memory:///s', folder: 'x' } })),
    ],
    [
      'snapshotProperties must be texts by name, and run is 7',
      () => table.append(rows, untyped({ snapshotProperties: { run: 7 } })),
    ],
    [
      'snapshotProperties must be texts by name, not "nightly"',
      () => table.addFiles([], untyped({ snapshotProperties: 'nightly' })),
    ],
  ];
  test.each(cases)('%s', async (message, call) => {
    expect((await refusal(call)).message).toBe(message);
  });

  test('all rows as the sample can be', () => {
    expect(source({ sampleRows: Infinity, csv: { quote: null } })()).toBeDefined();
  });
});

describe('an option that is true or false is nothing else', () => {
  const source = (options: object) => () => fromAny(new Uint8Array(), untyped(options));
  const cases: ReadonlyArray<readonly [option: string, value: unknown, call: (options: object) => unknown]> = [
    ['purge', 'false', (options) => catalog.dropTable('sales.orders', untyped(options))],
    ['createNamespace', 'false', (options) => catalog.createTable('b.c', ordersSchema, untyped(options))],
    ['createNamespace', 1, (options) => catalog.createAndAppend('b.c', rows, untyped(options))],
    ['requireEndOfStream', 0, (options) => source(options)()],
    ['unionByName', 'true', (options) => source(options)()],
    ['hivePartitioning', null, (options) => source(options)()],
    ['pathStyle', 'false', (options) => new S3Store(untyped(options))],
  ];
  test.each(cases)('%s: %j', async (option, value, call) => {
    const { message } = await refusal(() => call({ [option]: value }));
    expect(message).toBe(`${option} must be true or false, not ${JSON.stringify(value)}`);
  });

  test('in CSV', async () => {
    const { message } = await refusal(source({ csv: { header: 'no' } }));
    expect(message).toBe('csv.header must be true or false, not "no"');
  });

  test('and what was to be dropped or made is as before', async () => {
    expect(await catalog.listNamespaces()).toEqual([['sales']]);
    expect((await catalog.loadTable('sales.orders')).currentSnapshot).toBeNull();
  });
});

test('how bodies are hashed is one of the choices', async () => {
  const { message } = await refusal(() => new S3Store(untyped({ payload: 'none' })));
  expect(message).toBe('payload must be one of signed, unsigned, not "none"');
});

describe('a schema of a source that is none is refused with what one is', () => {
  const iceberg = { id: 1, name: 'id', required: true, type: 'long' };
  const cases: ReadonlyArray<readonly [string, unknown, shown: string]> = [
    ['no fields', {}, 'an object without a list of fields'],
    ['text', 'id long', 'a string'],
    ['null', null, 'null'],
    ['fields by name', { fields: { id: 'long' } }, 'an object without a list of fields'],
    ['a field without a type', { fields: [{ name: 'id', nullable: true }] }, 'one whose field 1 lacks'],
    [
      'a field without a name',
      { type: 'struct', fields: [{ ...iceberg, name: undefined }] },
      'one whose field 1 lacks',
    ],
    ['an Arrow schema with a type as text', { fields: [{ name: 'id', type: 'long' }] }, 'one whose field 1 lacks'],
    [
      'an Iceberg schema with a type of Arrow',
      { type: 'struct', fields: [iceberg, { ...iceberg, type: { kind: 'utf8' } }] },
      'one whose field 2 lacks',
    ],
    ['null as a field', { fields: [null] }, 'one whose field 1 lacks'],
  ];
  test.each(cases)('%s', async (_, schema, shown) => {
    for (const input of [new Uint8Array(), rows, [new Uint8Array(), new Uint8Array()]]) {
      const { message } = await refusal(() => fromAny(untyped(input), { schema: untyped(schema) }));
      expect(message).toMatch(/^schema must be an Iceberg schema, as \{.+\}, or an Arrow schema, as \{.+\}, not /);
      expect(message).toContain(`, not ${shown}`);
    }
  });
});

describe('texts that a table keeps have a bound', () => {
  const cases: ReadonlyArray<readonly [string, object]> = [
    ['wapId', { wapId: 'x'.repeat(257) }],
    ['wapId', { wapId: '' }],
    ['wapId', { wapId: '\ud800' }],
    ['branch', { branch: 'x'.repeat(257) }],
    ['branch', { branch: '' }],
    ['branch', { branch: 7 }],
    ['writer.id', { writer: { id: 'x'.repeat(257), sequence: 1n } }],
  ];
  test.each(cases)('%s (%#)', async (option, options) => {
    for (const call of [() => table.append(rows, untyped(options)), () => table.addFiles([], untyped(options))]) {
      expect((await refusal(call)).message).toBe(`${option} must be text of 1 to 256 characters`);
    }
  });

  test('snapshotProperties, by names and values together', async () => {
    const snapshotProperties = { a: 'x'.repeat(40_000), b: 'x'.repeat(25_535) };
    const { message } = await refusal(() => table.append(rows, { snapshotProperties }));
    expect(message).toBe(
      'snapshotProperties must have at most 65536 characters, names and values together, not 65537: the table keeps ' +
        'them with each snapshot',
    );
  });
});
