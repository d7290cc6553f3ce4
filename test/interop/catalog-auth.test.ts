/** Authentication against a real catalog, behind a proxy that verifies it. */
import { afterEach, describe, expect, inject, it } from 'vitest';
import { bearer } from '../../src/catalog/rest/auth/bearer.ts';
import { oauth2 } from '../../src/catalog/rest/auth/oauth2.ts';
import { sigv4 } from '../../src/catalog/rest/auth/sigv4.ts';
import { RestCatalog, type RestCatalogOptions } from '../../src/catalog/rest/rest-catalog.ts';
import { defaultWorld } from '../../src/util/world.ts';
import { catalogConformance } from '../conformance/catalog.ts';
import { leaks } from '../support/leaks.ts';
import { type CatalogProxy, type ProxyOptions, startProxy } from '../support/proxy.ts';
import { TokenIssuer } from '../support/token-issuer.ts';

const kit = inject('kit');
const target = kit.restFixture.uri;
const CLIENT = { clientId: 'writer', clientSecret: 'canary+secret/1=&%', scope: 'catalog' };
const KEYS = { accessKeyId: 'AKIACANARY00000001', secretAccessKey: 'canary/aws+secret/key', region: 'eu-west-1' };

const open: CatalogProxy[] = [];
afterEach(async () => {
  for (const proxy of open.splice(0)) await proxy.close();
});

async function behind(options: Omit<ProxyOptions, 'target'>): Promise<CatalogProxy> {
  const proxy = await startProxy({ target, ...options });
  open.push(proxy);
  return proxy;
}

const connect = (proxy: CatalogProxy, options: Partial<RestCatalogOptions> = {}) =>
  RestCatalog.connect({ uri: proxy.uri, accessDelegation: [], ...options });

describe('OAuth2 client credentials', () => {
  it('get one token for many requests at once', async () => {
    const tokens = new TokenIssuer(CLIENT);
    const proxy = await behind({ tokens });
    const catalog = await connect(proxy, { auth: oauth2(CLIENT) });
    tokens.revokeAll();
    await Promise.all(Array.from({ length: 10 }, () => catalog.listNamespaces()));
    expect(tokens.requests).toBe(2);
  });

  it.each([401, 419] as const)('renew a token that is refused with %i, once', async (refusal) => {
    const tokens = new TokenIssuer({ ...CLIENT, refusal });
    const proxy = await behind({ tokens });
    const catalog = await connect(proxy, { auth: oauth2(CLIENT) });
    tokens.revokeAll();
    await catalog.createNamespace([`auth_${refusal}_${Date.now()}`]);
    expect(tokens.requests).toBe(2);
  });

  it('are renewed before the token expires', async () => {
    let time = Date.now();
    const now = () => time;
    const tokens = new TokenIssuer({ ...CLIENT, lifetimeS: 2, now });
    const proxy = await behind({ tokens });
    const catalog = await connect(proxy, { auth: oauth2(CLIENT), world: { ...defaultWorld, now } });
    time += 1100;
    await catalog.listNamespaces();
    expect(tokens.requests).toBe(2);
    expect(proxy.count((request) => request.target.includes('/v1/namespaces'))).toBe(1);
  });

  it('are named as wrong without being shown, though the endpoint echoes them', async () => {
    const proxy = await behind({ tokens: new TokenIssuer({ ...CLIENT, clientSecret: 'another' }) });
    const error = await connect(proxy, { auth: oauth2(CLIENT) }).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'UNAUTHENTICATED', message: expect.stringContaining('invalid_client') });
    expect(leaks(error, [CLIENT.clientSecret])).toEqual([]);
  });

  it('that stop working in the middle fail a commit cleanly', async () => {
    const tokens = new TokenIssuer({ ...CLIENT });
    const proxy = await behind({ tokens });
    const catalog = await connect(proxy, { auth: oauth2(CLIENT) });
    Object.assign(tokens.options, { clientSecret: 'changed' });
    tokens.revokeAll();
    const identifier = { namespace: ['n'], name: 't' };
    const idempotencyKey = '019a0000-0000-7000-8000-000000000000';
    const answer = await catalog.commit({ identifier, requirements: [], updates: [] }, { idempotencyKey });
    expect(answer).toMatchObject({ kind: 'unauthenticated' });
    expect(leaks(answer, [CLIENT.clientSecret, ...tokens.issued])).toEqual([]);
  });
});

describe('a bearer token', () => {
  it('is sent, and a wrong one is refused without being shown', async () => {
    const tokens = new TokenIssuer(CLIENT);
    const token = JSON.parse(
      tokens.answer(
        new URLSearchParams({
          grant_type: 'client_credentials',
          client_id: CLIENT.clientId,
          client_secret: CLIENT.clientSecret,
          scope: CLIENT.scope,
        }).toString(),
      ).body,
    ).access_token;
    const proxy = await behind({ tokens });
    await expect((await connect(proxy, { auth: bearer(token) })).listNamespaces()).resolves.toBeDefined();
    const error = await connect(proxy, { auth: bearer('canary-wrong-token') }).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'UNAUTHENTICATED', place: { status: 401 } });
    expect(leaks(error, ['canary-wrong-token'])).toEqual([]);
  });

  it('is asked for again when it is refused', async () => {
    const tokens = new TokenIssuer(CLIENT);
    const proxy = await behind({ tokens });
    let asked = 0;
    const auth = bearer(async ({ refused }) => {
      asked += 1;
      if (!refused) return 'old-token';
      const form = new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: CLIENT.clientId,
        client_secret: CLIENT.clientSecret,
        scope: CLIENT.scope,
      });
      return JSON.parse(tokens.answer(form.toString()).body).access_token;
    });
    await connect(proxy, { auth });
    expect(asked).toBe(2);
  });
});

describe.each(['glue', 's3tables'])('SigV4 for %s', (service) => {
  const { accessKeyId, secretAccessKey, region } = KEYS;
  const credentials = { accessKeyId, secretAccessKey, sessionToken: 'canary-session-token' };

  catalogConformance(`behind SigV4 for ${service}`, async () => {
    const proxy = await startProxy({ target, sigv4: { ...credentials, region, service } });
    open.push(proxy);
    return {
      catalog: await connect(proxy, { auth: sigv4({ credentials, region, service }) }),
      differences: {
        createsTablesInMissingNamespaces: 'its JdbcCatalog does not look for the namespace',
        refusesDotsInNamespaces: 'its JdbcCatalog joins the levels of a namespace with dots',
      },
    };
  });

  it('is refused with a wrong secret, which the error does not show', async () => {
    const proxy = await behind({ sigv4: { ...credentials, secretAccessKey: 'another', region, service } });
    const error = await connect(proxy, { auth: sigv4({ credentials, region, service }) }).catch((e: unknown) => e);
    expect(error).toMatchObject({
      code: 'FORBIDDEN',
      message: expect.stringMatching(/SignatureDoesNotMatch.*check the AWS keys/),
    });
    expect(leaks(error, [secretAccessKey, 'canary-session-token', accessKeyId])).toEqual([]);
  });

  it('follows the clock of the server', async () => {
    const proxy = await behind({ sigv4: { ...credentials, region, service }, clockOffsetMs: -3_600_000 });
    const catalog = await connect(proxy, { auth: sigv4({ credentials, region, service }) });
    await catalog.listNamespaces();
    expect(proxy.requests).toHaveLength(3);
  });
});
