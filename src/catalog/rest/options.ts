/** What a connection to a REST catalog is made from. */
import { IcestreamError } from '../../errors.ts';
import type { Store } from '../../storage/store.ts';
import { type OptionNames, requireKnownOptions } from '../../util/known-options.ts';
import type { RetryPolicy } from '../../util/retry.ts';
import type { World } from '../../util/world.ts';
import type { RestAuth } from './auth/auth.ts';
import type { S3Access } from './storage/table-storage.ts';

export type AccessDelegation = 'vended-credentials' | 'remote-signing';

export interface RestCatalogOptions {
  /** Base address, without `/v1`: `https://catalog.example.com/iceberg`. https, but for loopback addresses. */
  readonly uri: string;
  /** The warehouse to ask for, where the catalog serves several. */
  readonly warehouse?: string;
  /** For messages. Default: the host. */
  readonly name?: string;
  /** Default: none. */
  readonly auth?: RestAuth;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * Settings in PyIceberg's names: `s3.endpoint`, `s3.region`, `s3.access-key-id`, `s3.secret-access-key`,
   * `s3.session-token`, `s3.path-style-access`, `prefix`.
   */
  readonly properties?: Readonly<Record<string, string>>;
  /** Stores for table files, tried in order by the locations they serve, before what the catalog offers. */
  readonly stores?: readonly Store[];
  /**
   * What to ask the catalog for. Default: `vended-credentials`, or nothing when storage keys or stores are given.
   */
  readonly accessDelegation?: readonly AccessDelegation[];
  /** Origins besides the catalog's own that it may name as signer, e.g. `https://signer.example.com`. Default none. */
  readonly allowedOrigins?: readonly string[];
  /** Snapshots to load with a table: `refs` saves time on tables with many. Default `all`. */
  readonly snapshots?: 'all' | 'refs';
  /** How long one request may take, in ms. Default 120,000. */
  readonly timeoutMs?: number;
  /** For requests that can be repeated; commits never are. */
  readonly retryPolicy?: RetryPolicy;
  readonly world?: World;
  readonly signal?: AbortSignal;
  /** Makes the stores for S3. Default: the library's own. */
  readonly openS3?: (access: S3Access) => Store;
}

const OPTIONS: OptionNames<RestCatalogOptions> = {
  uri: true,
  warehouse: true,
  name: true,
  auth: true,
  headers: true,
  properties: true,
  stores: true,
  accessDelegation: true,
  allowedOrigins: true,
  snapshots: true,
  timeoutMs: true,
  retryPolicy: true,
  world: true,
  signal: true,
  openS3: true,
};

/** @throws TypeError for an option that there is not. */
export function checkRestOptions(options: RestCatalogOptions): void {
  requireKnownOptions('RestCatalog.connect', options, OPTIONS);
}

/** Headers for every request; what the client sets itself is refused. */
export function checkHeaders(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  for (const name of Object.keys(headers)) {
    if (/^(host|content-length|content-type|idempotency-key|if-none-match)$/i.test(name)) {
      throw new IcestreamError('INVALID_ARGUMENT', `the header ${name} cannot be set; leave it out`, {
        option: 'headers',
      });
    }
  }
  try {
    new Headers(headers);
  } catch {
    throw new IcestreamError('INVALID_ARGUMENT', 'a header has characters that it cannot carry', { option: 'headers' });
  }
  return headers;
}
