/** Idempotency keys beside the names of the catalog. */
import { type OptionNames, requireKnownOptions } from '../../util/known-options.ts';
import { parseLocation } from '../../util/location.ts';
import { uuidV4 } from '../../util/uuid.ts';
import { defaultWorld, type World } from '../../util/world.ts';
import type { IdempotencyKeys } from '../catalog/idempotency-keys.ts';
import { callObject, type ObjectAddress } from './object-calls.ts';
import type { CatalogObjectBinding } from './rpc.ts';

export interface DurableKeysOptions {
  /** To the class `CatalogObject`. */
  readonly binding: CatalogObjectBinding;
  /** That of the catalog. */
  readonly warehouse: string;
  /** Default 30 minutes; at most 20 hours, because the object remembers changes for a day. */
  readonly lifetimeMs?: number;
  readonly world?: World;
}

const OPTIONS: OptionNames<DurableKeysOptions> = { binding: true, warehouse: true, lifetimeMs: true, world: true };

const MAX_LIFETIME_MS = 20 * 3_600_000;

/**
 * For a catalog app over a `DurableCatalog`, in any number of isolates. The object makes the change of a key once, so a
 * request that is sent again after a lost answer, or the end of an isolate, gets the answer of the first.
 * @throws TypeError for an option that there is not, and a lifetime that is too long.
 */
export function durableKeys(options: DurableKeysOptions): IdempotencyKeys {
  requireKnownOptions('durableKeys', options, OPTIONS);
  const { binding, warehouse, lifetimeMs = 30 * 60_000, world = defaultWorld } = options;
  if (!(lifetimeMs <= MAX_LIFETIME_MS)) throw new TypeError('lifetimeMs: at most 20 hours');
  parseLocation(warehouse);
  const object: ObjectAddress = { binding, name: warehouse.replace(/\/+$/, ''), world };
  return {
    lifetimeMs,
    claim(key, fingerprint) {
      const claim = { key, fingerprint, lifetimeMs, run: uuidV4(world), nowMs: world.now() };
      return callObject(object, (stub) => stub.claimKey(claim));
    },
    settle: (key, answer) => callObject(object, (stub) => stub.settleKey(key, answer)),
    release: (key, outcome) => callObject(object, (stub) => stub.releaseKey(key, outcome)),
  };
}
