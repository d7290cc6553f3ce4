import { describe, expect, it } from 'vitest';
import type { CatalogAppOptions } from '../../../../src/server/catalog/options.ts';
import { appendOf, CREATE_T, servedCatalog } from '../../../support/served-catalog.ts';

async function withTable(options: Partial<CatalogAppOptions> = {}) {
  const served = servedCatalog(options);
  await served.send('POST', '/namespaces', { namespace: ['ns'] });
  const created = await served.send('POST', '/namespaces/ns/tables', CREATE_T);
  const table = '/namespaces/ns/tables/t';
  return { ...served, created, table };
}

describe('loading a table', () => {
  it('gives the snapshots that were asked for, with 64-bit ids exact', async () => {
    const { send, table } = await withTable();
    const first = 9_007_199_254_740_993n;
    await send('POST', table, appendOf(first, null, 1n));
    await send('POST', table, appendOf(9_223_372_036_854_775_807n, first, 2n));
    const all = await send('GET', table);
    expect(all.text).toContain('"snapshot-id":9007199254740993');
    expect(all.body.metadata.snapshots).toHaveLength(2);
    expect((await send('GET', `${table}?snapshots=all`)).text).toBe(all.text);
    const refs = await send('GET', `${table}?snapshots=refs`);
    expect(refs.body.metadata.snapshots.map((one: Record<string, unknown>) => one['snapshot-id'])).toEqual([
      9_223_372_036_854_775_807n,
    ]);
    expect(refs.headers.get('etag')).not.toBe(all.headers.get('etag'));
    expect((await send('GET', `${table}?snapshots=some`)).status).toBe(400);
  });

  it('is answered 304 while the table has the tag that the client knows', async () => {
    const { send, table, created } = await withTable();
    const etag = created.headers.get('etag') ?? '';
    const load = (tag: string) => send('GET', table, undefined, { 'if-none-match': tag });
    expect(await load(etag)).toMatchObject({ status: 304, text: '' });
    expect((await load(`"other", W/${etag}`)).status).toBe(304);
    expect((await load('"other"')).status).toBe(200);
    const committed = await send('POST', table, appendOf(7n, null, 1n));
    const changed = await load(etag);
    expect([changed.status, changed.headers.get('etag')]).toEqual([200, committed.headers.get('etag')]);
  });

  it('gives credentials to who asks for them, where there are some', async () => {
    const vend = async (table: { metadata: { location: string } }) => ({
      config: { 's3.endpoint': 'https://s3.example' },
      storageCredentials: [{ prefix: table.metadata.location, config: { 's3.access-key-id': 'k' } }],
    });
    const { send, table } = await withTable({ vend });
    const asking = { 'x-iceberg-access-delegation': 'remote-signing, vended-credentials' };
    const location = 'memory://test/lakehouse/ns/t';
    const credentials = [{ prefix: location, config: { 's3.access-key-id': 'k' } }];
    const given = await send('GET', table, undefined, asking);
    expect(given.body['storage-credentials']).toEqual(credentials);
    // A single credential is where older clients look for it, too.
    expect(given.body.config).toEqual({ 's3.endpoint': 'https://s3.example', 's3.access-key-id': 'k' });
    expect(given.headers.get('cache-control')).toBe('no-store');
    const plain = await send('GET', table);
    expect(plain.body).not.toHaveProperty('storage-credentials');
    // The tag of an answer without credentials must not stand for one with them.
    const tag = { ...asking, 'if-none-match': plain.headers.get('etag') ?? '' };
    expect((await send('GET', table, undefined, tag)).status).toBe(200);
    expect(
      (await send('GET', table, undefined, { 'x-iceberg-access-delegation': 'remote-signing' })).body,
    ).not.toHaveProperty('storage-credentials');
    expect((await send('GET', `${table}/credentials`)).body).toEqual({ 'storage-credentials': credentials });
    const created = await send('POST', '/namespaces/ns/tables', { ...CREATE_T, name: 'u' }, asking);
    expect(created.body['storage-credentials'][0].prefix).toBe('memory://test/lakehouse/ns/u');
  });

  it('says where credentials that end are renewed, under any name', async () => {
    const config = { 's3.session-token': 't', 's3.session-token-expires-at-ms': '1' };
    let own = {};
    const vend = async ({ metadata }: { metadata: { location: string } }) => ({
      config: own,
      storageCredentials: [{ prefix: metadata.location, config }],
    });
    const { send } = servedCatalog({ vend });
    const asking = { 'x-iceberg-access-delegation': 'vended-credentials' };
    await send('POST', '/namespaces', { namespace: ['a'] });
    await send('POST', '/namespaces', { namespace: ['a', 'ü c'] });
    const tables = `/namespaces/a%1F${encodeURIComponent('ü c')}/tables`;
    const create = (name: string, more = {}) => send('POST', tables, { ...CREATE_T, name, ...more }, asking);
    const created = await create('t +&');
    const endpoint = created.body.config['client.refresh-credentials-endpoint'];
    expect(endpoint).toBe(`v1${tables}/t%20%2B%26/credentials`);
    const renewed = await send('GET', endpoint.replace(/^v1/, ''));
    expect(renewed.body['storage-credentials']).toEqual([{ prefix: created.body.metadata.location, config }]);
    const loaded = await send('GET', `${tables}/t%20%2B%26`, undefined, asking);
    expect(loaded.body.config).toEqual(created.body.config);
    // The endpoint would not know it.
    const staged = await create('s', { 'stage-create': true });
    expect(staged.body.config).not.toHaveProperty('client.refresh-credentials-endpoint');
    own = { 'client.refresh-credentials-endpoint': 'https://keys.example' };
    expect((await create('u')).body.config).toMatchObject(own);
  });

  it('says that there is no such table, and nothing of where it was looked for', async () => {
    const { send } = await withTable();
    const answer = await send('GET', '/namespaces/ns/tables/other');
    expect(answer.status).toBe(404);
    expect(answer.body.error).toEqual({
      code: 404,
      type: 'NoSuchTableException',
      message: 'there is no table ns.other',
    });
    expect((await send('HEAD', '/namespaces/ns/tables/other')).status).toBe(404);
    expect((await send('DELETE', '/namespaces/ns/tables/other')).body.error.type).toBe('NoSuchTableException');
    expect((await send('GET', '/namespaces/no/tables')).body.error.type).toBe('NoSuchNamespaceException');
    const orphan = await send('POST', '/namespaces/no/tables', CREATE_T);
    expect([orphan.status, orphan.body.error.type]).toEqual([404, 'NoSuchNamespaceException']);
  });
});

