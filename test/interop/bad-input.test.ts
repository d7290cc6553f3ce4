/** Services that refuse, break or talk nonsense while a table is written: words, an unchanged table, nothing left. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { AwsClient } from 'aws4fetch';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import {
  bearer,
  CommitStateUnknownError,
  IcestreamError,
  RestCatalog,
  StoreCatalog,
  type Table,
} from '../../src/index.ts';
import type { S3StoreOptions } from '../../src/storage/s3/options.ts';
import { S3Store } from '../../src/storage/s3/s3-store.ts';
import type { Store } from '../../src/storage/store.ts';
import { liveFiles, ordersSchema } from '../portable/write/lake.ts';
import { MiB, orders, sourceOf } from '../portable/write/rows.ts';
import { paths } from '../support/kit/home.ts';
import type { S3Access } from '../support/kit/s3-servers.ts';
import { freePort, type RunningServer, startServer } from '../support/kit/server.ts';
import { leaks } from '../support/leaks.ts';
import { errorAnswer, isCommit, startProxy } from '../support/proxy.ts';
import { openUploads } from '../support/s3-open-uploads.ts';
import { isComplete, isCreate, isPart, type S3Proxy, type S3Request, startS3Proxy } from '../support/s3-proxy.ts';
import { TokenIssuer } from '../support/token-issuer.ts';

const kit = inject('kit');
const HTML = '<html><body><h1>It works!</h1></body></html>';
const namespace = `bad_input_${Date.now()}`;
let count = 0;

const hasty = { maxAttempts: 2, baseDelayMs: 1, maxDelayMs: 10, totalTimeoutMs: 20_000 };
const storeOf = (access: S3Access, more: Partial<S3StoreOptions> = {}): S3Store => {
  const { endpoint, region, accessKeyId, secretAccessKey } = access;
  return new S3Store({ endpoint, region, credentials: { accessKeyId, secretAccessKey }, retry: hasty, ...more });
};
const good = storeOf(kit.versitygw);

/** Large enough for several parts. */
const large = () => sourceOf(orders(500_000));
const writeOptions = { memoryLimitBytes: 64 * MiB };

/** A table with rows in it, as the catalog behind any proxy knows it. */
async function freshTable(properties: Readonly<Record<string, string>> = {}, rows = 10): Promise<Table> {
  const catalog = await RestCatalog.connect({ uri: kit.restFixture.uri, stores: [good] });
  await catalog.createNamespace(namespace).catch(() => undefined);
  count += 1;
  const table = await catalog.createTable(`${namespace}.t${count}`, ordersSchema, {
    properties: { 'write.parquet.compression-codec': 'uncompressed', ...properties },
  });
  if (rows > 0) await table.append(sourceOf(orders(rows)));
  return table;
}

/** Everything under the table's location, its live files, and uploads that are open. */
async function stateOf(table: Table, store: Store = good, access: S3Access = kit.versitygw) {
  await table.refresh();
  const objects: string[] = [];
  for await (const { location } of store.list(`${table.location}/`)) objects.push(location);
  const prefix = new URL(table.location).pathname.slice(1);
  return {
    objects,
    uploads: await openUploads(access, prefix),
    snapshot: table.currentSnapshot?.['snapshot-id'],
    files: (await liveFiles(table)).map(({ filePath }) => filePath),
  };
}

/** Fails as expected; the table is as it was, and nothing that the error does not list is left. */
async function refused(table: Table, write: () => Promise<unknown>, expected: object): Promise<IcestreamError> {
  const before = await stateOf(table);
  const error = await write().then(
    () => new Error('it was written'),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof IcestreamError)) throw error;
  expect({ code: error.code, place: error.place, message: error.message }).toMatchObject(expected);
  expect(leaks(error, [kit.versitygw.secretAccessKey, 'canary'])).toEqual([]);
  expect(error.leftBehind).toEqual([]);
  expect(await stateOf(table)).toEqual(before);
  return error;
}

