/** The contract of a catalog: where tables are named, and where a commit is decided. */

import type { PartitionSpec } from '../spec/partition-spec.ts';
import type { TableRequirement } from '../spec/requirements.ts';
import type { Schema } from '../spec/schema.ts';
import type { SortOrder } from '../spec/sort-order.ts';
import type { TableMetadata } from '../spec/table-metadata.ts';
import type { TableUpdate } from '../spec/updates.ts';
import type { Store } from '../storage/store.ts';

/** `['sales', 'eu']`; never empty. */
export type Namespace = readonly string[];

export interface TableIdentifier {
  readonly namespace: Namespace;
  readonly name: string;
}

/** What a catalog knows of a table at one moment. */
export interface LoadedTable {
  readonly identifier: TableIdentifier;
  /** Null for a staged table that was not committed yet. */
  readonly metadataLocation: string | null;
  readonly metadata: TableMetadata;
  /** The store that serves the table's files, with the catalog's credentials where it vends them. */
  readonly store: Store;
}

export interface CreateTableRequest {
  /** Field ids may be 0 or repeated: the catalog assigns fresh ones, as the spec asks of a create. */
  readonly schema: Schema;
  readonly partitionSpec?: PartitionSpec;
  readonly sortOrder?: SortOrder;
  readonly location?: string;
  /** `format-version` chooses the table version; default 2. */
  readonly properties?: Readonly<Record<string, string>>;
}

export interface CatalogCallOptions {
  readonly signal?: AbortSignal;
}

/** For calls that change something. */
export interface ChangeOptions extends CatalogCallOptions {
  /**
   * UUIDv7, names the change: a catalog that remembers keys makes it once, however often it is called for. Default: a
   * new one for each call.
   */
  readonly idempotencyKey?: string;
}

/** What became of a commit that was sent; the table of outcomes is `write/commit-outcome.ts`. */
export type CommitAnswer =
  | { readonly kind: 'committed'; readonly table: LoadedTable | null }
  /** Refused because the table moved (409). */
  | { readonly kind: 'conflict'; readonly message: string }
  /** Refused for good: not applied. */
  | { readonly kind: 'rejected'; readonly status: number; readonly message: string; readonly cause?: unknown }
  /** Not applied, ask again later (429). */
  | { readonly kind: 'throttled'; readonly retryAfterMs: number | null }
  /** Credentials were not accepted; not applied (401, 419). */
  | { readonly kind: 'unauthenticated'; readonly message: string }
  /** Nobody can tell (5xx, network, unreadable answer). */
  | { readonly kind: 'unknown'; readonly message: string; readonly cause?: unknown };

export interface CommitRequest {
  readonly identifier: TableIdentifier;
  readonly requirements: readonly TableRequirement[];
  readonly updates: readonly TableUpdate[];
}

/** One send of one commit. The same `idempotencyKey` and body may be sent again; a rebuilt commit takes a new key. */
export interface CommitSendOptions extends CatalogCallOptions {
  /** UUIDv7; sent only to catalogs that announce support. */
  readonly idempotencyKey: string;
}

export interface CatalogCapabilities {
  readonly rename: boolean;
  readonly register: boolean;
  /** Whether commits to several tables can be one. */
  readonly transactions: boolean;
  /** Whether properties of namespaces can be changed. */
  readonly namespaceProperties: boolean;
  /** Whether the catalog remembers idempotency keys: a replay gives a final answer. */
  readonly idempotencyKeys: boolean;
}

/** No key may stand in both. */
export interface NamespaceChanges {
  readonly updates?: Readonly<Record<string, string>>;
  readonly removals?: readonly string[];
}

/** Keys of properties. */
export interface NamespaceUpdate {
  readonly updated: readonly string[];
  readonly removed: readonly string[];
  /** To be removed, but not there. */
  readonly missing: readonly string[];
}

/** Errors: NOT_FOUND, ALREADY_EXISTS, UNAUTHENTICATED, FORBIDDEN, UNAVAILABLE, INVALID_RESPONSE, UNSUPPORTED. */
export interface Catalog {
  readonly capabilities: CatalogCapabilities;
  listNamespaces(parent?: Namespace, options?: CatalogCallOptions): Promise<Namespace[]>;
  createNamespace(
    namespace: Namespace,
    properties?: Readonly<Record<string, string>>,
    options?: ChangeOptions,
  ): Promise<void>;
  /** Its properties; NOT_FOUND when there is no such namespace. */
  loadNamespace(namespace: Namespace, options?: CatalogCallOptions): Promise<Readonly<Record<string, string>>>;
  updateNamespace(namespace: Namespace, changes: NamespaceChanges, options?: ChangeOptions): Promise<NamespaceUpdate>;
  dropNamespace(namespace: Namespace, options?: ChangeOptions): Promise<void>;
  listTables(namespace: Namespace, options?: CatalogCallOptions): Promise<TableIdentifier[]>;
  createTable(identifier: TableIdentifier, request: CreateTableRequest, options?: ChangeOptions): Promise<LoadedTable>;
  /** Prepares a table that exists only when a commit with `assert-create` is accepted. */
  stageTable(
    identifier: TableIdentifier,
    request: CreateTableRequest,
    options?: CatalogCallOptions,
  ): Promise<LoadedTable>;
  /** `allSnapshots`: also those no ref names, for status checks. */
  loadTable(
    identifier: TableIdentifier,
    options?: CatalogCallOptions & { readonly allSnapshots?: boolean },
  ): Promise<LoadedTable>;
  dropTable(identifier: TableIdentifier, options?: ChangeOptions & { readonly purge?: boolean }): Promise<void>;
  renameTable(from: TableIdentifier, to: TableIdentifier, options?: ChangeOptions): Promise<void>;
  registerTable(identifier: TableIdentifier, metadataLocation: string, options?: ChangeOptions): Promise<LoadedTable>;
  /** One send, no retry of its own: the answer says what is known. Throws only when the signal fires before sending. */
  commit(request: CommitRequest, options: CommitSendOptions): Promise<CommitAnswer>;
  /**
   * All of these commits, each to another table, or none. As `commit`; the answer has no table.
   * @throws IcestreamError UNSUPPORTED.
   */
  commitTransaction(requests: readonly CommitRequest[], options: CommitSendOptions): Promise<CommitAnswer>;
}
