/** A catalog in memory with the namespace `bench`, to measure without a disk and a server. */
import { type Store, StoreCatalog, type TableCatalog } from 'icestream';
import { MemoryStore } from 'icestream/storage/memory';

/** `wrap`: a store in front that counts or forgets, or the store itself. */
export async function memoryCatalog<S extends Store>(
  wrap: (store: MemoryStore) => S,
): Promise<{ readonly catalog: TableCatalog; readonly store: S }> {
  const store = wrap(new MemoryStore('bench'));
  const catalog = StoreCatalog.open({ warehouse: 'memory://bench', store });
  await catalog.createNamespace('bench');
  return { catalog, store };
}
