/** Clustered loads of rows that are nearly all one value, within small limits. */
import * as arrow from 'apache-arrow';
import { expect, test } from 'vitest';
import { newEngine } from '../../../src/engine/default-engine.ts';
import type { IcestreamError } from '../../../src/errors.ts';
import { fromAny } from '../../../src/source/from-any.ts';
import { engineShareBytes } from '../../../src/write/memory-plan.ts';
import { lake } from './lake.ts';
import { MiB } from './rows.ts';

/** Bytes that do not compress, to be cut anywhere. */
const noise = new Uint8Array(256 * 1024);
let state = 1;
for (let at = 0; at < noise.length; at++) {
  state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
  noise[at] = state;
}

/** Half as many bytes as `about`, up to once and a half. */
function value(row: number, about: number): Uint8Array {
  const bytes = Math.floor(about / 2) + ((row * 7919) % about);
  const start = (row * 40_503) % (noise.length - bytes);
  return noise.subarray(start, start + bytes);
}

function* plainRows(count: number, about: number) {
  for (let id = 0; id < count; id++) yield { id, pad: value(id, about) };
}

/** One Arrow stream, in messages of about so many bytes. */
function arrowStream(count: number, about: number, messageBytes = MiB): Uint8Array {
  const perMessage = Math.ceil(messageBytes / about);
  const messages: arrow.RecordBatch[] = [];
  for (let from = 0; from < count; from += perMessage) {
    const ids = Array.from({ length: Math.min(perMessage, count - from) }, (_, at) => from + at);
    const table = arrow.tableFromArrays({ id: BigInt64Array.from(ids, BigInt) });
    const pads = arrow.vectorFromArray(
      ids.map((id) => value(id, about)),
      new arrow.Binary(),
    );
    messages.push(...table.assign(new arrow.Table({ pad: pads })).batches);
  }
  return arrow.tableToIPC(new arrow.Table(messages), 'stream');
}

function csvText(count: number, about: number): Blob {
  const letters = (row: number) => String.fromCharCode(...value(row, about).map((byte) => 97 + (byte % 26)));
  const lines = Array.from({ length: count }, (_, id) => `${id},${letters(id)}\n`);
  return new Blob(['id,pad\n', ...lines]);
}

async function load(source: Parameters<typeof fromAny>[0], buckets: number, limit: number) {
  const { catalog } = await lake();
  const { result } = await catalog.createAndAppend(
    'sales.pads',
    fromAny(source),
    { partitionSpec: [`bucket(${buckets}, id)`] },
    {
      engine: await newEngine({ memoryLimitBytes: engineShareBytes(limit) }),
      memoryLimitBytes: limit,
      distributionMode: 'hash',
    },
  );
  expect(result.files).toBe(buckets);
  expect(result.memoryPeakBytes).toBeLessThanOrEqual(limit);
  return result.rows;
}

test.each([
  [600, 30_000, 1, 48],
  [600, 30_000, 2, 48],
  [300, 40_000, 1, 24],
  [300, 40_000, 2, 32],
  [1200, 20_000, 2, 32],
  [50_000, 400, 2, 32],
])('rows of a program, %i bytes × %i in %i partitions, fit in %i MiB', async (about, count, buckets, mib) => {
  expect(await load(plainRows(count, about), buckets, mib * MiB)).toBe(BigInt(count));
});

test.each([
  [600, 30_000, 1, 40],
  [600, 30_000, 2, 32],
  [5000, 4000, 16, 32],
])('an Arrow stream, %i bytes × %i in %i partitions, fits in %i MiB', async (about, count, buckets, mib) => {
  expect(await load(arrowStream(count, about), buckets, mib * MiB)).toBe(BigInt(count));
});

test.each([
  [300, 40_000, 2, 32],
  [1200, 12_000, 1, 24],
])('CSV text, %i bytes × %i in %i partitions, fits in %i MiB', async (about, count, buckets, mib) => {
  expect(await load(csvText(count, about), buckets, mib * MiB)).toBe(BigInt(count));
});

test('an Arrow stream of messages of 6 MiB, in small pieces, fits in 48 MiB', async () => {
  expect(await load(arrowStream(8000, 5000, 6 * MiB), 2, 48 * MiB)).toBe(8000n);
});

test('messages that are too large for a limit are refused with a limit that does', async () => {
  const stream = arrowStream(8000, 5000, 6 * MiB);
  const refused = await load(stream, 2, 24 * MiB).catch((error: unknown) => error);
  expect(refused).toMatchObject({
    code: 'MEMORY_LIMIT_TOO_SMALL',
    message: expect.stringMatching(/set memoryLimitBytes to at least \d+$/),
    place: { option: 'memoryLimitBytes' },
  });
  const { neededBytes = 0 } = (refused as IcestreamError).place;
  expect(neededBytes).toBeLessThan(96 * MiB);
  expect(await load(stream, 2, neededBytes)).toBe(8000n);
});
