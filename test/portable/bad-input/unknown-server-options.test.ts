/** Options of apps that there are not, or cannot be: the app is not made, so that no request meets them. */
import { StoreCatalog } from 'icestream';
import {
  anyone,
  bearerTokens,
  catalogApp,
  catalogProxyApp,
  ingestApp,
  Loads,
  memoryKeys,
  s3App,
  staticCredentials,
  storeKeys,
  vendCredentials,
} from 'icestream/server';
import { MemoryStore } from 'icestream/storage/memory';
import { describe, expect, test } from 'vitest';
import { DurableCatalog } from '../../../src/server/durable-catalog/durable-catalog.ts';
import { durableKeys } from '../../../src/server/durable-catalog/durable-keys.ts';

/** As JavaScript, which has no types, gives it. */
const untyped = (options: unknown) => options as never;

const store = new MemoryStore();
const warehouse = 'memory:///house';
const catalog = StoreCatalog.open({ warehouse, store });
const key = { id: 'a', token: 'secret', tables: ['web.*'] };
const ingest = (more: object) => () => ingestApp(untyped({ catalog, keys: [key], ...more }));
const upstream = { uri: 'https://catalog.example' };
const proxy = (main: object) => () => catalogProxyApp({ upstreams: { main: untyped({ ...upstream, ...main }) } });
const access = { authorization: 'Bearer x', authenticate: bearerTokens(['0123456789abcdef']) };
const secret = '0123456789abcdef0123456789abcdef';
const scope = { prefix: 'tables/', mode: 'read' };

function refusal(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof TypeError) return error.message;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('an option that there is not is refused by name, at once', () => {
  const cases: ReadonlyArray<readonly [what: string, option: string, call: () => unknown]> = [
    ['ingestApp', 'maxBodySize', ingest({ maxBodySize: 1 })],
    ['ingestApp', 'maxBodySize', () => new Loads(untyped({ catalog, keys: [key], maxBodySize: 1 }))],
    ['option write of ingestApp', 'schemaevolution', ingest({ write: { schemaevolution: 'addColumns' } })],
    ['option source of ingestApp', 'onBadRows', ingest({ source: { onBadRows: 'reject' } })],
    ['option csv of ingestApp', 'separator', ingest({ source: { csv: { separator: ';' } } })],
    ['option spool of ingestApp', 'folder', ingest({ spool: { store, location: 'memory:///spool', folder: 'x' } })],
    ['key "a" of ingestApp', 'table', ingest({ keys: [{ ...key, table: 'web.events' }] })],
    [
      'catalogApp',
      'prefixes',
      () => catalogApp(untyped({ catalog: catalog.client, authenticate: anyone, prefixes: 1 })),
    ],
    ['s3App', 'path', () => s3App(untyped({ bucket: {}, name: 'lake', credentials: () => null, path: '/s3' }))],
    ['catalogProxyApp', 'timeout', () => catalogProxyApp(untyped({ upstreams: {}, timeout: 1 }))],
    ['upstream "main" of catalogProxyApp', 'token', proxy({ token: 'x' })],
    ['access of upstream "main" of catalogProxyApp', 'token', proxy({ access: { ...access, token: 'x' } })],
    ['DurableCatalog.open', 'root', () => DurableCatalog.open(untyped({ binding: {}, warehouse, store, root: 1 }))],
    ['durableKeys', 'lifetime', () => durableKeys(untyped({ binding: {}, warehouse, lifetime: 1 }))],
    ['memoryKeys', 'lifetime', () => memoryKeys(untyped({ lifetime: 1 }))],
    ['storeKeys', 'lifetime', () => storeKeys(untyped({ store, location: 'memory:///keys', lifetime: 1 }))],
    ['the grant of "ID"', 'prefix', () => staticCredentials({ ID: untyped({ secret, prefix: 'tables/' }) })],
    [
      'the scope of "ID"',
      'read',
      () => staticCredentials({ ID: { secret, scope: untyped({ ...scope, read: true }) } }),
    ],
    [
      'vendCredentials',
      'until',
      () => vendCredentials(secret, untyped({ bucket: 'lake', ...scope, expiresAtMs: 1, until: 2 })),
    ],
  ];
  test.each(cases)('%s: %s', (what, option, call) => {
    expect(refusal(call)).toMatch(new RegExp(`^${what} has no option ${option}.*; there are \\w+`));
  });
});

