/** Calls to the catalog's Durable Object: sent again when no answer comes, because each send does the same. */
import { IcestreamError } from '../../errors.ts';
import { type RetryPolicy, retry } from '../../util/retry.ts';
import type { World } from '../../util/world.ts';
import type { CatalogObjectBinding, CatalogStub } from './rpc.ts';

const POLICY: RetryPolicy = { maxAttempts: 5, baseDelayMs: 50, maxDelayMs: 1000, totalTimeoutMs: 15_000 };

export interface ObjectAddress {
  readonly binding: CatalogObjectBinding;
  /** The object's name. */
  readonly name: string;
  readonly world: World;
}

/** @throws IcestreamError UNAVAILABLE: it may have done what was asked. The signal's reason, only before a send. */
export function callObject<T>(
  { binding, name, world }: ObjectAddress,
  call: (object: CatalogStub) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  return retry(
    async () => {
      try {
        // A stub is of no use after an error.
        return await call(binding.get(binding.idFromName(name)) as CatalogStub);
      } catch (cause) {
        const message = `the Durable Object of the catalog ${name} gave no answer; it may have done what was asked`;
        // More requests are the last thing that an object with too many of them needs.
        const isBusy = cause instanceof Error && 'overloaded' in cause && cause.overloaded === true;
        throw new IcestreamError('UNAVAILABLE', message, { cause, retryable: !isBusy });
      }
    },
    { world, policy: POLICY, ...(signal === undefined ? {} : { signal }) },
  );
}
