/** Retries with exponential back-off and full jitter; time and random come from the world. */
import { IcestreamError } from '../errors.ts';
import type { World } from './world.ts';

export interface RetryPolicy {
  /** Calls in all, the first included. */
  readonly maxAttempts: number;
  /** Upper end of the first wait, in milliseconds; it doubles with each attempt. */
  readonly baseDelayMs: number;
  /** No wait is longer, except one that the server asked for. */
  readonly maxDelayMs: number;
  /** No wait is begun that would end later than this after the first attempt began. */
  readonly totalTimeoutMs: number;
}

export const defaultRetryPolicy: RetryPolicy = {
  maxAttempts: 6,
  baseDelayMs: 100,
  maxDelayMs: 10_000,
  totalTimeoutMs: 180_000,
};

/** What a failed attempt asks for: no other attempt, or one after the usual (or at least this) wait. */
export type RetryDecision = { readonly retry: false } | { readonly retry: true; readonly afterMs?: number | null };

export interface RetryOptions {
  readonly world: Pick<World, 'now' | 'sleep' | 'randomBytes'>;
  readonly policy?: RetryPolicy;
  readonly signal?: AbortSignal;
  /** Default: retries an {@link IcestreamError} with `retryable`. */
  readonly decide?: (error: unknown) => RetryDecision;
}

/**
 * Calls `attempt` (with 1, 2, …) until it succeeds.
 * @throws the last attempt's error; the signal's reason when it fires.
 */
export async function retry<T>(attempt: (number: number) => Promise<T>, options: RetryOptions): Promise<T> {
  const { world, policy = defaultRetryPolicy, signal, decide = retryableErrors } = options;
  const deadline = world.now() + policy.totalTimeoutMs;
  for (let number = 1; ; number++) {
    signal?.throwIfAborted();
    try {
      return await attempt(number);
    } catch (error) {
      signal?.throwIfAborted();
      const decision = decide(error);
      if (!decision.retry || number >= policy.maxAttempts) throw error;
      const waitMs = Math.max(backoffMs(policy, number, randomFraction(world)), decision.afterMs ?? 0);
      if (world.now() + waitMs > deadline) throw error;
      await world.sleep(waitMs, signal);
    }
  }
}

/** The wait after attempt `number` (1-based): between 0 and the exponential bound, by `fraction` in [0, 1). */
export function backoffMs(policy: RetryPolicy, number: number, fraction: number): number {
  return Math.floor(fraction * Math.min(policy.maxDelayMs, policy.baseDelayMs * 2 ** (number - 1)));
}

/** A number in [0, 1). */
export function randomFraction(world: Pick<World, 'randomBytes'>): number {
  let value = 0;
  for (const byte of world.randomBytes(6)) value = value * 256 + byte;
  return value / 2 ** 48;
}

/** A `Retry-After` header, in seconds or as a date, as milliseconds from now; null when absent or unreadable. */
export function parseRetryAfterMs(header: string | null, nowMs: number): number | null {
  const text = header?.trim() ?? '';
  if (/^\d+(\.\d+)?$/.test(text)) return Math.ceil(Number(text) * 1000);
  const at = /[a-z]/i.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? null : Math.max(0, at - nowMs);
}

function retryableErrors(error: unknown): RetryDecision {
  return { retry: error instanceof IcestreamError && error.retryable };
}
