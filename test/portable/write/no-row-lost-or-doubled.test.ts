/** Random faults at every commit of several writers; afterwards every row is there once, and nothing else is left. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Catalog, CommitAnswer, CommitRequest, CommitSendOptions } from '../../../src/catalog/catalog.ts';
import { CommitStateUnknownError, IcestreamError } from '../../../src/errors.ts';
import type { Table } from '../../../src/table/table.ts';
import { uuidV7 } from '../../../src/util/uuid.ts';
import type { WriteOptions } from '../../../src/write/write-options.ts';
import { currentOnly, hastyWorld, lake, ordersSchema, orphans } from './lake.ts';
import { MiB, orders, sourceOf, testEngine } from './rows.ts';

const engine = await testEngine();
const options = { engine, memoryLimitBytes: 64 * MiB };

const FAULTS = [
  'none',
  'answer-lost',
  'request-lost',
  'applied-late',
  'throttled',
  'unauthenticated',
  'refused',
  'load-fails',
] as const;
type Fault = (typeof FAULTS)[number];

/** Each commit uses up one fault; `applied-late` commits reach the catalog some calls later, unseen. */
function faulty(catalog: Catalog, faults: Fault[]): { catalog: Catalog; settle: () => Promise<void> } {
  const late: (() => Promise<unknown>)[] = [];
  let loadsToFail = 0;
  const settle = async () => {
    for (const send of late.splice(0)) await send();
  };
  const commit = async (request: CommitRequest, sendOptions: CommitSendOptions): Promise<CommitAnswer> => {
    const send = () => catalog.commit(request, sendOptions);
    if (late.length > 1) await late.shift()?.();
    switch (faults.shift() ?? 'none') {
      case 'answer-lost':
        await send();
        return { kind: 'unknown', message: 'lost on the way back' };
      case 'load-fails':
        loadsToFail = 2;
        await send();
        return { kind: 'unknown', message: 'lost on the way back' };
      case 'request-lost':
        return { kind: 'unknown', message: 'lost on the way' };
      case 'applied-late':
        late.push(send);
        return { kind: 'unknown', message: 'timed out' };
      case 'throttled':
        return { kind: 'throttled', retryAfterMs: 1 };
      case 'unauthenticated':
        return { kind: 'unauthenticated', message: 'expired' };
      case 'refused':
        return { kind: 'rejected', status: 403, message: 'not today' };
      case 'none':
        return send();
    }
  };
  const proxy = new Proxy(catalog, {
    get(target, property) {
      if (property === 'commit') return commit;
      if (property === 'loadTable') {
        return async (...args: Parameters<Catalog['loadTable']>) => {
          if (loadsToFail-- > 0) throw new IcestreamError('UNAVAILABLE', 'try again later');
          return target.loadTable(...args);
        };
      }
      const value: unknown = Reflect.get(target, property);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { catalog: proxy, settle };
}

type Identity = Pick<WriteOptions, 'commitId' | 'writer'>;

/** Appends until an answer is definite: what a caller does who wants its rows in exactly once. */
async function appendOnce(table: Table, rows: number, identity: Identity): Promise<bigint> {
  // A refusal says nothing of an earlier call whose outcome is unknown: that may be applied yet.
  let unknown = false;
  for (let turn = 0; turn < 20; turn++) {
    try {
      return (await table.append(sourceOf(orders(rows)), { ...options, ...identity })).rows;
    } catch (error) {
      if (error instanceof CommitStateUnknownError) {
        unknown = true;
        continue;
      }
      if (error instanceof IcestreamError && ['FORBIDDEN', 'UNAUTHENTICATED'].includes(error.code)) {
        if (unknown) continue;
        return 0n;
      }
      if (error instanceof IcestreamError && error.retryable) continue;
      if (error instanceof IcestreamError && error.code === 'UNAVAILABLE') continue;
      throw error;
    }
  }
  throw new Error('no definite answer in twenty turns');
}

test('whatever happens to commits, every row that was reported is there once, and no others', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...FAULTS), { maxLength: 24 }),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }),
      fc.boolean(),
      fc.boolean(),
      async (faults, writes, atOnce, counted) => {
        let settle = async () => {};
        const here = await lake({
          catalog: (plain) => {
            const wrapped = faulty(plain, [...faults]);
            settle = wrapped.settle;
            return wrapped.catalog;
          },
        });
        await here.catalog.createTable('sales.orders', ordersSchema, {
          properties: { 'commit.manifest.min-count-to-merge': '2' },
        });
        const one = async (rows: number, index: number) => {
          const identity = counted ? { writer: { id: `w${index}`, sequence: 1n } } : { commitId: uuidV7(hastyWorld) };
          return appendOnce(await here.catalog.loadTable('sales.orders'), rows, identity);
        };
        const reported: bigint[] = [];
        if (atOnce) reported.push(...(await Promise.all(writes.map(one))));
        else for (const [index, rows] of writes.entries()) reported.push(await one(rows, index));
        await settle();
        const table = await here.catalog.loadTable('sales.orders');
        const counts: bigint[] = [];
        for await (const { file } of table.files()) {
          counts.push(file.recordCount);
          expect(await here.store.stat(file.filePath)).not.toBeNull();
        }
        const ascending = (a: bigint, b: bigint) => Number(a - b);
        expect(counts.sort(ascending)).toEqual(reported.filter((rows) => rows > 0n).sort(ascending));
        // Only writes whose outcome stayed unknown may have left files behind.
        const unknowable = faults.some((fault) => !['none', 'throttled', 'unauthenticated', 'refused'].includes(fault));
        if (!unknowable) expect(await orphans(here, table)).toEqual([]);
      },
    ),
    { numRuns: 100 },
  );
});

/** The same load again and again until it is done, whatever the answers were. */
async function load(table: Table, rows: number, sequence: bigint): Promise<void> {
  for (let turn = 0; turn < 40; turn++) {
    try {
      const { writerSequence } = await table.append(sourceOf(orders(rows)), {
        ...options,
        writer: { id: 'pipeline', sequence },
      });
      expect(writerSequence).toBeGreaterThanOrEqual(sequence);
      return;
    } catch (error) {
      if (!(error instanceof IcestreamError)) throw error;
    }
  }
  throw new Error('not done in forty turns');
}

test('two processes that are one writer load each of its loads once, also where history is not shown', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...FAULTS), { maxLength: 24 }),
      fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 5 }),
      fc.boolean(),
      async (faults, loads, hidden) => {
        let settle = async () => {};
        const here = await lake({
          catalog: (plain) => {
            const wrapped = faulty(plain, [...faults]);
            settle = wrapped.settle;
            return hidden ? currentOnly(wrapped.catalog) : wrapped.catalog;
          },
        });
        await here.catalog.createTable('sales.orders', ordersSchema);
        const process = async () => {
          const table = await here.catalog
            .loadTable('sales.orders')
            .catch(() => here.catalog.loadTable('sales.orders'));
          for (const [index, rows] of loads.entries()) await load(table, rows, BigInt(index));
        };
        await Promise.all([process(), process()]);
        await settle();
        const table = await here.catalog.loadTable('sales.orders');
        const counts: number[] = [];
        for await (const { file } of table.files()) {
          counts.push(Number(file.recordCount));
          expect(await here.store.stat(file.filePath)).not.toBeNull();
        }
        const ascending = (a: number, b: number) => a - b;
        expect(counts.sort(ascending)).toEqual(loads.filter((rows) => rows > 0).sort(ascending));
      },
    ),
    { numRuns: 100 },
  );
});
