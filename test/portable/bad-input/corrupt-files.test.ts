/** Files that are cut off or damaged: an error that names the file, or the same rows; never fewer, never a trap. */
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { newEngine } from '../../../src/engine/default-engine.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import { type ErrorPlace, IcestreamError } from '../../../src/errors.ts';
import { icebergSchemaFromArrow } from '../../../src/format/iceberg-from-arrow.ts';
import { fromAny } from '../../../src/source/from-any.ts';
import type { Bytes } from '../../../src/util/bytes.ts';
import { fromBase64 } from '../../../src/util/encoding.ts';
import { MemoryLease } from '../../../src/util/memory-budget.ts';
import * as arrowFiles from '../../fixtures/arrow-ipc.ts';
import { badParquet } from '../../fixtures/parquet-bad-data.ts';
import * as parquetFiles from '../../fixtures/parquet-files.ts';
import { expectError, gzip, refused, target, utf8 } from './refusal.ts';

const csv = utf8(`a,b\n${Array.from({ length: 300 }, (_, i) => `${i},name ${i % 17}`).join('\n')}\n`);
/** The same, by zstd 1.5 with its checksum. Base64. */
const csvZstd =
  'KLUv/WTyC40QAGarVROQp6ANe9T8/4ClTSFJkNA6EMYFVABQAE0A9+U9v8fL5PFti2t6DpeQjFwsIhXKJKRKnb6utGXXaJE4DMVADMNwBjMIQxm4sFn4FrwF2UK3wC1sIbZQFYjCTPiDHURCG8iwhQAYIAgoGEQQGAQE0pZdo0Xi8DSFJTkGawvfgrcgW+gCt4VtIRZqC7SFiYXHgmNBYqGxwFiIhYiFx4JjVVRTL5dUi7WKKiIaOpmESqRRUA3NzMcj0+FsYur0+QNjR44bY6wgBSf4oIMSbJDBBSNYRTX1ckm1WKuoIqKhk0moRBoF1dDMfDwyHc4mpk6f/7685/d4mTy+bXFNz+ESkpGLRaRCmYRUqdPXDUU19XJJtVirqCKioZNJqEQaBdXQzHw8Mh3OJqZOn/++vOf3eJk8vm1xTc/hEpKRi0WkQpmEVKnT15W27BotEoenKSzJMVijzT56lIErqCEIcNq+AYErKHU1ETgYjfyXH6gYk6KLgvzRLAuKe5ZsKPBPsqWgfFnD2pu+tL5pfXWvHj4mFkqmlZB801RDgn+KLQnxx7IspEIUFRX9p/NnzP8ZoZrZO3oDocZkMpozNzNwQ2duLsM+Uuyb68e6+8qRs+NuP/TkWPyMJ0dPXf3I2aHpWjQdoimneVAzW/PKpqnXS925vqWBlV7VPEIzY+YNmZmYG5hOTxgAGCgoaFBQBvQE0CrHpdb3';

interface Sample {
  readonly name: string;
  readonly bytes: Bytes;
  /** Whether a checksum covers every byte of the rows: then damage is never taken for other values. */
  readonly checked: boolean;
}

const ungzip = async (base64: string): Promise<Bytes> =>
  new Uint8Array(
    await new Response(
      new Blob([fromBase64(base64)]).stream().pipeThrough(new DecompressionStream('gzip')),
    ).arrayBuffer(),
  );

