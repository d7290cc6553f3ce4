/** Code that a page need not load before it comes to it. */
import { IcestreamError } from '../errors.ts';

/**
 * A module that is imported when it is first needed: `await onDemand(import('./csv.ts'))`.
 * @throws IcestreamError UNAVAILABLE when it cannot be had. Not retryable: browsers remember a failed import.
 */
export async function onDemand<M>(module: Promise<M>): Promise<M> {
  try {
    return await module;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new IcestreamError(
      'UNAVAILABLE',
      `a part of icestream could not be loaded (${reason}): the page is offline, or its files were replaced by newer ` +
        'ones; load the page again',
      { cause },
    );
  }
}
