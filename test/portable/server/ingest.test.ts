/** Loads over HTTP, as a client sees them. */
import { tableFromArrays, tableToIPC } from 'apache-arrow';
import { fromAny, type Store, StoreCatalog, TableCatalog, uuidV7 } from 'icestream';
import { hmacAuthorization, type IngestKey, type IngestOptions, ingestApp } from 'icestream/server';
import { MemoryStore } from 'icestream/storage/memory';
import { beforeEach, expect, test } from 'vitest';
import { defaultWorld } from '../../../src/util/world.ts';

const url = 'http://ingest.example';
const quick = { ...defaultWorld, sleep: async () => {} };
const rows = (count: number, from = 0) => Array.from({ length: count }, (_, i) => ({ id: from + i, name: `n${i}` }));
const ndjson = (count: number, from = 0) =>
  rows(count, from)
    .map((row) => `${JSON.stringify(row)}\n`)
    .join('');

let store: Store;
let catalog: TableCatalog;

beforeEach(async () => {
  store = new MemoryStore();
  catalog = StoreCatalog.open({ warehouse: 'memory:///house', store });
  await catalog.createNamespace('web');
  await catalog.createAndAppend('web.events', fromAny(rows(1, 1000)), {}, { memoryLimitBytes: 32 * 2 ** 20 });
});

function app(options: Partial<IngestOptions> = {}) {
  return ingestApp({
    catalog,
    keys: [
      { id: 'a', token: 'token-a', tables: ['web.*'] },
      { id: 'b', token: 'token-b', tables: ['other.table'] },
      { id: 'c', hmacSecret: 'secret-c', tables: ['web.events'] },
    ],
    memoryLimitBytes: 64 * 2 ** 20,
    ...options,
  });
}

interface Sent {
  readonly path?: string;
  readonly token?: string;
  readonly type?: string;
  readonly headers?: Record<string, string>;
}

function request(body: BodyInit, { path = '/v1/ingest/web/events', token = 'token-a', type, headers }: Sent = {}) {
  return new Request(url + path, {
    method: 'POST',
    body,
    headers: { authorization: `Bearer ${token}`, 'content-type': type ?? 'application/x-ndjson', ...headers },
    duplex: 'half',
  } as RequestInit);
}

async function post(body: BodyInit, sent: Sent = {}, options: Partial<IngestOptions> = {}) {
  const response = await app(options).fetch(request(body, sent));
  return {
    status: response.status,
    headers: response.headers,
    answer: (await response.json()) as Record<string, never>,
  };
}

/** Ids in the table, and how many data files the store holds. */
async function state(): Promise<{ ids: number; files: number; snapshots: number }> {
  const table = await catalog.loadTable('web.events');
  let ids = 0;
  for await (const batch of table.scan({ select: ['id'] })) ids += batch.numRows;
  let files = 0;
  for await (const { location } of store.list('memory:///house/')) files += /\/data\//.test(location) ? 1 : 0;
  return { ids, files, snapshots: table.snapshots().length };
}

const untouched = { ids: 1, files: 1, snapshots: 1 };

test('a body becomes one snapshot, whatever it holds', async () => {
  const gzip = new Response(ndjson(50)).body?.pipeThrough(new CompressionStream('gzip'));
  const arrow = tableFromArrays({ id: BigInt64Array.from([1n, 2n]), name: ['a', 'b'] });
  const bodies: [BodyInit, string, number][] = [
    [ndjson(100), 'application/x-ndjson', 100],
    [ndjson(3), 'application/ndjson', 3],
    [JSON.stringify(rows(10)), 'application/json; charset=utf-8', 10],
    ['id,name\n1,a\n2,b\n', 'text/csv', 2],
    [gzip as BodyInit, 'application/octet-stream', 50],
    [tableToIPC(arrow, 'stream') as BodyInit, 'application/vnd.apache.arrow.stream', 2],
  ];
  let expected = 1;
  for (const [body, type, count] of bodies) {
    const { status, answer } = await post(body, { type });
    expect(answer).toMatchObject({ table: 'web.events', rows: count, files: 1, alreadyCommitted: false });
    expect(status).toBe(200);
    expect(answer['snapshotId']).toMatch(/^\d+$/);
    expected += count;
  }
  expect(await state()).toEqual({ ids: expected, files: 7, snapshots: 7 });
});

