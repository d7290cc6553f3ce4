/** From flags to a catalog, and to the stores that serve the files a command names. */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { catalogKind, restOptionsFromProperties } from '../catalog/configuration.ts';
import { localStoreFactory } from '../storage/local/index.ts';
import { StoreRegistry } from '../storage/registry.ts';
import type { Store } from '../storage/store.ts';
import { RestCatalog, StoreCatalog, type TableCatalog } from '../table/table-catalog.ts';
import type { CatalogFlags } from './configuration.ts';
import { catalogProperties } from './configuration.ts';

/** What the commands work with. */
export interface Lakehouse {
  readonly catalog: TableCatalog;
  /** The store for a location that a command was given. */
  storeFor(location: string): Store;
}

export async function openLakehouse(flags: CatalogFlags, signal: AbortSignal): Promise<Lakehouse> {
  const properties = await catalogProperties(flags, process.env, process.cwd());
  const registry = new StoreRegistry({ factories: new Map([['file', localStoreFactory]]) });
  const storeFor = (location: string) => registry.open(location, properties);
  if (catalogKind(properties) === 'rest') {
    const options = restOptionsFromProperties(properties);
    const catalog = await RestCatalog.connect({
      ...options,
      stores: [localStoreFactory('', properties)],
      accessDelegation: options.accessDelegation ?? (hasOwnKeys(properties) ? [] : ['vended-credentials']),
      signal,
    });
    return { catalog, storeFor };
  }
  const warehouse = toLocation(properties.get('warehouse') ?? '');
  return { catalog: StoreCatalog.open({ warehouse, store: storeFor(warehouse) }), storeFor };
}

/** Keys that were configured for this catalog, as against those that AWS variables hold for everything. */
function hasOwnKeys(properties: ReadonlyMap<string, string>): boolean {
  return properties.get('s3.access-key-id') !== process.env['AWS_ACCESS_KEY_ID'];
}

/** A path of this machine as a `file:` location; locations stay as they are. */
export function toLocation(pathOrLocation: string): string {
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(pathOrLocation)) return pathOrLocation;
  // Locations are not percent-encoded: all that `pathToFileURL` encodes is decoded, `#` and `?` too.
  return decodeURIComponent(pathToFileURL(resolve(pathOrLocation)).href);
}
