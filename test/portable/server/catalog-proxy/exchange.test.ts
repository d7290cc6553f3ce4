import { describe, expect, it } from 'vitest';
import { defaultWorld } from '../../../../src/util/world.ts';
import { proxiedCatalog } from '../../../support/proxied-catalog.ts';

const CONFIG = '/catalogs/main/v1/config';
const COMMIT = '/catalogs/main/v1/namespaces/ns/tables/t';
const JSON_TYPE = { 'content-type': 'application/json' };

describe('headers', () => {
  it('of the protocol reach the upstream, others do not', async () => {
    const { send, seen } = proxiedCatalog({ origins: ['https://app.example'] });
    const passed = {
      accept: 'application/json',
      authorization: 'Bearer of-the-caller',
      'content-type': 'application/json',
      'idempotency-key': '01a1ffc9-af4e-778c-9cdb-5f27d5b60351',
      'if-none-match': '"x"',
      'x-client-version': '1',
      'x-iceberg-access-delegation': 'vended-credentials',
    };
    const dropped = {
      cookie: 'session=1',
      origin: 'https://app.example',
      referer: 'https://app.example/page',
      'x-forwarded-host': 'evil.example',
      'x-api-key': 'secret',
      'proxy-authorization': 'Basic eDp5',
      te: 'trailers',
    };
    await send('GET', CONFIG, { ...passed, ...dropped });
    expect(Object.fromEntries(seen[0]?.headers ?? [])).toEqual(passed);
  });

  it('of the protocol reach the client, others do not', async () => {
    const { send } = proxiedCatalog({
      fetch: async () =>
        new Response('{}', {
          status: 429,
          headers: {
            ...{ 'content-type': 'application/json; charset=utf-8', etag: '"x"', 'retry-after': '7' },
            ...{ 'www-authenticate': 'Bearer', 'set-cookie': 'a=b', server: 'x', 'access-control-allow-origin': '*' },
          },
        }),
    });
    const { status, headers } = await send('GET', CONFIG);
    expect(status).toBe(429);
    expect(Object.fromEntries(headers)).toEqual({
      'access-control-expose-headers': 'etag,retry-after,www-authenticate',
      'cache-control': 'no-store',
      'content-type': 'application/json; charset=utf-8',
      etag: '"x"',
      'retry-after': '7',
      vary: 'Origin',
      'www-authenticate': 'Bearer',
      'x-content-type-options': 'nosniff',
    });
  });

  it('let pages of named origins call, and no others', async () => {
    const origin = 'https://app.example';
    const { send, seen } = proxiedCatalog({ origins: [origin] });
    const asked = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' };
    const preflight = await send('OPTIONS', COMMIT, { origin, ...asked });
    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([204, origin]);
    const answered = await send('GET', CONFIG, { origin });
    expect([answered.status, answered.headers.get('access-control-allow-origin')]).toEqual([200, origin]);
    expect(answered.headers.get('access-control-expose-headers')).toContain('etag');
    expect(seen).toHaveLength(1);
    for (const method of ['GET', 'POST', 'OPTIONS']) {
      const refused = await send(method, CONFIG, { origin: 'https://evil.example', ...asked });
      expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([403, null]);
    }
    expect(seen).toHaveLength(1);
  });
});

describe('methods', () => {
  it('of the protocol pass, others do not', async () => {
    const { send, seen } = proxiedCatalog({ fetch: async () => new Response(null, { status: 204 }) });
    for (const method of ['GET', 'HEAD', 'POST', 'DELETE']) expect((await send(method, COMMIT)).status).toBe(204);
    expect(seen.map(({ method }) => method)).toEqual(['GET', 'HEAD', 'POST', 'DELETE']);
    for (const method of ['PUT', 'PATCH', 'PROPFIND']) expect((await send(method, COMMIT)).status).toBe(405);
    expect(seen).toHaveLength(4);
  });
});

