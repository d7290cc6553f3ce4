/**
 * Where idempotency keys are remembered (REST OpenAPI: Idempotency-Key). The promise of `/v1/config` is only as good as
 * this memory: it must be shared by everything that serves the catalog, and live as long as it says.
 *
 * Little is kept of a key: what it was used for, and how that ended. The answer to a commit or a create is not kept but
 * made again from the table, which the spec allows to be newer. Of a request whose outcome nobody knows (5xx), only
 * that it was sent is kept: the next request with the key runs, and a commit is first looked for in its table.
 */

/** How a request ended for good. */
export interface KeptAnswer {
  readonly status: number;
  /** Null: there was none, or it is the table as it is now. */
  readonly body: string | null;
  /** Whether the body is the table of the request. */
  readonly isTable: boolean;
}

export type Claim =
  /** The caller runs it, and must call `settle` or `release`. `resent`: an earlier run ended with its outcome unknown. */
  | { readonly kind: 'run'; readonly resent: boolean }
  | { readonly kind: 'answered'; readonly answer: KeptAnswer }
  /** Another request with the key runs now. */
  | { readonly kind: 'running' }
  /** The key was used for another request. */
  | { readonly kind: 'other' }
  /** No more keys can be remembered now. */
  | { readonly kind: 'full' };

export interface IdempotencyKeys {
  /** How long a key is remembered, from its first use. */
  readonly lifetimeMs: number;
  /** @param fingerprint stands for the request: method, path and body. */
  claim(key: string, fingerprint: string): Promise<Claim>;
  settle(key: string, answer: KeptAnswer): Promise<void>;
  /** Without a final answer: `not-applied` forgets the key, where no earlier run may have been applied. */
  release(key: string, outcome: 'not-applied' | 'unknown'): Promise<void>;
}

/** Kept longer than announced, by this factor, for clocks and networks. */
export const KEY_GRACE = 1.1;
/** A run of which nothing was heard for so long has ended without a word. */
export const RUN_LEASE_MS = 5 * 60_000;
