/** Idempotency keys in memory: for a catalog that is served by one process. */
import { type OptionNames, requireKnownOptions } from '../../util/known-options.ts';
import { defaultWorld, type World } from '../../util/world.ts';
import { type Claim, type IdempotencyKeys, KEY_GRACE, type KeptAnswer, RUN_LEASE_MS } from './idempotency-keys.ts';

export interface MemoryKeysOptions {
  /** Default 30 minutes. */
  readonly lifetimeMs?: number;
  /** Keys remembered at once, each up to about 3 kB; further ones are answered 429. Default 10,000. */
  readonly maxKeys?: number;
  readonly world?: World;
}

const OPTIONS: OptionNames<MemoryKeysOptions> = { lifetimeMs: true, maxKeys: true, world: true };

interface Entry {
  readonly fingerprint: string;
  readonly firstMs: number;
  /** Whether a run ended, or disappeared, with its outcome unknown. */
  resent: boolean;
  state: { readonly kind: 'running'; readonly sinceMs: number } | { readonly kind: 'open' } | Answered;
}

interface Answered {
  readonly kind: 'answered';
  readonly answer: KeptAnswer;
}

/**
 * Remembers until the process ends, and only in it. Right for one server of Node, Deno or Bun; wrong for Workers, where
 * a request may meet another isolate: `storeKeys` is for those.
 * @throws TypeError for an option that there is not.
 */
export function memoryKeys(options: MemoryKeysOptions = {}): IdempotencyKeys {
  requireKnownOptions('memoryKeys', options, OPTIONS);
  const { lifetimeMs = 30 * 60_000, maxKeys = 10_000, world = defaultWorld } = options;
  // In the order in which they expire.
  const entries = new Map<string, Entry>();

  function removeExpired(now: number): void {
    for (const [key, entry] of entries) {
      if (now - entry.firstMs <= lifetimeMs * KEY_GRACE) return;
      entries.delete(key);
    }
  }

  return {
    lifetimeMs,
    async claim(key, fingerprint): Promise<Claim> {
      const now = world.now();
      removeExpired(now);
      const state = { kind: 'running', sinceMs: now } as const;
      const entry = entries.get(key);
      if (entry === undefined) {
        if (entries.size >= maxKeys) return { kind: 'full' };
        entries.set(key, { fingerprint, firstMs: now, resent: false, state });
        return { kind: 'run', resent: false };
      }
      if (entry.fingerprint !== fingerprint) return { kind: 'other' };
      if (entry.state.kind === 'answered') return entry.state;
      if (entry.state.kind === 'running' && now - entry.state.sinceMs < RUN_LEASE_MS) return { kind: 'running' };
      entry.resent = true;
      entry.state = state;
      return { kind: 'run', resent: true };
    },
    async settle(key, answer) {
      const entry = entries.get(key);
      if (entry !== undefined) entry.state = { kind: 'answered', answer };
    },
    async release(key, outcome) {
      const entry = entries.get(key);
      if (entry === undefined) return;
      if (outcome === 'unknown') entry.resent = true;
      if (entry.resent) entry.state = { kind: 'open' };
      else entries.delete(key);
    },
  };
}
