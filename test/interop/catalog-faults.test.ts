/** What a commit's sender knows when answers get lost, against a real catalog behind a proxy that loses them. */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { TableIdentifier } from '../../src/catalog/catalog.ts';
import { RestCatalog } from '../../src/catalog/rest/rest-catalog.ts';
import { ORDERS } from '../conformance/catalog.ts';
import { type CatalogProxy, errorAnswer, type Fault, isCommit, startProxy } from '../support/proxy.ts';
import type { WireRequest } from '../support/verify-sigv4.ts';

const kit = inject('kit');
const HTML = '<html><body><h1>502 Bad Gateway</h1></body></html>';
let proxy: CatalogProxy;
let catalog: RestCatalog;
let count = 0;

beforeAll(async () => {
  proxy = await startProxy({ target: kit.restFixture.uri });
  catalog = await RestCatalog.connect({ uri: proxy.uri, accessDelegation: [] });
});
afterAll(() => proxy.close());

async function freshTable(): Promise<TableIdentifier> {
  count += 1;
  const namespace = [`faults_${Date.now()}_${count}`];
  await catalog.createNamespace(namespace);
  await catalog.createTable({ namespace, name: 't' }, { schema: ORDERS });
  return { namespace, name: 't' };
}

const commit = (identifier: TableIdentifier, value: string, signal?: AbortSignal) =>
  catalog.commit(
    { identifier, requirements: [], updates: [{ action: 'set-properties', updates: { value } }] },
    { idempotencyKey: '019a0000-0000-7000-8000-000000000000', ...(signal === undefined ? {} : { signal }) },
  );

const readValue = async (identifier: TableIdentifier) =>
  (await catalog.loadTable(identifier)).metadata.properties?.['value'];

/** The fault, what the sender is told, and whether the table changed. */
const FAULTS: ReadonlyArray<readonly [string, Fault, string, boolean]> = [
  ['the request is lost', { kind: 'lose-request' }, 'unknown', false],
  ['the answer is lost', { kind: 'lose-answer' }, 'unknown', true],
  ['a gateway answers with a page', { kind: 'answer-after', status: 502, body: HTML }, 'unknown', true],
  ['a page comes with status 200', { kind: 'answer-after', status: 200, body: HTML }, 'unknown', true],
  ['the answer is cut short', { kind: 'answer-after', status: 200, body: '{"metadata":{"form' }, 'unknown', true],
  ['503', { kind: 'answer-instead', status: 503, body: '' }, 'unknown', false],
  ['504 after it was applied', { kind: 'answer-after', status: 504, body: HTML }, 'unknown', true],
  ['500 unknown', { kind: 'answer-after', ...errorAnswer(500, 'CommitStateUnknownException', 'x') }, 'unknown', true],
  ['204', { kind: 'answer-after', status: 204, body: '' }, 'committed', true],
  ['409', { kind: 'answer-instead', ...errorAnswer(409, 'CommitFailedException', 'x') }, 'conflict', false],
  ['429', { kind: 'answer-instead', status: 429, body: '', headers: { 'retry-after': '3' } }, 'throttled', false],
  ['401', { kind: 'answer-instead', ...errorAnswer(401, 'NotAuthorizedException', 'x') }, 'unauthenticated', false],
  ['403', { kind: 'answer-instead', ...errorAnswer(403, 'ForbiddenException', 'x') }, 'rejected', false],
  [
    'a redirect',
    { kind: 'answer-instead', status: 307, body: '', headers: { location: 'http://127.0.0.1:9/elsewhere' } },
    'unknown',
    false,
  ],
];

describe('a commit', () => {
  it.each(FAULTS)('when %s', async (name, fault, kind, isApplied) => {
    const identifier = await freshTable();
    const before = proxy.count(isCommit);
    proxy.next(isCommit, fault);
    expect(await commit(identifier, name)).toMatchObject({ kind });
    expect(proxy.count(isCommit) - before).toBe(1);
    expect((await readValue(identifier)) === name).toBe(isApplied);
  });

  it('that is aborted while it is under way is unknown', async () => {
    const identifier = await freshTable();
    const controller = new AbortController();
    proxy.next(
      (request) => {
        if (!isCommit(request)) return false;
        controller.abort(new Error('stop'));
        return true;
      },
      { kind: 'lose-answer' },
    );
    expect(await commit(identifier, 'x', controller.signal)).toMatchObject({ kind: 'unknown' });
  });

  it('tells how long to wait', async () => {
    const identifier = await freshTable();
    proxy.next(isCommit, { kind: 'answer-instead', status: 429, body: '', headers: { 'retry-after': '3' } });
    expect(await commit(identifier, 'x')).toEqual({ kind: 'throttled', retryAfterMs: 3000 });
  });
});

