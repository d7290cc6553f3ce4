/** What every catalog must do, by the library's own client; each answer is held against the OpenAPI file. */
import { memoryKeys } from '../../../../src/server/catalog/memory-keys.ts';
import { catalogConformance } from '../../../conformance/catalog.ts';
import { servedCatalog } from '../../../support/served-catalog.ts';

catalogConformance('catalog app over a catalog on a store', async () => ({
  catalog: await servedCatalog({ idempotencyKeys: memoryKeys() }).connect(),
}));

catalogConformance('catalog app with a prefix, small pages and no idempotency keys', async () => ({
  catalog: await servedCatalog({ prefix: 'main', maxPageSize: 1 }).connect(),
}));
