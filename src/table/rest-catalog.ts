/** An Iceberg REST catalog as people use it. */
import { RestCatalog as RestCatalogClient, type RestCatalogOptions } from '../catalog/rest/rest-catalog.ts';
import { TableCatalog } from './table-catalog.ts';

export const RestCatalog = {
  /** Reads the catalog's configuration, so a wrong address or token shows here. */
  async connect(options: RestCatalogOptions): Promise<TableCatalog> {
    return new TableCatalog(await RestCatalogClient.connect(options), options.world);
  },
};
