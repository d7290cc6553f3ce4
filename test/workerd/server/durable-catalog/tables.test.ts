/** Where tables are, what they are called, and what is left of them. */
import { env } from 'cloudflare:workers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isWithin } from '../../../../src/util/location.ts';
import { newKey, newLake, propertiesOf, schema, setProperty, store, tableOf } from './lake.ts';

describe('commits at once', () => {
  test('have one winner for each version, and leave no file of those who lost', async () => {
    const { catalog, by, files } = await newLake();
    const { metadata } = await catalog.createTable(tableOf('t'), { schema });
    let conflicts = 0;
    const writer = async (name: string) => {
      const own = by(env.CATALOG);
      for (let i = 0; i < 5; ) {
        const { kind } = await own.commit(setProperty('t', `${name}${i}`, 'x'), newKey());
        if (kind === 'committed') i += 1;
        else {
          expect(kind).toBe('conflict');
          conflicts += 1;
        }
      }
    };
    await Promise.all(['a', 'b', 'c', 'd'].map(writer));
    expect(conflicts).toBeGreaterThan(0);
    const { metadata: last, metadataLocation } = await catalog.loadTable(tableOf('t'));
    const keys = Object.keys(last.properties ?? {}).filter((key) => /^[a-d]\d$/.test(key));
    expect(keys).toHaveLength(20);
    const log = (last['metadata-log'] ?? []).map((entry) => entry['metadata-file']);
    expect(await files()).toEqual([...log, metadataLocation]);
    expect(log.map((file) => file.slice(metadata.location.length + 10, metadata.location.length + 15))).toEqual(
      Array.from({ length: 20 }, (_, i) => String(i).padStart(5, '0')),
    );
  });
});

