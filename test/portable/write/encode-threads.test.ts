/** Threads change no byte, and fail, stop and end with their write. */

import { describe, expect, test } from 'vitest';
import { spawnThread } from '#spawn-thread';
import type { ArrowSchema } from '../../../src/engine/arrow-schema.ts';
import { engineModule } from '../../../src/engine/default-engine.ts';
import { encodePool } from '../../../src/engine/encode-threads.ts';
import type { EncoderOptions } from '../../../src/engine/encoder.ts';
import type { Batch } from '../../../src/engine/engine.ts';
import type { EncodeRequest, EncodeThread, ThreadEvents } from '../../../src/engine/threads/protocol.ts';
import { EncodeThreads } from '../../../src/engine/threads/threads.ts';
import type { WriteOptions } from '../../../src/write/write-options.ts';
import { encoding } from '../../support/row-group.ts';
import { lake, orphans } from './lake.ts';
import { MiB, orders, sourceOf, testEngine } from './rows.ts';
import { withIds, wrappedThreads } from './wrapped-threads.ts';
import { ROWS, written } from './written-files.ts';

const SHARE = 32 * MiB;

if (spawnThread === null) {
  test('a runtime without threads refuses them', async () => {
    const writing = written([], { threads: 2, memoryLimitBytes: 64 * MiB });
    await expect(writing).rejects.toMatchObject({ code: 'UNSUPPORTED', place: { option: 'threads' } });
  });
} else {
  describe('with threads', withThreads);
}

test('a number of threads that cannot be is refused', async () => {
  for (const threads of [0, 1.5, -1, Number.NaN, 1000]) {
    await expect(written([], { threads, memoryLimitBytes: 64 * MiB })).rejects.toThrow(TypeError);
  }
});

function withThreads() {
  test.each([
    ['unpartitioned', [], 'none'],
    ['partitioned', ['kind', 'bucket(3, id)'], 'none'],
    ['clustered', ['kind', 'bucket(3, id)'], 'hash'],
  ] as const)('the files are those of one thread, byte for byte: %s', async (_, partitionSpec, distributionMode) => {
    const one = await written(partitionSpec, { memoryLimitBytes: SHARE, distributionMode });
    expect(one.length).toBeGreaterThan(2);
    for (const threads of [2, 3]) {
      expect(
        await written(partitionSpec, { threads, memoryLimitBytes: SHARE * (threads + 1), distributionMode }),
      ).toEqual(one);
    }
  });

  test('a limit too small for them names one that would do', async () => {
    const error = await written([], { threads: 3, memoryLimitBytes: 40 * MiB }).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'MEMORY_LIMIT_TOO_SMALL' });
    const enough = Number(/at least (\d+)/.exec(String(error))?.[1]);
    expect((await written([], { threads: 3, memoryLimitBytes: enough })).length).toBeGreaterThan(0);
  });

  test('a write that is stopped leaves nothing', async () => {
    const stop = new AbortController();
    const { catalog, ...rest } = await lake();
    const options: WriteOptions = {
      engine: await testEngine(),
      threads: 2,
      memoryLimitBytes: 3 * SHARE,
      signal: stop.signal,
    };
    const properties = { 'write.parquet.row-group-size-bytes': '1500000' };
    const source = sourceOf(orders(ROWS), { beforeBatch: (row) => row === 100_000 && stop.abort() });
    const writing = catalog.createAndAppend('sales.orders', source, { properties }, options);
    await expect(writing).rejects.toMatchObject({ code: 'ABORTED', leftBehind: [] });
    expect(await orphans({ catalog, ...rest }, null)).toEqual([]);
  });

  test('a large row group is shared by all threads where memory can be, a small one is for one', async () => {
    const asked: number[][] = [];
    await using threads = await recordedThreads(3, (rows, thread) => asked.push([rows.parts.length, thread]));
    await threads.start();
    const batches = await someBatches(150_000);
    const schema = schemaOf(batches);
    const { fields } = schema;
    await using pool = threads.lend({ ...encoding, schema });
    const columnsOf = async (rows: readonly Batch[]) =>
      (await pool.encode(rows)).map((part) => [part.firstColumn, part.columns]);

    const large = await columnsOf(batches);
    let next = 0;
    for (const [firstColumn, columns = 0] of large) {
      expect(firstColumn).toBe(next);
      next += columns;
    }
    expect(next).toBe(fields.length);
    const shared = typeof SharedArrayBuffer !== 'undefined';
    expect(large.length > 1).toBe(shared);
    expect(asked).toEqual((shared ? [0, 1, 2] : [0]).map((thread) => [large.length, thread]));

    asked.length = 0;
    expect(await columnsOf(await someBatches(1000))).toEqual([[0, fields.length]]);
    expect(asked).toEqual([[1, expect.any(Number)]]);
  });

  test('threads that were closed under a write are not started again', async () => {
    const started: number[] = [];
    const threads = await recordedThreads(2, (_, thread) => started.push(thread));
    const batches = await someBatches();
    const pool = threads.lend({ ...encoding, schema: schemaOf(batches) });
    await pool.encode(batches);
    await threads.close();
    for (const rows of [150_000, 1000, 1000]) {
      await expect(pool.encode(await someBatches(rows))).rejects.toMatchObject({ code: 'ABORTED' });
    }
    await pool.close();
    expect(new Set(started)).toEqual(new Set([0]));
  });

  test('what an encoding thread reports is the error of the write', async () => {
    const options: EncoderOptions = { schema: { fields: [] }, ...encoding };
    await using pool = await encodePool(2, 24 * MiB, options);
    await expect(pool.encode(await someBatches())).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    // The write is over.
    await expect(pool.encode(await someBatches())).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await using small = await encodePool(1, 1 * MiB, options);
    await expect(small.encode(await someBatches())).rejects.toMatchObject({ code: 'MEMORY_LIMIT_TOO_SMALL' });
  });

  test('a thread that ends rejects what is in the works', async () => {
    let events: ThreadEvents | undefined;
    let ended = 0;
    const spawn = (given: ThreadEvents): EncodeThread => {
      events = given;
      return { post: () => {}, terminate: async () => void ended++ };
    };
    const module = await engineModule();
    const threads = new EncodeThreads({ spawn, module, count: 1, shareBytes: 24 * MiB });
    const pool = threads.lend(undefined as never, { last: true });
    const parts = [pool.encode(await someBatches()), pool.encode(await someBatches())];
    events?.onGone(new Error('gone'));
    for (const part of parts) await expect(part).rejects.toMatchObject({ code: 'ENGINE_FAILED' });
    await pool.close();
    expect(ended).toBe(1);
  });
}

/** `onRows` hears what each is asked to encode. */
function recordedThreads(count: number, onRows: (rows: EncodeRequest, thread: number) => void): Promise<EncodeThreads> {
  return wrappedThreads({
    count,
    shareBytes: SHARE,
    wrap: (real, events, number) => {
      const thread = real(events);
      return {
        terminate: () => thread.terminate(),
        post: (message, transfer) => {
          if ('rows' in message) onRows(message, number);
          thread.post(message, transfer);
        },
      };
    },
  });
}

function schemaOf([first]: readonly Batch[]): ArrowSchema {
  if (first === undefined) throw new Error('no batch');
  return withIds(first.schema);
}

async function someBatches(rows = 1000): Promise<Batch[]> {
  const opened = await sourceOf(orders(rows), { batchRows: rows }).open({
    engine: await testEngine(),
    lease: undefined as never,
  });
  const batches: Batch[] = [];
  for await (const batch of opened.batches()) batches.push(batch);
  return batches;
}
