/** Our own S3 store through the gateway: what the store promises holds over R2's binding too. */
import { env } from 'cloudflare:workers';
import { s3App, staticCredentials } from '../../../src/server/index.ts';
import { S3Store } from '../../../src/storage/s3/s3-store.ts';
import { defaultWorld } from '../../../src/util/world.ts';
import { storeConformance } from '../../conformance/store.ts';
import { wireTo } from '../../support/s3-wire.ts';

const credentials = { accessKeyId: 'key', secretAccessKey: 'a secret of the tests' };
const app = s3App({
  bucket: env.BUCKET,
  name: 'lake',
  credentials: staticCredentials({ key: credentials.secretAccessKey }),
});
const world = { ...defaultWorld, fetch: wireTo(app) };
const access = { endpoint: 'http://gateway.example', region: 'auto', pathStyle: true, credentials, world };
let places = 0;

for (const payload of ['signed', 'unsigned'] as const) {
  storeConformance(`S3 over R2, ${payload} payloads`, async () => {
    places += 1;
    return {
      store: new S3Store({ ...access, payload }),
      base: `s3://lake/place ${places}`,
      foreign: 'memory://elsewhere/x',
      unfinished: async () => {
        const { objects } = await env.BUCKET.list({ prefix: '.icestream-uploads/' });
        return objects.map(({ key }) => key);
      },
    };
  });
}