describe('an option of one load, given for all, says where it comes from', () => {
  const cases: ReadonlyArray<readonly [string, object, RegExp]> = [
    ['memory', { write: { memoryLimitBytes: 1 } }, /memoryLimitBytes: it is one of ingestApp itself/],
    ['commit id', { write: { commitId: 'x' } }, /commitId: each request has its own, its Idempotency-Key/],
    ['of the source', { write: { onBadRow: 'reject' } }, /onBadRow: it is one of the option source/],
    ['format', { source: { format: 'csv' } }, /format: each request says it, as its Content-Type/],
    ['compression', { source: { compression: 'gzip' } }, /compression: each request says it, as its Content-Encoding/],
    ['dialect', { source: { delimiter: ';' } }, /\{ csv: \{ delimiter: … \} \}/],
  ];
  test.each(cases)('%s', (_, options, message) => {
    expect(refusal(ingest(options))).toMatch(message);
  });
});

describe('what all loads would fail of is refused when the app is made', () => {
  const cases: ReadonlyArray<readonly [string, object, RegExp]> = [
    ['an encoding', { write: { encoding: 'small' } }, /^encoding must be one of default, compact, not "small"/],
    [
      'schema evolution',
      { write: { schemaEvolution: true } },
      /^schemaEvolution must be one of none, addColumns, not true/,
    ],
    [
      'a distribution mode',
      { write: { distributionMode: 'sort' } },
      /^distributionMode must be one of none, hash, range/,
    ],
    [
      'a folder',
      { write: { spill: { store, location: 's3://b/x' } } },
      /^spill\.location "s3:\/\/b\/x" is not a folder/,
    ],
    [
      'properties',
      { write: { snapshotProperties: { run: 7 } } },
      /^snapshotProperties must be texts by name.*run is 7/,
    ],
    [
      'a spool',
      { spool: { store, location: 's3://b/x' } },
      /^spool\.location "s3:\/\/b\/x" is not a folder of spool\.store/,
    ],
    ['bad rows', { source: { onBadRow: 'skip' } }, /^onBadRow must be one of fail, reject, not "skip"/],
    ['columns', { source: { columns: 'id' } }, /^columns must be a list of names/],
    [
      'a delimiter',
      { source: { csv: { delimiter: '||' } } },
      /^csv\.delimiter must be one ASCII character, not "\|\|"/,
    ],
    ['a schema', { source: { schema: {} } }, /^schema must be an Iceberg schema/],
    ['what is neither true nor false', { createTables: 'no' }, /^createTables must be true or false, not "no"/],
    ['rows of a batch', { source: { batchRows: 0 } }, /^batchRows must be a whole number, 1 or more, not 0/],
  ];
  test.each(cases)('%s', (_, options, message) => {
    expect(refusal(ingest(options))).toMatch(message);
  });

  test('a limit of bad rows', () => {
    const app = ingest({ source: { maxBadRows: -1 } });
    expect(app).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT', place: { option: 'maxBadRows' } }));
  });
});

test('all options that there are make an app', () => {
  const source = {
    onBadRow: 'reject',
    maxBadRows: 3,
    csv: { delimiter: ';', quote: null },
    hivePartitioning: undefined,
  };
  const write = { encoding: 'compact', distributionMode: 'hash', spill: { store, location: 'memory:///spill' } };
  expect(ingest({ source, write, spool: { store, location: 'memory:///spool' }, origins: undefined })()).toBeDefined();
});

describe('a grant whose bounds cannot be is refused: it would have none', () => {
  const cases: ReadonlyArray<readonly [string, object, RegExp]> = [
    ['an end as text', { expiresAtMs: '2026-12-01' }, /^expiresAtMs must be whole milliseconds.*"ID"/],
    ['an end that is no number', { expiresAtMs: Number.NaN }, /^expiresAtMs must be whole milliseconds.*"ID"/],
    ['a mode', { scope: { ...scope, mode: 'readonly' } }, /^mode must be one of read, read-write, not "readonly"/],
  ];
  test.each(cases)('%s', (_, bounds, message) => {
    expect(refusal(() => staticCredentials({ ID: untyped({ secret, ...bounds }) }))).toMatch(message);
  });

  test('and so is a mode of vended ones', () => {
    const options = { bucket: 'lake', ...scope, mode: 'write', expiresAtMs: 1 };
    expect(refusal(() => vendCredentials(secret, untyped(options)))).toMatch(/^mode must be one of read, read-write/);
  });
});

test('a load of an option that there is not is refused by name', async () => {
  const loads = new Loads({ catalog, keys: [key] });
  const request = { identifier: { namespace: ['web'], name: 'events' }, body: null, contentType: null };
  const load = loads.append(untyped({ ...request, commitId: 'x' }));
  await expect(load).rejects.toThrow(/^Loads.append has no option commitId.*; there are identifier, body/);
  await expect(load).rejects.toBeInstanceOf(TypeError);
});
