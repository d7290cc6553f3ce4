/** What goes over the wire, seen from an injected fetch: addresses, bodies, headers, pages. */
import { describe, expect, it } from 'vitest';
import type { RestAuth } from '../../../src/catalog/rest/auth/auth.ts';
import { bearer } from '../../../src/catalog/rest/auth/bearer.ts';
import { oauth2 } from '../../../src/catalog/rest/auth/oauth2.ts';
import { sigv4 } from '../../../src/catalog/rest/auth/sigv4.ts';
import { RestCatalog, type RestCatalogOptions } from '../../../src/catalog/rest/rest-catalog.ts';
import { newTableMetadata } from '../../../src/spec/table-metadata-new.ts';
import { stringifyJson } from '../../../src/util/json.ts';
import { uuidV7 } from '../../../src/util/uuid.ts';
import { defaultWorld } from '../../../src/util/world.ts';
import { ORDERS } from '../../conformance/catalog.ts';

interface Sent {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: string;
  readonly redirect: string;
}

type Answer = (sent: Sent) => Response | Promise<Response>;

const json = (body: unknown, status = 200) => new Response(stringifyJson(body), { status });
const config = { defaults: {}, overrides: {} };
const identifier = { namespace: ['a', 'b.c'], name: 't/1' };
const metadata = newTableMetadata({ schema: ORDERS, location: 's3://bucket/t', uuid: crypto.randomUUID(), now: 1 });
const KEY = { idempotencyKey: '019a0000-0000-7000-8000-000000000000' };

/** A catalog whose server is a function; `/v1/config` is answered with `config` unless it says otherwise. */
async function connect(answer: Answer, options: Partial<RestCatalogOptions> = {}, configBody: unknown = config) {
  const sent: Sent[] = [];
  const waits: number[] = [];
  const world = {
    ...defaultWorld,
    // Only waits between attempts end; time limits of requests (a minute and more) do not.
    sleep: (ms: number) => {
      if (ms >= 60_000) return new Promise<void>(() => undefined);
      waits.push(ms);
      return Promise.resolve();
    },
    async fetch(request: Request) {
      const { method, url, headers, redirect } = request;
      const one = { method, url, headers, redirect, body: await request.text() };
      sent.push(one);
      return url.includes('/v1/config') ? json(configBody) : answer(one);
    },
  };
  const catalog = await RestCatalog.connect({ uri: 'https://catalog.example.com/api/', world, ...options });
  return { catalog, sent, waits };
}

describe('a connection', () => {
  it.each([
    ['http://catalog.example.com', 'https'],
    ['ftp://catalog.example.com', 'URL'],
    ['not a url', 'URL'],
    ['https://user:secret@catalog.example.com', 'credentials'],
    ['https://catalog.example.com/?a=b', 'query'],
  ])('to %s is refused', async (uri, why) => {
    const error = await connect(() => json({}), { uri }).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', place: { option: 'uri' } });
    expect(String(error)).toContain(why);
    expect(String(error)).not.toContain('user:secret');
  });

  it.each(['http://localhost:8181', 'http://127.0.0.1:1', 'http://[::1]:8181'])('to %s is fine', async (uri) => {
    await expect(connect(() => json({}), { uri })).resolves.toBeDefined();
  });

  it('asks for the warehouse, and follows no redirect', async () => {
    const { sent } = await connect(() => json({}), { warehouse: 's3://b/w', headers: { 'x-team': 'data' } });
    expect(sent[0]?.url).toBe('https://catalog.example.com/api/v1/config?warehouse=s3%3A%2F%2Fb%2Fw');
    expect(sent[0]?.headers.get('x-team')).toBe('data');
    expect(sent[0]?.redirect).toBe('manual');
  });

  it('is not opened with headers of its own', async () => {
    for (const [name, value] of [
      ['Idempotency-Key', 'x'],
      ['x-bad', 'a\nb'],
    ] as const) {
      const headers = { [name]: value };
      await expect(connect(() => json({}), { headers })).rejects.toMatchObject({ place: { option: 'headers' } });
    }
  });

  it('says what answered when it is no catalog', async () => {
    const html = async () => new Response('<html>welcome</html>', { headers: { 'content-type': 'text/html' } });
    const world = { ...defaultWorld, fetch: html };
    await expect(RestCatalog.connect({ uri: 'https://h.example', world })).rejects.toMatchObject({
      code: 'INVALID_RESPONSE',
      message: expect.stringContaining('uri'),
    });
  });
});

