/** What every catalog must do, by one in a Durable Object, alone and behind the catalog app. */
import { env } from 'cloudflare:workers';
import { durableKeys } from 'icestream/server/durable-catalog';
import { catalogConformance } from '../../../conformance/catalog.ts';
import { idempotencyKeysConformance } from '../../../conformance/idempotency-keys.ts';
import { newLake } from './lake.ts';
import { served } from './served.ts';

const { catalog } = await newLake();

catalogConformance('catalog in a Durable Object', async () => ({ catalog }));
catalogConformance('catalog app over a catalog in a Durable Object', async () => ({
  catalog: await served(await newLake()).connect(),
}));

let warehouses = 0;
idempotencyKeysConformance('in a Durable Object', (options) => {
  warehouses += 1;
  return durableKeys({ binding: env.CATALOG, warehouse: `s3://keys/${crypto.randomUUID()}-${warehouses}`, ...options });
});
