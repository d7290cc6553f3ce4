/** Threads that outlive writes: the same bytes, nothing left in them by a write, and clear refusals. */

import { describe, expect, test } from 'vitest';
import { spawnThread } from '#spawn-thread';
import { newEngine } from '../../../src/engine/default-engine.ts';
import { startEncodeThreads } from '../../../src/engine/encode-threads.ts';
import type { Batch } from '../../../src/engine/engine.ts';
import type { EncodeThread, ThreadAnswer } from '../../../src/engine/threads/protocol.ts';
import type { EncodeThreads } from '../../../src/engine/threads/threads.ts';
import { IcestreamError } from '../../../src/errors.ts';
import { fromAny } from '../../../src/source/from-any.ts';
import type { RecordBatchSource } from '../../../src/source/source.ts';
import type { WriteOptions } from '../../../src/write/write-options.ts';
import { encoding } from '../../support/row-group.ts';
import { lake, orphans } from './lake.ts';
import { MiB, madeOnce, orders, sourceOf, type TestSourceOptions, testEngine } from './rows.ts';
import { withIds, wrappedThreads } from './wrapped-threads.ts';
import { ROWS, written } from './written-files.ts';

const SHARE = 32 * MiB;
const properties = { 'write.parquet.row-group-size-bytes': '1500000' };
const rows = madeOnce(orders(ROWS));

/** A write to a table of its own; where it fails, nothing is left of it. */
async function write(
  options: WriteOptions,
  beforeBatch?: TestSourceOptions['beforeBatch'],
  source: () => RecordBatchSource = () => sourceOf(rows, beforeBatch && { beforeBatch }),
): Promise<bigint> {
  const engine = options.engine ?? (await testEngine());
  const before = engine.liveBytes;
  const { catalog, ...rest } = await lake();
  try {
    const all = { engine, memoryLimitBytes: SHARE, ...options };
    return (await catalog.createAndAppend('sales.orders', source(), { properties }, all)).result.rows;
  } catch (error) {
    expect(error).toMatchObject({ leftBehind: [] });
    expect(await orphans({ catalog, ...rest }, null)).toEqual([]);
    throw error;
  } finally {
    expect(engine.liveBytes - before).toBeLessThan(1024);
  }
}

/** Rows of a mebibyte that do not compress. */
function wide(): RecordBatchSource {
  const noise = new Uint32Array(2 * MiB);
  let state = 1;
  for (let at = 0; at < noise.length; at++) {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
    noise[at] = state;
  }
  const bytes = new Uint8Array(noise.buffer);
  return fromAny(Array.from({ length: 7 }, (_, id) => ({ id, pad: bytes.subarray(id * MiB, (id + 1) * MiB) })));
}

if (spawnThread === null) {
  test('a runtime without threads starts none', async () => {
    await expect(startEncodeThreads(2)).rejects.toMatchObject({ code: 'UNSUPPORTED', place: { option: 'threads' } });
  });
} else {
  describe('with threads', withThreads);
}

test('numbers that cannot be are refused', async () => {
  for (const count of [0, 1.5, -1, Number.NaN, 1000])
    await expect(startEncodeThreads(count)).rejects.toThrow(TypeError);
  for (const memoryLimitBytes of [0, 1.5, -1, Number.NaN]) {
    await expect(startEncodeThreads(1, { memoryLimitBytes })).rejects.toThrow(TypeError);
  }
});

