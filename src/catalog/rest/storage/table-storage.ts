/**
 * The store for a loaded table's files: the caller's own, or S3 with credentials the catalog vends, or S3 with requests
 * the catalog signs. A catalog's settings go with a catalog's credentials; they never direct the caller's.
 */
import { IcestreamError } from '../../../errors.ts';
import type { S3CredentialsProvider } from '../../../storage/s3/credentials.ts';
import type { RequestSigner } from '../../../storage/s3/signer.ts';
import type { Store } from '../../../storage/store.ts';
import { splitLocation } from '../../../util/location.ts';
import type { World } from '../../../util/world.ts';
import { RestClient } from '../client.ts';
import type { LoadResult, StorageCredential } from '../load-result.ts';
import { isLoopback } from '../origin.ts';
import { MissingStore } from './missing-store.ts';
import { RemoteSigner, signerAddress } from './remote-signer.ts';
import { RoutedStore } from './routed-store.ts';
import { s3CredentialsOf, selectCredential, VendedCredentials } from './vended-credentials.ts';

/** What a store for S3 is made from. */
export interface S3Access {
  /** `s3.endpoint`, `s3.region` or `client.region`, `s3.path-style-access`, and whatever else the caller gave. */
  readonly properties: ReadonlyMap<string, string>;
  /** Null: `signer` signs, or the keys in `properties`, or nothing does. */
  readonly credentials: S3CredentialsProvider | null;
  readonly signer: RequestSigner | null;
}

export interface TableStorageOptions {
  /** Stores the caller gave: used before anything else for the locations they serve. */
  readonly stores: readonly Store[];
  /** The caller's properties in PyIceberg's names. */
  readonly properties: ReadonlyMap<string, string>;
  /** Settings from the catalog's configuration. */
  readonly serverProperties: ReadonlyMap<string, string>;
  /** Whether the caller asked for credentials or signatures from the catalog. */
  readonly delegated: boolean;
  readonly allowedOrigins: readonly string[];
  readonly client: RestClient;
  readonly world: World;
  readonly openS3: (access: S3Access) => Store;
  /** The store of the caller's own S3 settings: one for all tables, so that its buffers and keys are used again. */
  readonly ownS3Store: () => Store;
}

export interface TableAccess {
  readonly shown: string;
  readonly result: LoadResult;
  /** Asks the catalog for new credentials. */
  readonly renew: () => Promise<readonly StorageCredential[]>;
  readonly signPath: string;
}

/** Table settings a server may give along with credentials of its own. */
const SERVER_KEYS = ['s3.endpoint', 's3.region', 'client.region', 's3.path-style-access'];

/** @throws IcestreamError INVALID_RESPONSE when the server's settings point where they must not. */
export function tableStorage(access: TableAccess, options: TableStorageOptions): Store {
  const { location } = access.result.metadata;
  const given = options.stores.find((store) => store.serves(location));
  const other = given ?? delegatedStore(access, options) ?? ownS3(location, options) ?? missing(access);
  if (options.stores.length === 0) return other;
  const byScheme = (wanted: string) => options.stores.find((store) => store.serves(wanted)) ?? null;
  return new RoutedStore(
    other,
    (wanted) => byScheme(wanted) ?? (given === undefined && other.serves(wanted) ? other : null),
  );
}

/** The credentials of a load result: the list, or those of older servers in the table's configuration. */
export function vendedBy({ credentials, config }: LoadResult, location: string): readonly StorageCredential[] {
  const listed = credentials.filter((credential) => s3CredentialsOf(credential.config) !== null);
  if (listed.length > 0) return listed;
  return s3CredentialsOf(config) === null ? [] : [{ prefix: splitLocation(location).scheme, config }];
}

function delegatedStore(access: TableAccess, options: TableStorageOptions): Store | null {
  const { result } = access;
  if (!options.delegated || !isS3(result.metadata.location)) return null;
  const vended = vendedBy(result, result.metadata.location);
  if (vended.length > 0) return vendedStore(access, options, vended);
  const { config } = result;
  const isSigned =
    (config.get('s3.remote-signing-enabled') ?? options.serverProperties.get('s3.remote-signing-enabled')) === 'true' ||
    result.signing !== null ||
    config.has('s3.signer.endpoint') ||
    config.has('s3.signer.uri');
  return isSigned ? signedStore(access, options) : null;
}

