/** Everything the Worker serves, made once for an isolate, because what runs in it shares its memory. */
import { Hono } from 'hono';
import { StoreCatalog } from 'icestream';
import {
  bearerTokens,
  catalogApp,
  catalogProxyApp,
  ingestApp,
  Loads,
  s3App,
  storeKeys,
  type VendedAccess,
  vendCredentials,
  vendedCredentials,
} from 'icestream/server';
import { DurableCatalog, durableKeys } from 'icestream/server/durable-catalog';
import { R2Store } from 'icestream/storage/r2';
import { catalogTokens, catalogUpstreams, type Environment, ingestKeys, origins, publicUrl } from './environment.ts';
import { tablesPage } from './tables-page.ts';

const VENDED_FOR_MS = 3_600_000;

export interface Lakehouse {
  readonly app: Hono;
  readonly loads: Loads;
}

export function lakehouse(environment: Environment): Lakehouse {
  const { BUCKET, CATALOG, BUCKET_NAME, WAREHOUSE, CREATE_TABLES, PUBLIC_PAGE, VEND_SECRET } = environment;
  const store = new R2Store({ binding: BUCKET, bucket: BUCKET_NAME });
  const warehouse = `s3://${BUCKET_NAME}/${WAREHOUSE}`;
  const [catalog, idempotencyKeys] = CATALOG
    ? [DurableCatalog.open({ binding: CATALOG, warehouse, store }), durableKeys({ binding: CATALOG, warehouse })]
    : [StoreCatalog.open({ warehouse, store }), storeKeys({ store, location: `s3://${BUCKET_NAME}/.icestream-keys` })];
  const ingest = {
    catalog,
    keys: ingestKeys(environment),
    origins: origins(environment),
    createTables: CREATE_TABLES === 'true',
    spool: { store, location: `s3://${BUCKET_NAME}/.icestream-spool` },
  };
  const loads = new Loads(ingest);
  const app = new Hono().route('/', ingestApp(ingest, loads));
  const tokens = catalogTokens(environment);
  if (tokens.length > 0) {
    app.route(
      '/catalog',
      catalogApp({
        catalog: catalog.client,
        authenticate: bearerTokens(tokens),
        idempotencyKeys,
        origins: origins(environment),
        ...(VEND_SECRET && {
          vend: async ({ metadata }, { url }) =>
            vend(VEND_SECRET, BUCKET_NAME, metadata.location, publicUrl(environment, url)),
        }),
      }),
    );
  }
  const upstreams = catalogUpstreams(environment);
  if (Object.keys(upstreams).length > 0) {
    app.route('/catalogs', catalogProxyApp({ upstreams, origins: origins(environment) }));
  }
  if (VEND_SECRET) {
    const credentials = vendedCredentials(VEND_SECRET, BUCKET_NAME);
    const gateway = { bucket: BUCKET, name: BUCKET_NAME, credentials, basePath: '/s3', origins: origins(environment) };
    app.mount('/s3', s3App(gateway).fetch, { replaceRequest: (request) => request });
  }
  if (PUBLIC_PAGE === 'true') app.route('/', tablesPage(catalog));
  const nothing = { error: { code: 'NOT_FOUND', message: 'the Worker has nothing at this path' } };
  app.notFound((context) => context.json(nothing, 404));
  return { app, loads };
}

/** Credentials for the files of one table, for an hour; `base`: where clients reach the Worker. */
function vend(secret: string, bucket: string, location: string, base: string): VendedAccess {
  const prefix = `${location.replace(/^s3:\/\/[^/]+\//, '').replace(/\/+$/, '')}/`;
  const expiresAtMs = Math.ceil(Date.now() / VENDED_FOR_MS + 1) * VENDED_FOR_MS;
  const { accessKeyId, secretAccessKey, sessionToken } = vendCredentials(secret, {
    bucket,
    prefix,
    mode: 'read-write',
    expiresAtMs,
  });
  const config = {
    's3.endpoint': `${base}/s3`,
    's3.path-style-access': 'true',
    's3.region': 'auto',
    'client.region': 'auto',
    // Iceberg Java asks before each file and waits 3 s for an answer, which workerd alone (wrangler dev) never gives.
    'http-client.apache.expect-continue-enabled': 'false',
    's3.access-key-id': accessKeyId,
    's3.secret-access-key': secretAccessKey,
    's3.session-token': sessionToken,
    's3.session-token-expires-at-ms': String(expiresAtMs),
  };
  return { config, storageCredentials: [{ prefix: location, config }] };
}
