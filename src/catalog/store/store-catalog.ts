/** The catalog for people who have none: tables in any store with conditional create (spec: File System Tables). */
import { IcestreamError } from '../../errors.ts';
import type { Store } from '../../storage/store.ts';
import { type OptionNames, requireBooleans, requireKnownOptions } from '../../util/known-options.ts';
import { defaultWorld, type World } from '../../util/world.ts';
import type {
  Catalog,
  CatalogCallOptions,
  CatalogCapabilities,
  CommitAnswer,
  CommitRequest,
  CommitSendOptions,
  CreateTableRequest,
  LoadedTable,
  Namespace,
  NamespaceChanges,
  NamespaceUpdate,
  TableIdentifier,
} from '../catalog.ts';
import { formatIdentifier, formatNamespace } from '../identifier.ts';
import { notApplied } from '../not-applied.ts';
import { type Layout, storeLayout } from './layout.ts';
import { Listing } from './listing.ts';
import { newMetadata } from './new-metadata.ts';
import { VersionedTable } from './versioned-table.ts';

export interface StoreCatalogOptions {
  /** Location under which everything is kept, e.g. `s3://bucket/lakehouse`, `file:///data/lakehouse`. */
  readonly warehouse: string;
  /** Serves the warehouse; needs `conditionalCreate`. */
  readonly store: Store;
  readonly world?: World;
}

const OPTIONS: OptionNames<StoreCatalogOptions> = { warehouse: true, store: true, world: true };

/** How many tables a listing looks at at once. */
const LIST_CONCURRENCY = 8;

/**
 * Each commit creates `metadata/v{N+1}.metadata.json` with `If-None-Match: *`, so one of several writers wins. DuckDB,
 * Spark and PyIceberg open such a table by its path. Not for writers of other libraries at the same time: they rename,
 * or write without a condition. Rename and register are refused, because a table is found by its folder.
 */
export class StoreCatalog implements Catalog {
  readonly capabilities: CatalogCapabilities;
  readonly warehouse: string;
  readonly #store: Store;
  readonly #layout: Layout;
  readonly #listing: Listing;
  readonly #world: World;
  /** What was seen last of tables in use: version files do not change, so they need not be read again. */
  readonly #tables = new Map<string, VersionedTable>();

  /**
   * @throws IcestreamError INVALID_ARGUMENT, or UNSUPPORTED for a store without conditional create; TypeError for an
   * option that there is not.
   */
  constructor(options: StoreCatalogOptions) {
    requireKnownOptions('StoreCatalog.open', options, OPTIONS);
    this.capabilities = {
      rename: false,
      register: false,
      transactions: false,
      namespaceProperties: options.store.capabilities.conditionalReplace,
      idempotencyKeys: false,
    };
    this.#layout = storeLayout(options.warehouse);
    this.warehouse = this.#layout.warehouse;
    this.#store = options.store;
    this.#world = options.world ?? defaultWorld;
    this.#listing = new Listing(this.#store, this.#layout);
    if (!this.#store.serves(`${this.warehouse}/x`)) {
      throw new IcestreamError('INVALID_ARGUMENT', `the store given does not serve the warehouse ${this.warehouse}`, {
        option: 'warehouse',
      });
    }
    if (!this.#store.capabilities.conditionalCreate) {
      throw new IcestreamError(
        'UNSUPPORTED',
        `the store of ${this.warehouse} cannot create an object on condition that it is new, so two writers could both win; use another store, or a REST catalog`,
        { option: 'warehouse' },
      );
    }
  }

  async listNamespaces(parent: Namespace = [], options: CatalogCallOptions = {}): Promise<Namespace[]> {
    if (parent.length > 0) await this.#listing.requireNamespace(parent, options.signal);
    return this.#listing.namespaces(parent, options.signal);
  }

  async createNamespace(
    namespace: Namespace,
    properties: Readonly<Record<string, string>> = {},
    options: CatalogCallOptions = {},
  ): Promise<void> {
    await this.#listing.addNamespace(namespace, properties, options.signal);
  }

  async loadNamespace(
    namespace: Namespace,
    options: CatalogCallOptions = {},
  ): Promise<Readonly<Record<string, string>>> {
    return this.#listing.namespaceProperties(namespace, options.signal);
  }

  async updateNamespace(
    namespace: Namespace,
    changes: NamespaceChanges,
    options: CatalogCallOptions = {},
  ): Promise<NamespaceUpdate> {
    return this.#listing.updateNamespace(namespace, changes, options.signal);
  }

