import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Catalog } from '../../../../src/catalog/catalog.ts';
import { isApplied } from '../../../../src/server/catalog/applied.ts';
import type { IdempotencyKeys } from '../../../../src/server/catalog/idempotency-keys.ts';
import { memoryKeys } from '../../../../src/server/catalog/memory-keys.ts';
import { storeKeys } from '../../../../src/server/catalog/store-keys.ts';
import { MemoryStore } from '../../../../src/storage/memory/memory-store.ts';
import { uuidV7 } from '../../../../src/util/uuid.ts';
import { defaultWorld } from '../../../../src/util/world.ts';
import { appendOf, CREATE_T, servedCatalog } from '../../../support/served-catalog.ts';

const T = '/namespaces/ns/tables/t';
const newKey = () => ({ 'idempotency-key': uuidV7(defaultWorld) });

async function withTable(faults?: (backend: Catalog) => Partial<Catalog>, idempotencyKeys = memoryKeys()) {
  const served = servedCatalog({ idempotencyKeys }, faults);
  await served.backend.createNamespace(['ns']);
  await served.send('POST', '/namespaces/ns/tables', CREATE_T);
  return served;
}

/** Commits, and loses the answers to the first `times`. */
function losesAnswers(times: number) {
  let sent = 0;
  return (backend: Catalog): Partial<Catalog> => ({
    commit: async (request, options) => {
      const answer = await backend.commit(request, options);
      sent += 1;
      return sent <= times ? { kind: 'unknown', message: 'no answer' } : answer;
    },
  });
}

/** The first commit is not applied, and nobody can tell; `sent` counts all. */
function losesFirst() {
  let sent = 0;
  const faults = (backend: Catalog): Partial<Catalog> => ({
    commit: async (request, options) => {
      sent += 1;
      return sent === 1 ? { kind: 'unknown', message: 'no answer' } : backend.commit(request, options);
    },
  });
  return { faults, sent: () => sent };
}

const MEMORIES: readonly (readonly [string, () => IdempotencyKeys])[] = [
  ['in memory', () => memoryKeys()],
  ['in a store', () => storeKeys({ store: new MemoryStore('keys'), location: 'memory://keys/k' })],
];