function withThreads() {
  test('the files are those of threads that a write starts, write after write, whatever each of them is', async () => {
    await using threads = await startEncodeThreads(2, { memoryLimitBytes: 2 * SHARE });
    const idleBytes = threads.liveBytes;
    for (const [partitionSpec, distributionMode] of [
      [[], 'none'],
      [['kind', 'bucket(3, id)'], 'none'],
      [['kind', 'bucket(3, id)'], 'hash'],
      [[], 'none'],
    ] as const) {
      const started = await written(partitionSpec, { threads: 2, memoryLimitBytes: 3 * SHARE, distributionMode });
      expect(await written(partitionSpec, { threads, memoryLimitBytes: SHARE, distributionMode })).toEqual(started);
      expect(threads.liveBytes - idleBytes).toBeLessThan(1024);
      expect(threads.memoryBytes).toBeLessThanOrEqual(2 * SHARE);
    }
  });

  test('one thread alone encodes beside the caller, with as much memory as the write by default', async () => {
    await using threads = await startEncodeThreads(1, { memoryLimitBytes: SHARE });
    expect([threads.count, threads.shareBytes]).toEqual([1, SHARE]);
    const { catalog } = await lake();
    const options = { engine: await testEngine(), threads };
    const { result } = await catalog.createAndAppend('sales.orders', sourceOf(orders(1000)), {}, options);
    expect([result.rows, result.memoryPeakBytes <= 128 * MiB]).toEqual([1000n, true]);
  });

  test('a write that plans more for each thread than it has is refused, with a number that would do', async () => {
    await using threads = await startEncodeThreads(2, { memoryLimitBytes: 2 * SHARE });
    const place = { option: 'threads', neededBytes: 4 * SHARE };
    const refused = write({ threads, memoryLimitBytes: 2 * SHARE });
    await expect(refused).rejects.toMatchObject({ code: 'MEMORY_LIMIT_TOO_SMALL', place });
    await using enough = await startEncodeThreads(2, { memoryLimitBytes: place.neededBytes });
    expect(await write({ threads: enough, memoryLimitBytes: 2 * SHARE })).toBe(BigInt(ROWS));
    expect(await write({ threads })).toBe(BigInt(ROWS));
  });

  test('below what an engine takes none are started; what the refusal names is enough', async () => {
    const starting = startEncodeThreads(2, { memoryLimitBytes: 2 * MiB });
    const place = { neededBytes: 16 * MiB };
    await expect(starting).rejects.toMatchObject({ code: 'MEMORY_LIMIT_TOO_SMALL', place });
    await (await startEncodeThreads(2, { memoryLimitBytes: place.neededBytes })).close();
  });

  test('a second write at the same time is refused, and the first is not harmed', async () => {
    await using threads = await startEncodeThreads(2, { memoryLimitBytes: 2 * SHARE });
    const engine = await newEngine({ memoryLimitBytes: 64 * MiB });
    let second: unknown;
    const beforeBatch = async (row: number) => {
      if (row === 100_000) second = await write({ threads, engine }).catch((error: unknown) => error);
    };
    expect(await write({ threads }, beforeBatch)).toBe(BigInt(ROWS));
    expect(second).toMatchObject({ code: 'INVALID_ARGUMENT', place: { option: 'threads' } });
    expect(await write({ threads })).toBe(BigInt(ROWS));
  });

  test('a write that is stopped leaves the threads as they were', async () => {
    await using threads = await startEncodeThreads(2, { memoryLimitBytes: 2 * SHARE });
    const idleBytes = threads.liveBytes;
    for (const after of [50_000, 100_000, 150_000]) {
      const stop = new AbortController();
      const stopped = write({ threads, signal: stop.signal }, (row) => row === after && stop.abort());
      await expect(stopped).rejects.toMatchObject({ code: 'ABORTED' });
      expect(threads.liveBytes - idleBytes).toBeLessThan(1024);
    }
    expect(await write({ threads })).toBe(BigInt(ROWS));
  });

  test('closed threads refuse writes, and closing them again does nothing', async () => {
    const threads = await startEncodeThreads(2, { memoryLimitBytes: 2 * SHARE });
    expect(await write({ threads })).toBe(BigInt(ROWS));
    await threads.close();
    await threads.close();
    expect([threads.alive, threads.memoryBytes, threads.liveBytes]).toEqual([false, 0, 0]);
    await expect(write({ threads })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', place: { option: 'threads' } });
  });

  test('threads that are closed under a write end it', async () => {
    const threads = await startEncodeThreads(2, { memoryLimitBytes: 2 * SHARE });
    let closing: Promise<void> | undefined;
    const beforeBatch = (row: number) => {
      if (row === 100_000) closing = threads.close();
    };
    await expect(write({ threads }, beforeBatch)).rejects.toMatchObject({ code: 'ABORTED' });
    await closing;
    expect(threads.memoryBytes).toBe(0);
  });

  test('after a thread whose engine failed all are refused, and the failure is named', async () => {
    const dead = { alive: false, memoryBytes: MiB, liveBytes: 0 };
    const fails = { code: 'ENGINE_FAILED', message: 'the engine stopped: out of luck', place: {} } as const;
    // Where each row group is for one thread, the second has rows only while the first is busy.
    const second = Promise.withResolvers<void>();
    const onPost = (request: Posted, number: number) => {
      if ('rows' in request && number === 1) second.resolve();
    };
    const answerOf = async (request: Posted, number: number) => {
      if (!('rows' in request)) return null;
      await second.promise;
      return number === 1 ? { engine: dead, encoded: null, error: fails } : null;
    };
    await using threads = await fakeThreads(answerOf, onPost);
    await expect(write({ threads })).rejects.toMatchObject({ code: 'ENGINE_FAILED', message: fails.message });
    expect(threads.alive).toBe(false);
    const refusal = { code: 'ENGINE_FAILED', message: expect.stringContaining(fails.message) };
    await expect(write({ threads })).rejects.toMatchObject({ ...refusal, place: { option: 'threads' } });
  });

  test('an engine without memory for a row group says so, and is as before, or all are refused', async () => {
    const engine = await testEngine();
    const outcomes = new Set<string>();
    const after = new Set<boolean>();
    for (const mebibytes of [8, 10, 12, 14, 16, 18, 64]) {
      await using threads = await startEncodeThreads(1, { memoryLimitBytes: mebibytes * MiB });
      const idleBytes = threads.liveBytes;
      const opened = await sourceOf(orders(100_000), { batchRows: 100_000 }).open({
        engine,
        lease: undefined as never,
      });
      const encoder = { ...encoding, schema: withIds(opened.schema) };
      const batches: Batch[] = [];
      for await (const batch of opened.batches()) batches.push(batch);
      const pool = threads.lend(encoder);
      const outcome = await pool.encode(batches).then(
        () => 'encoded',
        (error: IcestreamError) => {
          expect(error.place.option).toBe('threads');
          expect(error.place.neededBytes).toBeGreaterThan(mebibytes * MiB);
          return error.code;
        },
      );
      await pool.close();
      outcomes.add(outcome);
      after.add(threads.alive);
      if (!threads.alive) {
        const refusal = { code: 'ENGINE_FAILED', message: expect.stringContaining('failed in an earlier write') };
        expect(() => threads.lend(encoder)).toThrow(expect.objectContaining(refusal));
      } else {
        expect(threads.liveBytes - idleBytes).toBeLessThan(1024);
        await threads.lend(encoder).close();
      }
    }
    expect([...outcomes].sort()).toEqual(['MEMORY_LIMIT_TOO_SMALL', 'encoded']);
    expect([...after].sort()).toEqual([false, true]);
  });

  test('values too wide for threads are refused with a limit of the threads that does', async () => {
    let share = 20 * MiB;
    const load = async () => {
      await using threads = await startEncodeThreads(2, { memoryLimitBytes: 2 * share });
      const error = await write({ threads, memoryLimitBytes: 20 * MiB }, undefined, wide).catch((e: unknown) => e);
      expect(threads.alive).toBe(typeof error === 'bigint');
      return error;
    };
    const refused = await load();
    expect(refused).toMatchObject({
      code: 'MEMORY_LIMIT_TOO_SMALL',
      message: expect.stringMatching(
        /^an encoding thread: .*start the 2 threads with memoryLimitBytes of at least \d+$/,
      ),
      place: { option: 'threads' },
    });
    for (let last = refused; last instanceof IcestreamError; last = await load()) {
      share = (last.place.neededBytes ?? 0) / 2;
      expect(share).toBeLessThan(64 * MiB);
    }
  });

  test("where a write starts its threads, the limit that does is the write's", async () => {
    const started = { threads: 2, memoryLimitBytes: 60 * MiB };
    const refused = await write(started, undefined, wide).catch((error: unknown) => error);
    expect(refused).toMatchObject({
      code: 'MEMORY_LIMIT_TOO_SMALL',
      message: expect.stringMatching(/set memoryLimitBytes to at least \d+ \(threads: 2\)$/),
      place: { option: 'memoryLimitBytes' },
    });
    expect((refused as IcestreamError).place.neededBytes).toBeGreaterThan(60 * MiB);
  });

  test('what a write asked wrongly is its own failure: the next one has the threads', async () => {
    const refused = { code: 'UNSUPPORTED', message: 'not this time', place: {} } as const;
    let times = 0;
    await using threads = await fakeThreads(async (request) =>
      'rows' in request && times++ === 1
        ? { engine: { alive: true, memoryBytes: MiB, liveBytes: 0 }, encoded: null, error: refused }
        : null,
    );
    await expect(write({ threads })).rejects.toMatchObject({ code: 'UNSUPPORTED', message: refused.message });
    expect(await write({ threads })).toBe(BigInt(ROWS));
  });
}

type Posted = Parameters<EncodeThread['post']>[0];

/** Two real threads, of whose answers some are replaced or come later; `onPost` hears what they are asked. */
async function fakeThreads(
  answerOf: (request: Posted, thread: number) => Promise<ThreadAnswer | null>,
  onPost: (request: Posted, thread: number) => void = () => {},
): Promise<EncodeThreads> {
  const threads = await wrappedThreads({
    count: 2,
    shareBytes: SHARE,
    wrap: (real, events, number) => {
      const asked: Posted[] = [];
      let told = Promise.resolve();
      const onAnswer = (answer: ThreadAnswer) => {
        const request = asked.shift();
        told = told.then(async () => {
          events.onAnswer((request === undefined ? null : await answerOf(request, number)) ?? answer);
        });
      };
      const thread = real({ ...events, onAnswer });
      return {
        terminate: () => thread.terminate(),
        post: (message, transfer) => {
          asked.push(message);
          onPost(message, number);
          thread.post(message, transfer);
        },
      };
    },
  });
  await threads.start();
  return threads;
}