describe('creating a table', () => {
  it('refuses what cannot be, with the place of the fault', async () => {
    const { send } = await withTable();
    const create = async (body: unknown) => {
      const answer = await send('POST', '/namespaces/ns/tables', body);
      return [answer.status, answer.body.error?.type, answer.body.error?.message];
    };
    expect(await create(CREATE_T)).toEqual([409, 'AlreadyExistsException', expect.stringContaining('ns.t')]);
    expect(await create({ name: 'u' })).toEqual([400, 'BadRequestException', expect.stringContaining('body.schema')]);
    const field = { id: 1, name: 'x', required: true, type: 'no-type' };
    expect(await create({ name: 'u', schema: { type: 'struct', fields: [field] } })).toEqual([
      400,
      'BadRequestException',
      expect.stringContaining('body.schema.fields'),
    ]);
    expect(await create({ ...CREATE_T, name: 'u', location: 'memory://test/elsewhere' })).toEqual([
      406,
      'UnsupportedOperationException',
      expect.stringContaining('location'),
    ]);
    expect(await create({ ...CREATE_T, name: 'u', properties: { 'format-version': '9' } })).toEqual([
      expect.any(Number),
      expect.any(String),
      expect.stringContaining('9'),
    ]);
    expect((await send('GET', '/namespaces/ns/tables')).body.identifiers).toHaveLength(1);
  });

  it('stages it without a trace', async () => {
    const { send, store } = await withTable();
    const staged = await send('POST', '/namespaces/ns/tables', { ...CREATE_T, name: 's', 'stage-create': true });
    expect(staged.status).toBe(200);
    expect(staged.body).not.toHaveProperty('metadata-location');
    expect(staged.headers.get('etag')).toBeNull();
    expect((await send('HEAD', '/namespaces/ns/tables/s')).status).toBe(404);
    for await (const { location } of store.list('memory://test/')) expect(location).not.toContain('/s');
  });
});