describe('a table', () => {
  test('has compressed metadata where it asks for it', async () => {
    const { catalog, by, files } = await newLake();
    const properties = { 'write.metadata.compression-codec': 'GZIP' };
    await catalog.createTable(tableOf('t'), { schema, properties });
    await catalog.commit(setProperty('t', 'x', '1'), newKey());
    const { metadataLocation } = await catalog.loadTable(tableOf('t'));
    expect(metadataLocation).toMatch(/\/metadata\/00001-[0-9a-f-]{36}\.gz\.metadata\.json$/);
    const [first = '', second = ''] = await files();
    expect(first).toMatch(/\/00000-[0-9a-f-]{36}\.gz\.metadata\.json$/);
    expect([...(await store.read(second)).subarray(0, 2)]).toEqual([0x1f, 0x8b]);
    expect(await propertiesOf(by(env.CATALOG), 't')).toMatchObject({ x: '1' });
  });

  test('that is renamed keeps its folder, which no new table of its old name gets', async () => {
    const { catalog, files } = await newLake();
    await catalog.createNamespace(['other']);
    const { metadata } = await catalog.createTable(tableOf('t'), { schema });
    await catalog.renameTable(tableOf('t'), { namespace: ['other'], name: 'u' });
    const second = await catalog.createTable(tableOf('t'), { schema });
    expect(second.metadata.location).not.toBe(metadata.location);
    await catalog.dropTable(tableOf('t'), { purge: true });
    expect((await catalog.loadTable({ namespace: ['other'], name: 'u' })).metadata.location).toBe(metadata.location);
    expect(await files()).toHaveLength(1);
    const missing = catalog.renameTable({ namespace: ['other'], name: 'u' }, { namespace: ['none'], name: 'u' });
    await expect(missing).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('namespace none'),
    });
  });

  test('is in the warehouse, and in no folder of another', async () => {
    const { catalog, warehouse, files } = await newLake();
    const create = (name: string, location: string) => catalog.createTable(tableOf(name), { schema, location });
    await create('t', `${warehouse}/mine/t/`);
    for (const location of [`${warehouse}/mine/t`, `${warehouse}/mine`, `${warehouse}/mine/t/deeper/u`]) {
      await expect(create('u', location)).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining('overlaps that of the table ns.t'),
      });
    }
    for (const location of ['s3://lake/elsewhere', warehouse, `${warehouse}-2/u`, `${warehouse}/../x`]) {
      await expect(create('u', location)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    }
    await create('u', `${warehouse}/mine/t2`);
    const move = (location: string) =>
      catalog.commit(
        { identifier: tableOf('u'), requirements: [], updates: [{ action: 'set-location', location }] },
        newKey(),
      );
    expect(await move('s3://lake/elsewhere')).toMatchObject({ kind: 'rejected', status: 400 });
    expect(await move(`${warehouse}/mine/t/u`)).toMatchObject({ kind: 'rejected', status: 400 });
    expect(await move(`${warehouse}/mine/u`)).toMatchObject({ kind: 'committed' });
    expect(await files()).toEqual([
      expect.stringMatching(/mine\/t\/metadata\/00000-/),
      expect.stringMatching(/mine\/t2\/metadata\/00000-/),
      expect.stringMatching(/mine\/u\/metadata\/00001-/),
    ]);
  });

  test('has a folder that overlaps no other, whatever the folders are', async () => {
    const part = fc.constantFrom('a', 'a-', 'a0', 'a.b', '%', '_', 'é');
    const folders = fc.array(fc.array(part, { minLength: 1, maxLength: 3 }), { minLength: 2, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(folders, async (all) => {
        const { stub, warehouse } = await newLake();
        const taken: string[] = [];
        for (const [i, parts] of all.entries()) {
          const folder = [warehouse, ...parts].join('/');
          const swap = { identifier: tableOf(`t${i}`), from: null, to: `${folder}/metadata/${i}.json`, folder };
          const answer = await stub.change({ kind: 'swap', swaps: [swap] }, newKey().idempotencyKey);
          const overlaps = taken.some((other) => isWithin(other, folder) || isWithin(folder, other));
          expect(answer).toMatchObject(overlaps ? { kind: 'refused', why: 'folder-taken' } : { kind: 'done' });
          if (!overlaps) taken.push(folder);
        }
      }),
      { numRuns: 40 },
    );
  });

  test('is registered from a file of the warehouse, once', async () => {
    const { catalog, warehouse } = await newLake();
    const { metadataLocation } = await catalog.createTable(tableOf('t'), { schema });
    const register = (location: string | null) => catalog.registerTable(tableOf('r'), location ?? '');
    await expect(register(metadataLocation)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await catalog.dropTable(tableOf('t'));
    await expect(register('s3://lake/secret.json')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(register(`${warehouse}/none.json`)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await register(metadataLocation);
    expect(await catalog.commit(setProperty('r', 'x', '1'), newKey())).toMatchObject({ kind: 'committed' });
    expect(await catalog.listTables(['ns'])).toEqual([tableOf('r')]);
  });

  test('keeps as many metadata files as it asks for', async () => {
    const { catalog, files } = await newLake();
    const properties = {
      'write.metadata.delete-after-commit.enabled': 'true',
      'write.metadata.previous-versions-max': '2',
    };
    await catalog.createTable(tableOf('t'), { schema, properties });
    for (const value of ['1', '2', '3', '4']) await catalog.commit(setProperty('t', 'x', value), newKey());
    expect((await files()).map((file) => file.split('/').at(-1)?.slice(0, 5))).toEqual(['00002', '00003', '00004']);
    expect(await propertiesOf(catalog, 't')).toMatchObject({ x: '4' });
  });

  test('whose metadata file is gone says so, and can be dropped', async () => {
    const { catalog, by } = await newLake();
    const { metadataLocation } = await catalog.createTable(tableOf('t'), { schema });
    await store.delete([metadataLocation ?? '']);
    const other = by(env.CATALOG);
    await expect(other.loadTable(tableOf('t'))).rejects.toMatchObject({ code: 'INVALID_METADATA' });
    await other.dropTable(tableOf('t'));
    expect(await other.listTables(['ns'])).toEqual([]);
  });

  test('has a name that is one', async () => {
    const { catalog } = await newLake();
    for (const name of ['', '..', 'a\u0000b', 'x'.repeat(256), '\ud800']) {
      await expect(catalog.createTable(tableOf(name), { schema })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
      await expect(catalog.createNamespace([name])).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    }
    const { metadata } = await catalog.createTable(tableOf('a/b %20?#日本'), { schema });
    expect(metadata.location).toMatch(/\/ns\/a_b__20____-[0-9a-f]{32}$/);
    expect((await catalog.loadTable(tableOf('a/b %20?#日本'))).metadata.location).toBe(metadata.location);
  });
});
