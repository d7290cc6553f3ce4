/** Sources of every kind with little memory, from their first byte on: written, or refused with a limit that does. */
import * as arrow from 'apache-arrow';
import { expect, test } from 'vitest';
import { newEngine } from '../../../src/engine/default-engine.ts';
import { IcestreamError } from '../../../src/errors.ts';
import { fromAny, type SourceInput } from '../../../src/source/from-any.ts';
import type { Bytes } from '../../../src/util/bytes.ts';
import { engineShareBytes } from '../../../src/write/memory-plan.ts';
import type { WriteOptions } from '../../../src/write/write-options.ts';
import { lake, orphans } from './lake.ts';
import { MiB } from './rows.ts';

interface Input {
  readonly name: string;
  readonly data: () => SourceInput | Promise<SourceInput>;
}

const numbers = (count: number) => Array.from({ length: count }, (_, at) => at);
const lines = (count: number, line: (row: number) => string) => new Blob([numbers(count).map(line).join('')]);

/** Text of so many letters that differ from row to row. */
function letters(row: number, length: number): string {
  const block = numbers(1024).map((at) => String.fromCharCode(97 + ((((at + row) * 2654435761) >>> 8) % 26)));
  return block.join('').repeat(length / 1024);
}

function arrowBytes(schema: arrow.Schema, data: arrow.Data[], length: number, kind: 'stream' | 'file'): Bytes {
  const struct = arrow.makeData({ type: new arrow.Struct(schema.fields), length, nullCount: 0, children: data });
  return arrow.tableToIPC(new arrow.Table([new arrow.RecordBatch(schema, struct)]), kind) as Bytes;
}

/** Its schema's message has 3 MB. */
function longNotes(): Bytes {
  const schema = new arrow.Schema(
    [new arrow.Field('id', new arrow.Int32(), true)],
    new Map([['note', letters(0, 3 * MiB)]]),
  );
  return arrowBytes(schema, [arrow.makeData({ type: new arrow.Int32(), data: Int32Array.of(1, 2) })], 2, 'stream');
}

function manyColumns(kind: 'stream' | 'file'): Bytes {
  const fields = numbers(5000).map((at) => new arrow.Field(`column_${at}`, new arrow.Int32(), true));
  const data = fields.map(() => arrow.makeData({ type: new arrow.Int32(), data: Int32Array.of(1, 2) }));
  return arrowBytes(new arrow.Schema(fields), data, 2, kind);
}

function largeDictionary(): Bytes {
  const dictionary = arrow.vectorFromArray(
    numbers(40_000).map((row) => `${row} ${letters(row % 100, 1024).slice(0, 100)}`),
    new arrow.Utf8(),
  );
  const type = new arrow.Dictionary(new arrow.Utf8(), new arrow.Int32(), 1);
  const keys = arrow.makeData({ type, length: 40_000, data: Int32Array.from(numbers(40_000)), dictionary });
  return arrowBytes(new arrow.Schema([new arrow.Field('text', type, true)]), [keys], 40_000, 'stream');
}

/** The rows as a Parquet file of this library. */
async function parquet(rows: readonly object[], properties: Readonly<Record<string, string>>): Promise<Blob> {
  const here = await lake();
  const engine = await newEngine({ memoryLimitBytes: 200 * MiB });
  const source = fromAny(rows as Record<string, unknown>[]);
  await here.catalog.createAndAppend('sales.source', source, { properties }, { engine, memoryLimitBytes: 400 * MiB });
  const [location = ''] = (await here.objects()).filter((name) => name.endsWith('.parquet'));
  return new Blob([await here.store.read(location)]);
}

const inputs: readonly Input[] = [
  { name: 'usual.csv', data: () => lines(60_000, (row) => (row === 0 ? 'id,a\n' : `${row},x${row}\n`)) },
  { name: 'long.csv', data: () => lines(9, (row) => (row === 0 ? 'id,a\n' : `${row},${letters(row, MiB)}\n`)) },
  {
    name: 'columns.csv',
    data: () =>
      lines(
        5,
        (row) =>
          `${numbers(5000)
            .map((at) => (row ? at : `c${at}`))
            .join()}\n`,
      ),
  },
  { name: 'usual.ndjson', data: () => lines(60_000, (row) => `{"id":${row},"a":"x${row}","b":[1,2,3]}\n`) },
  { name: 'keys.ndjson', data: () => lines(2000, (row) => `{"k${row % 500}":{"x":[{"y":${row}}]}}\n`) },
  { name: 'rows', data: () => numbers(3000).map((id) => ({ id, pad: letters(id, 4096) })) },
  { name: 'notes.arrows', data: longNotes },
  { name: 'columns.arrows', data: () => manyColumns('stream') },
  { name: 'columns.arrow', data: () => manyColumns('file') },
  { name: 'dictionary.arrows', data: largeDictionary },
  {
    name: 'groups.parquet',
    data: () =>
      parquet(
        numbers(20_000).map((id) => ({ id, ...Object.fromEntries(numbers(30).map((at) => [`c${at}`, id + at])) })),
        { 'write.parquet.row-group-size-bytes': '20000' },
      ),
  },
  {
    name: 'columns.parquet',
    data: () => parquet([Object.fromEntries(numbers(1500).map((at) => [`column_${at}`, at]))], {}),
  },
];