function vendedStore(access: TableAccess, options: TableStorageOptions, first: readonly StorageCredential[]): Store {
  const { world, client, openS3 } = options;
  const { secrets } = client.options;
  const vended = new VendedCredentials({ first, renew: access.renew, world, secrets, shown: access.shown });
  const open = (credential: StorageCredential) => {
    const asked = /:\/\//.test(credential.prefix) ? credential.prefix : access.result.metadata.location;
    const properties = serverSettings(access, options, credential.config);
    return {
      prefix: credential.prefix,
      store: openS3({ properties, credentials: vended.provider(asked), signer: null }),
    };
  };
  const stores = first.map(open);
  const [only] = stores;
  if (only !== undefined && stores.length === 1) return only.store;
  const home = selectCredential(stores, access.result.metadata.location)?.store ?? only?.store;
  return new RoutedStore(home ?? missing(access), (location) => selectCredential(stores, location)?.store ?? null);
}

function signedStore(access: TableAccess, options: TableStorageOptions): Store {
  const { client, allowedOrigins, openS3 } = options;
  const { shown, signPath, result } = access;
  const { catalogUri } = client.options;
  const address = signerAddress({ config: result.config, catalogUri, defaultPath: signPath, allowedOrigins, shown });
  const properties = serverSettings(access, options, new Map());
  const signer = new RemoteSigner({
    client: new RestClient({ ...client.options, uri: address.uri }),
    path: address.path,
    config: result.signing,
    shown,
  });
  return openS3({ properties, credentials: null, signer });
}

/** The caller's own S3 settings alone: keys among them, or none for a public bucket. */
function ownS3(location: string, { properties, ownS3Store }: TableStorageOptions): Store | null {
  const isGiven = [...properties.keys()].some((key) => key.startsWith('s3.'));
  return isGiven && isS3(location) ? ownS3Store() : null;
}

/** Catalog < table < credential < caller. */
function serverSettings(
  access: TableAccess,
  { properties, serverProperties, client }: TableStorageOptions,
  credential: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const server = new Map(
    [...serverProperties, ...access.result.config, ...credential].filter(([key]) => SERVER_KEYS.includes(key)),
  );
  const endpoint = server.get('s3.endpoint');
  if (endpoint !== undefined && !properties.has('s3.endpoint')) {
    checkEndpoint(endpoint, client.options.catalogUri, access.shown);
  }
  const own = [...properties].filter(
    ([key]) => !/^(s3|client)\.(access-key-id|secret-access-key|session-token)/.test(key),
  );
  return new Map([...server, ...own]);
}

/** A catalog on the network must not send table data in clear, nor to this machine's own services. */
function checkEndpoint(endpoint: string, catalogUri: string, shown: string): void {
  const url = URL.parse(endpoint);
  const isLocal = isLoopback(new URL(catalogUri).hostname);
  const isFine =
    url?.protocol === 'https:' ? isLocal || !isLoopback(url.hostname) : url?.protocol === 'http:' && isLocal;
  if (url !== null && isFine && url.username === '') return;
  throw new IcestreamError(
    'INVALID_RESPONSE',
    `the catalog names ${url === null ? 'something' : url.origin} as S3 endpoint of table ${shown}, which is not a public https address; if that is right, give it yourself as s3.endpoint`,
    { table: shown, option: 's3.endpoint' },
  );
}

function missing({ result, shown }: TableAccess): Store {
  const { scheme } = splitLocation(result.metadata.location);
  const need = isS3(result.metadata.location)
    ? 'the catalog vended no storage credentials: give s3.access-key-id, s3.secret-access-key and s3.endpoint, or ask for accessDelegation'
    : `give a store for ${scheme === '' ? 'local' : scheme} locations`;
  return new MissingStore(`the files of table ${shown} cannot be reached: ${need}`);
}

function isS3(location: string): boolean {
  return /^s3[an]?$/.test(splitLocation(location).scheme);
}
