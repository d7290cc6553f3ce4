import { describe, expect, it } from 'vitest';
import { IcestreamError } from '../../../../src/errors.ts';
import type { IdempotencyKeys } from '../../../../src/server/catalog/idempotency-keys.ts';
import { memoryKeys } from '../../../../src/server/catalog/memory-keys.ts';
import { storeKeys } from '../../../../src/server/catalog/store-keys.ts';
import { MemoryStore } from '../../../../src/storage/memory/memory-store.ts';
import { uuidV7 } from '../../../../src/util/uuid.ts';
import { defaultWorld } from '../../../../src/util/world.ts';
import { idempotencyKeysConformance } from '../../../conformance/idempotency-keys.ts';
import { servedCatalog } from '../../../support/served-catalog.ts';

const answer = { status: 204, body: null, isTable: false };
const location = 'memory://keys/k';

/** A clock that a test sets. */
function clock() {
  const time = { now: 1_000_000 };
  return { time, world: { ...defaultWorld, now: () => time.now } };
}

idempotencyKeysConformance('in memory', memoryKeys);
idempotencyKeysConformance('in a store', (options) =>
  storeKeys({ store: new MemoryStore('keys'), location, ...options }),
);

describe('keys in memory', () => {
  it('are never forgotten for lack of room', async () => {
    const keys = memoryKeys({ maxKeys: 2 });
    await keys.claim('a', 'f');
    await keys.claim('b', 'f');
    expect(await keys.claim('c', 'f')).toEqual({ kind: 'full' });
    await keys.release('a', 'not-applied');
    expect(await keys.claim('c', 'f')).toEqual({ kind: 'run', resent: false });
    const { send } = servedCatalog({ idempotencyKeys: memoryKeys({ maxKeys: 0 }) });
    const key = { 'idempotency-key': uuidV7(defaultWorld) };
    const full = await send('POST', '/namespaces', { namespace: ['a'] }, key);
    expect([full.status, full.headers.get('retry-after')]).toEqual([429, '5']);
    expect((await send('GET', '/namespaces')).body.namespaces).toEqual([]);
  });
});

describe('keys in a store', () => {
  it('are shared by all who serve the catalog', async () => {
    const store = new MemoryStore('keys');
    const [one, two] = [storeKeys({ store, location }), storeKeys({ store, location })];
    expect(await one.claim('k', 'f')).toEqual({ kind: 'run', resent: false });
    expect(await two.claim('k', 'f')).toEqual({ kind: 'running' });
    await one.settle('k', answer);
    expect(await two.claim('k', 'f')).toEqual({ kind: 'answered', answer });
  });

  /** Puts, and then says `error`. */
  function losing(store: MemoryStore, error: IcestreamError): MemoryStore {
    return new Proxy(store, {
      get(target, name) {
        const own: unknown = Reflect.get(target, name);
        if (name !== 'put') return typeof own === 'function' ? own.bind(target) : own;
        return async (...args: Parameters<MemoryStore['put']>) => {
          await target.put(...args);
          throw error;
        };
      },
    });
  }

  it.each([
    // What a store answers when it repeats a put that it had applied.
    new IcestreamError('PRECONDITION_FAILED', 'exists'),
    new IcestreamError('UNAVAILABLE', 'no answer'),
  ])('are taken also when the answer to taking them was lost: %s', async (error) => {
    const keys = storeKeys({ store: losing(new MemoryStore('keys'), error), location });
    expect(await keys.claim('k', 'f')).toEqual({ kind: 'run', resent: false });
  });

  it('that cannot be reached keep changes from being made, and say that none was', async () => {
    const reported: unknown[] = [];
    const down = async (): Promise<never> => {
      throw new IcestreamError('UNAVAILABLE', 'canary');
    };
    const keys = { lifetimeMs: 1000, claim: down, settle: down, release: down };
    const { send } = servedCatalog({ idempotencyKeys: keys, onError: (error) => reported.push(error) });
    const key = { 'idempotency-key': uuidV7(defaultWorld) };
    const answer = await send('POST', '/namespaces', { namespace: ['a'] }, key);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '1']);
    expect(answer.text).not.toContain('canary');
    expect(reported).toHaveLength(1);
    expect((await send('GET', '/namespaces')).body.namespaces).toEqual([]);
  });

  it('that cannot be written after a change do not hide that it was made', async () => {
    const keys = memoryKeys();
    const broken: IdempotencyKeys = { ...keys, settle: async () => Promise.reject(new Error('down')) };
    const { send } = servedCatalog({ idempotencyKeys: broken });
    const key = { 'idempotency-key': uuidV7(defaultWorld) };
    expect((await send('POST', '/namespaces', { namespace: ['a'] }, key)).status).toBe(200);
  });

  it('are removed when they are old, and nothing else is', async () => {
    const store = new MemoryStore('keys');
    const { time, world } = clock();
    time.now = Date.now() - 10 * 3_600_000;
    const keys = storeKeys({ store, location, lifetimeMs: 1000, world });
    const old = uuidV7(world);
    await keys.claim(old, 'f');
    await keys.settle(old, answer);
    time.now = Date.now() + 3_600_000;
    const fresh = uuidV7(world);
    await keys.claim(fresh, 'f');
    const kept: string[] = [];
    for await (const { location: file } of store.list('memory://keys/')) kept.push(file);
    expect(kept).toEqual([`${location}/${fresh}.claim.json`]);
  });

  it('need a store that writes on conditions', () => {
    const store = new MemoryStore('keys');
    const plain = Object.create(store, {
      capabilities: { value: { ...store.capabilities, conditionalReplace: false } },
    });
    expect(() => storeKeys({ store: plain, location })).toThrow(/conditions/);
  });
});
