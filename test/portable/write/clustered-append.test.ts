/** `write.distribution-mode = hash`: one file a partition, rows in order, and nothing left of the runs. */
import * as arrow from 'apache-arrow';
import { describe, expect, test } from 'vitest';
import { newEngine } from '../../../src/engine/default-engine.ts';
import { arrowSource } from '../../../src/source/arrow-js.ts';
import { fromAny } from '../../../src/source/from-any.ts';
import { MemoryStore } from '../../../src/storage/memory/memory-store.ts';
import type { Store, Upload } from '../../../src/storage/store.ts';
import type { Table } from '../../../src/table/table.ts';
import { toHex } from '../../../src/util/encoding.ts';
import { uuidV7 } from '../../../src/util/uuid.ts';
import { engineShareBytes } from '../../../src/write/memory-plan.ts';
import type { WriteOptions } from '../../../src/write/write-options.ts';
import { hastyWorld, type Lake, lake, liveFiles, ordersSchema } from './lake.ts';
import { MiB, orders, sourceOf, testEngine } from './rows.ts';

/** Small enough for several runs of the rows below. */
const LIMIT = 24 * MiB;
const ROWS = 120_000;
const engine = await newEngine({ memoryLimitBytes: engineShareBytes(LIMIT) });
const options: WriteOptions = { engine, memoryLimitBytes: LIMIT, distributionMode: 'hash' };
const source = sourceOf(orders(ROWS));

/** What is asked of a store for runs, and what goes wrong there. */
interface Watched {
  /** In the order they were opened. */
  readonly runs: string[];
  reads: number;
  /** At once: now, and at most. */
  reading: number;
  mostReading: number;
  onOpen?: (location: string) => void;
  onWrite?: () => void;
  onRead?: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>;
  refuseRemoval?: boolean;
}