const samples: Sample[] = [];
beforeAll(async () => {
  samples.push(
    { name: 'plain.arrows', bytes: fromBase64(arrowFiles.plainStream), checked: false },
    { name: 'zstd.arrows', bytes: fromBase64(arrowFiles.zstdStream), checked: false },
    { name: 'plain.arrow', bytes: fromBase64(arrowFiles.plainFile), checked: false },
    { name: 'lz4.arrow', bytes: fromBase64(arrowFiles.lz4File), checked: false },
    { name: 'snappy.parquet', bytes: await ungzip(parquetFiles.pyarrowSnappy), checked: false },
    { name: 'zstd.parquet', bytes: await ungzip(parquetFiles.pyarrowZstd), checked: false },
    { name: 'v2.parquet', bytes: await ungzip(parquetFiles.pyarrowV2), checked: false },
    { name: 'a.csv.gz', bytes: await gzip(csv), checked: true },
    { name: 'a.csv.zst', bytes: fromBase64(csvZstd), checked: true },
  );
});
const NAMES = [
  'plain.arrows',
  'zstd.arrows',
  'plain.arrow',
  'lz4.arrow',
  'snappy.parquet',
  'zstd.parquet',
  'v2.parquet',
  'a.csv.gz',
  'a.csv.zst',
];
const sampleOf = (name: string): Sample => {
  const found = samples.find((sample) => sample.name === name);
  if (found === undefined) throw new Error(`no sample ${name}`);
  return found;
};

/** As a stream of small chunks, or as bytes that are read by range. */
const asStream = (bytes: Bytes) =>
  (async function* () {
    for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
  })();

interface Outcome {
  readonly rows: number;
  readonly content: string;
}

async function readWith(engine: Engine, input: Bytes, name: string, streamed: boolean): Promise<Outcome> {
  let rows = 0;
  let content = '';
  const source = fromAny(streamed ? asStream(input) : input, { name });
  await using open = await source.open({ engine, lease: new MemoryLease(64 << 20) });
  for await (const batch of open.batches()) {
    rows += batch.numRows;
    for (const byte of batch.toIpc()) content += String.fromCharCode(byte);
    batch.free();
  }
  return { rows, content };
}

/** Reads damaged bytes; null: they were refused in a good way. */
async function readDamaged(engine: Engine, input: Bytes, name: string, streamed: boolean): Promise<Outcome | null> {
  const live = engine.liveBytes;
  try {
    return await readWith(engine, input, name, streamed);
  } catch (error) {
    if (!(error instanceof IcestreamError)) throw error;
    expect(error.place.file, error.message).toBe(name);
    expect(error.message).toContain(name);
    expect(error.code).toMatch(/^(SOURCE_\w+|UNSUPPORTED|INVALID_VALUE|SCHEMA_MISMATCH|MEMORY_LIMIT_TOO_SMALL)$/);
    return null;
  } finally {
    expect(engine.alive).toBe(true);
    expect(engine.liveBytes - live).toBeLessThan(64 * 1024);
  }
}

describe.each(NAMES)('%s', (name) => {
  test('cut off anywhere is refused', async () => {
    const engine = await newEngine();
    const { bytes } = sampleOf(name);
    const whole = await readWith(engine, bytes, name, false);
    expect(whole.rows).toBeGreaterThan(50);
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.boolean(), async (length, streamed) => {
        expect(await readDamaged(engine, bytes.slice(0, length), name, streamed)).toBeNull();
      }),
      { numRuns: 60 },
    );
  });

  test('damaged anywhere is refused, or gives as many rows', async () => {
    const engine = await newEngine();
    const { bytes, checked } = sampleOf(name);
    const whole = await readWith(engine, bytes, name, false);
    const damage = fc.record({ at: fc.nat(bytes.length - 1), to: fc.nat(255), streamed: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(damage, async ({ at, to, streamed }) => {
        const broken = bytes.slice();
        broken[at] = to;
        const outcome = await readDamaged(engine, broken, name, streamed);
        if (outcome === null) return;
        expect(outcome.rows).toBe(whole.rows);
        if (checked) expect(outcome.content).toBe(whole.content);
      }),
      { numRuns: 120 },
    );
  });
});