describe('a path', () => {
  it('has the prefix verbatim and names encoded', async () => {
    const prefixed = { defaults: { prefix: 'main%7Cwarehouse' }, overrides: {} };
    const { catalog, sent } = await connect(() => json({ metadata, 'metadata-location': 'x' }), {}, prefixed);
    await catalog.loadTable(identifier);
    expect(sent[1]?.url).toBe('https://catalog.example.com/api/v1/main%7Cwarehouse/namespaces/a%1Fb.c/tables/t%2F1');
    expect(sent[1]?.headers.get('x-iceberg-access-delegation')).toBe('vended-credentials');
  });

  it('asks for all snapshots to settle a commit', async () => {
    const answer = () => json({ metadata });
    const { catalog, sent } = await connect(answer, { snapshots: 'refs' });
    await catalog.loadTable(identifier);
    await catalog.loadTable(identifier, { allSnapshots: true });
    expect(sent.slice(1).map(({ url }) => new URL(url).search)).toEqual(['?snapshots=refs', '?snapshots=all']);
  });
});

describe('a body', () => {
  it('carries 64-bit ids exactly', async () => {
    const { catalog, sent } = await connect(() => new Response(null, { status: 204 }));
    const id = 8_656_952_484_400_131_533n;
    await catalog.commit(
      { identifier, requirements: [{ type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': id }], updates: [] },
      KEY,
    );
    expect(sent[1]?.body).toBe(
      '{"identifier":{"namespace":["a","b.c"],"name":"t/1"},"requirements":[{"type":"assert-ref-snapshot-id","ref":"main","snapshot-id":8656952484400131533}],"updates":[]}',
    );
    expect(sent[1]?.headers.has('idempotency-key')).toBe(false);
  });

  it('goes with the idempotency key where the catalog remembers them', async () => {
    const announcing = { ...config, 'idempotency-key-lifetime': 'PT1H' };
    const { catalog, sent } = await connect(() => new Response(null, { status: 204 }), {}, announcing);
    const fresh = uuidV7(defaultWorld);
    await catalog.commit({ identifier, requirements: [], updates: [] }, { idempotencyKey: fresh });
    expect(sent[1]?.headers.get('idempotency-key')).toBe(fresh);
    const old = uuidV7({ ...defaultWorld, now: () => Date.now() - 3_700_000 });
    const answer = await catalog.commit({ identifier, requirements: [], updates: [] }, { idempotencyKey: old });
    expect(answer).toMatchObject({ kind: 'unknown' });
    expect(sent).toHaveLength(2);
  });

  it('stages and creates with the ids the server will give', async () => {
    const { catalog, sent } = await connect(() => json({ metadata }));
    const fields = ['x', 'y'].map((name) => ({ id: 0, name, required: false, type: 'int' as const }));
    await catalog.stageTable(identifier, { schema: { type: 'struct', fields }, properties: { a: 'b' } });
    expect(JSON.parse(sent[1]?.body ?? '')).toMatchObject({
      name: 't/1',
      'stage-create': true,
      schema: {
        fields: [
          { id: 1, name: 'x' },
          { id: 2, name: 'y' },
        ],
      },
      'partition-spec': { fields: [] },
      properties: { a: 'b', 'format-version': '2' },
    });
  });
});

describe('a list', () => {
  it('is read to its last page', async () => {
    const { catalog, sent } = await connect(({ url }) => {
      const token = new URL(url).searchParams.get('pageToken');
      const identifiers = [{ namespace: ['a'], name: `t${token}` }];
      return json({ identifiers, 'next-page-token': { '': 'p&1', 'p&1': 'p2' }[token ?? ''] ?? null });
    });
    expect((await catalog.listTables(['a'])).map(({ name }) => name)).toEqual(['t', 'tp&1', 'tp2']);
    expect(sent).toHaveLength(4);
  });

  it('that never ends is refused', async () => {
    const { catalog } = await connect(() => json({ namespaces: [['a']], 'next-page-token': 'again' }));
    await expect(catalog.listNamespaces()).rejects.toMatchObject({ code: 'INVALID_RESPONSE' });
  });
});

describe('an error', () => {
  it('names catalog, table, status and what to do, without what the server echoes', async () => {
    const message = 'nobody with Bearer canary-token-1 and canary-token-1 may\nread it';
    const body = { error: { type: 'ForbiddenException', code: 403, message } };
    const { catalog } = await connect(() => json(body, 403), { name: 'prod', auth: bearer('canary-token-1') });
    const error = await catalog.loadTable(identifier).catch((e: unknown) => e);
    expect(error).toMatchObject({
      code: 'FORBIDDEN',
      place: { table: 'a.`b.c`.t/1', status: 403 },
      message:
        'catalog prod: load table a.`b.c`.t/1 failed with status 403 (ForbiddenException: nobody with Bearer [removed] and [removed] may read it); ask for the right to do this, or check that the token is right and has not expired',
    });
  });

  it.each([
    [400, 'INVALID_ARGUMENT'],
    [401, 'UNAUTHENTICATED'],
    [404, 'NOT_FOUND'],
    [406, 'UNSUPPORTED'],
    [409, 'ALREADY_EXISTS'],
    [418, 'INVALID_RESPONSE'],
    [419, 'UNAUTHENTICATED'],
    [503, 'UNAVAILABLE'],
  ])('of status %i is %s', async (status, code) => {
    const { catalog } = await connect(() => new Response('<p>page</p>', { status }));
    await expect(catalog.createNamespace(['a'])).rejects.toMatchObject({ code, place: { status } });
  });

  it('is retried where that can do no harm, as long as the server asks', async () => {
    let count = 0;
    const { catalog, sent, waits } = await connect(() => {
      count += 1;
      return count < 3 ? new Response('', { status: 429, headers: { 'retry-after': '7' } }) : json({ namespaces: [] });
    });
    await catalog.listNamespaces();
    expect(sent).toHaveLength(4);
    expect(waits).toEqual([7000, 7000]);
    count = -10;
    const { catalog: other, sent: others } = await connect(() => new Response('', { status: 503 }));
    await expect(other.createNamespace(['a'])).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(others).toHaveLength(2);
  });

  it('is raised for an answer that redirects', async () => {
    const headers = { location: 'https://evil.example/' };
    const { catalog, sent } = await connect(() => new Response(null, { status: 302, headers }));
    await expect(catalog.listNamespaces()).rejects.toMatchObject({ code: 'INVALID_RESPONSE' });
    expect(sent).toHaveLength(2);
  });
});

describe('OAuth2', () => {
  it('sends the secret to the token endpoint alone', async () => {
    const auth = oauth2({ clientId: 'id', clientSecret: 'canary-secret', tokenEndpoint: 'https://idp.example/token' });
    const world = {
      ...defaultWorld,
      async fetch(request: Request) {
        const body = await request.text();
        seen.push([request.url, `${[...request.headers].flat().join(' ')} ${body}`]);
        if (request.url.startsWith('https://idp')) return json({ access_token: 'tok', expires_in: 3600 });
        return json(request.url.includes('config') ? config : { namespaces: [] });
      },
    };
    const seen: [string, string][] = [];
    const catalog = await RestCatalog.connect({ uri: 'https://catalog.example.com', auth, world });
    await catalog.listNamespaces();
    expect(seen.map(([url]) => new URL(url).host)).toEqual(['idp.example', ...Array(2).fill('catalog.example.com')]);
    expect(seen[0]?.[1]).toContain('client_id=id&client_secret=canary-secret');
    for (const [, text] of seen.slice(1)) {
      expect(text).toContain('Bearer tok');
      expect(text).not.toContain('canary-secret');
    }
  });

  it('can name the client in the header instead', async () => {
    const auth = oauth2({ clientId: 'i:d', clientSecret: 's&=', clientAuthentication: 'basic', audience: 'a' });
    const { sent } = await connect(
      ({ url }) => json(url.endsWith('/tokens') ? { access_token: 'tok' } : { namespaces: [] }),
      { auth },
    );
    expect(atob(sent[0]?.headers.get('authorization')?.slice('Basic '.length) ?? '')).toBe('i%3Ad:s%26%3D');
    expect(sent[0]?.body).toBe('grant_type=client_credentials&scope=catalog&audience=a');
  });

  it('refuses a token endpoint without https', async () => {
    const auth = oauth2({ clientSecret: 'canary-secret', tokenEndpoint: 'http://idp.example/token' });
    await expect(connect(() => json({}), { auth })).rejects.toMatchObject({ place: { option: 'tokenEndpoint' } });
  });
});

describe('a server that echoes what it was sent', () => {
  const secrets = ['canary-client-secret', 'canary-token', 'canary/aws+secret', 'canary-session', 'CANARYKEYID0'];
  const auths: Record<string, () => RestAuth> = {
    bearer: () => bearer('canary-token'),
    oauth2: () => oauth2({ clientId: 'id', clientSecret: 'canary-client-secret' }),
    sigv4: () =>
      sigv4({
        region: 'eu-west-1',
        credentials: {
          accessKeyId: 'CANARYKEYID0',
          secretAccessKey: 'canary/aws+secret',
          sessionToken: 'canary-session',
        },
      }),
  };

  const echo = ({ url, headers, body }: Sent, status: number, isPage: boolean) => {
    if (url.endsWith('/tokens')) return json({ access_token: 'canary-token', expires_in: 3600 });
    const text = `${url} ${[...headers].map((pair) => pair.join(': ')).join('\n')} ${body} canary-client-secret`;
    return isPage
      ? new Response(`<html><body>${text}</body></html>`, { status })
      : json({ error: { type: text, message: text, code: status } }, status);
  };

  it.each(Object.keys(auths))('makes no error of ours show a secret (%s)', async (kind) => {
    for (const status of [400, 401, 403, 404, 409, 419, 429, 500, 503]) {
      for (const isPage of [false, true]) {
        const auth = auths[kind]?.() ?? bearer('x');
        const { catalog } = await connect((sent) => echo(sent, status, isPage), { auth });
        const results: unknown[] = [
          await catalog.loadTable(identifier).catch((e: unknown) => e),
          await catalog.createNamespace(['a']).catch((e: unknown) => e),
          await catalog.commit({ identifier, requirements: [], updates: [] }, KEY),
        ];
        for (const result of results) {
          const shown = everything(result);
          expect(secrets.filter((secret) => secret !== 'canary-client-secret' && shown.includes(secret))).toEqual([]);
          if (kind === 'oauth2') expect(shown).not.toContain('canary-client-secret');
          expect(shown).not.toMatch(/Signature=[0-9a-f]/);
        }
      }
    }
  });

  function everything(value: unknown): string {
    if (!(value instanceof Error)) {
      return typeof value === 'object' && value !== null
        ? Object.values(value).map(everything).join(' ')
        : String(value);
    }
    return `${value.message} ${value.stack} ${JSON.stringify(value)} ${everything(value.cause)}`;
  }
});
