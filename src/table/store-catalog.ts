/** A catalog in a folder of an object store or of local files, for people who run no catalog. */
import { StoreCatalog as StoreCatalogClient, type StoreCatalogOptions } from '../catalog/store/store-catalog.ts';
import { TableCatalog } from './table-catalog.ts';

export const StoreCatalog = {
  /** Nothing is read or written yet. */
  open(options: StoreCatalogOptions): TableCatalog {
    return new TableCatalog(new StoreCatalogClient(options), options.world);
  },
};