function watch(store: Store, watched: Watched): Store {
  const isRun = (location: string) => location.endsWith('.run');
  const openUpload: Store['openUpload'] = async (location, uploadOptions) => {
    if (!isRun(location)) return store.openUpload(location, uploadOptions);
    watched.runs.push(location);
    watched.onOpen?.(location);
    const upload: Upload = await store.openUpload(location, uploadOptions);
    const { write } = upload;
    upload.write = (bytes) => {
      watched.onWrite?.();
      return write.call(upload, bytes);
    };
    return upload;
  };
  const read: Store['read'] = async (location, range, readOptions) => {
    if (!isRun(location)) return store.read(location, range, readOptions);
    watched.mostReading = Math.max(watched.mostReading, ++watched.reading);
    const bytes = await store.read(location, range, readOptions);
    watched.reading -= 1;
    watched.reads += 1;
    return watched.onRead?.(bytes) ?? bytes;
  };
  const remove: Store['delete'] = async (locations, deleteOptions) => {
    const kept = watched.refuseRemoval === true ? locations.filter(isRun) : [];
    const { failed } = await store.delete(
      locations.filter((location) => !kept.includes(location)),
      deleteOptions,
    );
    return { failed: [...failed, ...kept] };
  };
  return new Proxy(store, {
    get(target, property) {
      if (property === 'openUpload') return openUpload;
      if (property === 'read') return read;
      if (property === 'delete') return remove;
      const value: unknown = Reflect.get(target, property);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

interface Watching extends Lake {
  readonly table: Table;
  readonly watched: Watched;
}

async function watchedLake(
  partitionSpec: readonly string[],
  properties: Readonly<Record<string, string>> = {},
): Promise<Watching> {
  const watched: Watched = { runs: [], reads: 0, reading: 0, mostReading: 0 };
  const here = await lake({ store: (store) => watch(store, watched) });
  const table = await here.catalog.createTable('sales.orders', ordersSchema, { partitionSpec, properties });
  return { ...here, table, watched };
}

/** Rows of a data file, column by column. */
async function columnsOf(store: Store, location: string) {
  const bytes = await store.read(location);
  using reader = await engine.openParquet({
    sizeBytes: bytes.length,
    read: async (start, end) => bytes.slice(start, end),
  });
  const ids: bigint[] = [];
  const names: (string | null)[] = [];
  for await (const batch of reader.batches({ columns: [['id'], ['name']] })) {
    const table = arrow.tableFromIPC(batch.toIpc());
    batch.free();
    ids.push(...(table.getChild('id')?.toArray() ?? []));
    names.push(...(table.getChild('name')?.toJSON() ?? []));
  }
  return { ids, names };
}

/** Files by partition, each with a hash of its bytes. */
async function hashes({ store, table }: Watching): Promise<string[]> {
  const files = await liveFiles(table);
  const lines = files.map(async ({ filePath, recordCount }) => {
    const hash = await crypto.subtle.digest('SHA-256', await store.read(filePath));
    return `${filePath.replace(/^.*\/data\/|[^/]*$/g, '')} ${recordCount} ${toHex(new Uint8Array(hash))}`;
  });
  return (await Promise.all(lines)).sort();
}

/** Nothing but what the table was made of. */
async function expectUntouched({ table, objects, watched }: Watching): Promise<void> {
  await table.refresh();
  expect(table.snapshots()).toEqual([]);
  expect((await objects()).filter((location) => /\.(parquet|avro|run)$/.test(location))).toEqual([]);
  expect(watched.runs.length).toBeGreaterThan(0);
}

describe('rows that come mixed', () => {
  test('are in one file a partition, in the order they came, within the limit', async () => {
    const here = await watchedLake(['bucket(40, id)'], { 'write.distribution-mode': 'HASH' });
    const before = engine.liveBytes;
    const { distributionMode: _, ...byProperty } = options;
    const result = await here.table.append(source, byProperty);
    expect(here.watched.runs.length).toBeGreaterThan(2);
    expect(here.watched.mostReading).toBeLessThanOrEqual(6);
    expect(result).toMatchObject({ rows: BigInt(ROWS), files: 40, leftBehind: [] });
    expect(result.memoryPeakBytes).toBeLessThanOrEqual(LIMIT);
    // What the engine keeps between writes is less.
    expect(engine.liveBytes - before).toBeLessThan(4096);
    const all: bigint[] = [];
    for (const { filePath } of await liveFiles(here.table)) {
      const { ids } = await columnsOf(here.store, filePath);
      expect(ids.every((id, index) => index === 0 || id > (ids[index - 1] ?? id))).toBe(true);
      all.push(...ids);
    }
    expect(new Set(all).size).toBe(ROWS);
    expect((await here.objects()).filter((location) => location.endsWith('.run'))).toEqual([]);
  });

  test('give the same bytes however they are cut into batches', async () => {
    const of = async (batchRows: number) => {
      const here = await watchedLake(['kind', 'bucket(3, id)']);
      await here.table.append(sourceOf(orders(ROWS), { batchRows }), options);
      return hashes(here);
    };
    const expected = await of(10_000);
    expect(expected).toHaveLength(48);
    expect(await of(7_777)).toEqual(expected);
    expect(await of(30_000)).toEqual(expected);
  });

  test('of one partition are cut at the target size', async () => {
    const properties = { 'write.target-file-size-bytes': '700000', 'write.parquet.row-group-size-bytes': '1000000' };
    const here = await watchedLake(['bucket(1, id)'], properties);
    const { files } = await here.table.append(source, options);
    expect(files).toBeGreaterThan(2);
    const sizes = (await liveFiles(here.table)).map((file) => Number(file.fileSizeInBytes));
    for (const size of sizes.slice(0, -1)) expect(size).toBeGreaterThan(690_000);
    for (const size of sizes) expect(size).toBeLessThan(1_400_000);
  });

  test('with nulls and long texts in what they are partitioned by', async () => {
    const here = await watchedLake(['truncate(name, 10)', 'void(kind)']);
    await here.table.append(source, options);
    const files = await liveFiles(here.table);
    expect(here.watched.runs.length).toBeGreaterThan(1);
    expect(new Set(files.map((file) => file.partition[0])).size).toBe(files.length);
    let rows = 0;
    for (const { filePath, partition } of files) {
      const { names } = await columnsOf(here.store, filePath);
      rows += names.length;
      expect(new Set(names.map((name) => name?.slice(0, 10) ?? null))).toEqual(new Set([partition[0]]));
    }
    expect(rows).toBe(ROWS);
  });

  test('make no run where they fit in memory', async () => {
    const here = await watchedLake(['bucket(7, id)']);
    expect((await here.table.append(sourceOf(orders(5000)), options)).files).toBe(7);
    expect(here.watched.runs).toEqual([]);
  });
});

describe('which way is taken', () => {
  const few = sourceOf(orders(70_000));

  test('the option wins over the property', async () => {
    const here = await watchedLake(['bucket(40, id)'], { 'write.distribution-mode': 'hash' });
    await here.table.append(few, { ...options, distributionMode: 'none' });
    expect(here.watched.runs).toEqual([]);
  });

  test('range is hash, as no sort order is applied', async () => {
    const [range, hash] = [await watchedLake(['kind']), await watchedLake(['kind'])];
    await range.table.append(few, { ...options, distributionMode: 'range' });
    await hash.table.append(few, options);
    expect(range.watched.runs.length).toBeGreaterThan(0);
    expect(await hashes(range)).toEqual(await hashes(hash));
  });

  test('tables without partitions are written as they are without it', async () => {
    const [hash, none] = [await watchedLake([]), await watchedLake([])];
    const roomy = { engine: await testEngine(), memoryLimitBytes: 64 * MiB };
    await hash.table.append(few, { ...roomy, distributionMode: 'hash' });
    await none.table.append(few, { ...roomy, distributionMode: 'none' });
    expect(hash.watched.runs).toEqual([]);
    expect(await hashes(hash)).toEqual(await hashes(none));
  });

  test('unknown modes are refused before anything is written', async () => {
    const here = await watchedLake(['kind'], { 'write.distribution-mode': 'shuffle' });
    const { distributionMode: _, ...byProperty } = options;
    await expect(here.table.append(few, byProperty)).rejects.toMatchObject({
      code: 'INVALID_METADATA',
      place: { option: 'write.distribution-mode' },
    });
    const unknown = { ...options, distributionMode: 'sorted' as 'hash' };
    await expect(here.table.append(few, unknown)).rejects.toThrow(/distributionMode must be one of none, hash, range/);
    expect((await here.objects()).filter((location) => /\.(parquet|avro|run)$/.test(location))).toEqual([]);
  });
});

describe('runs elsewhere', () => {
  test('go to the store and folder that are named, and from there', async () => {
    const here = await watchedLake(['bucket(40, id)']);
    const watched: Watched = { runs: [], reads: 0, reading: 0, mostReading: 0 };
    const scratch = new MemoryStore('scratch');
    const spill = { store: watch(scratch, watched), location: 'memory://scratch/tmp/' };
    expect((await here.table.append(source, { ...options, spill })).files).toBe(40);
    expect(here.watched.runs).toEqual([]);
    expect(watched.runs.length).toBeGreaterThan(2);
    for (const location of watched.runs) expect(location).toMatch(/^memory:\/\/scratch\/tmp\/[^/]+\.run$/);
    for await (const { location } of scratch.list('memory://scratch/')) throw new Error(`${location} is still there`);
  });

  test('a folder that is not of the store is refused', async () => {
    const here = await watchedLake(['kind']);
    const spill = { store: new MemoryStore('scratch'), location: 'file:///tmp' };
    await expect(here.table.append(source, { ...options, spill })).rejects.toThrow(/spill.location/);
  });
});

describe('a load that fails leaves the table as it was, and no run and no file', () => {
  test('when the source breaks', async () => {
    const here = await watchedLake(['bucket(40, id)']);
    const broken = sourceOf(orders(ROWS), { failAtRow: 110_000 });
    await expect(here.table.append(broken, options)).rejects.toThrow('the source broke');
    await expectUntouched(here);
  });

  test.each(['onOpen', 'onWrite'] as const)('when a run cannot be written: %s', async (at) => {
    const here = await watchedLake(['bucket(40, id)']);
    here.watched[at] = () => {
      if (here.watched.runs.length === 3) throw new Error('no room');
    };
    await expect(here.table.append(source, options)).rejects.toThrow('no room');
    await expectUntouched(here);
  });

  const damages: readonly [string, (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>][] = [
    ['is cut off', (bytes) => bytes.subarray(0, bytes.length - 8)],
    ['is empty', () => new Uint8Array()],
    ['has another byte', (bytes) => bytes.map((byte, at) => (at === bytes.length >> 1 ? byte ^ 1 : byte))],
    ['has another head', (bytes) => bytes.map((byte, at) => (at === 0 ? byte ^ 1 : byte))],
    ['has another row count', (bytes) => bytes.map((byte, at) => (at === 4 ? byte ^ 1 : byte))],
    ['is something else', (bytes) => new Uint8Array(bytes.length)],
  ];
  test.each(damages)('when what is read back %s', async (_, damage) => {
    const here = await watchedLake(['bucket(40, id)']);
    here.watched.onRead = (bytes) => (here.watched.reads === 5 || bytes.length === 0 ? damage(bytes) : bytes);
    const error: unknown = await here.table.append(source, options).catch((e: unknown) => e);
    expect(['INVALID_RESPONSE', 'ROW_COUNT_MISMATCH']).toContain((error as { code?: string }).code);
    await expectUntouched(here);
  });

  test('when a run cannot be read', async () => {
    const here = await watchedLake(['bucket(40, id)']);
    here.watched.onRead = () => {
      throw new Error('gone');
    };
    await expect(here.table.append(source, options)).rejects.toThrow('gone');
    expect(here.watched.reads).toBeLessThanOrEqual(6);
    await expectUntouched(here);
  });

  test('when it is stopped while runs are read', async () => {
    const here = await watchedLake(['bucket(40, id)']);
    const stop = new AbortController();
    here.watched.onRead = (bytes) => {
      if (here.watched.reads === 7) stop.abort();
      return bytes;
    };
    const stopped = here.table.append(source, { ...options, signal: stop.signal });
    await expect(stopped).rejects.toMatchObject({ code: 'ABORTED', leftBehind: [] });
    await expectUntouched(here);
  });

  test('but says which runs it could not remove', async () => {
    const here = await watchedLake(['bucket(40, id)']);
    here.watched.refuseRemoval = true;
    here.watched.onRead = () => {
      throw new Error('gone');
    };
    const error: unknown = await here.table.append(source, options).catch((e: unknown) => e);
    expect(error).toMatchObject({ leftBehind: here.watched.runs });
    expect((await here.objects()).filter((location) => location.endsWith('.run'))).toEqual(here.watched.runs);
  });
});

test('runs that could not be removed after a load are in its result', async () => {
  const here = await watchedLake(['bucket(40, id)']);
  here.watched.refuseRemoval = true;
  const result = await here.table.append(source, options);
  expect(result).toMatchObject({ rows: BigInt(ROWS), leftBehind: here.watched.runs });
});

test('a second call under the same commit id proves its payload, and leaves no run', async () => {
  const here = await watchedLake(['bucket(40, id)']);
  const once = { ...options, commitId: uuidV7(hastyWorld) };
  const first = await here.table.append(source, once);
  const second = await here.table.append(source, once);
  expect(second).toMatchObject({ alreadyCommitted: true, snapshotId: first.snapshotId, leftBehind: [] });
  const as = await here.table.append(source, { ...once, distributionMode: 'none' });
  expect(as.alreadyCommitted).toBe(true);
  const other = sourceOf(orders(ROWS, 15));
  await expect(here.table.append(other, once)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  await here.table.refresh();
  expect(here.table.snapshots()).toHaveLength(1);
  expect((await here.objects()).filter((location) => location.endsWith('.run'))).toEqual([]);
});

/** 40,000 rows of 60 columns of numbers that do not compress, in small messages. */
function wideRows(): arrow.Table {
  let state = 1;
  const next = () => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9;
    return state;
  };
  const message = () => {
    const columns = Array.from({ length: 60 }, (_, at) => [
      `c${at}`,
      new BigInt64Array(Int32Array.from({ length: 2000 }, next).buffer),
    ]);
    return arrow.tableFromArrays(Object.fromEntries(columns)).batches;
  };
  return new arrow.Table(Array.from({ length: 40 }, message).flat());
}

test.each([
  ['Arrow messages', 32],
  ['Parquet, whose columns go one by one', 36],
])('wide rows of %s keep to a small limit', async (from, mib) => {
  const here = await lake();
  let wide = arrowSource(wideRows());
  if (from !== 'Arrow messages') {
    await here.catalog.createAndAppend('sales.whole', wide, {}, { ...options, memoryLimitBytes: 64 * MiB });
    const [file] = (await here.objects()).filter((location) => location.endsWith('.parquet'));
    wide = fromAny(await here.store.read(file as string));
  }
  const limit = mib * MiB;
  const { result } = await here.catalog.createAndAppend(
    'sales.wide',
    wide,
    { partitionSpec: ['bucket(16, c1)'] },
    { ...options, memoryLimitBytes: limit, engine: await newEngine({ memoryLimitBytes: engineShareBytes(limit) }) },
  );
  expect(result).toMatchObject({ rows: 40_000n, files: 16, leftBehind: [] });
});

test('rows with a large value each, as a program gives them, fit where one column is nearly all of them', async () => {
  const limit = 64 * MiB;
  const { catalog } = await lake();
  const pads = function* () {
    for (let i = 0; i < 60_000; i++) yield { id: i, pad: new Uint8Array(300 + ((i * 7919) % 300)).fill(i) };
  };
  const { result } = await catalog.createAndAppend(
    'lake.pads',
    fromAny(pads()),
    { partitionSpec: ['bucket(2, id)'], createNamespace: true },
    {
      engine: await newEngine({ memoryLimitBytes: engineShareBytes(limit) }),
      memoryLimitBytes: limit,
      distributionMode: 'hash',
    },
  );
  expect(result).toMatchObject({ rows: 60_000n, files: 2 });
  expect(result.memoryPeakBytes).toBeLessThanOrEqual(limit);
});
