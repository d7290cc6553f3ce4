import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IcestreamError } from '../../../src/errors.ts';
import { backoffMs, defaultRetryPolicy, parseRetryAfterMs, randomFraction, retry } from '../../../src/util/retry.ts';

/** A world whose time passes only in `sleep`. */
function slowWorld(random = 255) {
  const slept: number[] = [];
  let now = 1_000_000;
  return {
    slept,
    now: () => now,
    randomBytes: (length: number) => new Uint8Array(length).fill(random),
    sleep: async (ms: number, signal?: AbortSignal) => {
      signal?.throwIfAborted();
      slept.push(ms);
      now += ms;
    },
  };
}
const busy = () => new IcestreamError('UNAVAILABLE', 'busy', { retryable: true });

describe('retry', () => {
  it('waits longer each time, and stops at the first success', async () => {
    const world = slowWorld();
    const result = await retry(
      async (number) => {
        if (number < 4) throw busy();
        return number;
      },
      { world },
    );
    expect(result).toBe(4);
    expect(world.slept).toEqual([99, 199, 399]);
  });

  it('throws the last error when attempts run out, and other errors at once', async () => {
    const world = slowWorld();
    let calls = 0;
    const count = async () => {
      calls++;
      throw busy();
    };
    await expect(retry(count, { world })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(calls).toBe(defaultRetryPolicy.maxAttempts);
    const refuse = async () => {
      throw new IcestreamError('FORBIDDEN', 'no');
    };
    await expect(retry(refuse, { world: slowWorld() })).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  it('waits at least as long as the server asks, unless that is over the total time', async () => {
    const world = slowWorld(0);
    const once = async (number: number) => {
      if (number === 1) throw busy();
      return 'done';
    };
    await retry(once, { world, decide: () => ({ retry: true, afterMs: 7_000 }) });
    expect(world.slept).toEqual([7_000]);
    const late = retry(once, { world, decide: () => ({ retry: true, afterMs: 10 ** 9 }) });
    await expect(late).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('ends with the reason of its signal', async () => {
    const stop = new AbortController();
    const attempt = async () => {
      stop.abort(new Error('stopped'));
      throw busy();
    };
    await expect(retry(attempt, { world: slowWorld(), signal: stop.signal })).rejects.toThrow('stopped');
  });
});

describe('back-off', () => {
  it('stays between nothing and the bound', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.uint8Array({ minLength: 6, maxLength: 6 }), (number, bytes) => {
        const fraction = randomFraction({ randomBytes: () => Uint8Array.from(bytes) });
        const ms = backoffMs(defaultRetryPolicy, number, fraction);
        return fraction < 1 && ms >= 0 && ms < defaultRetryPolicy.maxDelayMs;
      }),
    );
  });

  it('reads Retry-After in both spellings', () => {
    const now = Date.UTC(2026, 10, 21, 3, 0, 0);
    expect(parseRetryAfterMs('3', now)).toBe(3000);
    expect(parseRetryAfterMs('0.5', now)).toBe(500);
    expect(parseRetryAfterMs('Sat, 21 Nov 2026 03:00:30 GMT', now)).toBe(30_000);
    expect(parseRetryAfterMs('Sat, 21 Nov 2026 02:00:30 GMT', now)).toBe(0);
    for (const unreadable of [null, '', 'soon', '-1']) expect(parseRetryAfterMs(unreadable, now)).toBeNull();
  });
});
