/** A table is dropped with its files, and who removes them does not come to the end. */
import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import type { Store } from '../../../../src/storage/store.ts';
import { faulty, inObject, type Lake, newKey, newLake, schema, store, tableOf } from './lake.ts';

/** Of which nothing can be deleted. */
const deaf: Store = new Proxy(store, {
  get: (target, name) => {
    if (name === 'delete') return () => Promise.reject(new Error('the isolate is gone'));
    const value: unknown = Reflect.get(target, name);
    return typeof value === 'function' ? value.bind(target) : value;
  },
});

/** The table `t` is dropped, and its files are there. */
async function givenUp(lake: Lake) {
  const { metadata } = await lake.catalog.createTable(tableOf('t'), { schema });
  const key = newKey();
  const dropping = lake.by(env.CATALOG, deaf).dropTable(tableOf('t'), { purge: true, ...key });
  await expect(dropping).rejects.toThrow('the isolate is gone');
  expect(await lake.catalog.listTables(['ns'])).toEqual([]);
  expect(await lake.files()).toHaveLength(1);
  return { location: metadata.location, key };
}

/** As if whoever removes files now had done so for an hour. */
const anHourLater = ({ stub }: Lake) =>
  inObject(stub, ({ storage }) => void storage.sql.exec('UPDATE purges SET since_ms = since_ms - 3600001'));

test('the drop that is sent again goes on', async () => {
  const lake = await newLake();
  const { key } = await givenUp(lake);
  await lake.catalog.dropTable(tableOf('t'), { purge: true, ...key });
  expect(await lake.files()).toEqual([]);
  // And once more, for a table that came later.
  await lake.catalog.createTable(tableOf('t'), { schema });
  await lake.catalog.dropTable(tableOf('t'), { purge: true, ...key });
  expect(await lake.files()).toHaveLength(1);
});

test('a later drop of another table goes on, once the first was given up', async () => {
  const lake = await newLake();
  const { catalog, files } = lake;
  await givenUp(lake);
  for (const left of [1, 0]) {
    await catalog.createTable(tableOf('u'), { schema });
    await catalog.dropTable(tableOf('u'), { purge: true });
    expect(await files()).toHaveLength(left);
    await anHourLater(lake);
  }
});

test('no table gets the folder before its files are removed', async () => {
  const lake = await newLake();
  const { catalog } = lake;
  const { location, key } = await givenUp(lake);
  for (const place of [location, `${location}/deeper`]) {
    await expect(catalog.createTable(tableOf('t'), { schema, location: place })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('whose files are being removed'),
    });
  }
  expect(await lake.files()).toHaveLength(1);
  await catalog.dropTable(tableOf('t'), { purge: true, ...key });
  await catalog.createTable(tableOf('t'), { schema, location });
  expect(await lake.files()).toHaveLength(1);
});

test('who is taken for dead does not end what another goes on with', async () => {
  const lake = await newLake();
  const { catalog, stub } = lake;
  const { location } = await givenUp(lake);
  const slow = await stub.takePurge('slow', location);
  expect(slow).toEqual({ folder: location, run: 'slow' });
  expect(await stub.takePurge('early', null)).toBeNull();
  await anHourLater(lake);
  const next = await stub.takePurge('next', null);
  expect(next).toEqual({ folder: location, run: 'next' });
  if (slow !== null) await stub.endPurge(slow);
  await expect(catalog.createTable(tableOf('t'), { schema, location })).rejects.toThrow('being removed');
  if (next !== null) await stub.endPurge(next);
  await catalog.createTable(tableOf('t'), { schema, location });
});

test('an answer that is lost does no harm', async () => {
  const lake = await newLake();
  await lake.catalog.createTable(tableOf('t'), { schema });
  for (const method of ['takePurge', 'endPurge'] as const) {
    let calls = 0;
    const losing = faulty(method, async (call) => {
      const answer = await call();
      calls += 1;
      if (calls === 1) throw new Error('the answer was lost');
      return answer;
    });
    await lake.catalog.createTable(tableOf(method), { schema });
    await lake.by(losing).dropTable(tableOf(method), { purge: true });
    expect(await lake.files()).toHaveLength(1);
    expect(await lake.stub.takePurge('x', null)).toBeNull();
  }
});