  async dropNamespace(namespace: Namespace, options: CatalogCallOptions = {}): Promise<void> {
    const { signal } = options;
    await this.#listing.requireNamespace(namespace, signal);
    const holds =
      (await this.#listing.namespaces(namespace, signal))[0] ?? (await this.listTables(namespace, options))[0];
    if (holds !== undefined) {
      const first = 'name' in holds ? formatIdentifier(holds) : formatNamespace(holds);
      throw new IcestreamError(
        'INVALID_ARGUMENT',
        `the namespace ${formatNamespace(namespace)} is not empty: it holds ${first}; drop what is in it first`,
      );
    }
    await this.#listing.removeNamespace(namespace, signal);
  }

  async listTables(namespace: Namespace, options: CatalogCallOptions = {}): Promise<TableIdentifier[]> {
    await this.#listing.requireNamespace(namespace, options.signal);
    const names = await this.#listing.tables(namespace, options.signal);
    const lives: boolean[] = [];
    for (let i = 0; i < names.length; i += LIST_CONCURRENCY) {
      const some = names.slice(i, i + LIST_CONCURRENCY);
      lives.push(...(await Promise.all(some.map((name) => this.#table(name).exists(options.signal)))));
    }
    return names.filter((_, index) => lives[index]);
  }

  async createTable(
    identifier: TableIdentifier,
    request: CreateTableRequest,
    options: CatalogCallOptions = {},
  ): Promise<LoadedTable> {
    const metadata = await this.#prepare(identifier, request, options);
    await this.#listing.addTable(identifier, options.signal);
    return this.#table(identifier).create(metadata, options.signal);
  }

  async stageTable(
    identifier: TableIdentifier,
    request: CreateTableRequest,
    options: CatalogCallOptions = {},
  ): Promise<LoadedTable> {
    const metadata = await this.#prepare(identifier, request, options);
    await this.#table(identifier).requireNone(options.signal);
    return { identifier, metadataLocation: null, metadata, store: this.#store };
  }

  async loadTable(identifier: TableIdentifier, options: CatalogCallOptions = {}): Promise<LoadedTable> {
    return this.#table(identifier).load(options.signal);
  }

  async dropTable(
    identifier: TableIdentifier,
    options: CatalogCallOptions & { readonly purge?: boolean } = {},
  ): Promise<void> {
    const { purge = false, signal } = options;
    requireBooleans({ purge });
    await this.#table(identifier).drop(purge, signal);
    await this.#listing.removeTable(identifier, signal);
  }

  async renameTable(): Promise<void> {
    throw new IcestreamError(
      'UNSUPPORTED',
      'a catalog on a store finds a table by its folder and cannot rename it; use a REST catalog for that',
    );
  }

  async registerTable(): Promise<LoadedTable> {
    throw new IcestreamError(
      'UNSUPPORTED',
      'a catalog on a store finds a table by its folder and cannot register metadata from elsewhere; use a REST catalog',
    );
  }

  async commit(request: CommitRequest, options: CommitSendOptions): Promise<CommitAnswer> {
    options.signal?.throwIfAborted();
    let table: VersionedTable;
    try {
      table = this.#table(request.identifier);
      if (request.requirements.some(({ type }) => type === 'assert-create')) {
        await this.#listing.requireNamespace(request.identifier.namespace, options.signal);
        await this.#listing.addTable(request.identifier, options.signal);
      }
    } catch (cause) {
      options.signal?.throwIfAborted();
      return notApplied(cause);
    }
    return table.commit(request, options.signal);
  }

  async commitTransaction(): Promise<CommitAnswer> {
    throw new IcestreamError(
      'UNSUPPORTED',
      'a catalog on a store decides each commit by one object and cannot commit to several tables at once; use a REST catalog for that',
    );
  }

  async #prepare(identifier: TableIdentifier, request: CreateTableRequest, options: CatalogCallOptions) {
    const location = this.#layout.tableLocation(identifier);
    await this.#listing.requireNamespace(identifier.namespace, options.signal);
    return newMetadata(request, location, this.#world);
  }

  #table(identifier: TableIdentifier): VersionedTable {
    const location = this.#layout.tableLocation(identifier);
    let table = this.#tables.get(location);
    if (table === undefined) {
      table = new VersionedTable({ identifier, location, store: this.#store, world: this.#world });
      // Only a few are remembered: each may hold a table's whole metadata.
      if (this.#tables.size >= 16) this.#tables.clear();
      this.#tables.set(location, table);
    }
    return table;
  }
}
