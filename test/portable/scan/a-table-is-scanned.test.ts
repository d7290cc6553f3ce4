/** What append wrote comes back: every type, in order, within bounds, as batches, rows and tasks. */
import { tableFromIPC } from 'apache-arrow';
import { beforeEach, describe, expect, it } from 'vitest';
import { recordBatches } from '../../../src/arrow.ts';
import type { Row } from '../../../src/scan/ipc-rows.ts';
import type { ScanProgress } from '../../../src/scan/scan-options.ts';
import type { ScanTask } from '../../../src/scan/scan-task.ts';
import { fromAny } from '../../../src/source/from-any.ts';
import type { Schema } from '../../../src/spec/schema.ts';
import type { NestedField, Type } from '../../../src/spec/types.ts';
import type { Table } from '../../../src/table/table.ts';
import { MemoryBudget } from '../../../src/util/memory-budget.ts';
import { type Lake, lake, ordersSchema } from '../write/lake.ts';
import { MiB, orders, sourceOf, testEngine } from '../write/rows.ts';
import { collect, countedLake, lakeOfStreams, plain } from './helpers.ts';

const optional = (id: number, name: string, type: Type): NestedField => ({ id, name, required: false, type });

const flat: NestedField[] = [
  optional(1, 'b', 'boolean'),
  optional(2, 'i', 'int'),
  optional(3, 'l', 'long'),
  optional(4, 'f', 'float'),
  optional(5, 'd', 'double'),
  optional(6, 'dec', 'decimal(38, 10)'),
  optional(7, 'small', 'decimal(9, 2)'),
  optional(8, 'day', 'date'),
  optional(9, 'clock', 'time'),
  optional(10, 'local', 'timestamp'),
  optional(11, 'instant', 'timestamptz'),
  optional(12, 'text', 'string'),
  optional(13, 'id', 'uuid'),
  optional(14, 'raw', 'binary'),
  optional(15, 'fix', 'fixed[3]'),
];
const nested: NestedField[] = [
  optional(20, 'point', { type: 'struct', fields: [optional(21, 'x', 'long'), optional(22, '__proto__', 'string')] }),
  optional(30, 'tags', { type: 'list', 'element-id': 31, 'element-required': false, element: 'string' }),
  optional(40, 'counts', {
    ...{ type: 'map', 'key-id': 41, key: 'string', 'value-id': 42, 'value-required': false },
    value: { type: 'list', 'element-id': 43, 'element-required': false, element: 'long' },
  }),
  optional(50, 'deep', {
    ...{ type: 'list', 'element-id': 51, 'element-required': false },
    element: { type: 'struct', fields: [optional(52, 'at', 'timestamptz'), optional(53, 'on', 'boolean')] },
  }),
];
const nanoseconds: NestedField[] = [
  optional(60, 'local_ns', 'timestamp_ns'),
  optional(61, 'instant_ns', 'timestamptz_ns'),
];

function proto(value: string | null): Row {
  return Object.defineProperty({ x: null } as Record<string, null>, '__proto__', { value, enumerable: true });
}

const values: Record<string, readonly unknown[]> = {
  b: [true, false],
  i: [-2147483648, 2147483647, 0],
  l: [-9223372036854775808n, 9223372036854775807n, 9007199254740993n],
  f: [0.5, -0, Number.NaN, Number.POSITIVE_INFINITY],
  d: [0.1, -0, Number.NaN, Number.NEGATIVE_INFINITY, 1e300],
  dec: ['1234567890123456789012345678.0123456789', '-0.0000000001', '0.0000000000'],
  small: ['1234567.89', '-1.00'],
  day: ['2026-11-21', '1969-12-31', '0001-01-01'],
  clock: ['00:00:00', '23:59:59.999999'],
  local: ['2026-11-21T10:00:00.000001', '1969-12-31T23:59:59.999'],
  instant: ['2026-11-21T10:00:00+00:00', '1900-01-01T00:00:00.123456+00:00'],
  text: ['', 'a\u0000b', '\ufeffwith a mark', '🧊 ice', 'x'.repeat(70_000)],
  id: ['f79c3e09-677c-4bbd-a479-3f349cb785e7'],
  raw: [new Uint8Array(), new Uint8Array([0, 255, 7])],
  fix: [new Uint8Array([1, 2, 3])],
  point: [{ x: 9007199254740993n, ['__proto__']: 'safe' }, proto(null)],
  tags: [[], ['a', null, 'b'], [null]],
  counts: [
    new Map(),
    new Map([['k', [1n, null]]]),
    new Map<string, unknown>([
      ['a', []],
      ['b', null],
    ]),
  ],
  deep: [[], [{ at: '2026-11-21T10:00:00+00:00', on: true }, null, { at: null, on: null }]],
  local_ns: ['2026-11-21T10:00:00.000000001'],
  instant_ns: ['1969-12-31T23:59:59.999999999+00:00'],
};

