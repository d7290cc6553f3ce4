import { StoreCatalog } from '../../../src/catalog/store/store-catalog.ts';
import { MemoryStore } from '../../../src/storage/memory/memory-store.ts';
import { catalogConformance } from '../../conformance/catalog.ts';

catalogConformance('catalog on a memory store', async () => ({
  catalog: new StoreCatalog({ warehouse: 'memory://test/lakehouse', store: new MemoryStore('test') }),
}));
