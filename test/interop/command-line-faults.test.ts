/** The command line on a real catalog and S3 server, behind a proxy that loses or refuses what it commits. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { RestCatalog, type Table } from '../../src/index.ts';
import { S3Store } from '../../src/storage/s3/s3-store.ts';
import { type Ended, icestream } from '../node/bad-input/command.ts';
import { ordersSchema, orphansIn } from '../portable/write/lake.ts';
import { type CatalogProxy, errorAnswer, type Fault, isCommit, startProxy } from '../support/proxy.ts';
import type { WireRequest } from '../support/verify-sigv4.ts';

const kit = inject('kit');
const { endpoint, region, accessKeyId, secretAccessKey } = kit.versitygw;
const store = new S3Store({ endpoint, region, credentials: { accessKeyId, secretAccessKey } });
const namespace = `commands_${Date.now()}`;
const conflict: Fault = { kind: 'answer-instead', ...errorAnswer(409, 'CommitFailedException', 'the table moved') };
const unavailable: Fault = { kind: 'answer-instead', status: 503, body: '' };
const isLoad = ({ method, target }: WireRequest) => method === 'GET' && /\/tables\/[^/?]+/.test(target);

let folder: string;
let proxy: CatalogProxy;
let table: Table;
let count = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'icestream-faults-'));
  await writeFile(join(folder, 'rows.csv'), 'id,kind\n1,a\n2,b\n');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

beforeEach(async () => {
  const catalog = await RestCatalog.connect({ uri: kit.restFixture.uri, stores: [store] });
  await catalog.createNamespace(namespace).catch(() => undefined);
  const properties = {
    'commit.retry.num-retries': '1',
    'commit.retry.min-wait-ms': '1',
    'commit.status-check.num-retries': '1',
    'commit.status-check.min-wait-ms': '1',
  };
  table = await catalog.createTable(`${namespace}.t${++count}`, ordersSchema, { properties });
  proxy = await startProxy({ target: kit.restFixture.uri });
});
afterEach(() => proxy.close());

function append(...args: readonly string[]): Promise<Ended> {
  const env = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_REGION: region };
  const where = ['--catalog', proxy.uri, '--s3-endpoint', endpoint];
  return icestream(['append', 'rows.csv', '--table', table.name, ...where, ...args], { cwd: folder, env });
}

const snapshots = async () => (await table.refresh()).snapshots();

describe('a commit of the command line', () => {
  it('that others are always faster than ends with exit code 7 and leaves nothing', async () => {
    proxy.next(isCommit, conflict);
    proxy.next(isCommit, conflict);
    expect(await append()).toMatchObject({
      code: 7,
      last: { type: 'error', code: 'COMMIT_CONFLICT', table: table.name, retryable: true, leftBehind: [] },
    });
    expect(proxy.count(isCommit)).toBe(2);
    expect(await snapshots()).toEqual([]);
    expect(await orphansIn(store, table)).toEqual([]);
  });

  it('that was lost with its answer, and cannot be looked for, ends with exit code 8 and deletes nothing', async () => {
    proxy.next(isCommit, { kind: 'lose-answer' });
    // All looks at the table after the one that started the load.
    const isLookAfter = (request: WireRequest) => isLoad(request) && proxy.count(isLoad) > 1;
    for (let n = 0; n < 20; n++) proxy.next(isLookAfter, unavailable);
    const ended = await append();
    expect(ended).toMatchObject({ code: 8, last: { type: 'error', code: 'COMMIT_STATE_UNKNOWN', retryable: true } });
    // It was applied: what the error calls left behind is the table's.
    const [snapshot] = await snapshots();
    expect(snapshot?.summary['added-records']).toBe('2');
    const leftBehind = ended.last['leftBehind'] as readonly string[];
    expect(leftBehind).toContain(snapshot?.manifestList);
    for (const file of leftBehind) expect(await store.stat(file)).not.toBeNull();
    // Asked again with the id of the error, it returns the commit.
    const commitId = String(ended.last['commitId']);
    await proxy.close();
    proxy = await startProxy({ target: kit.restFixture.uri });
    expect(await append('--commit-id', commitId)).toMatchObject({
      code: 0,
      last: { alreadyCommitted: true, snapshotId: String(snapshot?.snapshotId), rows: '2' },
    });
    expect(await snapshots()).toHaveLength(1);
  });

  it('whose answer was lost, and that is found in the table, ends well', async () => {
    proxy.next(isCommit, { kind: 'lose-answer' });
    expect(await append()).toMatchObject({ code: 0, last: { rows: '2', alreadyCommitted: false } });
    expect(await snapshots()).toHaveLength(1);
    expect(await orphansIn(store, table)).toEqual([]);
  });

  it('under an id whose history has expired ends with exit code 8, and nothing is written', async () => {
    await append();
    await append();
    const [first] = await snapshots();
    const { client } = await RestCatalog.connect({ uri: kit.restFixture.uri, stores: [store] });
    const updates = [{ action: 'remove-snapshots' as const, 'snapshot-ids': [first?.snapshotId ?? 0n] }];
    const request = { identifier: table.identifier, requirements: [], updates };
    await client.commit(request, { idempotencyKey: '019a0000-0000-7000-8000-000000000000' });
    expect(await append('--commit-id', '01920000-0000-7000-8000-000000000001')).toMatchObject({
      code: 8,
      last: { code: 'COMMIT_HISTORY_EXPIRED' },
    });
    expect(await snapshots()).toHaveLength(1);
  });
});

describe('a load of the command line', () => {
  it('is skipped by its number, whatever became of its snapshot', async () => {
    const numbered = ['--writer', 'nightly run', '--sequence'];
    const first = await append(...numbered, '4');
    expect(first).toMatchObject({ code: 0, last: { alreadyCommitted: false, writerSequence: '4' } });
    expect(await append(...numbered, '4')).toMatchObject({ code: 0, last: { alreadyCommitted: true, rows: '2' } });
    expect(await append(...numbered, '3')).toMatchObject({ code: 0, last: { alreadyCommitted: true, rows: '0' } });
    await table.refresh();
    expect(table.properties['icestream.writer.nightly%20run.sequence']).toBe(`4@${first.last['snapshotId']}`);
    expect(table.snapshots()).toHaveLength(1);
  });

  it('is staged by its wap.id: no branch shows it', async () => {
    await append();
    expect(await append('--wap-id', 'a')).toMatchObject({ code: 2, last: { option: '--wap-id' } });
    const request = {
      identifier: table.identifier,
      requirements: [],
      updates: [{ action: 'set-properties' as const, updates: { 'write.wap.enabled': 'true' } }],
    };
    const { client } = await RestCatalog.connect({ uri: kit.restFixture.uri, stores: [store] });
    await client.commit(request, { idempotencyKey: '019a0000-0000-7000-8000-000000000000' });
    const staged = await append('--wap-id', 'a');
    expect(staged).toMatchObject({ code: 0, last: { rows: '2' } });
    const [first, second] = await snapshots();
    expect(second).toMatchObject({ parentId: first?.snapshotId, refs: [], summary: { 'wap.id': 'a' } });
    expect(table.currentSnapshot?.['snapshot-id']).toBe(first?.snapshotId);
    expect(await append()).toMatchObject({ code: 0 });
    expect((await snapshots()).at(-1)?.summary['total-records']).toBe('4');
  });
});
