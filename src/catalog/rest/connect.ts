/** Opening a session with a REST catalog: options checked, configuration fetched. */
import { IcestreamError } from '../../errors.ts';
import type { Store } from '../../storage/store.ts';
import { defaultRetryPolicy } from '../../util/retry.ts';
import { uuidV7 } from '../../util/uuid.ts';
import { defaultWorld } from '../../util/world.ts';
import { noAuth } from './auth/none.ts';
import { RestClient } from './client.ts';
import { parseAnswer } from './load-result.ts';
import { checkHeaders, type RestCatalogOptions } from './options.ts';
import { checkSecureUrl } from './origin.ts';
import { type Routes, restRoutes } from './routes.ts';
import { Secrets } from './scrub.ts';
import { readServerConfig, type ServerConfig } from './server-config.ts';
import { openS3Store } from './storage/open-s3.ts';
import type { S3Access, TableStorageOptions } from './storage/table-storage.ts';
import { s3CredentialsOf } from './storage/vended-credentials.ts';

/** What a connected catalog works with. */
export interface RestSession {
  readonly client: RestClient;
  readonly routes: Routes;
  readonly config: ServerConfig;
  readonly storage: TableStorageOptions;
  /** The header that asks for credentials or signatures; empty for none. */
  readonly delegation: Readonly<Record<string, string>>;
  readonly snapshots: 'all' | 'refs';
  /** A new idempotency key. */
  readonly newKey: () => string;
}

export async function openSession(options: RestCatalogOptions): Promise<RestSession> {
  const url = checkSecureUrl(options.uri, 'uri');
  if (url.search !== '' || url.hash !== '') {
    throw new IcestreamError('INVALID_ARGUMENT', 'the uri of a catalog has no query and no fragment', {
      option: 'uri',
    });
  }
  const uri = `${url.origin}${url.pathname}`.replace(/\/+$/, '');
  const world = options.world ?? defaultWorld;
  const properties = new Map(Object.entries(options.properties ?? {}));
  const secrets = new Secrets();
  secrets.add(properties.get('s3.secret-access-key'), properties.get('s3.session-token'));
  const client = new RestClient({
    uri,
    catalogUri: uri,
    name: options.name ?? url.host,
    auth: options.auth ?? noAuth(),
    secrets,
    headers: checkHeaders(options.headers ?? {}),
    world,
    timeoutMs: options.timeoutMs ?? 120_000,
    retryPolicy: options.retryPolicy ?? defaultRetryPolicy,
  });
  const config = readServerConfig(await fetchConfig(client, options), properties);
  const stores = options.stores ?? [];
  const hasOwn = stores.length > 0 || s3CredentialsOf(properties) !== null;
  const openS3 = options.openS3 ?? ((access: S3Access) => openS3Store(access, world));
  let own: Store | null = null;
  const asked = options.accessDelegation ?? (hasOwn ? [] : ['vended-credentials']);
  return {
    client,
    config,
    routes: restRoutes(config.prefix, config.namespaceSeparator),
    delegation: asked.length === 0 ? {} : { 'x-iceberg-access-delegation': asked.join(',') },
    snapshots: options.snapshots ?? 'all',
    newKey: () => uuidV7(world),
    storage: {
      stores,
      properties,
      serverProperties: config.storage,
      delegated: asked.length > 0,
      allowedOrigins: options.allowedOrigins ?? [],
      client,
      world,
      openS3,
      ownS3Store: () => {
        own ??= openS3({ properties, credentials: null, signer: null });
        return own;
      },
    },
  };
}

async function fetchConfig(client: RestClient, { warehouse, signal }: RestCatalogOptions) {
  const query = warehouse === undefined ? '' : `?warehouse=${encodeURIComponent(warehouse)}`;
  const { text } = await client.call({
    method: 'GET',
    path: `/v1/config${query}`,
    operation: 'read the configuration',
    subject: null,
    ...(signal === undefined ? {} : { signal }),
  });
  return parseAnswer(text, `the configuration of catalog ${client.options.name}`);
}
