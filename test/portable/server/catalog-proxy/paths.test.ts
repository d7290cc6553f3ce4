import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { catalogProxyApp } from '../../../../src/server/catalog-proxy/app.ts';
import { proxiedCatalog, UPSTREAM } from '../../../support/proxied-catalog.ts';
import '../../../support/fixed-seed.ts';

const json = async () => Response.json({});

describe('a path', () => {
  it.each([
    ['/config?warehouse=a%2Fb', '/config?warehouse=a%2Fb'],
    ['/main%7Cwarehouse/namespaces/a%1Fb/tables/x%20y', '/main%7Cwarehouse/namespaces/a%1Fb/tables/x%20y'],
    ['/oauth/tokens', '/oauth/tokens'],
    ['/@evil.example/namespaces', '/@evil.example/namespaces'],
    ['/https:/evil.example', '/https:/evil.example'],
    ['/ns?next=//evil.example', '/ns?next=//evil.example'],
  ])('%s is passed on as it is', async (path, expected) => {
    const { send, seen } = proxiedCatalog({ fetch: json });
    expect((await send('POST', `/catalogs/main/v1${path}`)).status).toBe(200);
    expect(seen.map(({ url }) => url)).toEqual([`${UPSTREAM}/v1${expected}`]);
  });

  it.each([
    '/main/v1/../../admin',
    '/main/v1/%2e%2e/%2e%2e/admin',
    '/main/v1/.%2e/x',
    '/main/v1/..%2f..%2fadmin',
    '/main/v1/%252e%252e/x',
    '/main/v1/x%252f..%252fy',
    '/main/v1/a%2Fb',
    '/main/v1/a%5C..%5Cb',
    '/main/v1/a\\..\\..\\..\\b',
    '/main/v1//evil.example/x',
    '/main/v1/x/',
    '/main/v1/',
    '/main/v1',
    '/x/../main/v1/config',
    '/main/v1/a%00b',
    '/main/v1/a%0d%0ab',
    '/main/v1/%zz',
    '/main/v1/%ff',
    '/main/v2/config',
    '/main/health',
    '/main@evil.example/v1/config',
    '/other/v1/config',
    '/constructor/v1/config',
    '/https://evil.example/v1/config',
    '/',
    '',
  ])('%s reaches nothing', async (path) => {
    const { send, seen } = proxiedCatalog({ fetch: json });
    const answer = await send('GET', `/catalogs${path}`);
    expect([400, 404]).toContain(answer.status);
    expect(seen).toEqual([]);
  });

  it('never leads out of the upstream', async () => {
    const odd = fc.constantFrom(
      '.',
      '..',
      '/',
      '//',
      '\\',
      '@',
      ':',
      '?',
      '#',
      ';',
      '%2e',
      '%2f',
      '%5c',
      '%25',
      '%1f',
      'v1',
      'é',
    );
    const paths = fc.array(fc.oneof(odd, fc.string({ maxLength: 3 }))).map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(paths, async (path) => {
        const { send, seen } = proxiedCatalog({ fetch: json });
        await send('GET', `/catalogs/main/v1/${path}`);
        for (const { url } of seen) {
          const { pathname, origin } = new URL(url);
          expect(`${origin}${pathname}`.startsWith(`${UPSTREAM}/v1/`)).toBe(true);
          expect(decodeURIComponent(pathname)).not.toMatch(/\/(\.{0,2}|\.\..*)\/|\/\.{0,2}$/);
        }
      }),
    );
  });

  it('may name the token endpoint, wherever that is', async () => {
    const tokenEndpoint = 'https://id.example/oauth2/token?tenant=a';
    const { send, seen } = proxiedCatalog({ fetch: json, upstream: { tokenEndpoint } });
    const headers = { 'content-type': 'application/x-www-form-urlencoded', authorization: 'Basic aWQ6c2VjcmV0' };
    await send('POST', '/catalogs/main/v1/oauth/tokens?x=1', headers, 'grant_type=client_credentials');
    expect(seen.map(({ url }) => url)).toEqual([tokenEndpoint]);
    expect(await seen[0]?.text()).toBe('grant_type=client_credentials');
    expect(seen[0]?.headers.get('authorization')).toBe('Basic aWQ6c2VjcmV0');
  });
});

describe('an upstream', () => {
  it.each([
    'http://catalog.example',
    'ftp://catalog.example',
    'https://me:secret@catalog.example',
    'catalog.example',
    'https://catalog.example/?x=1',
  ])('is not at %s', (uri) => {
    expect(() => catalogProxyApp({ upstreams: { main: { uri } } })).toThrow(/upstreams\.main\.uri/);
  });

  it('has a name of one plain segment, and a token endpoint that secrets may be sent to', () => {
    for (const name of ['', 'a/b', '..', ':x', '*']) {
      expect(() => catalogProxyApp({ upstreams: { [name]: { uri: UPSTREAM } } })).toThrow(/name/);
    }
    const tokenEndpoint = 'http://id.example/token';
    expect(() => catalogProxyApp({ upstreams: { main: { uri: UPSTREAM, tokenEndpoint } } })).toThrow(/tokenEndpoint/);
    expect(() => catalogProxyApp({ upstreams: {}, origins: ['*'] })).toThrow(/origins/);
  });
});