test.each([
  ['GET', '/v1/ingest/web/events', 405, 'METHOD_NOT_ALLOWED', 'POST'],
  ['PUT', '/v1/ingest/web/events', 405, 'METHOD_NOT_ALLOWED', 'POST'],
  ['DELETE', '/v1/commits/x', 405, 'METHOD_NOT_ALLOWED', 'GET, HEAD'],
  ['POST', '/v1/ingest/web', 404, 'NOT_FOUND', null],
  ['POST', '/v1/ingest/web/..', 404, 'NOT_FOUND', null],
  ['POST', '/v1/ingest/web/%2e%2e', 404, 'NOT_FOUND', null],
  ['GET', '/v1/commits/', 404, 'NOT_FOUND', null],
])('%s %s is answered in JSON', async (method, path, status, code, allow) => {
  const response = await app().request(url + path, { method, headers: { authorization: 'Bearer token-a' } });
  expect(response.status).toBe(status);
  expect(response.headers.get('allow')).toBe(allow);
  expect(await response.json()).toMatchObject({ error: { code } });
  expect(await state()).toEqual(untouched);
});

test('a path with half an escape names no table', async () => {
  const { status, answer } = await post(ndjson(1), { path: '/v1/ingest/web/a%zz?create=true' }, { createTables: true });
  expect(status).toBe(400);
  expect(answer['error']).toMatchObject({ code: 'BAD_REQUEST' });
  expect(await catalog.listTables('web')).toHaveLength(1);
});

test('bytes of an encoding that is not read are not taken for rows', async () => {
  for (const encoding of ['br', 'gzip, br', 'gzip, gzip', 'deflate']) {
    const { status, headers, answer } = await post(ndjson(1), { headers: { 'content-encoding': encoding } });
    expect(status).toBe(415);
    expect(headers.get('accept-encoding')).toBe('gzip, zstd');
    expect(answer['error']).toMatchObject({ code: 'UNSUPPORTED_MEDIA_TYPE' });
  }
  expect(await state()).toEqual(untouched);
  const gzip = new Response(ndjson(5)).body?.pipeThrough(new CompressionStream('gzip'));
  const { status } = await post(gzip as BodyInit, { headers: { 'content-encoding': 'GZIP' } });
  expect(status).toBe(200);
});

test('a body that is not encoded as its header says is refused', async () => {
  const gzip = await new Response(
    new Response(ndjson(5)).body?.pipeThrough(new CompressionStream('gzip')),
  ).arrayBuffer();
  const bodies: [BodyInit, string][] = [
    [ndjson(5), 'gzip'],
    [ndjson(5), 'identity, gzip'],
    [ndjson(5), 'zstd'],
    [gzip, 'zstd'],
  ];
  for (const [body, encoding] of bodies) {
    const { status, answer } = await post(body, { headers: { 'content-encoding': encoding } });
    expect(answer['error'], encoding).toMatchObject({ message: expect.stringContaining(encoding.slice(-4)) });
    expect(status, encoding).toBe(400);
  }
  expect(await state()).toEqual(untouched);
  expect((await post(gzip, { headers: { 'content-encoding': 'x-gzip, identity' } })).status).toBe(200);
});

test('a load that is sent again is applied once, and not taken for another', async () => {
  const key = uuidV7(defaultWorld);
  const headers = { 'idempotency-key': key };
  const first = await post(ndjson(10), { headers });
  expect(first.answer).toMatchObject({ commitId: key, alreadyCommitted: false, rows: 10 });
  const again = await Promise.all([post(ndjson(10), { headers }), post(ndjson(10), { headers })]);
  for (const { status, answer } of again) {
    expect(status).toBe(200);
    expect(answer).toMatchObject({ alreadyCommitted: true, snapshotId: first.answer['snapshotId'] });
  }
  const other = await post(ndjson(11), { headers });
  expect(other.status).toBe(400);
  expect(other.answer['error']).toMatchObject({ code: 'INVALID_ARGUMENT' });
  expect(await state()).toEqual({ ids: 11, files: 2, snapshots: 2 });
  const asked = await app().request(`/v1/commits/${key}?table=web.events`, {
    headers: { authorization: 'Bearer token-a' },
  });
  expect(await asked.json()).toMatchObject({ state: 'committed', snapshotId: first.answer['snapshotId'] });
  const byName = await app().request(`/v1/commits/${key}`, { headers: { authorization: 'Bearer token-a' } });
  expect(byName.status).toBe(400);
});

test('a commit that nobody has heard of is not found', async () => {
  const path = `/v1/commits/${uuidV7(defaultWorld)}?table=web.events`;
  const response = await app().request(path, { headers: { authorization: 'Bearer token-a' } });
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ error: { code: 'NOT_FOUND' } });
});

