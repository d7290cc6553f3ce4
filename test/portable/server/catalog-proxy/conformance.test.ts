/** What every catalog must do, through the proxy, by the library's own client. */
import { memoryKeys } from '../../../../src/server/catalog/memory-keys.ts';
import { catalogConformance } from '../../../conformance/catalog.ts';
import { proxiedCatalog } from '../../../support/proxied-catalog.ts';

catalogConformance('catalog app behind a catalog proxy', async () => ({
  catalog: await proxiedCatalog({ catalog: { idempotencyKeys: memoryKeys() } }).connect(),
}));