describe('a read', () => {
  const isLoad = ({ method, target }: { method: string; target: string }) =>
    method === 'GET' && /\/tables\//.test(target);

  it('is repeated after lost answers and 5xx', async () => {
    const identifier = await freshTable();
    const before = proxy.count(isLoad);
    proxy.next(isLoad, { kind: 'lose-answer' });
    proxy.next(isLoad, { kind: 'answer-instead', status: 503, body: HTML });
    await expect(catalog.loadTable(identifier)).resolves.toBeDefined();
    expect(proxy.count(isLoad) - before).toBe(3);
  });

  it('does not follow a redirect', async () => {
    const identifier = await freshTable();
    const headers = { location: `${kit.restFixture.uri}/v1/config` };
    proxy.next(isLoad, { kind: 'answer-instead', status: 302, body: '', headers });
    await expect(catalog.loadTable(identifier)).rejects.toMatchObject({
      code: 'INVALID_RESPONSE',
      message: expect.stringContaining('redirect'),
    });
  });

  it('says that a page is no catalog', async () => {
    const identifier = await freshTable();
    proxy.next(isLoad, { kind: 'answer-after', status: 200, body: HTML });
    await expect(catalog.loadTable(identifier)).rejects.toMatchObject({ code: 'INVALID_RESPONSE' });
  });
});

it('a create whose answer is lost is not sent again by itself', async () => {
  const namespace = [`create_${Date.now()}`];
  await catalog.createNamespace(namespace);
  const isCreate = ({ method, target }: { method: string; target: string }) =>
    method === 'POST' && /\/tables$/.test(target);
  const before = proxy.count(isCreate);
  proxy.next(isCreate, { kind: 'lose-answer' });
  const create = catalog.createTable({ namespace, name: 't' }, { schema: ORDERS });
  await expect(create).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true });
  expect(proxy.count(isCreate) - before).toBe(1);
  await expect(catalog.loadTable({ namespace, name: 't' })).resolves.toBeDefined();
});

it('a catalog that remembers idempotency keys is sent the same one again', async () => {
  const announcing = await startProxy({
    target: kit.restFixture.uri,
    rewrite: ({ target }, body) =>
      target.includes('/v1/config') ? { ...body, 'idempotency-key-lifetime': 'PT30M' } : null,
  });
  try {
    const client = await RestCatalog.connect({ uri: announcing.uri, accessDelegation: [] });
    expect(client.capabilities.idempotencyKeys).toBe(true);
    const namespace = [`keys_${Date.now()}`];
    await client.createNamespace(namespace);
    const isCreate = ({ method, target }: { method: string; target: string }) =>
      method === 'POST' && /\/tables$/.test(target);
    announcing.next(isCreate, { kind: 'lose-answer' });
    await client.createTable({ namespace, name: 't' }, { schema: ORDERS });
    const creates = announcing.requests.filter(isCreate);
    const keys = creates.map(({ headers }) => headers.get('idempotency-key'));
    expect(keys[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    expect(keys).toEqual([keys[0], keys[0]]);
    expect(creates.map(({ body }) => Buffer.from(body).toString())).toEqual(Array(2).fill(String(creates[0]?.body)));
  } finally {
    await announcing.close();
  }
});

it('a table that has not changed is not sent again', async () => {
  const identifier = await freshTable();
  const first = await catalog.loadTable(identifier);
  const isQuestion = ({ headers }: WireRequest) => headers.has('if-none-match');
  const before = proxy.count(isQuestion);
  expect(await catalog.loadTable(identifier)).toBe(first);
  expect(proxy.count(isQuestion)).toBe(before + 1);
  await commit(identifier, 'changed');
  expect(await readValue(identifier)).toBe('changed');
});
