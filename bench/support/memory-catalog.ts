/** A catalog in memory with the namespace `bench`, to measure without a disk and a server. */
import { MemoryStore } from '../../src/storage/memory/memory-store.ts';
import type { Store } from '../../src/storage/store.ts';
import { StoreCatalog, type TableCatalog } from '../../src/table/table-catalog.ts';

/** `wrap`: a store in front that counts or forgets, or the store itself. */
export async function memoryCatalog<S extends Store>(
  wrap: (store: MemoryStore) => S,
): Promise<{ readonly catalog: TableCatalog; readonly store: S }> {
  const store = wrap(new MemoryStore('bench'));
  const catalog = StoreCatalog.open({ warehouse: 'memory://bench', store });
  await catalog.createNamespace('bench');
  return { catalog, store };
}
