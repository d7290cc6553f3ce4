import { describe, expect, it } from 'vitest';
import { bearer } from '../../../../src/catalog/rest/auth/bearer.ts';
import { bearerTokens } from '../../../../src/server/catalog/authenticate.ts';
import { requestOf, servedCatalog } from '../../../support/served-catalog.ts';

const TOKEN = 'canary-token-0123456789';
const OTHER = 'another-token-9876543210';

describe('who has no token', () => {
  it('is answered 401 everywhere, and learns nothing', async () => {
    const { send, backend } = servedCatalog({ authenticate: bearerTokens([TOKEN, OTHER]) });
    await backend.createNamespace(['ns']);
    const attempts = [undefined, 'Bearer', 'Bearer wrong', `Bearer ${TOKEN}x`, `Basic ${TOKEN}`, TOKEN];
    for (const authorization of attempts) {
      const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
      for (const [method, path] of [
        ['GET', '/config'],
        ['GET', '/namespaces/ns'],
        ['GET', '/namespaces/missing'],
        ['DELETE', '/namespaces/ns'],
      ] as const) {
        const answer = await send(method, path, undefined, headers);
        expect([answer.status, answer.body.error.type]).toEqual([401, 'NotAuthorizedException']);
        expect(answer.headers.get('www-authenticate')).toBe('Bearer');
        expect(answer.text).not.toContain(TOKEN);
      }
    }
    expect((await send('HEAD', '/namespaces/ns')).status).toBe(401);
    expect(await backend.listNamespaces()).toEqual([['ns']]);
  });

  it('gets in with any of the tokens', async () => {
    const { connect } = servedCatalog({ authenticate: bearerTokens([TOKEN, OTHER]) });
    for (const token of [TOKEN, OTHER]) {
      expect(await (await connect({ auth: bearer(token) })).listNamespaces()).toEqual([]);
    }
    await expect(connect({ auth: bearer('wrong-token-0123456789') })).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
    });
  });

  it('is not the same as who may not', async () => {
    const { send } = servedCatalog({
      authenticate: async (request) => (request.method === 'GET' ? 'allowed' : 'forbidden'),
    });
    expect((await send('GET', '/namespaces')).status).toBe(200);
    const answer = await send('POST', '/namespaces', { namespace: ['ns'] });
    expect([answer.status, answer.body.error.type]).toEqual([403, 'ForbiddenException']);
  });

  it('cannot be let in by weak tokens', () => {
    expect(() => bearerTokens([])).toThrow(/tokens/);
    expect(() => bearerTokens(['short'])).toThrow(/tokens/);
  });

  it('is let in by nobody when the judge fails', async () => {
    const { send } = servedCatalog({
      authenticate: async () => {
        throw new Error(TOKEN);
      },
    });
    const answer = await send('GET', '/namespaces');
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain(TOKEN);
  });
});

it('a method that a path does not take is answered 405, with those that it takes', async () => {
  const { app } = servedCatalog();
  for (const [path, method, allow] of [
    ['/config', 'POST', 'GET, HEAD'],
    ['/namespaces', 'DELETE', 'GET, HEAD, POST'],
    ['/namespaces/a/tables/t', 'PUT', 'GET, HEAD, POST, DELETE'],
    ['/tables/rename', 'GET', 'POST'],
    ['/transactions/commit', 'GET', 'POST'],
  ] as const) {
    const answer = await app.request(`/v1${path}`, { method });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, allow]);
    expect(await answer.json()).toMatchObject({ error: { code: 405 } });
  }
});

describe('pages in a browser', () => {
  const origin = 'https://app.example';

  it('may call when their origin is named, before and after the token is looked at', async () => {
    const { send, app } = servedCatalog({ origins: [origin], authenticate: bearerTokens([TOKEN]) });
    const preflight = {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type,idempotency-key',
    };
    const allowed = await app.fetch(requestOf('OPTIONS', '/namespaces', null, preflight));
    expect([allowed.status, allowed.headers.get('access-control-allow-origin')]).toEqual([204, origin]);
    expect(allowed.headers.get('access-control-allow-headers')).toContain('idempotency-key');
    expect(allowed.headers.get('access-control-allow-credentials')).toBeNull();
    const refused = await send('GET', '/namespaces', undefined, { origin });
    expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([401, origin]);
    const answered = await send('GET', '/namespaces', undefined, { origin, authorization: `Bearer ${TOKEN}` });
    expect([answered.status, answered.headers.get('access-control-allow-origin')]).toEqual([200, origin]);
    expect(answered.headers.get('access-control-expose-headers')).toContain('etag');
  });

  it('may not call from elsewhere', async () => {
    for (const origins of [[], [origin]]) {
      const { send } = servedCatalog({ origins });
      const answer = await send('GET', '/namespaces', undefined, { origin: 'https://evil.example' });
      expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([403, null]);
    }
  });

  it('may call their own server, by scheme, host and port', async () => {
    const { send, backend } = servedCatalog({ authenticate: bearerTokens([TOKEN]) });
    const authorization = `Bearer ${TOKEN}`;
    const make = (name: string, headers: Record<string, string>) =>
      send('POST', '/namespaces', { namespace: [name] }, headers);
    expect((await make('own', { origin: 'http://localhost', authorization })).status).toBe(200);
    // It is no credential.
    expect((await make('b', { origin: 'http://localhost' })).status).toBe(401);
    const [scheme, port, host] = ['https://localhost', 'http://localhost:8787', 'http://localhost.evil.example'];
    for (const other of [scheme, port, host, 'null', '', 'http://localhost/', 'HTTP://LOCALHOST']) {
      // What a proxy's headers say is written by anybody.
      const forged = { host: 'evil.example', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' };
      expect((await make('b', { origin: other, authorization, ...forged })).status).toBe(403);
    }
    expect(await backend.listNamespaces()).toEqual([['own']]);
  });
});

describe('a body', () => {
  it('is refused above the limit, also when its length is not said', async () => {
    const { send, backend, fetch } = servedCatalog({ maxBodyBytes: 100 });
    const body = { namespace: ['ns'], properties: { a: 'x'.repeat(100) } };
    expect((await send('POST', '/namespaces', body)).status).toBe(413);
    let pulled = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled += 1;
        controller.enqueue(new Uint8Array(60).fill(0x20));
      },
    });
    const init = { method: 'POST', body: endless, duplex: 'half' } as RequestInit;
    expect((await fetch(new Request('http://localhost/v1/namespaces', init))).status).toBe(413);
    expect(pulled).toBeLessThan(10);
    expect(await backend.listNamespaces()).toEqual([]);
  });

  it('is refused when it is not JSON', async () => {
    const { send } = servedCatalog();
    const type = (value: string) => ({ 'content-type': value });
    const body = '{"namespace":["ns"]}';
    expect((await send('POST', '/namespaces', body, type('text/csv'))).status).toBe(415);
    expect((await send('POST', '/namespaces', 'namespace=ns')).status).toBe(400);
    expect((await send('POST', '/namespaces', '["ns"]')).status).toBe(400);
    expect((await send('POST', '/namespaces', body, type('application/json; charset=utf-8'))).status).toBe(200);
  });
});
