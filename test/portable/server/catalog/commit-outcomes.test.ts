import { describe, expect, it } from 'vitest';
import type { CommitAnswer } from '../../../../src/catalog/catalog.ts';
import { IcestreamError } from '../../../../src/errors.ts';
import { appendOf, CREATE_T, servedCatalog } from '../../../support/served-catalog.ts';

const T = '/namespaces/ns/tables/t';
const SECRET = 'canary-secret-in-a-cause';

async function withTable(...args: Parameters<typeof servedCatalog>) {
  const served = servedCatalog(...args);
  await served.backend.createNamespace(['ns']);
  await served.send('POST', '/namespaces/ns/tables', CREATE_T);
  return served;
}

describe('a commit', () => {
  it('answers the table after it, with its tag', async () => {
    const { send } = await withTable();
    const committed = await send('POST', T, appendOf(4_611_686_018_427_387_905n, null, 1n));
    expect(committed.status).toBe(200);
    expect(committed.text).toContain('"current-snapshot-id":4611686018427387905');
    expect(committed.body['metadata-location']).toBe('memory://test/lakehouse/ns/t/metadata/v2.metadata.json');
    const loaded = await send('GET', T);
    expect(loaded.headers.get('etag')).toBe(committed.headers.get('etag'));
    expect(loaded.body.metadata).toEqual(committed.body.metadata);
  });

  it('that the table has moved away from is answered 409', async () => {
    const { send } = await withTable();
    await send('POST', T, appendOf(1n, null, 1n));
    const stale = await send('POST', T, appendOf(2n, null, 1n));
    expect([stale.status, stale.body.error.type]).toEqual([409, 'CommitFailedException']);
    const uuid = '00000000-0000-4000-8000-000000000000';
    const other = await send('POST', T, { requirements: [{ type: 'assert-table-uuid', uuid }], updates: [] });
    expect([other.status, other.body.error.type]).toEqual([409, 'CommitFailedException']);
    expect((await send('GET', T)).body.metadata['current-snapshot-id']).toBe(1);
  });

  it('with an update or requirement that nobody knows is answered 400, and nothing of it applies', async () => {
    const { send } = await withTable();
    const set = { action: 'set-properties', updates: { a: 'b' } };
    const bad: [unknown, RegExp][] = [
      [{ requirements: [], updates: [set, { action: 'make-coffee' }] }, /body\.updates.*make-coffee/],
      [{ requirements: [{ type: 'assert-weather' }], updates: [set] }, /body\.requirements.*assert-weather/],
      [{ requirements: [], updates: [{ action: 'constructor' }] }, /constructor/],
      [{ requirements: [] }, /updates.*missing/],
      [{ updates: [set] }, /requirements.*missing/],
      [{ identifier: { namespace: ['ns'], name: 'u' }, requirements: [], updates: [set] }, /identifier/],
      [{ requirements: [], updates: [{ action: 'set-location', location: 'memory://test/else' }] }, /move/],
      ['{"requirements":[],"updates":[', /JSON/],
      ['', /JSON/],
      [`${'['.repeat(300)}${']'.repeat(300)}`, /deep/],
    ];
    for (const [body, message] of bad) {
      const answer = await send('POST', T, body);
      expect([answer.status, answer.body.error.type]).toEqual([400, 'BadRequestException']);
      expect(answer.body.error.message).toMatch(message);
    }
    expect((await send('GET', T)).body.metadata.properties).not.toHaveProperty('a');
  });

  it('to a missing table is answered 404, and one that creates it in a missing namespace too', async () => {
    const { send } = await withTable();
    const set = [{ action: 'set-properties', updates: { a: 'b' } }];
    const missing = await send('POST', '/namespaces/ns/tables/u', { requirements: [], updates: set });
    expect([missing.status, missing.body.error.type]).toEqual([404, 'NoSuchTableException']);
    const create = { requirements: [{ type: 'assert-create' }], updates: set };
    const orphan = await send('POST', '/namespaces/no/tables/u', create);
    expect([orphan.status, orphan.body.error.type]).toEqual([404, 'NoSuchNamespaceException']);
  });

  it('to a name that the catalog cannot hold is refused for good, not left unknown', async () => {
    const { send } = await withTable();
    for (const create of [[], [{ type: 'assert-create' }]]) {
      const request = { requirements: create, updates: [{ action: 'set-properties', updates: { a: 'b' } }] };
      const answer = await send('POST', '/namespaces/ns/tables/a%2Fb', request);
      expect([answer.status, answer.body.error.type]).toEqual([400, 'BadRequestException']);
      expect(answer.body.error.message).toMatch(/a\/b.*choose another/);
    }
  });

  const outcomes: [CommitAnswer | Error, number, string][] = [
    [{ kind: 'conflict', message: 'it moved' }, 409, 'CommitFailedException'],
    [{ kind: 'unknown', message: SECRET }, 500, 'CommitStateUnknownException'],
    [new Error(SECRET), 500, 'CommitStateUnknownException'],
    [{ kind: 'throttled', retryAfterMs: 2500 }, 429, 'TooManyRequestsException'],
    [{ kind: 'unauthenticated', message: SECRET }, 403, 'ForbiddenException'],
    [{ kind: 'rejected', status: 403, message: SECRET }, 403, 'ForbiddenException'],
    [
      { kind: 'rejected', status: 507, message: SECRET, cause: new IcestreamError('STORAGE_FULL', SECRET) },
      400,
      'BadRequestException',
    ],
    [{ kind: 'rejected', status: 404, message: SECRET }, 404, 'NoSuchTableException'],
    [{ kind: 'rejected', status: 400, message: 'no such schema' }, 400, 'BadRequestException'],
  ];
  it.each(outcomes)('that ended as %j is answered %i %s', async (outcome, status, type) => {
    const reported: unknown[] = [];
    const { send } = await withTable({ onError: (error) => reported.push(error) }, () => ({
      commit: async () => {
        if (outcome instanceof Error) throw outcome;
        return outcome;
      },
    }));
    const answer = await send('POST', T, appendOf(1n, null, 1n));
    expect([answer.status, answer.body.error.type]).toEqual([status, type]);
    expect(answer.headers.get('retry-after')).toBe(status === 429 ? '3' : null);
    expect(answer.text).not.toContain(SECRET);
    // The operator learns what the client does not.
    if (status === 500 || status === 403) expect(reported).toHaveLength(1);
  });

  it('that stands, but cannot be read back, is no refusal', async () => {
    const { send } = await withTable({}, (backend) => ({
      commit: async (request, options) => {
        await backend.commit(request, options);
        return { kind: 'committed', table: null };
      },
      loadTable: async () => {
        throw new IcestreamError('NOT_FOUND', 'gone');
      },
    }));
    const answer = await send('POST', T, appendOf(1n, null, 1n));
    expect([answer.status, answer.body.error.type]).toEqual([500, 'CommitStateUnknownException']);
  });
});

