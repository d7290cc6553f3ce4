import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Page, pageOf } from '../../../../src/server/catalog/paging.ts';
import { CREATE_T, servedCatalog } from '../../../support/served-catalog.ts';

describe('listings', () => {
  it('come in pages that miss nothing and double nothing', () => {
    const names = fc.uniqueArray(fc.string({ minLength: 1, unit: 'binary' }), { maxLength: 30 });
    fc.assert(
      fc.property(names, fc.integer({ min: 1, max: 10 }), (all, size) => {
        const seen: string[] = [];
        let token: string | null = '';
        while (token !== null) {
          const page: Page<string> = pageOf(all, (name) => name, { token, size: String(size), maxSize: 5 });
          expect(page.items.length).toBeLessThanOrEqual(Math.min(size, 5));
          seen.push(...page.items);
          token = page.next;
        }
        expect(new Set(seen)).toEqual(new Set(all));
        expect(seen.length).toBe(all.length);
      }),
    );
  });

  it('go on where they were when names come and go between pages', async () => {
    const { send, backend } = servedCatalog();
    for (const name of ['a', 'b', 'c', 'd']) await backend.createNamespace([name]);
    const first = await send('GET', '/namespaces?pageToken=&pageSize=2');
    expect(first.body.namespaces).toEqual([['a'], ['b']]);
    await backend.dropNamespace(['b']);
    await backend.createNamespace(['a2']);
    const second = await send('GET', `/namespaces?pageSize=2&pageToken=${first.body['next-page-token']}`);
    expect(second.body).toEqual({ namespaces: [['c'], ['d']], 'next-page-token': null });
  });

  it('are whole when no page is asked for', async () => {
    const { send, backend } = servedCatalog({ maxPageSize: 1 });
    await backend.createNamespace(['ns']);
    for (const name of ['x', 'y', 'z']) await send('POST', '/namespaces/ns/tables', { ...CREATE_T, name });
    const { body } = await send('GET', '/namespaces/ns/tables');
    expect(body.identifiers.map(({ name }: { name: string }) => name)).toEqual(['x', 'y', 'z']);
    expect(body['next-page-token']).toBeNull();
    expect((await send('GET', '/namespaces/ns/tables?pageToken=')).body.identifiers).toHaveLength(1);
  });

  it('refuse a token or size that is none', async () => {
    const { send } = servedCatalog();
    for (const query of [
      'pageToken=%25%25',
      'pageToken=_w',
      'pageToken=&pageSize=0',
      'pageToken=&pageSize=x',
      'pageSize=0',
      'pageSize=-1',
    ]) {
      expect((await send('GET', `/namespaces?${query}`)).status, query).toBe(400);
    }
  });
});

describe('names in paths', () => {
  it('are decoded once', async () => {
    const { send, backend } = servedCatalog();
    await backend.createNamespace(['a b+c']);
    await backend.createNamespace(['a b+c', 'naïve 日本']);
    const path = `/namespaces/${encodeURIComponent('a b+c')}%1F${encodeURIComponent('naïve 日本')}`;
    const created = await send('POST', `${path}/tables`, { ...CREATE_T, name: 'täble 1+1' });
    expect(created.status).toBe(200);
    expect((await send('HEAD', `${path}/tables/${encodeURIComponent('täble 1+1')}`)).status).toBe(204);
    // What decodes to an escape is a name with a percent sign, not what that stands for.
    expect((await send('GET', '/namespaces/a%2520b+c')).body.error.message).toContain('a%20b+c');
    expect((await send('GET', '/namespaces?parent=a%20b%2Bc')).body.namespaces).toEqual([['a b+c', 'naïve 日本']]);
  });

  it('that step out of their place are refused', async () => {
    const { send, store } = servedCatalog();
    const bad = [
      '%2E%2E%2Fx',
      'a%2F..%2Fb',
      'a%2Fb',
      'a%5Cb',
      '%1F',
      'a%1F',
      '%00',
      'a%0Ab',
      'a%1F..%1Fb',
      '%zz',
      '%ff',
    ];
    for (const name of bad) {
      expect((await send('GET', `/namespaces/${name}`)).status, name).toBe(400);
      expect((await send('DELETE', `/namespaces/${name}`)).status, name).toBe(400);
      expect((await send('GET', `/namespaces/ns/tables/${name}`)).status, name).toBe(400);
    }
    for (const namespace of [['..'], ['a/b'], ['.'], [''], [], ['a\u0000']]) {
      expect((await send('POST', '/namespaces', { namespace })).status, String(namespace)).toBe(400);
    }
    const kept: string[] = [];
    for await (const { location } of store.list('memory://test/')) kept.push(location);
    expect(kept).toEqual([]);
  });

  it('of namespaces are created, described, found and dropped', async () => {
    const { send } = servedCatalog();
    const created = await send('POST', '/namespaces', { namespace: ['ns'], properties: { owner: 'me' } });
    expect(created.body).toEqual({ namespace: ['ns'], properties: { owner: 'me' } });
    expect((await send('GET', '/namespaces/ns')).body.properties).toEqual({ owner: 'me' });
    const change = (body: unknown) => send('POST', '/namespaces/ns/properties', body);
    expect((await change({ updates: { owner: 'you', b: '1' }, removals: ['none'] })).body).toEqual({
      updated: ['owner', 'b'],
      removed: [],
      missing: ['none'],
    });
    expect((await change({ removals: ['b'] })).body).toEqual({ updated: [], removed: ['b'], missing: [] });
    expect((await change({ updates: { a: '1' }, removals: ['a'] })).status).toBe(422);
    expect((await change({ updates: { a: 1 } })).status).toBe(400);
    expect((await send('GET', '/namespaces/ns')).body.properties).toEqual({ owner: 'you' });
    expect((await send('POST', '/namespaces/other/properties', {})).status).toBe(404);
    expect((await send('HEAD', '/namespaces/ns')).status).toBe(204);
    expect((await send('HEAD', '/namespaces/other')).status).toBe(404);
    expect((await send('POST', '/namespaces', { namespace: ['ns'] })).body.error.type).toBe('AlreadyExistsException');
    await send('POST', '/namespaces/ns/tables', CREATE_T);
    const full = await send('DELETE', '/namespaces/ns');
    expect([full.status, full.body.error.type]).toEqual([409, 'NamespaceNotEmptyException']);
    expect((await send('DELETE', '/namespaces/ns/tables/t?purgeRequested=true')).status).toBe(204);
    expect((await send('DELETE', '/namespaces/ns')).status).toBe(204);
    const gone = await send('DELETE', '/namespaces/ns');
    expect([gone.status, gone.body.error.type]).toEqual([404, 'NoSuchNamespaceException']);
  });
});
