/** Vended credentials that expire or are refused: a real catalog behind a proxy that vends, a real S3 server with STS. */
import { afterEach, describe, expect, inject, it } from 'vitest';
import { RestCatalog } from '../../src/catalog/rest/rest-catalog.ts';
import { utf8 } from '../../src/util/encoding.ts';
import { defaultWorld } from '../../src/util/world.ts';
import { ORDERS } from '../conformance/catalog.ts';
import { assumeRole, type TemporaryKeys, vendedConfig } from '../support/assume-role.ts';
import { leaks } from '../support/leaks.ts';
import { type CatalogProxy, errorAnswer, startProxy } from '../support/proxy.ts';

const kit = inject('kit');
const open: CatalogProxy[] = [];
afterEach(async () => {
  for (const proxy of open.splice(0)) await proxy.close();
});

const BAD: TemporaryKeys = {
  accessKeyId: 'CANARYKEY0000001',
  secretAccessKey: 'canary-secret-key',
  sessionToken: 'canary-token',
};
const isCredentials = ({ target }: { target: string }) => target.endsWith('/credentials');

/** A table whose credentials come from `vend`: first with the load, then from the endpoint for them, if there is one. */
async function vendedTable(
  vend: () => { keys: TemporaryKeys; expiresAtMs: number },
  { hasEndpoint = true, now = Date.now } = {},
) {
  const listed = (location: string) => {
    const { keys, expiresAtMs } = vend();
    return [
      { prefix: `${location}bar`, config: vendedConfig(BAD, expiresAtMs) },
      { prefix: location, config: vendedConfig(keys, expiresAtMs) },
    ];
  };
  let location = '';
  const proxy = await startProxy({
    target: kit.restVending.uri,
    rewrite({ target }, body) {
      // The catalog's own list of endpoints does not have the one for credentials.
      if (target.includes('/v1/config')) return { ...body, endpoints: undefined };
      const metadata = body['metadata'];
      if (!/\/tables/.test(target) || typeof metadata !== 'object' || metadata === null) return null;
      location = 'location' in metadata ? String(metadata.location) : '';
      return { ...body, config: {}, 'storage-credentials': listed(location) };
    },
    answer(request) {
      if (!isCredentials(request)) return null;
      if (!hasEndpoint) return errorAnswer(404, 'NotFoundException', 'no such route');
      return { status: 200, body: JSON.stringify({ 'storage-credentials': listed(location) }) };
    },
  });
  open.push(proxy);
  const used: string[] = [];
  const catalog = await RestCatalog.connect({
    uri: proxy.uri,
    accessDelegation: ['vended-credentials'],
    properties: { 's3.endpoint': kit.minio.endpoint, 's3.region': kit.minio.region },
    world: {
      ...defaultWorld,
      now,
      fetch(request) {
        const key = /Credential=([^/]+)/.exec(request.headers.get('authorization') ?? '')?.[1];
        if (key !== undefined) used.push(key);
        return fetch(request);
      },
    },
  });
  const namespace = [`vended_${Date.now()}_${Math.floor(Math.random() * 1e6)}`];
  await catalog.createNamespace(namespace);
  const { store, metadata } = await catalog.createTable({ namespace, name: 't' }, { schema: ORDERS });
  return { proxy, used, store, location: metadata.location };
}

describe('vended credentials', () => {
  it('are those of the longest prefix on path boundaries, and are kept while they hold', async () => {
    const keys = await assumeRole(kit.minio);
    const { proxy, used, store, location } = await vendedTable(() => ({ keys, expiresAtMs: Date.now() + 3_600_000 }));
    await store.put(`${location}/data/a`, utf8('a'));
    await store.put(`${location}/data/b`, utf8('b'));
    expect(new Set(used)).toEqual(new Set([keys.accessKeyId]));
    expect(proxy.count(isCredentials)).toBe(0);
  });

  it('are renewed before they expire, once for all who need them', async () => {
    const keys = [await assumeRole(kit.minio), await assumeRole(kit.minio)] as const;
    let vended = 0;
    let laterMs = 0;
    const now = () => Date.now() + laterMs;
    const vend = () => {
      vended += 1;
      return vended === 1
        ? { keys: keys[0], expiresAtMs: now() + 600_000 }
        : { keys: keys[1], expiresAtMs: now() + 3_600_000 };
    };
    const { proxy, used, store, location } = await vendedTable(vend, { now });
    // Not so much that the server refuses what is signed by this clock.
    laterMs = 480_000;
    await Promise.all(['a', 'b', 'c', 'd'].map((name) => store.put(`${location}/data/${name}`, utf8(name))));
    expect(used.at(-1)).toBe(keys[1].accessKeyId);
    expect(proxy.count(isCredentials)).toBe(1);
  });

  it('are renewed when the store refuses them', async () => {
    const keys = await assumeRole(kit.minio);
    let vended = 0;
    const { used, store, location } = await vendedTable(() => {
      vended += 1;
      return { keys: vended === 1 ? BAD : keys, expiresAtMs: Date.now() + 3_600_000 };
    });
    await store.put(`${location}/data/a`, utf8('a'));
    expect(used).toContain(BAD.accessKeyId);
    expect(used.at(-1)).toBe(keys.accessKeyId);
  });

  it('come with the table where the catalog has no endpoint for them', async () => {
    const keys = await assumeRole(kit.minio);
    let vended = 0;
    const { proxy, store, location } = await vendedTable(
      () => {
        vended += 1;
        return vended === 1
          ? { keys: BAD, expiresAtMs: Date.now() + 1000 }
          : { keys, expiresAtMs: Date.now() + 3_600_000 };
      },
      { hasEndpoint: false },
    );
    await store.put(`${location}/data/a`, utf8('a'));
    expect(proxy.count(isCredentials)).toBe(1);
  });

  it('that never work are named, not shown', async () => {
    const { store, location } = await vendedTable(() => ({ keys: BAD, expiresAtMs: Date.now() + 3_600_000 }));
    const error = await store.put(`${location}/data/a`, utf8('a')).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: expect.stringMatching(/FORBIDDEN|UNAUTHENTICATED/) });
    expect(leaks(error, [BAD.secretAccessKey, BAD.sessionToken])).toEqual([]);
  });

  it('that were vended for another prefix reach no other place', async () => {
    const keys = await assumeRole(kit.minio);
    const { store } = await vendedTable(() => ({ keys, expiresAtMs: Date.now() + 3_600_000 }));
    await expect(store.put(`s3://${kit.minio.bucket}/elsewhere/x`, utf8('x'))).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });
});
