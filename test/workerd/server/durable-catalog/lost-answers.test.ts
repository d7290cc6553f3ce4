/** The object or its answer is lost: a change is made once, and files of tables are never removed. */
import { evictDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { durableKeys } from 'icestream/server/durable-catalog';
import { describe, expect, test } from 'vitest';
import { faulty, type Lake, newKey, newLake, propertiesOf, schema, setProperty, tableOf } from './lake.ts';

/** A catalog of the lake that gets no answer to its first `count` changes, though they are made. */
function losingAnswers(lake: Lake, count: number) {
  return lake.by(faulty('change', losing(count)));
}

/** Calls, and throws away the first `count` answers. */
function losing(count: number) {
  let lost = 0;
  return async (call: () => Promise<unknown>) => {
    const answer = await call();
    lost += 1;
    if (lost <= count) throw new Error('the answer was lost');
    return answer;
  };
}

describe('when an answer is lost', () => {
  test('a change is not made again', async () => {
    const lake = await newLake();
    const { catalog, files } = lake;
    await losingAnswers(lake, 1).createNamespace(['other'], { a: 'b' });
    await losingAnswers(lake, 2).createTable(tableOf('t'), { schema });
    expect(await losingAnswers(lake, 1).commit(setProperty('t', 'x', '1'), newKey())).toMatchObject({
      kind: 'committed',
      table: { metadata: { properties: { x: '1' } } },
    });
    expect(await files()).toHaveLength(2);
    await losingAnswers(lake, 1).renameTable(tableOf('t'), tableOf('u'));
    expect(await propertiesOf(catalog, 'u')).toMatchObject({ x: '1' });
    await losingAnswers(lake, 1).dropTable(tableOf('u'), { purge: true });
    expect(await catalog.listTables(['ns'])).toEqual([]);
    expect(await files()).toEqual([]);
    await losingAnswers(lake, 1).dropNamespace(['other']);
    expect(await catalog.listNamespaces()).toEqual([['ns']]);
  });

  test('and none comes, a commit is unknown, and the same key tells how it ended', async () => {
    const lake = await newLake();
    const { catalog, files } = lake;
    await catalog.createTable(tableOf('t'), { schema });
    const key = newKey();
    const answer = await losingAnswers(lake, 99).commit(setProperty('t', 'x', '1'), key);
    expect(answer).toMatchObject({ kind: 'unknown' });
    const stored = await files();
    expect(stored).toHaveLength(2);
    // Others go on; the commit is not applied on top of that.
    await catalog.commit(setProperty('t', 'x', '2'), newKey());
    expect(await catalog.commit(setProperty('t', 'x', '1'), key)).toMatchObject({ kind: 'committed' });
    expect(await propertiesOf(catalog, 't')).toMatchObject({ x: '2' });
    expect(await files()).toHaveLength(3);
    expect(await files()).toEqual(expect.arrayContaining(stored));
  });

  test('a table that is created without an answer is there, with its file', async () => {
    const lake = await newLake();
    const creating = losingAnswers(lake, 99).createTable(tableOf('t'), { schema });
    await expect(creating).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect((await lake.catalog.loadTable(tableOf('t'))).metadata.schemas).toHaveLength(1);
  });

  test('a first send that comes after a refused second is refused too', async () => {
    const lake = await newLake();
    const { catalog, stub, files } = lake;
    const { metadataLocation, metadata } = await catalog.createTable(tableOf('t'), { schema });
    const key = newKey();
    const swap = { identifier: tableOf('u'), from: null, to: metadataLocation ?? '', folder: metadata.location };
    const late = () => stub.change({ kind: 'swap', swaps: [swap] }, key.idempotencyKey);
    expect(await late()).toMatchObject({ kind: 'refused', why: 'folder-taken', by: ['ns', 't'] });
    await catalog.dropTable(tableOf('t'));
    expect(await late()).toMatchObject({ kind: 'refused' });
    expect(await catalog.listTables(['ns'])).toEqual([]);
    expect(await files()).toHaveLength(1);
  });
});

describe('an idempotency key', () => {
  const answer = { status: 204, body: null, isTable: false };

  test('whose claim is not answered is claimed once', async () => {
    const { warehouse } = await newLake();
    const binding = faulty('claimKey', losing(1));
    const claim = await durableKeys({ binding, warehouse }).claim('k', 'f');
    expect(claim).toEqual({ kind: 'run', resent: false });
    const keys = durableKeys({ binding: env.CATALOG, warehouse });
    expect(await keys.claim('k', 'f')).toEqual({ kind: 'running' });
    await keys.settle('k', answer);
    expect(await keys.claim('k', 'f')).toEqual({ kind: 'answered', answer });
  });

  test('of a run that ended between its change and its answer is given to the next at once', async () => {
    const { catalog, warehouse } = await newLake();
    await catalog.createTable(tableOf('t'), { schema });
    const keys = durableKeys({ binding: env.CATALOG, warehouse });
    const key = newKey();
    await keys.claim(key.idempotencyKey, 'f');
    expect(await keys.claim(key.idempotencyKey, 'f')).toEqual({ kind: 'running' });
    await catalog.commit(setProperty('t', 'x', '1'), key);
    expect(await keys.claim(key.idempotencyKey, 'f')).toEqual({ kind: 'run', resent: true });
  });

  test('is not remembered longer than the changes are', () => {
    const open = (lifetimeMs: number) => () =>
      durableKeys({ binding: env.CATALOG, warehouse: 's3://lake/x', lifetimeMs });
    expect(open(86_400_000)).toThrow(/lifetimeMs/);
    expect(open(Number.NaN)).toThrow(/lifetimeMs/);
  });
});

describe('when the object is not there', () => {
  test('between the metadata and the swap, the commit goes on with the next', async () => {
    const lake = await newLake();
    const { catalog, stub, files } = lake;
    await catalog.createTable(tableOf('t'), { schema });
    const evicted = lake.by(
      faulty('change', async (call) => {
        expect(await files()).toHaveLength(2);
        await evictDurableObject(stub);
        return call();
      }),
    );
    expect(await evicted.commit(setProperty('t', 'x', '1'), newKey())).toMatchObject({ kind: 'committed' });
    expect(await propertiesOf(catalog, 't')).toMatchObject({ x: '1' });
  });

  test('at all, nothing is written, and a commit may be sent later', async () => {
    const lake = await newLake();
    await lake.catalog.createTable(tableOf('t'), { schema });
    const away = lake.by(faulty('look', () => Promise.reject(new Error('internal error'))));
    await expect(away.loadTable(tableOf('t'))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await away.commit(setProperty('t', 'x', '1'), newKey())).toMatchObject({ kind: 'throttled' });
    expect(await lake.files()).toHaveLength(1);
  });

  test('for too many requests, it is not sent more', async () => {
    const lake = await newLake();
    let sends = 0;
    const busy = lake.by(
      faulty('listTables', () => {
        sends += 1;
        return Promise.reject(Object.assign(new Error('too many requests'), { overloaded: true }));
      }),
    );
    await expect(busy.listTables(['ns'])).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(sends).toBe(1);
  });
});