function rowsOf(fields: readonly NestedField[], count: number): Record<string, unknown>[] {
  return Array.from({ length: count }, (_, row) =>
    Object.fromEntries(
      fields.map(({ name }) => {
        const some = values[name] ?? [];
        return [name, row % (some.length + 1) === some.length ? null : some[row % (some.length + 1)]];
      }),
    ),
  );
}

let at: Lake;
beforeEach(async () => {
  at = await lake();
});

async function written(schema: Schema, rows: readonly Record<string, unknown>[], version = '2'): Promise<Table> {
  const properties = { 'format-version': version };
  const { table } = await at.catalog.createAndAppend('sales.types', fromAny(rows, { schema }), { properties });
  return table;
}

describe.each(['2', '3'])('format version %s', (version) => {
  it('gives back every type, nested ones and nulls at every level', async () => {
    const fields = [...flat, ...nested, ...(version === '3' ? nanoseconds : [])];
    const rows = rowsOf(fields, 60);
    const table = await written({ type: 'struct', fields }, rows, version);
    const read = await collect(table.scan({ batchSize: 7 }).rows());
    expect(read.map(plain)).toEqual(rows.map(plain));
  });
});

it('gives record batches of apache-arrow with the types of the table', async () => {
  const table = await written({ type: 'struct', fields: flat }, rowsOf(flat, 10));
  const batches = await collect(recordBatches(table.scan({ batchSize: 4 })));
  expect(batches.map(({ numRows }) => numRows)).toEqual([4, 4, 2]);
  const types = new Map(batches[0]?.schema.fields.map(({ name, type }) => [name, String(type)]));
  expect(types.get('l')).toBe('Int64');
  expect(types.get('instant')).toBe('Timestamp<MICROSECOND, UTC>');
  expect(types.get('text')).toBe('Utf8');
  expect(batches[0]?.getChild('l')?.get(0)).toBe(-9223372036854775808n);
});

it('gives batches of at most batchSize rows that any reader of Arrow streams takes', async () => {
  const { table } = await at.catalog.createAndAppend('sales.orders', sourceOf(orders(25_000)));
  let next = 0n;
  for await (const batch of table.scan({ batchSize: 1000 })) {
    expect(batch.numRows).toBeLessThanOrEqual(1000);
    const ids = tableFromIPC(batch.ipc).getChild('id');
    for (let row = 0; row < batch.numRows; row++) expect(ids?.get(row)).toBe(next++);
  }
  expect(next).toBe(25_000n);
});

it('gives the selected columns alone, in the order asked', async () => {
  const { table } = await at.catalog.createAndAppend('sales.orders', sourceOf(orders(100)));
  const scan = table.scan({ select: ['kind', 'id'], limit: 2 });
  expect(scan.schema.fields.map(({ name }) => name)).toEqual(['kind', 'id']);
  const [batch] = await collect(scan);
  expect(batch?.schema.fields.map(({ name }) => name)).toEqual(['kind', 'id']);
  expect([...(batch?.rows() ?? [])].map((row) => Object.keys(row))).toEqual([
    ['kind', 'id'],
    ['kind', 'id'],
  ]);
});

