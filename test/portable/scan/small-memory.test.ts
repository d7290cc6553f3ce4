/** Scans with little memory: read to the end, or refused with a limit that does. */
import { expect, test } from 'vitest';
import { newEngine } from '../../../src/engine/default-engine.ts';
import { IcestreamError } from '../../../src/errors.ts';
import { fromAny } from '../../../src/source/from-any.ts';
import type { Table } from '../../../src/table/table.ts';
import { lake } from '../write/lake.ts';
import { MiB } from '../write/rows.ts';

const numbers = (count: number) => Array.from({ length: count }, (_, at) => at);

interface Input {
  readonly name: string;
  readonly rows: () => Record<string, unknown>[];
  readonly properties?: Readonly<Record<string, string>>;
}

const usual = () => numbers(50_000).map((id) => ({ id, a: `x${id}`, b: id / 7 }));

const inputs: readonly Input[] = [
  { name: 'usual rows', rows: usual },
  { name: 'values of 1 MiB', rows: () => numbers(8).map((id) => ({ id, pad: noise(id, MiB) })) },
  { name: 'texts that repeat', rows: () => numbers(2000).map((id) => ({ id, text: `${id % 2}`.repeat(50_000) })) },
  { name: 'long lists', rows: () => numbers(20).map((id) => ({ id, list: numbers(100_000) })) },
  {
    name: 'lists of lists',
    rows: () => numbers(20_000).map((id) => ({ id, lists: [[`a${id}`, 'b'], [], [`c${id}`]] })),
  },
  {
    name: 'many columns',
    rows: () => numbers(20).map((id) => Object.fromEntries(numbers(2000).map((at) => [`column_${at}`, id]))),
  },
  {
    name: 'many row groups',
    rows: () => numbers(20_000).map((id) => ({ id, ...Object.fromEntries(numbers(20).map((at) => [`c${at}`, id])) })),
    properties: { 'write.parquet.row-group-size-bytes': '20000' },
  },
  {
    name: 'large pages',
    rows: usual,
    properties: { 'write.parquet.page-row-limit': '1000000', 'write.parquet.dict-size-bytes': '10000000' },
  },
];

/** Bytes that do not compress. */
function noise(seed: number, length: number): Uint8Array {
  const words = new Uint32Array(length / 4);
  let state = seed + 1;
  for (let at = 0; at < words.length; at++) {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
    words[at] = state;
  }
  return new Uint8Array(words.buffer);
}

async function tableOf({ rows, properties = {} }: Input): Promise<Table> {
  const { catalog } = await lake();
  const options = { engine: await newEngine({ memoryLimitBytes: 200 * MiB }), memoryLimitBytes: 400 * MiB };
  return (await catalog.createAndAppend('sales.scanned', fromAny(rows()), { properties }, options)).table;
}

/** The rows read, or the error. */
async function scanned(table: Table, engineBytes: number, memoryLimitBytes: number): Promise<number | IcestreamError> {
  const engine = await newEngine({ memoryLimitBytes: engineBytes });
  const before = engine.liveBytes;
  let rows = 0;
  try {
    for await (const batch of table.scan({ engine, memoryLimitBytes })) rows += batch.numRows;
    return rows;
  } catch (error) {
    if (!(error instanceof IcestreamError)) throw error;
    return error;
  } finally {
    if (engine.alive) expect(engine.liveBytes - before).toBeLessThan(4096);
  }
}

test.each(inputs)('$name are read, or refused with a limit that does', async (input) => {
  const table = await tableOf(input);
  const count = input.rows().length;
  for (const mebibytes of [8, 12, 16, 24]) {
    let limit = mebibytes * MiB;
    for (;;) {
      const outcome = await scanned(table, (3 * limit) / 4, limit);
      if (outcome === count) break;
      expect(outcome).toMatchObject({ code: 'MEMORY_LIMIT_TOO_SMALL', place: { option: 'memoryLimitBytes' } });
      const { neededBytes = 0 } = (outcome as IcestreamError).place;
      expect(neededBytes).toBeGreaterThan(limit);
      expect(neededBytes).toBeLessThan(256 * MiB);
      limit = Math.ceil(neededBytes / MiB) * MiB;
    }
  }
});

test('an engine of the caller that is too small for the limit is what has to be larger', async () => {
  const table = await tableOf({ name: '', rows: () => numbers(4).map((id) => ({ id, pad: noise(id, 2 * MiB) })) });
  let mebibytes = 6;
  for (;;) {
    const outcome = await scanned(table, mebibytes * MiB, 200 * MiB);
    if (outcome === 4) break;
    expect(outcome).toMatchObject({
      code: 'MEMORY_LIMIT_TOO_SMALL',
      message: expect.stringMatching(/give it an engine with memoryLimitBytes of at least \d+$/),
      place: { option: 'engine' },
    });
    const needed = ((outcome as IcestreamError).place.neededBytes ?? 0) / MiB;
    expect(needed).toBeGreaterThan(mebibytes);
    mebibytes = needed;
  }
  expect(mebibytes).toBeLessThan(150);
});
