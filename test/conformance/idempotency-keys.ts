/** What every memory of idempotency keys must do; each calls this with a way to open one that is empty. */
import { describe, expect, it } from 'vitest';
import type { IdempotencyKeys } from '../../src/server/catalog/idempotency-keys.ts';
import { defaultWorld, type World } from '../../src/util/world.ts';

type Open = (options: { lifetimeMs?: number; world?: World }) => IdempotencyKeys;

/** A clock that a test sets. */
function clock() {
  const time = { now: 1_000_000 };
  return { time, world: { ...defaultWorld, now: () => time.now } };
}

export function idempotencyKeysConformance(name: string, open: Open): void {
  describe(`keys ${name}`, () => {
    it('are kept for their lifetime, and not much longer', async () => {
      const { time, world } = clock();
      const keys = open({ lifetimeMs: 1000, world });
      await keys.claim('k', 'f');
      await keys.settle('k', { status: 409, body: '{"a":1}', isTable: false });
      time.now += 1000;
      expect(await keys.claim('k', 'f')).toEqual({
        kind: 'answered',
        answer: { status: 409, body: '{"a":1}', isTable: false },
      });
      expect(await keys.claim('k', 'g')).toEqual({ kind: 'other' });
      time.now += 200;
      expect(await keys.claim('k', 'g')).toEqual({ kind: 'run', resent: false });
      expect(await keys.claim('k', 'g')).toEqual({ kind: 'running' });
    });

    it('of requests that ended without a word are given to the next, who is told', async () => {
      const { time, world } = clock();
      const keys = open({ lifetimeMs: 3_600_000, world });
      await keys.claim('k', 'f');
      time.now += 60_000;
      expect(await keys.claim('k', 'f')).toEqual({ kind: 'running' });
      time.now += 600_000;
      expect(await keys.claim('k', 'f')).toEqual({ kind: 'run', resent: true });
      // What the first did is still not known.
      await keys.release('k', 'not-applied');
      expect(await keys.claim('k', 'f')).toEqual({ kind: 'run', resent: true });
    });

    it('are forgotten when nothing was done, and never when that is not certain', async () => {
      const keys = open({ world: clock().world });
      await keys.claim('k', 'f');
      await keys.release('k', 'not-applied');
      expect(await keys.claim('k', 'g')).toEqual({ kind: 'run', resent: false });
      await keys.release('k', 'unknown');
      expect(await keys.claim('k', 'f')).toEqual({ kind: 'other' });
      expect(await keys.claim('k', 'g')).toEqual({ kind: 'run', resent: true });
    });

    it('have one winner', async () => {
      const keys = open({});
      const claims = await Promise.all([1, 2, 3, 4, 5, 6].map(() => keys.claim('k', 'f')));
      expect(claims.filter(({ kind }) => kind === 'run')).toHaveLength(1);
      expect(claims.filter(({ kind }) => kind === 'running')).toHaveLength(5);
      await keys.release('k', 'unknown');
      const again = await Promise.all([1, 2, 3, 4, 5, 6].map(() => keys.claim('k', 'f')));
      expect(again.filter(({ kind }) => kind === 'run')).toEqual([{ kind: 'run', resent: true }]);
    });
  });
}
