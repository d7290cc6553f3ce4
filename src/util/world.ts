/**
 * Everything the core needs from outside, injected so that tests and simulations can replace it.
 * No other module of the core calls `fetch`, `Date.now`, `Math.random`, `crypto` or `setTimeout` directly.
 */
import type { Bytes } from './bytes.ts';

export interface World {
  readonly fetch: (request: Request) => Promise<Response>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Cryptographically random bytes. */
  readonly randomBytes: (length: number) => Bytes;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason when it fires first. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
}

/** The runtime's own `fetch`, clock, random and timers. */
export const defaultWorld: World = {
  fetch: (request) => globalThis.fetch(request),
  now: () => Date.now(),
  randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const onAbort = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      }, ms);
      signal?.addEventListener('abort', onAbort, { once: true });
    }),
};