/** The rows written, or the error, of which nothing is left. */
async function load(
  data: SourceInput,
  name: string,
  engineBytes: number,
  options: WriteOptions,
): Promise<bigint | IcestreamError> {
  const engine = await newEngine({ memoryLimitBytes: engineBytes });
  const before = engine.liveBytes;
  const here = await lake();
  try {
    const all = { engine, ...options };
    return (await here.catalog.createAndAppend('sales.small', fromAny(data, { name }), {}, all)).result.rows;
  } catch (error) {
    if (!(error instanceof IcestreamError)) throw error;
    expect(error).toMatchObject({ leftBehind: [] });
    expect(await orphans(here, null)).toEqual([]);
    return error;
  } finally {
    if (engine.alive) expect(engine.liveBytes - before).toBeLessThan(4096);
  }
}

test.each(inputs)('$name is loaded, or refused with a limit that does', async ({ name, data }) => {
  const input = await data();
  const loadWith = (limit: number) => load(input, name, engineShareBytes(limit), { memoryLimitBytes: limit });
  for (const mebibytes of [12, 14, 20, 30]) {
    let limit = mebibytes * MiB;
    for (let outcome = await loadWith(limit); outcome instanceof IcestreamError; outcome = await loadWith(limit)) {
      expect(outcome).toMatchObject({ code: 'MEMORY_LIMIT_TOO_SMALL', place: { option: 'memoryLimitBytes' } });
      const { neededBytes = 0 } = outcome.place;
      expect(neededBytes).toBeGreaterThan(limit);
      expect(neededBytes).toBeLessThan(200 * MiB);
      expect(outcome.message).toContain(`at least ${neededBytes}`);
      limit = neededBytes;
    }
  }
});

test('beside an engine that has grown before, large batches are refused with a limit that does', async () => {
  const engine = await newEngine({ memoryLimitBytes: 64 * MiB });
  const data = lines(60, (row) => `{"id":${row},"a":"${letters(row, MiB / 2)}"}\n`);
  const loadWith = async (memoryLimitBytes: number) => {
    const { catalog } = await lake();
    const source = fromAny(data, { name: 'texts.ndjson' });
    const properties = { 'write.parquet.compression-codec': 'snappy' };
    const all = { engine, memoryLimitBytes };
    return (await catalog.createAndAppend('sales.small', source, { properties }, all)).result.rows;
  };
  expect(await loadWith(96 * MiB)).toBe(60n);
  for (let limit = 24 * MiB; ; ) {
    const outcome = await loadWith(limit).catch((error: unknown) => error as IcestreamError);
    if (outcome === 60n) break;
    const { neededBytes = 0 } = (outcome as IcestreamError).place;
    expect(outcome).toMatchObject({ code: 'MEMORY_LIMIT_TOO_SMALL' });
    expect(neededBytes).toBeGreaterThan(limit);
    expect(neededBytes).toBeLessThan(96 * MiB);
    limit = neededBytes;
  }
});

test('an engine of the caller that is too small for the limit is what has to be larger', async () => {
  const data = await inputs[0]?.data();
  if (data === undefined) throw new Error('no input');
  let mebibytes = 6;
  for (;;) {
    const outcome = await load(data, 'usual.csv', mebibytes * MiB, { memoryLimitBytes: 64 * MiB });
    if (outcome === 59_999n) break;
    expect(outcome).toMatchObject({
      code: 'MEMORY_LIMIT_TOO_SMALL',
      message: expect.stringMatching(/give it (an engine|one) with memoryLimitBytes of at least \d+$/),
      place: { option: 'engine' },
    });
    const needed = ((outcome as IcestreamError).place.neededBytes ?? 0) / MiB;
    expect(needed).toBeGreaterThan(mebibytes);
    mebibytes = needed;
  }
  expect(mebibytes).toBeLessThanOrEqual(64);
});

test('a record longer than the limit lets be looked at is refused with a limit that does', async () => {
  const data = lines(3, (row) => `{"id":${row},"a":"${letters(row, MiB)}"}\n`);
  const loadWith = (limit: number) => load(data, 'long.ndjson', 48 * MiB, { memoryLimitBytes: limit });
  const refused = await loadWith(24 * MiB);
  expect(refused).toMatchObject({
    code: 'MEMORY_LIMIT_TOO_SMALL',
    message: expect.stringMatching(/no record ends within the first \d+ bytes/),
    place: { option: 'memoryLimitBytes', file: 'long.ndjson' },
  });
  expect(await loadWith((refused as IcestreamError).place.neededBytes ?? 0)).toBe(3n);
});

test('files whose footers are too large for the engine are not added, and the table is as before', async () => {
  const blob = (await inputs.find(({ name }) => name === 'columns.parquet')?.data()) as Blob;
  const here = await lake();
  const { table } = await here.catalog.createAndAppend('sales.added', fromAny(blob, { name: 'columns.parquet' }), {});
  const location = `${table.location}/data/more.parquet`;
  await here.store.put(location, new Uint8Array(await blob.arrayBuffer()));
  const before = await here.objects();
  for (const mebibytes of [6, 7]) {
    const engine = await newEngine({ memoryLimitBytes: mebibytes * MiB });
    const adding = table.addFiles([location], { engine });
    await expect(adding).rejects.toMatchObject({ code: 'MEMORY_LIMIT_TOO_SMALL', place: { option: 'engine' } });
    expect(await here.objects()).toEqual(before);
  }
  expect((await table.addFiles([location])).rows).toBe(1n);
});