describe('bodies', () => {
  it('pass as streams, both ways', async () => {
    const sent: string[] = [];
    const fetch = async (request: Request) => {
      const reader = request.body?.pipeThrough(new TextDecoderStream()).getReader();
      return new Response(
        new ReadableStream({
          async pull(controller) {
            const next = await reader?.read();
            if (next?.value !== undefined) {
              sent.push(next.value);
              controller.enqueue(new TextEncoder().encode(`got ${next.value}`));
            } else controller.close();
          },
        }),
        { headers: JSON_TYPE },
      );
    };
    const { proxy, seen } = proxiedCatalog({ fetch });
    const pipe = new TransformStream<string, string>();
    const writer = pipe.writable.getWriter();
    const body = pipe.readable.pipeThrough(new TextEncoderStream());
    const request = new Request(`http://localhost${COMMIT}`, { method: 'POST', body, duplex: 'half' } as RequestInit);
    const answering = proxy(request);
    await writer.write('one');
    const reader = (await answering).body?.pipeThrough(new TextDecoderStream()).getReader();
    expect(await reader?.read()).toEqual({ done: false, value: 'got one' });
    expect(sent).toEqual(['one']);
    await writer.write('two');
    expect(await reader?.read()).toEqual({ done: false, value: 'got two' });
    await writer.close();
    expect(await reader?.read()).toMatchObject({ done: true });
    expect(seen).toHaveLength(1);
  });

  it('are refused above the limit, also when their length is not said', async () => {
    const { send, seen } = proxiedCatalog({
      maxBodyBytes: 100,
      fetch: async (request) => Response.json({ length: (await request.text()).length }),
    });
    expect((await send('POST', COMMIT, { 'content-length': '101' }, 'x'.repeat(101))).status).toBe(413);
    expect(seen).toEqual([]);
    let pulled = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled += 1;
        controller.enqueue(new Uint8Array(60).fill(0x20));
      },
    });
    const answer = await send('POST', COMMIT, {}, endless);
    expect([answer.status, answer.body.error.code]).toEqual([413, 413]);
    expect(pulled).toBeLessThan(10);
    expect((await send('POST', COMMIT, {}, 'x'.repeat(100))).body).toEqual({ length: 100 });
  });

  it('that are no JSON do not become documents of this origin', async () => {
    for (const [status, expected] of [
      [200, 502],
      [503, 503],
    ] as const) {
      const { send } = proxiedCatalog({
        fetch: async () =>
          new Response('<script>1</script>', { status, headers: { 'content-type': 'text/html', 'retry-after': '3' } }),
      });
      const answer = await send('GET', CONFIG);
      expect([answer.status, answer.body.error.code]).toEqual([expected, expected]);
      expect(answer.text).not.toContain('script');
      expect(answer.headers.get('retry-after')).toBe(status === 503 ? '3' : null);
    }
  });
});

describe('an upstream that', () => {
  it('redirects is not followed', async () => {
    for (const status of [301, 302, 303, 307, 308]) {
      const { send, seen, faults } = proxiedCatalog({
        fetch: async () => new Response(null, { status, headers: { location: 'https://evil.example/secret' } }),
      });
      const answer = await send('GET', CONFIG, { authorization: 'Bearer canary' });
      expect([answer.status, answer.headers.get('location')]).toEqual([502, null]);
      expect(answer.text).not.toContain('evil');
      expect(seen[0]?.redirect).toBe('manual');
      expect([seen.length, faults.length]).toEqual([1, 1]);
    }
  });

  it('cannot be reached is answered 502, without its address', async () => {
    const { send, faults } = proxiedCatalog({
      fetch: async () => {
        throw new TypeError('connect ECONNREFUSED catalog.example with Bearer canary');
      },
    });
    const answer = await send('POST', COMMIT, { authorization: 'Bearer canary', ...JSON_TYPE }, '{}');
    expect(answer.status).toBe(502);
    expect(answer.text).not.toMatch(/canary|catalog\.example|ECONN/);
    expect(faults).toHaveLength(1);
  });

  it('takes too long is answered 504, and given up', async () => {
    let end = () => {};
    const sleep = (_: number, signal?: AbortSignal) =>
      new Promise<void>((resolve, reject) => {
        end = resolve;
        signal?.addEventListener('abort', () => reject(signal.reason));
      });
    const given: boolean[] = [];
    const { send } = proxiedCatalog({
      world: { ...defaultWorld, sleep },
      fetch: (request) =>
        new Promise((_, reject) => {
          request.signal.addEventListener('abort', () => {
            given.push(true);
            reject(request.signal.reason);
          });
          end();
        }),
    });
    const answer = await send('POST', COMMIT, JSON_TYPE, '{}');
    expect([answer.status, answer.body.error.type]).toEqual([504, 'GatewayTimeoutException']);
    expect(given).toEqual([true]);
  });

  it('stops in the middle of an answer does not end it as if it were whole', async () => {
    const fetch = async () => {
      let pulled = 0;
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          if (pulled++ === 0) controller.enqueue(new TextEncoder().encode('{"a":'));
          else controller.error(new Error('reset'));
        },
      });
      return new Response(body, { headers: JSON_TYPE });
    };
    const { proxy } = proxiedCatalog({ fetch });
    const response = await proxy(new Request(`http://localhost${CONFIG}`));
    await expect(response.text()).rejects.toThrow();
  });

  it('is given up when the client goes away', async () => {
    const controller = new AbortController();
    const { proxy } = proxiedCatalog({
      fetch: (request) =>
        new Promise((_, reject) => {
          request.signal.addEventListener('abort', () => reject(request.signal.reason));
          controller.abort();
        }),
    });
    const request = new Request(`http://localhost${CONFIG}`, { signal: controller.signal });
    expect((await proxy(request)).status).toBe(502);
  });
});