it('reads the files of all appends in order, and up to the limit', async () => {
  const { table } = await at.catalog.createAndAppend('sales.orders', sourceOf(orders(10)));
  await table.append(sourceOf(orders(20)));
  for (const [limit, count] of [
    [0, 0],
    [1, 1],
    [15, 15],
    [30, 30],
    [31, 30],
  ] as const) {
    expect(await collect(table.scan({ limit, batchSize: 4 }).rows())).toHaveLength(count);
  }
  const ids = (await collect(table.scan({ select: ['id'] }).rows())).map(({ id }) => Number(id));
  expect(ids.slice().sort((a, b) => a - b)).toEqual([...Array(10).keys(), ...Array(20).keys()].sort((a, b) => a - b));
});

it('a table without a snapshot has no rows', async () => {
  const table = await at.catalog.createTable('sales.empty', ordersSchema);
  const scan = table.scan();
  expect(scan.snapshot).toBeNull();
  expect(await collect(scan)).toEqual([]);
  expect(await collect(scan.planFiles())).toEqual([]);
});

it('select, limit and leaving early fetch few bytes and free everything', async () => {
  const engine = await testEngine();
  const { store, catalog, dataReads } = await countedLake();
  const options = { memoryLimitBytes: 24 * MiB };
  const { table } = await catalog.createAndAppend('sales.orders', sourceOf(orders(120_000)), {}, options);
  await table.append(sourceOf(orders(120_000)), options);
  const files = await collect(table.files());
  const total = files.reduce((sum, { file }) => sum + Number(file.fileSizeInBytes), 0);
  expect(store).toBeDefined();
  const budget = new MemoryBudget(64 * MiB);
  const live = engine.liveBytes;
  const scanning = { engine, budget, memoryLimitBytes: 32 * MiB };

  dataReads.clear();
  expect(await collect(table.scan({ ...scanning, limit: 10, select: ['kind'] }).rows())).toHaveLength(10);
  expect(dataReads.bytes).toBeLessThan(total / 4);
  expect(dataReads.files.size).toBe(1);

  dataReads.clear();
  for await (const batch of table.scan({ ...scanning, select: ['kind'] })) {
    expect(batch.numRows).toBeGreaterThan(0);
    expect(budget.leasedBytes).toBe(32 * MiB);
    break;
  }
  const afterBreak = dataReads.bytes;
  expect(afterBreak).toBeLessThan(total / 4);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(dataReads.bytes).toBe(afterBreak);
  expect(engine.liveBytes).toBe(live);
  expect(budget.leasedBytes).toBe(0);

  dataReads.clear();
  let rows = 0;
  for await (const batch of table.scan({ ...scanning, select: ['id', 'kind'] })) rows += batch.numRows;
  expect(rows).toBe(240_000);
  expect(dataReads.bytes).toBeLessThan(total / 2);
  expect(engine.liveBytes).toBe(live);
  expect(budget.leasedBytes).toBe(0);
});

it('no stream of a manifest stays open when planning or a scan is left early', async () => {
  const { catalog, open } = await lakeOfStreams();
  const partitionSpec = ['kind', 'month(at)'];
  const { table } = await catalog.createAndAppend('sales.orders', sourceOf(orders(500)), { partitionSpec });
  await table.append(sourceOf(orders(500)));
  expect(open()).toBe(0);
  for await (const _ of table.scan().planFiles()) break;
  expect(open()).toBe(0);
  expect(await collect(table.scan({ limit: 3 }).rows())).toHaveLength(3);
  expect(open()).toBe(0);
  for await (const _ of table.files()) break;
  expect(open()).toBe(0);
});