describe.each(MEMORIES)('a request with an idempotency key that is kept %s', (_, openKeys) => {
  it('that is sent again has the same answer, and is applied once', async () => {
    const { send } = await withTable(undefined, openKeys());
    const [key, body] = [newKey(), appendOf(11n, null, 1n)];
    const first = await send('POST', T, body, key);
    const again = await send('POST', T, body, { 'idempotency-key': key['idempotency-key'].toUpperCase() });
    expect([again.status, again.text]).toEqual([200, first.text]);
    expect(first.body.metadata['last-sequence-number']).toBe(1);
    // Another key is another request.
    expect((await send('POST', T, body, newKey())).status).toBe(409);
  });

  it('is answered with the table as it is when it is sent again', async () => {
    const { send } = await withTable(undefined, openKeys());
    const [key, body] = [newKey(), appendOf(11n, null, 1n)];
    await send('POST', T, body, key);
    await send('POST', T, appendOf(12n, 11n, 2n));
    const again = await send('POST', T, body, key);
    expect([again.status, again.body.metadata['current-snapshot-id']]).toEqual([200, 12]);
    await send('DELETE', T);
    // It was committed: no answer may say that it was not.
    expect((await send('POST', T, body, key)).status).toBe(500);
  });

  it('covers all that changes something, and what is refused', async () => {
    const { send } = servedCatalog({ idempotencyKeys: openKeys() });
    const calls: [string, string, unknown, number][] = [
      ['POST', '/namespaces', { namespace: ['ns'] }, 200],
      ['POST', '/namespaces/ns/tables', CREATE_T, 200],
      ['POST', '/namespaces/ns/tables', { ...CREATE_T, schema: { ...CREATE_T.schema, 'schema-id': 1 } }, 409],
      ['DELETE', '/namespaces/ns', undefined, 409],
      ['DELETE', T, undefined, 204],
      ['DELETE', '/namespaces/ns', undefined, 204],
      ['DELETE', '/namespaces/other', undefined, 404],
    ];
    for (const [method, path, body, status] of calls) {
      const key = newKey();
      const first = await send(method, path, body, key);
      expect([path, first.status]).toEqual([path, status]);
      const again = await send(method, path, body, key);
      expect([path, again.status, again.text]).toEqual([path, status, first.text]);
    }
  });

  it('is refused when the key was used for another request', async () => {
    const { send } = await withTable(undefined, openKeys());
    const key = newKey();
    await send('POST', T, appendOf(11n, null, 1n), key);
    const others = [
      await send('POST', T, appendOf(12n, 11n, 2n), key),
      await send('DELETE', T, undefined, key),
      await send('POST', '/namespaces', { namespace: ['ns2'] }, key),
    ];
    for (const { status, body } of others) {
      expect([status, body.error.type]).toEqual([422, 'UnprocessableEntityException']);
      expect(body.error.message).toContain('Idempotency-Key');
    }
    expect((await send('GET', T)).body.metadata['current-snapshot-id']).toBe(11);
  });

  it('is refused when the key is no UUID of version 7', async () => {
    const { send } = await withTable();
    for (const key of ['', 'x', crypto.randomUUID()]) {
      expect((await send('DELETE', T, undefined, { 'idempotency-key': key })).status, key).toBe(400);
    }
    expect((await send('HEAD', T)).status).toBe(204);
  });

  it('sent several times at once is applied once, and all have its answer', async () => {
    let running = 0;
    let ran = 0;
    const { send } = await withTable(
      (backend) => ({
        commit: async (request, options) => {
          running += 1;
          ran += 1;
          expect(running).toBe(1);
          await defaultWorld.sleep(30);
          const answer = await backend.commit(request, options);
          running -= 1;
          return answer;
        },
      }),
      openKeys(),
    );
    const [key, body] = [newKey(), appendOf(11n, null, 1n)];
    const answers = await Promise.all([1, 2, 3, 4].map(() => send('POST', T, body, key)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(ran).toBe(1);
  });

  it('whose answer was lost is found in the table, not applied again, and not refused', async () => {
    const { send } = await withTable(losesAnswers(1), openKeys());
    const [key, body] = [newKey(), appendOf(11n, null, 1n)];
    expect((await send('POST', T, body, key)).body.error.type).toBe('CommitStateUnknownException');
    await send('POST', T, appendOf(12n, 11n, 2n), newKey());
    const again = await send('POST', T, body, key);
    expect([again.status, again.body.metadata.snapshots.length]).toEqual([200, 2]);
  });

  it('that was not applied when its answer was lost is applied when it is sent again', async () => {
    const { faults, sent } = losesFirst();
    const { send } = await withTable(faults, openKeys());
    const [key, body] = [newKey(), appendOf(11n, null, 1n)];
    expect((await send('POST', T, body, key)).status).toBe(500);
    expect((await send('POST', T, body, key)).status).toBe(200);
    expect((await send('POST', T, body, key)).status).toBe(200);
    expect(sent()).toBe(2);
  });

  it('that lost to another is refused for good once that is certain', async () => {
    const { send } = await withTable(losesFirst().faults, openKeys());
    const [key, body] = [newKey(), appendOf(11n, null, 1n)];
    await send('POST', T, body, key);
    await send('POST', T, appendOf(12n, null, 1n), newKey());
    expect((await send('POST', T, body, key)).status).toBe(409);
  });

  it('stays unknown where a refusal could come of its own success', async () => {
    const { send } = await withTable(losesAnswers(1), openKeys());
    const requirements = [{ type: 'assert-current-schema-id', 'current-schema-id': 0 }];
    const schema = { type: 'struct', fields: [{ id: 1, name: 'other', required: false, type: 'int' }] };
    const updates = [
      { action: 'add-schema', schema },
      { action: 'set-current-schema', 'schema-id': -1 },
    ];
    const key = newKey();
    expect((await send('POST', T, { requirements, updates }, key)).status).toBe(500);
    const again = await send('POST', T, { requirements, updates }, key);
    expect([again.status, again.body.error.type]).toEqual([500, 'CommitStateUnknownException']);
  });

  it('that drops what its first sending dropped is answered as then', async () => {
    let sent = 0;
    const { send } = await withTable(
      (backend) => ({
        dropTable: async (identifier, options) => {
          await backend.dropTable(identifier, options);
          sent += 1;
          if (sent === 1) throw new Error('lost');
        },
      }),
      openKeys(),
    );
    const key = newKey();
    expect((await send('DELETE', T, undefined, key)).status).toBe(500);
    expect((await send('DELETE', T, undefined, key)).status).toBe(204);
    expect((await send('DELETE', T, undefined, newKey())).status).toBe(404);
  });

  it('was not applied when it was throttled, and can be sent again', async () => {
    let sent = 0;
    const { send } = await withTable(
      (backend) => ({
        commit: async (request, options) => {
          sent += 1;
          return sent === 1 ? { kind: 'throttled', retryAfterMs: null } : backend.commit(request, options);
        },
      }),
      openKeys(),
    );
    const [key, body] = [newKey(), appendOf(11n, null, 1n)];
    expect((await send('POST', T, body, key)).status).toBe(429);
    expect((await send('POST', T, body, key)).status).toBe(200);
  });

  it('means nothing where the catalog announces no memory', async () => {
    const { send } = servedCatalog();
    const key = { 'idempotency-key': 'anything' };
    expect((await send('POST', '/namespaces', { namespace: ['a'] }, key)).status).toBe(200);
    expect((await send('POST', '/namespaces', { namespace: ['b'] }, key)).status).toBe(200);
  });
});

describe('whether a commit is in a table', () => {
  it('is known by its snapshots, or not at all', async () => {
    const { send, backend } = await withTable();
    await send('POST', T, appendOf(11n, null, 1n));
    const { metadata } = await backend.loadTable({ namespace: ['ns'], name: 't' });
    const added = (id: bigint, sequence: bigint) => {
      const { snapshot } = appendOf(id, null, sequence).updates[0] ?? {};
      return { action: 'add-snapshot', snapshot } as never;
    };
    const verdict = (...updates: never[]) => isApplied(metadata, { requirements: [], updates });
    expect(verdict(added(11n, 1n))).toBe('yes');
    expect(verdict(added(12n, 1n))).toBe('no');
    expect(verdict(added(12n, 5n))).toBe('unknown');
    expect(verdict(added(11n, 1n), added(12n, 5n))).toBe('unknown');
    expect(verdict()).toBe('unknown');
    fc.assert(
      fc.property(fc.bigInt(12n, 2n ** 63n - 1n), fc.bigInt(0n, 9n), (id, sequence) => {
        expect(verdict(added(id, sequence))).not.toBe('yes');
      }),
    );
  });
});

describe('a commit to several tables, of a catalog that remembers no keys', () => {
  const transaction = (id: bigint) => ({
    'table-changes': ['t', 'u'].map((name) => ({ identifier: { namespace: ['ns'], name }, ...appendOf(id, null, 1n) })),
  });
  const snapshots = async ({ backend }: ReturnType<typeof servedCatalog>) => {
    const tables = ['t', 'u'].map((name) => backend.loadTable({ namespace: ['ns'], name }));
    return (await Promise.all(tables)).map(({ metadata }) => metadata.snapshots?.map((one) => one['snapshot-id']));
  };

  async function withTables(commitTransaction: (backend: Catalog, send: number) => Catalog['commitTransaction']) {
    let sends = 0;
    const served = await withTable((backend) => ({
      capabilities: { ...backend.capabilities, transactions: true },
      commitTransaction(requests, options) {
        sends += 1;
        return commitTransaction(backend, sends)(requests, options);
      },
    }));
    await served.send('POST', '/namespaces/ns/tables', { ...CREATE_T, name: 'u' });
    return served;
  }

  it('is looked for in the tables when it is sent again', async () => {
    const served = await withTables((backend) => async (requests, options) => {
      for (const request of requests) await backend.commit(request, options);
      return { kind: 'unknown', message: 'no answer' };
    });
    const [key, body] = [newKey(), transaction(11n)];
    const first = await served.send('POST', '/transactions/commit', body, key);
    expect([first.status, first.body.error.type]).toEqual([500, 'CommitStateUnknownException']);
    expect((await served.send('POST', '/transactions/commit', body, key)).status).toBe(204);
    expect(await snapshots(served)).toEqual([[11n], [11n]]);
  });

  it('is refused only when it is sure that it is in none of them', async () => {
    const served = await withTables((_, send) => async () => {
      return send === 1 ? { kind: 'unknown', message: 'no answer' } : { kind: 'conflict', message: 'moved' };
    });
    const [key, body] = [newKey(), transaction(11n)];
    for (const _ of [1, 2]) {
      expect((await served.send('POST', '/transactions/commit', body, key)).status).toBe(500);
    }
    await served.send('POST', T, appendOf(12n, null, 1n));
    expect((await served.send('POST', '/transactions/commit', body, key)).status).toBe(409);
    expect(await snapshots(served)).toEqual([[12n], []]);
  });
});
