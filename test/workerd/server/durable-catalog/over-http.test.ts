/** The catalog app over a catalog in a Durable Object: what only such a catalog can do. */
import { describe, expect, test } from 'vitest';
import { stringifyJson } from '../../../../src/util/json.ts';
import { faulty, newKey, newLake, propertiesOf, schema, setProperty, tableOf } from './lake.ts';
import { served } from './served.ts';

function post(path: string, body: unknown, key: string): Request {
  return new Request(`http://localhost/v1${path}`, {
    method: 'POST',
    body: stringifyJson(body),
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
  });
}

describe('over HTTP', () => {
  test('all of the protocol that the catalog can do is announced', async () => {
    const { fetch } = served(await newLake());
    const config = await (await fetch(new Request('http://localhost/v1/config'))).json();
    expect(config).toMatchObject({
      endpoints: expect.arrayContaining([
        'POST /v1/{prefix}/tables/rename',
        'POST /v1/{prefix}/namespaces/{namespace}/register',
        'POST /v1/{prefix}/transactions/commit',
      ]),
      'idempotency-key-lifetime': 'PT30M',
    });
  });

  test('a transaction is committed, refused or unknown as a whole', async () => {
    const lake = await newLake();
    const { catalog } = lake;
    for (const name of ['a', 'b']) await catalog.createTable(tableOf(name), { schema });
    const client = await served(lake).connect();
    const requests = (value: string) => [setProperty('a', 'x', value), setProperty('b', 'x', value)];
    expect(await client.commitTransaction(requests('1'), newKey())).toEqual({ kind: 'committed', table: null });
    expect(await propertiesOf(catalog, 'b')).toMatchObject({ x: '1' });

    const stale = setProperty('b', 'x', '2');
    const conflicting = {
      ...stale,
      requirements: [{ type: 'assert-current-schema-id' as const, 'current-schema-id': 7 }],
    };
    expect(await client.commitTransaction([setProperty('a', 'x', '2'), conflicting], newKey())).toMatchObject({
      kind: 'conflict',
    });
    const missing = await client.commitTransaction(
      [setProperty('a', 'x', '2'), setProperty('none', 'x', '2')],
      newKey(),
    );
    expect(missing).toMatchObject({ kind: 'rejected', status: 404, message: expect.stringContaining('ns.none') });
    expect(await propertiesOf(catalog, 'a')).toMatchObject({ x: '1' });

    // The change is made, and its answer never comes; the same key then tells.
    const losing = lake.by(faulty('change', async (call) => Promise.reject(new Error(`lost: ${await call()}`))));
    const key = newKey();
    const unsure = await served(lake, losing).connect();
    expect(await unsure.commitTransaction(requests('3'), key)).toMatchObject({ kind: 'unknown' });
    await catalog.commit(setProperty('a', 'x', '4'), newKey());
    expect(await client.commitTransaction(requests('3'), key)).toMatchObject({ kind: 'committed' });
    expect([await propertiesOf(catalog, 'a'), await propertiesOf(catalog, 'b')]).toMatchObject([
      { x: '4' },
      { x: '3' },
    ]);
  });

  test('a request that is not a transaction is refused', async () => {
    const { fetch } = served(await newLake());
    for (const body of [{}, { 'table-changes': [] }, { 'table-changes': [{ requirements: [], updates: [] }] }]) {
      const { idempotencyKey } = newKey();
      expect((await fetch(post('/transactions/commit', body, idempotencyKey))).status).toBe(400);
    }
  });

  test('whatever is sent again with its key, after its answer was lost, is done once', async () => {
    const lake = await newLake();
    const { catalog } = lake;
    const losing = lake.by(faulty('change', async (call) => Promise.reject(new Error(`lost: ${await call()}`))));
    const [unsure, sure] = [served(lake, losing), served(lake)];
    const twice = async (path: string, body: unknown) => {
      const { idempotencyKey } = newKey();
      expect((await unsure.fetch(post(path, body, idempotencyKey))).status).toBeGreaterThanOrEqual(500);
      return (await sure.fetch(post(path, body, idempotencyKey))).status;
    };
    expect(await twice('/namespaces', { namespace: ['other'] })).toBe(200);
    expect(await twice('/namespaces/ns/tables', { name: 't', schema })).toBe(200);
    const [source, destination] = [tableOf('t'), { namespace: ['other'], name: 'u' }];
    expect(await twice('/tables/rename', { source, destination })).toBe(204);
    expect(await catalog.listTables(['other'])).toEqual([destination]);
    const { metadataLocation } = await catalog.loadTable(destination);
    await catalog.dropTable(destination);
    const register = { name: 'r', 'metadata-location': metadataLocation };
    expect(await twice('/namespaces/ns/register', register)).toBe(200);
    expect(await catalog.listTables(['ns'])).toEqual([tableOf('r')]);
    expect(await twice('/namespaces/other/properties', { updates: { a: 'b' } })).toBe(200);
  });
});
