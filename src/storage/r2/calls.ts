/** Calls of the binding, with the retries that it does not make itself. */
import { type RetryPolicy, retry } from '../../util/retry.ts';
import type { World } from '../../util/world.ts';
import type { R2Body, R2BucketBinding } from './binding.ts';
import { INVALID_RANGE, r2Code, r2Error } from './errors.ts';

export type R2World = Pick<World, 'now' | 'sleep' | 'randomBytes'>;

export interface R2Calls {
  readonly binding: R2BucketBinding;
  readonly world: R2World;
  /**
   * Makes a call, again where that may help. The binding cannot cancel one: a signal ends the tries, and the call that
   * is under way is waited for, so that nothing is stored later.
   */
  readonly call: <T>(location: string, signal: AbortSignal | undefined, attempt: () => Promise<T>) => Promise<T>;
}

export function r2Calls(binding: R2BucketBinding, world: R2World, policy: RetryPolicy | undefined): R2Calls {
  const call: R2Calls['call'] = (location, signal, attempt) => {
    const once = () =>
      attempt().catch((error: unknown) => {
        throw r2Error(error, location);
      });
    return retry(once, { world, ...(policy && { policy }), ...(signal && { signal }) });
  };
  return { binding, world, call };
}

/**
 * Bytes `[start, end)`; null: there is no such object; `beyond`: it has no byte there, which R2 takes for an error, and
 * the simulator, exactly at the end, for an internal one.
 */
export async function getFrom(
  binding: R2BucketBinding,
  key: string,
  start: number,
  end?: number,
): Promise<R2Body | 'beyond' | null> {
  const range = end === undefined ? { offset: start } : { offset: start, length: end - start };
  try {
    return await binding.get(key, start === 0 && end === undefined ? {} : { range });
  } catch (error) {
    if (r2Code(error) === INVALID_RANGE) return 'beyond';
    const found = start === 0 ? null : await binding.head(key).catch(() => null);
    if (found !== null && found.size <= start) return 'beyond';
    throw error;
  }
}
