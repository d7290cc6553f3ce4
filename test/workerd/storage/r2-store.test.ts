/** The store over an R2 binding, in workerd with Cloudflare's own simulator. */
import { env } from 'cloudflare:workers';
import { R2Store } from '../../../src/storage/r2/r2-store.ts';
import { storeConformance } from '../../conformance/store.ts';

const binding = env.BUCKET;
let places = 0;

storeConformance('R2', async () => {
  places += 1;
  return {
    store: new R2Store({ binding, bucket: 'lake' }),
    base: `s3://lake/place ${places}`,
    foreign: 's3://other/x',
  };
});
