/** Threads change no byte, and fail, stop and end with their write. */

import { describe, expect, test } from 'vitest';
import { spawnThread } from '#spawn-thread';
import { engineModule } from '../../../src/engine/default-engine.ts';
import { encodePool } from '../../../src/engine/encode-threads.ts';
import type { EncoderOptions } from '../../../src/engine/encoder.ts';
import type { Batch } from '../../../src/engine/engine.ts';
import type { EncodeThread, ThreadEvents } from '../../../src/engine/threads/protocol.ts';
import { EncodeThreads } from '../../../src/engine/threads/threads.ts';
import type { WriteOptions } from '../../../src/write/write-options.ts';
import { encoding } from '../../support/row-group.ts';
import { lake, orphans } from './lake.ts';
import { MiB, orders, sourceOf, testEngine } from './rows.ts';
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
      onProgress: ({ rowsIn }) => rowsIn > 100_000 && stop.abort(),
    };
    const properties = { 'write.parquet.row-group-size-bytes': '1500000' };
    const writing = catalog.createAndAppend('sales.orders', sourceOf(orders(ROWS)), { properties }, options);
    await expect(writing).rejects.toMatchObject({ code: 'ABORTED', leftBehind: [] });
    expect(await orphans({ catalog, ...rest }, null)).toEqual([]);
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

async function someBatches(): Promise<Batch[]> {
  const opened = await sourceOf(orders(1000)).open({ engine: await testEngine(), lease: undefined as never });
  const batches: Batch[] = [];
  for await (const batch of opened.batches()) batches.push(batch);
  return batches;
}
