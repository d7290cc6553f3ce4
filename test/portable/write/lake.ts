/** A small lakehouse in memory: the real store, the real catalog, the real engine. */
import type { Catalog } from '../../../src/catalog/catalog.ts';
import { StoreCatalog as StoreCatalogClient } from '../../../src/catalog/store/store-catalog.ts';
import type { DataFile } from '../../../src/spec/data-file.ts';
import type { Schema } from '../../../src/spec/schema.ts';
import { MemoryStore } from '../../../src/storage/memory/memory-store.ts';
import type { Store } from '../../../src/storage/store.ts';
import type { Table } from '../../../src/table/table.ts';
import { TableCatalog } from '../../../src/table/table-catalog.ts';
import { defaultWorld, type World } from '../../../src/util/world.ts';

/** The columns of `orders` in `rows.ts`. */
export const ordersSchema: Schema = {
  type: 'struct',
  fields: [
    { id: 1, name: 'id', required: false, type: 'long' },
    { id: 2, name: 'at', required: false, type: 'timestamp' },
    { id: 3, name: 'name', required: false, type: 'string' },
    { id: 4, name: 'amount', required: false, type: 'double' },
    { id: 5, name: 'kind', required: false, type: 'string' },
  ],
};

/** Does not wait: retries come at once. */
export const hastyWorld: World = { ...defaultWorld, sleep: async (_, signal) => signal?.throwIfAborted() };

export interface Lake {
  readonly store: MemoryStore;
  readonly client: Catalog;
  readonly catalog: TableCatalog;
  /** Locations of all objects, in order. */
  objects(): Promise<string[]>;
}

/** `wrap` puts faults in front of the store or the catalog. */
export async function lake(
  wrap: { store?: (store: Store) => Store; catalog?: (catalog: Catalog) => Catalog } = {},
): Promise<Lake> {
  const store = new MemoryStore('lake');
  const plain = new StoreCatalogClient({
    warehouse: 'memory://lake/wh',
    store: wrap.store?.(store) ?? store,
    world: hastyWorld,
  });
  const client = wrap.catalog?.(plain) ?? plain;
  const catalog = new TableCatalog(client, hastyWorld);
  await catalog.createNamespace('sales');
  return {
    store,
    client,
    catalog,
    objects: async () => {
      const found: string[] = [];
      for await (const { location } of store.list('memory://lake/')) found.push(location);
      return found;
    },
  };
}

/** A catalog that does not show snapshots other than the current one. */
export function currentOnly(catalog: Catalog): Catalog {
  return new Proxy(catalog, {
    get(target, property) {
      if (property === 'loadTable') {
        return async (...args: Parameters<Catalog['loadTable']>) => {
          const loaded = await target.loadTable(...args);
          const { metadata } = loaded;
          const current = metadata['current-snapshot-id'];
          const snapshots = metadata.snapshots?.filter((one) => one['snapshot-id'] === current) ?? [];
          return { ...loaded, metadata: { ...metadata, snapshots } };
        };
      }
      const value: unknown = Reflect.get(target, property);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** The live data files of the table's current snapshot. */
export async function liveFiles(table: Table): Promise<DataFile[]> {
  const files: DataFile[] = [];
  for await (const { file } of table.files()) files.push(file);
  return files;
}

/** Objects that no snapshot names: what a failed write must not leave. */
export async function orphans(lake: Lake, table: Table | null): Promise<string[]> {
  const named = table === null ? new Set<string>() : await namedBy(table);
  return (await lake.objects()).filter((location) => isFile(location) && !named.has(location));
}

/** The same, under the table's location in any store. */
export async function orphansIn(store: Store, table: Table): Promise<string[]> {
  const named = await namedBy(table);
  const found: string[] = [];
  for await (const { location } of store.list(`${table.location}/`)) {
    if (isFile(location) && !named.has(location)) found.push(location);
  }
  return found;
}

const isFile = (location: string) => /\.(parquet|avro)$/.test(location);

async function namedBy(table: Table): Promise<Set<string>> {
  const named = new Set<string>();
  await table.refresh();
  for (const snapshot of table.snapshots()) {
    named.add(snapshot.manifestList ?? '');
    for (const manifest of await table.manifests(snapshot.snapshotId)) named.add(manifest.manifestPath);
    for await (const { file } of table.files(snapshot.snapshotId)) named.add(file.filePath);
  }
  return named;
}