test('a commit whose outcome is unknown is answered 503 with where to ask', async () => {
  const answers = { commit: async () => ({ kind: 'unknown', message: 'the answer was lost' }) };
  const client = new Proxy(catalog.client, {
    get: (target, name) =>
      Reflect.get(answers, name) ?? Reflect.get(target, name).bind?.(target) ?? Reflect.get(target, name),
  });
  const unsure = new TableCatalog(client, quick);
  const failures: unknown[] = [];
  const onError = (error: unknown) => void failures.push(error);
  const { status, headers, answer } = await post(ndjson(5), {}, { catalog: async () => unsure, onError });
  expect(failures).toMatchObject([{ code: 'COMMIT_STATE_UNKNOWN' }]);
  expect(answer['error']).toMatchObject({ code: 'COMMIT_STATE_UNKNOWN' });
  expect(status).toBe(503);
  expect(headers.get('retry-after')).toMatch(/^\d+$/);
  expect(headers.get('location')).toMatch(/^\/v1\/commits\/[0-9a-f-]{36}\?table=web\.events$/);
  const asked = await app().request(headers.get('location') ?? '', { headers: { authorization: 'Bearer token-a' } });
  expect(asked.status).toBe(404);
});

test('what the server cannot help is logged, and not shown', async () => {
  const failures: unknown[] = [];
  const broken = new Error('the catalog password is hunter2');
  const catalogOf = () => Promise.reject(broken);
  const { status, answer } = await post(
    ndjson(1),
    {},
    { catalog: catalogOf, onError: (error) => failures.push(error) },
  );
  expect(status).toBe(500);
  expect(JSON.stringify(answer)).not.toContain('hunter2');
  expect(failures).toEqual([broken]);
});

const refused: [string, BodyInit, Sent, number, string][] = [
  ['a wrong token', ndjson(1), { token: 'token-x' }, 401, 'UNAUTHORIZED'],
  ['no token', ndjson(1), { headers: { authorization: '' } }, 401, 'UNAUTHORIZED'],
  ['a table of somebody else', ndjson(1), { token: 'token-b' }, 403, 'TABLE_NOT_ALLOWED'],
  ['a table that is not there', ndjson(1), { path: '/v1/ingest/web/nothing' }, 404, 'NOT_FOUND'],
  ['an unknown kind of content', ndjson(1), { type: 'text/html' }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
  ['Parquet without a place for it', 'PAR1', { type: 'application/vnd.apache.parquet' }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
  ['another mode', ndjson(1), { path: '/v1/ingest/web/events?mode=upsert' }, 400, 'BAD_REQUEST'],
  ['a misspelt option', ndjson(1), { path: '/v1/ingest/web/events?mod=append' }, 400, 'BAD_REQUEST'],
  ['creating where it is not allowed', ndjson(1), { path: '/v1/ingest/web/new?create=true' }, 403, 'TABLE_NOT_ALLOWED'],
  ['a key that is no UUIDv7', ndjson(1), { headers: { 'idempotency-key': 'mine' } }, 400, 'BAD_REQUEST'],
  ['a key that begins as one', ndjson(1), { headers: { 'idempotency-key': `${uuidV7()}0` } }, 400, 'BAD_REQUEST'],
  ['a key without an end', ndjson(1), { headers: { 'idempotency-key': 'k'.repeat(10_000) } }, 400, 'BAD_REQUEST'],
  ['dot segments', ndjson(1), { path: '/v1/ingest/web/%2e%2e%2fevents' }, 400, 'INVALID_ARGUMENT'],
  ['a value that does not fit', '{"id":"x"}\n', {}, 422, 'INVALID_VALUE'],
  ['a column the table lacks', '{"id":1,"more":2}\n', {}, 422, 'SCHEMA_MISMATCH'],
  ['half an object', '{"id":1}\n{"id":', {}, 422, 'INVALID_VALUE'],
  ['a gzip body cut off', gzipCut(), { type: 'application/octet-stream' }, 400, 'SOURCE_CORRUPT'],
  ['nothing', '', {}, 422, 'SOURCE_EMPTY'],
];

function gzipCut(): BodyInit {
  // The head of a gzip stream and nothing else.
  return Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xab, 0x56);
}

test.each(refused)('%s is refused, and nothing is left', async (_, body, sent, status, code) => {
  const found = await post(body, sent);
  expect(found.answer).toMatchObject({ error: { code } });
  expect(found.status).toBe(status);
  expect(JSON.stringify(found.answer)).not.toMatch(/token-|secret-| at .*\.ts/);
  expect(await state()).toEqual(untouched);
});

test('bodies over the limits end with 413, however they come', async () => {
  const large = ndjson(2000);
  for (const [body, options] of [
    [large, { maxBodyBytes: 1000 }],
    [new Response(large).body, { maxBodyBytes: 1000 }],
    [large, { maxRows: 1999 }],
  ] as const) {
    const { status, answer } = await post(body as BodyInit, {}, options);
    expect(answer['error']).toMatchObject({ code: 'maxRows' in options ? 'TOO_MANY_ROWS' : 'BODY_TOO_LARGE' });
    expect(status).toBe(413);
  }
  expect(await state()).toEqual(untouched);
});

test('a body that breaks off commits nothing', async () => {
  let sent = 0;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      if (sent++ > 3) controller.error(new Error('the client went away'));
      else controller.enqueue(new TextEncoder().encode(ndjson(100, sent * 100)));
    },
  });
  const { status, answer } = await post(body);
  expect(status).toBe(400);
  expect(answer['error']).toMatchObject({ code: 'SOURCE_UNREADABLE' });
  expect(await state()).toEqual(untouched);
});