it('tasks are plain JSON, and what they hold together is the scan', async () => {
  const { table } = await at.catalog.createAndAppend('sales.orders', sourceOf(orders(500)), {
    partitionSpec: ['kind', 'month(at)'],
  });
  const scan = table.scan({ select: ['id', 'kind'] });
  const tasks = await collect(scan.planFiles());
  expect(tasks.length).toBeGreaterThan(16);
  const [first] = tasks;
  expect(first).toMatchObject({
    fileFormat: 'parquet',
    residual: true,
    deletes: [],
    fieldIds: [1, 5],
    partition: [{ name: 'kind', transform: 'identity', sourceIds: [5] }, { transform: 'month' }],
  });
  const sent = JSON.parse(JSON.stringify(tasks)) as ScanTask[];
  expect(sent).toEqual(tasks);
  const elsewhere = await at.catalog.loadTable('sales.orders');
  const read: Row[] = [];
  for (const task of sent) {
    let rows = 0;
    for await (const batch of elsewhere.readTask(task)) {
      read.push(...batch.rows());
      rows += batch.numRows;
    }
    expect(rows).toBe(task.recordCount);
  }
  expect(read.map(plain)).toEqual((await collect(scan.rows())).map(plain));
});

it('reports progress, and stops when it is told to', async () => {
  const { table } = await at.catalog.createAndAppend('sales.orders', sourceOf(orders(5000)));
  const seen: ScanProgress[] = [];
  await collect(table.scan({ onProgress: (progress) => seen.push(progress) }));
  expect(seen.at(-1)).toMatchObject({ rows: 5000, filesRead: 1 });
  expect(seen.at(-1)?.bytesRead).toBeGreaterThan(0);

  const stop = new AbortController();
  const scan = table.scan({ batchSize: 100, signal: stop.signal });
  await expect(
    (async () => {
      for await (const _ of scan) stop.abort();
    })(),
  ).rejects.toMatchObject({ code: 'ABORTED' });
  await expect(collect(scan)).rejects.toMatchObject({ code: 'ABORTED' });
});

describe('time travel', () => {
  it('reads a snapshot by id, by time, by branch and by tag, under the schema of its time', async () => {
    const { table } = await at.catalog.createAndAppend('sales.orders', sourceOf(orders(10)));
    const first = table.currentSnapshot;
    if (first === null) throw new Error('no snapshot');
    await table.append(fromAny([{ id: 99n, added: 'x' }]), { schemaEvolution: 'addColumns' });
    await table.append(sourceOf(orders(5)), { branch: 'side' });
    await table.refresh();
    const count = async (options: Parameters<Table['scan']>[0]) => (await collect(table.scan(options).rows())).length;
    const id = first['snapshot-id'];
    expect(await count({})).toBe(11);
    expect(await count({ ref: 'main' })).toBe(11);
    expect(await count({ ref: 'side' })).toBe(16);
    expect(await count({ snapshotId: id })).toBe(10);
    expect(await count({ asOf: Number(first['timestamp-ms']) })).toBeGreaterThanOrEqual(10);
    expect(table.scan({ snapshotId: id }).schema.fields).toHaveLength(5);
    expect(table.scan().schema.fields).toHaveLength(6);
    expect(table.scan({ asOf: new Date(Date.now() + 60_000) }).snapshot).toEqual(table.currentSnapshot);
  });

  it('says so when there is no such snapshot, branch or time', async () => {
    const { table } = await at.catalog.createAndAppend('sales.orders', sourceOf(orders(10)));
    expect(() => table.scan({ snapshotId: 1n })).toThrow(/no snapshot 1;/);
    expect(() => table.scan({ ref: 'nope' })).toThrow(/no branch or tag "nope"/);
    expect(() => table.scan({ asOf: 0 })).toThrow(/had no snapshot at 1970-01-01T00:00:00.000Z; it is known since/);
  });
});

it('options that cannot be are named', async () => {
  const { table } = await at.catalog.createAndAppend('sales.orders', sourceOf(orders(10)));
  expect(() => table.scan({ batchSize: 0 })).toThrow(/batchSize/);
  expect(() => table.scan({ limit: -1 })).toThrow(/limit/);
  expect(() => table.scan({ ref: 'main', asOf: 0 })).toThrow(/ref and asOf/);
  expect(() => table.scan({ select: ['ID'] })).toThrow(/did you mean "id"/);
  expect(() => table.scan({ select: ['id', 'id'] })).toThrow(/selected twice/);
  expect(() => table.scan({ select: [] })).toThrow(/no column/);
  expect(() => table.scan({ select: ['_row_id'] })).toThrow(/metadata column/);
});
