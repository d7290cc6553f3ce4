/** What a catalog app is made from. */
import type { Catalog, LoadedTable } from '../../catalog/catalog.ts';
import { type OptionNames, requireKnownOptions } from '../../util/known-options.ts';
import type { World } from '../../util/world.ts';
import type { OnError } from '../on-error.ts';
import type { Authenticate } from './authenticate.ts';
import type { IdempotencyKeys } from './idempotency-keys.ts';

/** What a client gets to reach a table's files with (REST OpenAPI: StorageCredential). */
export interface VendedAccess {
  /** Settings of the table's answer, e.g. `s3.endpoint`, `client.region`. */
  readonly config?: Readonly<Record<string, string>>;
  /** The client uses the one with the longest prefix of a location; a single one is among the settings too. */
  readonly storageCredentials: readonly {
    readonly prefix: string;
    readonly config: Readonly<Record<string, string>>;
  }[];
}

export interface CatalogAppOptions {
  /** What is served, or how to open it at the first request. */
  readonly catalog: Catalog | (() => Promise<Catalog>);
  /** Who may call: `bearerTokens([…])`, a function of your own, or `anyone`. */
  readonly authenticate: Authenticate;
  /** Remembers idempotency keys. Default: none is remembered, and the configuration does not announce that they are. */
  readonly idempotencyKeys?: IdempotencyKeys;
  /**
   * Credentials for a table's files, for clients that ask for them by `request`, whose URL says where they reach the
   * server. A single one that has `s3.session-token` and `s3.session-token-expires-at-ms` is renewed by clients that know
   * how to (Iceberg's Java library), which are told where. Default: none are given.
   */
  readonly vend?: (table: LoadedTable, request: Request) => Promise<VendedAccess>;
  /** Settings that clients may override, from `/v1/config`: `s3.endpoint`, …  No secrets. */
  readonly defaults?: Readonly<Record<string, string>>;
  /** Settings that clients may not override. */
  readonly overrides?: Readonly<Record<string, string>>;
  /** The name clients may ask for as their warehouse. Default: any name is this catalog. */
  readonly warehouse?: string;
  /** Stands in all paths after `/v1/`: one segment of letters, digits, `-` and `_`. Default: none. */
  readonly prefix?: string;
  /** Pages that may call from a browser, as `https://app.example`. Default: the server's own, as requests name it. */
  readonly origins?: readonly string[];
  /** Bodies are held whole, and take some times as much memory once they are parsed. Default 16 MiB. */
  readonly maxBodyBytes?: number;
  /** Names in one page of a listing that is asked for in pages, unless the client asks for fewer. Default 1000. */
  readonly maxPageSize?: number;
  /** Told of failures of the backend and of the app itself. Default: `console.error`. */
  readonly onError?: OnError;
  readonly world?: World;
}

const OPTIONS: OptionNames<CatalogAppOptions> = {
  catalog: true,
  authenticate: true,
  idempotencyKeys: true,
  vend: true,
  defaults: true,
  overrides: true,
  warehouse: true,
  prefix: true,
  origins: true,
  maxBodyBytes: true,
  maxPageSize: true,
  onError: true,
  world: true,
};

/** @throws TypeError for an option that there is not, or that cannot be. */
export function checkCatalogApp(options: CatalogAppOptions): void {
  requireKnownOptions('catalogApp', options, OPTIONS);
  const { prefix = '' } = options;
  if (!/^[A-Za-z0-9_-]*$/.test(prefix) || prefix === 'config' || prefix === 'oauth') {
    throw new TypeError('prefix: one segment of letters, digits, - and _, other than config and oauth');
  }
}