test('a Parquet body that breaks off is told so, and leaves nothing where it waited', async () => {
  const table = await catalog.loadTable('web.events');
  let parquet = new Uint8Array();
  for await (const { file } of table.files()) parquet = await store.read(file.filePath);
  let sent = 0;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      if (sent++ > 0) controller.error(new Error('the client went away'));
      else controller.enqueue(parquet.slice(0, 100));
    },
  });
  const failures: unknown[] = [];
  const onError = (error: unknown) => void failures.push(error);
  const spool = { store, location: 'memory:///spool' };
  const { status, answer } = await post(body, { type: 'application/vnd.apache.parquet' }, { spool, onError });
  expect(answer['error']).toMatchObject({ code: 'SOURCE_UNREADABLE' });
  expect(status).toBe(400);
  expect(failures).toEqual([]);
  expect(await state()).toEqual(untouched);
  for await (const left of store.list('memory:///spool/')) throw new Error(`left: ${left.location}`);
});

test('a load that was committed is answered so, even if the file it waited in cannot be removed', async () => {
  const table = await catalog.loadTable('web.events');
  let location = '';
  for await (const { file } of table.files()) location = file.filePath;
  const body = (await store.read(location)) as BodyInit;
  const kept: Store = new Proxy(store, {
    get: (target, name) => {
      if (name === 'delete') return () => Promise.reject(new Error('the store is gone'));
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const spool = { store: kept, location: 'memory:///spool' };
  const { status, answer } = await post(body, { type: 'application/vnd.apache.parquet' }, { spool });
  expect(answer).toMatchObject({ rows: 1 });
  expect(status).toBe(200);
});

test('more loads than fit are asked to come again, and all succeed in the end', async () => {
  // No load ends before another was refused.
  const refused = Promise.withResolvers<void>();
  const server = app({ maxConcurrentWrites: 2, catalog: () => refused.promise.then(() => catalog) });
  const send = async (from: number): Promise<void> => {
    for (;;) {
      const response = await server.fetch(request(ndjson(10, from)));
      if (response.status === 200) return void (await response.body?.cancel());
      expect(response.status).toBe(429);
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
      await response.body?.cancel();
      refused.resolve();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  await Promise.all(Array.from({ length: 8 }, (_, i) => send(i * 10)));
  expect(await state()).toEqual({ ids: 81, files: 9, snapshots: 9 });
});

test('signed requests are taken with their own secret and in time', async () => {
  const key = uuidV7(defaultWorld);
  const parts = { method: 'POST', path: '/v1/ingest/web/events', contentType: 'text/csv', idempotencyKey: key };
  const send = async (secret: string, nowMs: number, changed: Record<string, string> = {}) => {
    const authorization = await hmacAuthorization({ id: 'c', hmacSecret: secret }, parts, nowMs);
    const headers = { authorization, 'idempotency-key': key, ...changed };
    return (await post('id,name\n1,a\n', { type: 'text/csv', headers })).status;
  };
  expect(await send('secret-x', Date.now())).toBe(401);
  expect(await send('secret-c', Date.now() - 600_000)).toBe(401);
  expect(await send('secret-c', Date.now(), { 'idempotency-key': uuidV7(defaultWorld) })).toBe(401);
  expect(await state()).toEqual(untouched);
  expect(await send('secret-c', Date.now())).toBe(200);
});

test.each([
  { id: 'a', token: '', tables: ['web.*'] },
  { id: 'a', token: ' ', tables: ['web.*'] },
  { id: 'a', hmacSecret: '', tables: ['web.*'] },
  { id: 'a', tables: ['web.*'] },
  { id: 'a', token: 'token-a', tables: 'web.*' },
])('a key that is not whole is refused at once (%#)', (key) => {
  expect(() => app({ keys: [key as unknown as IngestKey] })).toThrow(TypeError);
});

/** Browsers set the header themselves: there a program cannot play another page. */
if (new Request(url, { headers: { origin: url } }).headers.has('origin')) {
  test('pages that are not named may not call', async () => {
    const { status, answer } = await post(ndjson(1), { headers: { origin: 'https://evil.example' } });
    expect(status).toBe(403);
    expect(answer['error']).toMatchObject({ code: 'ORIGIN_NOT_ALLOWED' });
    expect(await state()).toEqual(untouched);
  });

  test('the server’s own pages may call', async () => {
    const response = await app().fetch(request(ndjson(1), { headers: { origin: new URL(url).origin } }));
    expect(response.status).toBe(200);
  });

  test('pages that are named may call', async () => {
    const server = app({ origins: ['https://app.example'] });
    const headers = { origin: 'https://app.example', 'access-control-request-method': 'POST' };
    const preflight = await server.request('/v1/ingest/web/events', { method: 'OPTIONS', headers });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe('https://app.example');
    const response = await server.fetch(request(ndjson(1), { headers: { origin: 'https://app.example' } }));
    expect(response.status).toBe(200);
    expect(response.headers.get('access-control-allow-origin')).toBe('https://app.example');
  });
}

test('a query that says something twice is refused', async () => {
  for (const query of ['mode=append&mode=overwrite', 'create=false&create=true']) {
    const { status, answer } = await post(ndjson(1), { path: `/v1/ingest/web/events?${query}` });
    expect([status, answer['error']]).toMatchObject([400, { message: expect.stringMatching(/once$/) }]);
  }
  expect(await state()).toEqual(untouched);
});

test('text in another charset, or CSV that says it has no header, is refused; ASCII is UTF-8', async () => {
  const csv = 'id,name\n7,x\n';
  for (const type of ['text/csv; charset=utf-16', 'text/csv;charset="ISO-8859-1"', 'text/csv; header=absent']) {
    expect((await post(csv, { type })).status).toBe(415);
  }
  expect(await state()).toEqual(untouched);
  for (const type of ['Text/CSV; Charset="UTF-8"; header=present', 'text/csv;charset=us-ascii', 'text/csv;']) {
    expect((await post(csv, { type })).status).toBe(200);
  }
});

test('a table is created where the server allows it', async () => {
  const { status, answer } = await post(
    ndjson(3),
    { path: '/v1/ingest/web/fresh?create=true' },
    { createTables: true },
  );
  expect(status).toBe(200);
  expect(answer).toMatchObject({ table: 'web.fresh', rows: 3 });
});

test('a table is created with its namespace, and neither where the rows do not fit', async () => {
  const options = { createTables: true, keys: [{ id: 'a', token: 'token-a', tables: ['late.*'] }] };
  const names = async () => (await catalog.listNamespaces()).map((parts) => parts.join('.'));
  const path = '/v1/ingest/late/fresh?create=true';
  expect(await post(ndjson(3), { path: `${path}&partition=month(nothing)` }, options)).toMatchObject({ status: 400 });
  expect(await names()).not.toContain('late');
  expect(await post(ndjson(3), { path }, options)).toMatchObject({ status: 200, answer: { rows: 3 } });
  expect(await names()).toContain('late');
});

test('Parquet is read from where the server keeps it meanwhile, which is empty afterwards', async () => {
  const table = await catalog.loadTable('web.events');
  let location = '';
  for await (const { file } of table.files()) location = file.filePath;
  const bytes = await store.read(location);
  const spool = { store, location: 'memory:///spool' };
  const { status, answer } = await post(bytes as BodyInit, { type: 'application/vnd.apache.parquet' }, { spool });
  expect(answer).toMatchObject({ rows: 1 });
  expect(status).toBe(200);
  for await (const left of store.list('memory:///spool/')) throw new Error(`left: ${left.location}`);
});
