/** What every catalog must do, by a Durable Object with a bucket, alone and behind the catalog app. */
import { env } from 'cloudflare:workers';
import { DurableCatalog } from 'icestream/server/durable-catalog';
import { R2Store } from 'icestream/storage/r2';
import { catalogConformance } from '../../../conformance/catalog.ts';

const store = new R2Store({ binding: env.BUCKET, bucket: 'lake' });
const open = () => new DurableCatalog({ binding: env.CATALOG, warehouse: 's3://lake/durable', store });

catalogConformance('catalog in a Durable Object', async () => ({ catalog: open() }));
