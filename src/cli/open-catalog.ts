/**
 * From flags to a catalog, and to the stores that serve the files a command names. Each kind of catalog and of store is
 * imported when it is named: a command on a local folder starts without the code for S3 and REST.
 */
import { catalogKind } from '../catalog/catalog-kind.ts';
import { localStoreFactory } from '../storage/local/index.ts';
import type { StorageProperties, StoreRegistry } from '../storage/registry.ts';
import type { Store } from '../storage/store.ts';
import type { TableCatalog } from '../table/table-catalog.ts';
import { splitLocation } from '../util/location.ts';
import type { CatalogFlags } from './configuration.ts';
import { catalogProperties } from './configuration.ts';
import { toLocation } from './locations.ts';

/** The store for a location that a command was given. */
type StoreFor = (location: string) => Promise<Store>;

/** What the commands work with. */
export interface Lakehouse {
  readonly catalog: TableCatalog;
  readonly storeFor: StoreFor;
}

export async function openLakehouse(flags: CatalogFlags, signal: AbortSignal): Promise<Lakehouse> {
  const properties = await catalogProperties(flags, process.env, process.cwd());
  const storeFor = stores(properties);
  const catalog =
    catalogKind(properties) === 'rest'
      ? await restCatalog(properties, signal)
      : await storeCatalog(toLocation(properties.get('warehouse') ?? ''), storeFor);
  return { catalog, storeFor };
}

function stores(properties: StorageProperties): StoreFor {
  let registry: Promise<StoreRegistry> | undefined;
  return async (location) => {
    if (['', 'file'].includes(splitLocation(location).scheme)) return localStoreFactory(location, properties);
    registry ??= import('../storage/registry.ts').then(
      ({ StoreRegistry }) => new StoreRegistry({ factories: new Map([['file', localStoreFactory]]) }),
    );
    return (await registry).open(location, properties);
  };
}

async function storeCatalog(warehouse: string, storeFor: StoreFor): Promise<TableCatalog> {
  const store = await storeFor(warehouse);
  const { StoreCatalog } = await import('../table/store-catalog.ts');
  return StoreCatalog.open({ warehouse, store });
}

async function restCatalog(properties: StorageProperties, signal: AbortSignal): Promise<TableCatalog> {
  const [{ restOptionsFromProperties }, { RestCatalog }] = await Promise.all([
    import('../catalog/configuration.ts'),
    import('../table/rest-catalog.ts'),
  ]);
  const options = restOptionsFromProperties(properties);
  return RestCatalog.connect({
    ...options,
    stores: [localStoreFactory('', properties)],
    accessDelegation: options.accessDelegation ?? (hasOwnKeys(properties) ? [] : ['vended-credentials']),
    signal,
  });
}

/** Keys that were configured for this catalog, as against those that AWS variables hold for everything. */
function hasOwnKeys(properties: ReadonlyMap<string, string>): boolean {
  return properties.get('s3.access-key-id') !== process.env['AWS_ACCESS_KEY_ID'];
}