describe('what the backend lacks', () => {
  const failures: [IcestreamError | Error, number, string][] = [
    [new IcestreamError('UNAVAILABLE', SECRET), 503, 'ServiceUnavailableException'],
    [new IcestreamError('FORBIDDEN', SECRET), 502, 'InternalServerError'],
    [new IcestreamError('UNAUTHENTICATED', SECRET), 502, 'InternalServerError'],
    [new IcestreamError('INVALID_METADATA', SECRET), 500, 'InternalServerError'],
    [new TypeError(SECRET), 500, 'InternalServerError'],
  ];
  it.each(failures)('is not told to clients: %s', async (failure, status, type) => {
    const reported: unknown[] = [];
    const { send } = servedCatalog({ onError: (error) => reported.push(error) }, () => ({
      loadTable: async () => {
        throw failure;
      },
    }));
    const answer = await send('GET', T);
    expect([answer.status, answer.body.error.type]).toEqual([status, type]);
    expect(answer.text).not.toContain(SECRET);
    expect(answer.headers.get('retry-after')).toBe(status === 503 ? '1' : null);
    expect(reported).toEqual([failure]);
  });

  it('is tried again when the catalog could not be opened', async () => {
    const { backend } = servedCatalog();
    let opened = 0;
    const { send } = servedCatalog({
      catalog: async () => {
        opened += 1;
        if (opened === 1) throw new IcestreamError('UNAVAILABLE', SECRET);
        return backend;
      },
    });
    expect((await send('GET', '/namespaces')).status).toBe(503);
    expect((await send('GET', '/namespaces')).status).toBe(200);
    expect((await send('GET', '/namespaces')).status).toBe(200);
    expect(opened).toBe(2);
  });
});
