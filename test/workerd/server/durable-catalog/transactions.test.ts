/** Commits to several tables: all of them or none, whatever ends in the middle. */
import { describe, expect, test } from 'vitest';
import { faulty, inObject, type Lake, newKey, newLake, propertiesOf, schema, setProperty, tableOf } from './lake.ts';

async function lakeOf(...names: string[]): Promise<Lake> {
  const lake = await newLake();
  for (const name of names) await lake.catalog.createTable(tableOf(name), { schema });
  return lake;
}

describe('a commit to several tables', () => {
  test('is one commit', async () => {
    const { catalog } = await lakeOf('a', 'b');
    const staged = await catalog.stageTable(tableOf('c'), { schema });
    const { metadata } = staged;
    const requests = [
      setProperty('a', 'x', '1'),
      setProperty('b', 'x', '2'),
      {
        identifier: tableOf('c'),
        requirements: [{ type: 'assert-create' as const }],
        updates: [
          { action: 'assign-uuid' as const, uuid: metadata['table-uuid'] },
          { action: 'add-schema' as const, schema: metadata.schemas[0] as never },
          { action: 'set-current-schema' as const, 'schema-id': -1 },
          { action: 'add-spec' as const, spec: { fields: [] } },
          { action: 'set-default-spec' as const, 'spec-id': -1 },
          { action: 'add-sort-order' as const, 'sort-order': { 'order-id': 0, fields: [] } },
          { action: 'set-default-sort-order' as const, 'sort-order-id': -1 },
          { action: 'set-location' as const, location: metadata.location },
        ],
      },
    ];
    expect(await catalog.commitTransaction(requests, newKey())).toEqual({ kind: 'committed', table: null });
    expect(await propertiesOf(catalog, 'a')).toMatchObject({ x: '1' });
    expect(await propertiesOf(catalog, 'b')).toMatchObject({ x: '2' });
    expect((await catalog.loadTable(tableOf('c'))).metadata['table-uuid']).toBe(metadata['table-uuid']);
  });

  test('is none when one of them is refused, and leaves no file', async () => {
    const { catalog, files } = await lakeOf('a', 'b');
    const before = await files();
    const wrong = {
      ...setProperty('b', 'x', '2'),
      requirements: [{ type: 'assert-current-schema-id' as const, 'current-schema-id': 7 }],
    };
    expect(await catalog.commitTransaction([setProperty('a', 'x', '1'), wrong], newKey())).toMatchObject({
      kind: 'conflict',
    });
    const missing = [setProperty('a', 'x', '1'), setProperty('missing', 'x', '2')];
    expect(await catalog.commitTransaction(missing, newKey())).toMatchObject({ kind: 'rejected', status: 404 });
    const twice = [setProperty('a', 'x', '1'), setProperty('a', 'y', '2')];
    expect(await catalog.commitTransaction(twice, newKey())).toMatchObject({ kind: 'rejected', status: 400 });
    expect(await propertiesOf(catalog, 'a')).not.toHaveProperty('x');
    expect(await files()).toEqual(before);
  });

  test('is none when a table that it only looks at moves before the commit', async () => {
    const lake = await lakeOf('a', 'b', 'c');
    const { catalog, files } = lake;
    const moved = lake.by(
      faulty('change', async (call) => {
        await catalog.commit(setProperty('b', 'y', 'other'), newKey());
        return call();
      }),
    );
    const looked = { ...setProperty('b', 'x', ''), updates: [] };
    const others = [setProperty('a', 'x', '1'), setProperty('c', 'x', '1')] as const;
    const answer = await moved.commitTransaction([others[0], looked, others[1]], newKey());
    expect(answer).toMatchObject({ kind: 'conflict' });
    expect(await propertiesOf(catalog, 'a')).not.toHaveProperty('x');
    expect(await propertiesOf(catalog, 'c')).not.toHaveProperty('x');
    expect(await files()).toHaveLength(4);
  });

  test('is none when the database fails between two tables', async () => {
    const lake = await lakeOf('a', 'b');
    const { catalog, stub, files } = lake;
    await inObject(stub, ({ storage }) =>
      storage.sql.exec(`CREATE TRIGGER kill BEFORE UPDATE ON tables WHEN NEW.name = 'b' AND
        (SELECT metadata_location FROM tables WHERE name = 'a') LIKE '%/00001-%'
        BEGIN SELECT RAISE(ABORT, 'killed between two tables'); END`),
    );
    const key = newKey();
    const requests = [setProperty('a', 'x', '1'), setProperty('b', 'x', '2')];
    const answer = await catalog.commitTransaction(requests, key);
    expect(answer).toMatchObject({ kind: 'unknown' });
    expect(JSON.stringify([answer.kind === 'unknown' && String((answer.cause as Error).cause)])).toContain(
      'killed between',
    );
    expect(await propertiesOf(catalog, 'a')).not.toHaveProperty('x');
    expect(await propertiesOf(catalog, 'b')).not.toHaveProperty('x');
    // Nobody could tell, so nothing was removed.
    expect(await files()).toHaveLength(4);
    await inObject(stub, ({ storage }) => storage.sql.exec('DROP TRIGGER kill'));
    expect(await catalog.commitTransaction(requests, key)).toMatchObject({ kind: 'committed' });
    expect(await propertiesOf(catalog, 'a')).toMatchObject({ x: '1' });
    expect(await propertiesOf(catalog, 'b')).toMatchObject({ x: '2' });
  });

  test('is none when the object is killed between two tables', async () => {
    const lake = await lakeOf('a', 'b');
    const { catalog, stub } = lake;
    let updates = 0;
    await inObject(stub, (state) => {
      const { sql } = state.storage;
      const exec = sql.exec.bind(sql);
      sql.exec = (query, ...bindings) => {
        if (query.startsWith('UPDATE tables')) updates += 1;
        if (updates === 2) state.abort('killed between two tables');
        return exec(query, ...bindings);
      };
    });
    let sends = 0;
    const once = lake.by(
      faulty('change', (call) => {
        sends += 1;
        return sends === 1 ? call() : Promise.reject(new Error('not sent'));
      }),
    );
    const requests = [setProperty('a', 'x', '1'), setProperty('b', 'x', '2')];
    const key = newKey();
    expect(await once.commitTransaction(requests, key)).toMatchObject({ kind: 'unknown' });
    expect(updates).toBe(2);
    expect(await propertiesOf(catalog, 'a')).not.toHaveProperty('x');
    expect(await propertiesOf(catalog, 'b')).not.toHaveProperty('x');
    expect(await catalog.commitTransaction(requests, key)).toMatchObject({ kind: 'committed' });
    expect(await propertiesOf(catalog, 'a')).toMatchObject({ x: '1' });
    expect(await propertiesOf(catalog, 'b')).toMatchObject({ x: '2' });
  });
});
