import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { RestCatalog } from '../../../../src/catalog/rest/rest-catalog.ts';
import { catalogApp } from '../../../../src/server/catalog/app.ts';
import { anyone } from '../../../../src/server/catalog/authenticate.ts';
import { memoryKeys } from '../../../../src/server/catalog/memory-keys.ts';
import { defaultWorld } from '../../../../src/util/world.ts';
import { checkedFetch } from '../../../support/rest-catalog-answers.ts';
import { CREATE_T, servedCatalog } from '../../../support/served-catalog.ts';

describe('the configuration of a catalog app', () => {
  it('lists what a catalog on a store can do, and neither rename nor register', async () => {
    const { body } = await servedCatalog().send('GET', '/config');
    expect(body).toEqual({
      defaults: {},
      overrides: {},
      endpoints: [
        'GET /v1/{prefix}/namespaces',
        'POST /v1/{prefix}/namespaces',
        'GET /v1/{prefix}/namespaces/{namespace}',
        'HEAD /v1/{prefix}/namespaces/{namespace}',
        'DELETE /v1/{prefix}/namespaces/{namespace}',
        'POST /v1/{prefix}/namespaces/{namespace}/properties',
        'GET /v1/{prefix}/namespaces/{namespace}/tables',
        'POST /v1/{prefix}/namespaces/{namespace}/tables',
        'GET /v1/{prefix}/namespaces/{namespace}/tables/{table}',
        'HEAD /v1/{prefix}/namespaces/{namespace}/tables/{table}',
        'POST /v1/{prefix}/namespaces/{namespace}/tables/{table}',
        'DELETE /v1/{prefix}/namespaces/{namespace}/tables/{table}',
      ],
    });
  });

  it('announces how long idempotency keys are remembered, settings, the prefix and credentials, where there are', async () => {
    const { send } = servedCatalog({
      idempotencyKeys: memoryKeys({ lifetimeMs: 90_000 }),
      defaults: { 's3.region': 'auto' },
      overrides: { 's3.endpoint': 'https://s3.example' },
      prefix: 'main',
      vend: async () => ({ storageCredentials: [] }),
    });
    const { body } = await send('GET', '/config');
    expect(body).toMatchObject({
      defaults: { 's3.region': 'auto' },
      overrides: { 's3.endpoint': 'https://s3.example', prefix: 'main' },
      'idempotency-key-lifetime': 'PT90S',
    });
    expect(body.endpoints).toContain('GET /v1/{prefix}/namespaces/{namespace}/tables/{table}/credentials');
    expect((await send('GET', '/main/namespaces')).status).toBe(200);
    expect((await send('GET', '/namespaces')).status).toBe(404);
  });

  it('knows its warehouse by name', async () => {
    const { send } = servedCatalog({ warehouse: 'lakehouse' });
    expect((await send('GET', '/config?warehouse=lakehouse')).status).toBe(200);
    const other = await send('GET', '/config?warehouse=other');
    expect([other.status, other.body.error.type]).toEqual([404, 'NoSuchWarehouseException']);
  });

  it('leaves out what is answered 501, without touching anything', async () => {
    const { send } = servedCatalog();
    await send('POST', '/namespaces', { namespace: ['ns'] });
    await send('POST', '/namespaces/ns/tables', CREATE_T);
    const t = { namespace: ['ns'], name: 't' };
    const calls: [string, string, unknown][] = [
      ['POST', '/tables/rename', { source: t, destination: { ...t, name: 'u' } }],
      ['POST', '/namespaces/ns/register', { name: 'u', 'metadata-location': 'memory://test/x.metadata.json' }],
      ['POST', '/transactions/commit', { 'table-changes': [] }],
      ['GET', '/namespaces/ns/views', undefined],
      ['GET', '/namespaces/ns/views/v', undefined],
      ['POST', '/namespaces/ns/tables/t/plan', {}],
      ['POST', '/namespaces/ns/tables/t/metrics', {}],
      ['GET', '/namespaces/ns/tables/t/credentials', undefined],
      ['POST', '/oauth/tokens', {}],
    ];
    for (const [method, path, body] of calls) {
      const answer = await send(method, path, body);
      expect([path, answer.status, answer.body.error.type]).toEqual([path, 501, 'UnsupportedOperationException']);
    }
    expect((await send('GET', '/namespaces/ns/tables')).body.identifiers).toEqual([t]);
    expect((await send('PATCH', '/namespaces/ns/nothing')).status).toBe(404);
  });

  it('lists rename and register of a catalog that can, and does them', async () => {
    const done: unknown[] = [];
    const { send } = servedCatalog({}, (backend) => ({
      capabilities: {
        rename: true,
        register: true,
        transactions: true,
        namespaceProperties: false,
        idempotencyKeys: false,
      },
      renameTable: async (from, to) => void done.push(from.name, to.name),
      registerTable: async (identifier, location) => {
        done.push(location);
        return backend.loadTable({ ...identifier, name: 't' });
      },
    }));
    await send('POST', '/namespaces', { namespace: ['ns'] });
    await send('POST', '/namespaces/ns/tables', CREATE_T);
    const { endpoints } = (await send('GET', '/config')).body;
    expect(endpoints).not.toContain('POST /v1/{prefix}/namespaces/{namespace}/properties');
    expect((await send('POST', '/namespaces/ns/properties', { updates: { a: 'b' } })).status).toBe(501);
    expect(endpoints).toContain('POST /v1/{prefix}/tables/rename');
    expect(endpoints).toContain('POST /v1/{prefix}/namespaces/{namespace}/register');
    const source = { namespace: ['ns'], name: 't' };
    const rename = (namespace: string) =>
      send('POST', '/tables/rename', { source, destination: { namespace: [namespace], name: 'u' } });
    expect((await rename('ns')).status).toBe(204);
    expect((await rename('missing')).body.error.type).toBe('NoSuchNamespaceException');
    const register = { name: 'r', 'metadata-location': 'memory://test/r.metadata.json' };
    expect((await send('POST', '/namespaces/ns/register', register)).status).toBe(200);
    expect(done).toEqual(['t', 'u', 'memory://test/r.metadata.json']);
  });

  it('is the same below a path of another app', async () => {
    const { app, store } = servedCatalog({ prefix: 'main' });
    const host = new Hono().get('/', (context) => context.text('home')).route('/iceberg', app);
    const fetch = checkedFetch((request) => host.fetch(request));
    const world = { ...defaultWorld, fetch };
    const catalog = await RestCatalog.connect({ uri: 'http://localhost/iceberg', world, stores: [store] });
    const namespace = ['a b', 'ü'];
    await catalog.createNamespace(['a b']);
    await catalog.createNamespace(namespace);
    await catalog.createTable({ namespace, name: 't' }, { schema: { type: 'struct', fields: [] } });
    expect(await catalog.listTables(namespace)).toEqual([{ namespace, name: 't' }]);
    const missing = await fetch(new Request('http://localhost/iceberg/v1/main/nothing'));
    expect(missing.status).toBe(404);
    expect(await (await host.request('/')).text()).toBe('home');
  });

  it('refuses options that cannot be', () => {
    const { backend } = servedCatalog();
    const make = (more: object) => () => catalogApp({ catalog: backend, authenticate: anyone, ...more });
    expect(make({ origins: ['*'] })).toThrow(/origins/);
    expect(make({ origins: ['https://app.example/'] })).toThrow(/origins/);
    expect(make({ prefix: 'a/b' })).toThrow(/prefix/);
    expect(make({ prefix: 'config' })).toThrow(/prefix/);
  });
});
