/** From a location and properties (in PyIceberg's and Java's names) to the store that serves it. */
import { IcestreamError } from '../errors.ts';
import { splitLocation } from '../util/location.ts';
import { defaultWorld, type World } from '../util/world.ts';
import { MemoryStore } from './memory/memory-store.ts';
import type { S3StoreOptions } from './s3/options.ts';
import { s3OptionsFromProperties } from './s3/properties.ts';
import { S3Store } from './s3/s3-store.ts';
import type { Store } from './store.ts';
import { shown } from './store-errors.ts';

export type StorageProperties = ReadonlyMap<string, string>;

/** Makes the store for a location of its scheme. */
export type StoreFactory = (location: string, properties: StorageProperties) => Store;

export interface StoreRegistryOptions {
  readonly world?: World;
  /** What properties cannot say (a signer, a credentials provider, a retry policy); wins over them. */
  readonly s3?: S3StoreOptions;
  /** Further schemes, or others for those there are: `new Map([['file', localStoreFactory]])`. */
  readonly factories?: ReadonlyMap<string, StoreFactory>;
}

/**
 * Knows `s3`, `s3a`, `s3n` and `memory`; local files come from `icestream/storage/local`, because the core has no file
 * system. A bare path counts as `file`.
 */
export class StoreRegistry {
  readonly #factories = new Map<string, StoreFactory>();
  readonly #memory = new Map<string, MemoryStore>();

  constructor(options: StoreRegistryOptions = {}) {
    const world = options.world ?? defaultWorld;
    const s3: StoreFactory = (_, properties) =>
      new S3Store({ world, ...s3OptionsFromProperties(properties), ...options.s3 });
    for (const scheme of ['s3', 's3a', 's3n']) this.#factories.set(scheme, s3);
    this.#factories.set('memory', (location) => this.#memoryStore(splitLocation(location).authority, world));
    for (const [scheme, factory] of options.factories ?? []) this.#factories.set(scheme, factory);
  }

  /** Whether there is a store for the scheme of `location`. */
  knows(location: string): boolean {
    return this.#factories.has(schemeOf(location));
  }

  /**
   * A store that serves `location`. Memory stores are kept by name for the life of the registry; others are made anew.
   * @throws IcestreamError UNSUPPORTED for an unknown scheme; INVALID_ARGUMENT for properties that cannot be used.
   */
  open(location: string, properties: StorageProperties = new Map()): Store {
    const factory = this.#factories.get(schemeOf(location));
    if (factory !== undefined) return factory(location, properties);
    const file = shown(location);
    throw new IcestreamError(
      'UNSUPPORTED',
      `there is no store for ${file}; known schemes: ${[...this.#factories.keys()].sort().join(', ')}`,
      { file },
    );
  }

  #memoryStore(name: string, world: World): MemoryStore {
    const store = this.#memory.get(name) ?? new MemoryStore(name, { world });
    this.#memory.set(name, store);
    return store;
  }
}

function schemeOf(location: string): string {
  return splitLocation(location).scheme || 'file';
}