test('damage to a page of Parquet that has a checksum is never taken for other values', async () => {
  const engine = await newEngine();
  const bytes = await ungzip(parquetFiles.pyarrowChecksums);
  expect((await readWith(engine, bytes, 'a.parquet', false)).rows).toBe(64);
  // The last page's values: they start with a length and "name 0".
  const from = new TextDecoder('latin1').decode(bytes).indexOf('\u0006\0\0\0name 0');
  expect(from).toBeGreaterThan(500);
  for (let at = from; at < from + 64 * 10; at++) {
    const broken = bytes.slice();
    broken[at] = (broken[at] ?? 0) ^ 1;
    expect(await readDamaged(engine, broken, 'a.parquet', at % 2 === 0)).toBeNull();
  }
});

describe('a table', () => {
  /** An empty table with the columns of the file. */
  async function tableFor(name: string) {
    const engine = await newEngine();
    await using open = await fromAny(sampleOf(name).bytes, { name }).open({ engine, lease: new MemoryLease(64 << 20) });
    return target(icebergSchemaFromArrow(open.schema, { formatVersion: 2 }));
  }

  test.each(NAMES)('is as it was after %s arrived cut off', async (name) => {
    const here = await tableFor(name);
    const { bytes } = sampleOf(name);
    // In the header, among the rows, and just before the end.
    for (const length of [5, Math.floor(bytes.length / 2) + 1, bytes.length - 9, bytes.length - 1]) {
      const expected = { code: 'SOURCE_CORRUPT', place: { file: name }, message: /get it again/ } as const;
      await refused(here, bytes.slice(0, length), expected, { source: { name } });
      await refused(here, asStream(bytes.slice(0, length)), expected, { source: { name } });
    }
    const { rows } = await here.table.append(fromAny(bytes, { name }), { engine: here.engine });
    expect(rows).toBeGreaterThan(50n);
  });

  test('takes nothing of a good file that a broken one follows', async () => {
    const here = await tableFor('plain.arrow');
    const { bytes } = sampleOf('plain.arrow');
    const good = fromAny(bytes, { name: 'good.arrow' });
    const bad = fromAny(bytes.slice(0, 7000), { name: 'bad.arrow' });
    await refused(here, [good, bad], { code: 'SOURCE_CORRUPT', place: { file: 'bad.arrow' }, message: /cut off/ });
  });
});

describe('a Parquet file that other libraries fell over says where it is wrong', () => {
  const wrong: Readonly<Record<string, readonly [place: ErrorPlace, message: RegExp]>> = {
    'ARROW-GH-41317.parquet': [{}, /not a readable Parquet file/],
    'ARROW-GH-41321.parquet': [{}, /row group 0, .*column large_binary: a page of 3 values has 0 levels/],
    'ARROW-GH-45185.parquet': [{ column: 'x.list.element' }, /row group 0, column x\.list\.element: its first value/],
    'ARROW-GH-47662.parquet': [{ column: 'flba_field' }, /row group 0, .*expected 400 bytes .*, got 364/],
    'ARROW-RS-GH-6229-DICTHEADER.parquet': [{ column: 'region_key' }, /row group 0, column region_key: its 125 bytes/],
    'ARROW-RS-GH-6229-LEVELS.parquet': [{ column: 'outer.list.item.c' }, /its pages hold 20 values more/],
    'PARQUET-1481.parquet': [{}, /not a readable Parquet file/],
  };
  const contents = new Map(badParquet);

  test.each(Object.entries(wrong))('%s', async (name, [place, message]) => {
    const engine = await newEngine();
    const bytes = await ungzip(contents.get(name) ?? '');
    for (const streamed of [false, true]) {
      const error = await readWith(engine, bytes, name, streamed).catch((thrown: unknown) => thrown);
      expectError(error, { code: 'SOURCE_CORRUPT', place: { file: name, ...place }, message });
      // What is wrong is a page or the footer: no row, line or option is.
      for (const other of ['row', 'line', 'option']) expect(error.place).not.toHaveProperty(other);
    }
  });
});