describe('access', () => {
  it('a wrong token', async () => {
    const tokens = new TokenIssuer({ clientId: 'c', clientSecret: 's', scope: 'catalog' });
    const proxy = await startProxy({ target: kit.restFixture.uri, tokens });
    try {
      const connect = () => RestCatalog.connect({ uri: proxy.uri, stores: [good], auth: bearer('canary-token') });
      const error = await refused(await freshTable(), connect, { code: 'UNAUTHENTICATED', place: { status: 401 } });
      expect(error.message).toMatch(/token/);
    } finally {
      await proxy.close();
    }
  });

  it('a token that is refused when the rows are written', async () => {
    const table = await freshTable();
    const proxy = await startProxy({ target: kit.restFixture.uri });
    try {
      const catalog = await RestCatalog.connect({ uri: proxy.uri, stores: [good], auth: bearer('canary-token') });
      const same = await catalog.loadTable(table.identifier);
      for (let i = 0; i < 5; i++) {
        const refusal = errorAnswer(401, 'NotAuthorizedException', 'the token canary-token has expired');
        proxy.next(isCommit, { kind: 'answer-instead', ...refusal });
      }
      await refused(table, () => same.append(large(), writeOptions), { code: 'UNAUTHENTICATED', message: /token/ });
    } finally {
      await proxy.close();
    }
  });

  it.each([
    ['secret', { secretAccessKey: 'canary-secret' }],
    ['key', { accessKeyId: 'nobody' }],
  ])('a wrong S3 %s', async (_, keys) => {
    const table = await freshTable();
    const store = storeOf({ ...kit.versitygw, ...keys });
    const catalog = await RestCatalog.connect({ uri: kit.restFixture.uri, stores: [store] });
    const same = await catalog.loadTable(table.identifier);
    const expected = { code: expect.stringMatching(/UNAUTHENTICATED|FORBIDDEN/) };
    await refused(table, () => same.append(sourceOf(orders(100)), writeOptions), expected);
    await refused(table, () => same.append(large(), writeOptions), expected);
  });

  it('a wrong bucket', async () => {
    const table = await freshTable({ 'write.data.path': 's3://no-such-bucket/data' }, 0);
    const expected = { code: 'NOT_FOUND', message: expect.stringMatching(/no bucket "no-such-bucket"/) };
    await refused(table, () => table.append(sourceOf(orders(100)), writeOptions), expected);
    await refused(table, () => table.append(large(), writeOptions), expected);
  });

  it('a warehouse in a wrong bucket', async () => {
    const catalog = StoreCatalog.open({ warehouse: 's3://no-such-bucket/wh', store: good });
    const expected = { code: 'NOT_FOUND', message: expect.stringMatching(/no-such-bucket/) };
    await expect(catalog.createNamespace('demo')).rejects.toMatchObject(expected);
    await expect(catalog.createAndAppend('demo.t', sourceOf(orders(10)))).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('a store', () => {
  let proxy: S3Proxy;
  beforeAll(async () => {
    proxy = await startS3Proxy(kit.versitygw.endpoint);
  });
  beforeEach(() => {
    proxy.fault = () => null;
  });
  afterAll(() => proxy.close());

  const behind = async (table: Table, more?: Partial<S3StoreOptions>): Promise<Table> => {
    const store = storeOf({ ...kit.versitygw, endpoint: proxy.endpoint }, more);
    const catalog = await RestCatalog.connect({ uri: kit.restFixture.uri, stores: [store] });
    return catalog.loadTable(table.identifier);
  };
  const isDataPut = ({ method, target }: S3Request) => method === 'PUT' && /\.parquet$/.test(target);
  const isAvroPut = ({ method, target }: S3Request) => method === 'PUT' && /\.avro$/.test(target);

  const STEPS: ReadonlyArray<readonly [string, (request: S3Request) => boolean, boolean]> = [
    ['the beginning of an upload', isCreate, true],
    ['a part', isPart, true],
    ['the end of an upload', isComplete, true],
    ['a small data file', isDataPut, false],
    ['a manifest', isAvroPut, false],
  ];

  describe.each(STEPS)('at %s', (_, step, isLarge) => {
    const rows = () => (isLarge ? large() : sourceOf(orders(100)));

    it('that answers 500', async () => {
      const table = await freshTable();
      const same = await behind(table);
      proxy.fault = (request) =>
        step(request) ? { status: 500, body: '<Error><Code>InternalError</Code></Error>' } : null;
      await refused(table, () => same.append(rows(), writeOptions), { code: 'UNAVAILABLE' });
      proxy.fault = () => null;
      expect((await same.append(rows(), writeOptions)).rows).toBeGreaterThan(0n);
    });

    it('that answers 200 with a page', async () => {
      const table = await freshTable();
      const same = await behind(table);
      proxy.fault = (request) => (step(request) ? { status: 200, body: HTML } : null);
      const code = expect.stringMatching(/INVALID_RESPONSE|UNAVAILABLE|NOT_FOUND/);
      await refused(table, () => same.append(rows(), writeOptions), { code });
    });

    it('that answers nothing', async () => {
      const table = await freshTable();
      // Long enough for the requests that are answered.
      const same = await behind(table, { attemptTimeoutMs: 3000 });
      proxy.fault = (request) => (step(request) ? 'silence' : null);
      await refused(table, () => same.append(rows(), writeOptions), { code: 'UNAVAILABLE' });
    });

    it('that hangs up', async () => {
      const table = await freshTable();
      const same = await behind(table);
      proxy.fault = (request) => (step(request) ? 'cut' : null);
      await refused(table, () => same.append(rows(), writeOptions), { code: 'UNAVAILABLE' });
    });
  });

  it('that goes away for good: what could not be removed is listed, and nothing else is left', async () => {
    const table = await freshTable({ 'write.target-file-size-bytes': String(8 * MiB) });
    const same = await behind(table);
    const before = await stateOf(table);
    let parts = 0;
    proxy.fault = (request) => {
      if (isPart(request)) parts += 1;
      return parts > 2 ? 'cut' : null;
    };
    const error = await same.append(large(), writeOptions).catch((thrown: unknown) => thrown);
    if (!(error instanceof IcestreamError)) throw error;
    expect(error).toMatchObject({ code: 'UNAVAILABLE', retryable: true });
    const after = await stateOf(table);
    expect([after.snapshot, after.files]).toEqual([before.snapshot, before.files]);
    const left = [
      ...after.objects.filter((location) => !before.objects.includes(location)),
      ...after.uploads.map((key) => `s3://${kit.versitygw.bucket}/${key}`),
    ];
    expect(left.length).toBeGreaterThan(0);
    const listed = new Set(error.leftBehind.map((one) => one.replace(/\?uploadId=.*$/, '')));
    expect(left.filter((one) => !listed.has(one))).toEqual([]);
    expect(error.message).toMatch(/could not be removed/);
  });
});

describe('a catalog', () => {
  const UNKNOWN = [
    ['answers 500', { kind: 'answer-instead', status: 500, body: HTML }],
    ['answers with a page', { kind: 'answer-instead', status: 200, body: HTML }],
    ['answers nothing', { kind: 'lose-request' }],
  ] as const;

  it.each(UNKNOWN)(
    'that %s to every commit: nobody knows, so nothing is deleted and all is listed',
    async (_, fault) => {
      const table = await freshTable({ 'commit.retry.num-retries': '1', 'commit.retry.min-wait-ms': '1' });
      const proxy = await startProxy({ target: kit.restFixture.uri });
      try {
        const catalog = await RestCatalog.connect({ uri: proxy.uri, stores: [good], retryPolicy: hasty });
        const same = await catalog.loadTable(table.identifier);
        for (let i = 0; i < 20; i++) proxy.next(isCommit, fault);
        const before = await stateOf(table);
        const error = await same.append(sourceOf(orders(1000))).catch((thrown: unknown) => thrown);
        if (!(error instanceof CommitStateUnknownError)) throw error;
        const after = await stateOf(table);
        expect({ ...after, objects: [] }).toEqual({ ...before, objects: [] });
        const added = after.objects.filter((location) => !before.objects.includes(location));
        expect(added.length).toBeGreaterThanOrEqual(3);
        expect([...error.leftBehind].sort()).toEqual(added.sort());
        expect(error.message).toContain(error.commitId);
      } finally {
        await proxy.close();
      }
    },
  );

  it('that forbids the commit: the files are removed', async () => {
    const table = await freshTable();
    const proxy = await startProxy({ target: kit.restFixture.uri });
    try {
      const catalog = await RestCatalog.connect({ uri: proxy.uri, stores: [good], retryPolicy: hasty });
      const same = await catalog.loadTable(table.identifier);
      proxy.next(isCommit, { kind: 'answer-instead', ...errorAnswer(403, 'ForbiddenException', 'not you') });
      await refused(table, () => same.append(large(), writeOptions), { code: 'FORBIDDEN' });
    } finally {
      await proxy.close();
    }
  });

  it('without the table', async () => {
    const catalog = await RestCatalog.connect({ uri: kit.restFixture.uri, stores: [good] });
    const missing = { code: 'NOT_FOUND', place: { table: `${namespace}.none` } };
    await expect(catalog.loadTable(`${namespace}.none`)).rejects.toMatchObject(missing);
  });

  it('that lost the table while it was written', async () => {
    const table = await freshTable();
    const catalog = await RestCatalog.connect({ uri: kit.restFixture.uri, stores: [good] });
    const source = sourceOf(orders(1000));
    await catalog.dropTable(table.identifier);
    const error = await table.append(source).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'NOT_FOUND', leftBehind: [] });
  });
});

describe('a server that is killed in the middle of an upload', () => {
  it('leaves the table readable and the error lists the upload', async () => {
    const data = mkdtempSync(join(paths.run(), `versitygw-${process.pid}-`));
    mkdirSync(join(data, 'root'));
    mkdirSync(join(data, 'iam'));
    const port = await freePort();
    const [accessKeyId, secretAccessKey] = ['killme', 'killme-canary'];
    const start = (): Promise<RunningServer> =>
      startServer({
        name: 'versitygw',
        port,
        command: paths.versitygw(),
        args: [
          ...['--port', `127.0.0.1:${port}`, '--region', 'us-east-1', '--iam-dir', join(data, 'iam'), '--quiet'],
          ...['posix', join(data, 'root')],
        ],
        env: { ROOT_ACCESS_KEY: accessKeyId, ROOT_SECRET_KEY: secretAccessKey },
        healthPath: '/',
      });
    let server = await start();
    try {
      const access = { endpoint: server.url, region: 'us-east-1', accessKeyId, secretAccessKey, bucket: 'own' };
      await new AwsClient({ ...access, service: 's3', retries: 0 }).fetch(`${server.url}/own`, { method: 'PUT' });
      const store = storeOf(access);
      const catalog = StoreCatalog.open({ warehouse: 's3://own/wh', store });
      await catalog.createNamespace('demo');
      const table = await catalog.createTable('demo.t', ordersSchema, {
        properties: { 'write.parquet.compression-codec': 'uncompressed' },
      });
      await table.append(sourceOf(orders(10)));
      const before = await stateOf(table, store, access);
      const beforeBatch = async (row: number) => {
        if (row !== 450_000) return;
        // Parts of what came before are on their way.
        await vi.waitFor(async () => expect(await openUploads(access, '')).toHaveLength(1), 20_000);
        await server.stop();
      };
      const source = sourceOf(orders(900_000), { beforeBatch });
      const error = await table.append(source, writeOptions).catch((thrown: unknown) => thrown);
      if (!(error instanceof IcestreamError)) throw error;
      expect(error).toMatchObject({ code: 'UNAVAILABLE', retryable: true });
      expect(leaks(error, [secretAccessKey])).toEqual([]);
      server = await start();
      const after = await stateOf(table, store, access);
      expect({ ...after, uploads: [] }).toEqual(before);
      expect(after.uploads.length).toBe(1);
      expect(error.leftBehind.map((one) => one.replace(/\?uploadId=.*$/, ''))).toEqual(
        after.uploads.map((key) => `s3://own/${key}`),
      );
      expect((await table.append(sourceOf(orders(1000)))).rows).toBe(1000n);
    } finally {
      await server.stop();
      rmSync(data, { recursive: true, force: true });
    }
  });
});
