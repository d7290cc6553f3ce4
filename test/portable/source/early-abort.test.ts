/** A signal that fired before a source was opened, or while it is: what was given ends, as it does later. */
import { type RecordBatch, tableFromArrays } from 'apache-arrow';
import { describe, expect, test } from 'vitest';
import { arrowSource } from '../../../src/source/arrow-js.ts';
import { fromAny } from '../../../src/source/from-any.ts';
import type { Row } from '../../../src/source/row-types.ts';
import { lake, ordersSchema } from '../write/lake.ts';
import { openOptions, text } from './helpers.ts';

/** A stream of which nothing comes but what it begins with, and why it was cancelled. */
function hanging(begin?: Uint8Array) {
  const cancelled: unknown[] = [];
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => begin && controller.enqueue(begin),
    cancel: (why) => {
      cancelled.push(why);
    },
  });
  return { stream, cancelled };
}

/** An iterable that gives nothing, and whether it was ended. */
function hangingIterable<T>() {
  const seen = { ended: 0 };
  const iterable: AsyncIterable<T> = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise(() => {}),
      return: async () => {
        seen.ended += 1;
        return { done: true, value: undefined };
      },
    }),
  };
  return { iterable, seen };
}

/** Long enough for what nobody waits for. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

const reason = new Error('enough');
const fired = AbortSignal.abort(reason);

describe.each([
  ['of unknown kind', {}],
  ['of CSV', { format: 'csv' }],
  ['of Parquet', { format: 'parquet' }],
  ['that is compressed', { compression: 'gzip' }],
  ['with columns of its path', { hivePartitioning: true }],
] as const)('a stream %s', (_, options) => {
  test('is cancelled when the signal fired before it was opened', async () => {
    const { stream, cancelled } = hanging();
    const opening = fromAny(stream, options).open(await openOptions({ signal: fired }));
    await expect(opening).rejects.toBe(reason);
    await settled();
    expect(cancelled).toEqual([reason]);
    expect(stream.locked).toBe(false);
  });

  test('is cancelled when the signal fires while it is opened', async () => {
    const { stream, cancelled } = hanging();
    const controller = new AbortController();
    const opening = fromAny(stream, options).open(await openOptions({ signal: controller.signal }));
    controller.abort(reason);
    await expect(opening).rejects.toBe(reason);
    await settled();
    expect(cancelled).toEqual([reason]);
    expect(stream.locked).toBe(false);
  });

  test('can be opened no more once it was cancelled, and is cancelled once', async () => {
    const { stream, cancelled } = hanging();
    const source = fromAny(stream, options);
    source.cancel?.(reason);
    source.cancel?.(reason);
    await expect(source.open(await openOptions())).rejects.toMatchObject({ code: 'SOURCE_UNREADABLE' });
    expect(cancelled).toEqual([reason]);
  });
});

test('a stream whose opening fails before its first byte is cancelled', async () => {
  const { stream, cancelled } = hanging();
  const options = await openOptions();
  const engine = Object.create(options.engine, {
    decompressor: {
      value: () => {
        throw reason;
      },
    },
  });
  const opening = fromAny(stream, { compression: 'gzip' }).open({ ...options, engine });
  await expect(opening).rejects.toThrow('enough');
  await settled();
  expect(cancelled.length).toBe(1);
  expect(stream.locked).toBe(false);
});

describe('an iterable', () => {
  const kinds = {
    'of bytes or rows': (iterable: AsyncIterable<unknown>) => fromAny(iterable as AsyncIterable<Row>),
    'of record batches': (iterable: AsyncIterable<unknown>) => arrowSource(iterable as AsyncIterable<RecordBatch>),
  };
  describe.each(Object.entries(kinds))('%s', (_, sourceOf) => {
    test('ends when the signal fired before it was opened', async () => {
      const { iterable, seen } = hangingIterable();
      const opening = sourceOf(iterable).open(await openOptions({ signal: fired }));
      await expect(opening).rejects.toBe(reason);
      await settled();
      expect(seen.ended).toBe(1);
    });

    test('ends when it is cancelled, once', async () => {
      const { iterable, seen } = hangingIterable();
      const source = sourceOf(iterable);
      source.cancel?.(reason);
      source.cancel?.(reason);
      await settled();
      expect(seen.ended).toBe(1);
    });
  });

  test('of rows that is not asynchronous ends when it is cancelled', () => {
    let ended = 0;
    const rows: Iterable<Row> = {
      [Symbol.iterator]: () => ({
        next: () => ({ done: false, value: { id: 1 } }),
        return: () => {
          ended += 1;
          return { done: true, value: undefined };
        },
      }),
    };
    fromAny(rows).cancel?.(reason);
    expect(ended).toBe(1);
  });
});

test('what can be read again is not ended', async () => {
  const batches = tableFromArrays({ id: Int32Array.of(1) });
  for (const source of [fromAny([{ id: 1 }]), fromAny(text('id\n1\n')), arrowSource(batches)]) {
    source.cancel?.(reason);
    await using opened = await source.open(await openOptions());
    expect(opened.schema.fields.map(({ name }) => name)).toEqual(['id']);
  }
});

test('of several streams, those that were not reached are cancelled with the one that is read', async () => {
  const [first, second] = [hanging(text('id\n1\n')), hanging()];
  const controller = new AbortController();
  const source = fromAny([first.stream, second.stream], { format: 'csv', sampleBytes: 1 });
  const opening = source.open(await openOptions({ signal: controller.signal }));
  await settled();
  controller.abort(reason);
  await expect(opening).rejects.toBe(reason);
  await settled();
  expect([first.cancelled, second.cancelled]).toEqual([[reason], [reason]]);
});

describe('a write whose signal fired already', () => {
  test('cancels the stream of an append', async () => {
    const { catalog } = await lake();
    const table = await catalog.createTable('sales.orders', ordersSchema);
    const { stream, cancelled } = hanging();
    await expect(table.append(stream, { signal: fired })).rejects.toMatchObject({ code: 'ABORTED' });
    expect(cancelled).toEqual([reason]);
    expect(stream.locked).toBe(false);
  });

  test('cancels the stream of createAndAppend', async () => {
    const { catalog } = await lake();
    const { stream, cancelled } = hanging();
    const creating = catalog.createAndAppend('sales.orders', stream, {}, { signal: fired });
    await expect(creating).rejects.toMatchObject({ code: 'ABORTED' });
    expect(cancelled).toEqual([reason]);
    expect(stream.locked).toBe(false);
  });
});

test('a write that fails before it opens its source, and was not stopped, leaves the stream to its owner', async () => {
  const { catalog } = await lake();
  const table = await catalog.createTable('sales.orders', ordersSchema);
  const { stream, cancelled } = hanging();
  await expect(table.append(stream, { commitId: 'none' })).rejects.toThrow(TypeError);
  expect(cancelled).toEqual([]);
  expect(stream.locked).toBe(false);
});
