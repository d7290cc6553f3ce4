/** A catalog whose names live in a Durable Object, and whose tables live in a bucket. */
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
} from '../../catalog/catalog.ts';
import { formatIdentifier } from '../../catalog/identifier.ts';
import { checkPurge, refuseLeftBehind, removeTableFiles } from '../../catalog/purge.ts';
import { IcestreamError } from '../../errors.ts';
import type { TableMetadata } from '../../spec/table-metadata.ts';
import { newTableMetadata } from '../../spec/table-metadata-new.ts';
import type { Store } from '../../storage/store.ts';
import { TableCatalog } from '../../table/table-catalog.ts';
import { parseLocation } from '../../util/location.ts';
import { uuidV4, uuidV7 } from '../../util/uuid.ts';
import { defaultWorld, type World } from '../../util/world.ts';
import type { Change, ChangeDone } from './change.ts';
import { commitTables } from './commit-tables.ts';
import { MetadataFiles } from './metadata-files.ts';
import { callObject, type ObjectAddress } from './object-calls.ts';
import { checkFolder, checkNames, namesOf, newFolder } from './places.ts';
import { refusalError } from './refusal-error.ts';
import type { CatalogObjectBinding } from './rpc.ts';

export interface DurableCatalogOptions {
  /** To the class `CatalogObject`. */
  readonly binding: CatalogObjectBinding;
  /** Location under which all tables are, e.g. `s3://bucket/lakehouse`; also the name of the Durable Object. */
  readonly warehouse: string;
  /** Serves the warehouse. */
  readonly store: Store;
  readonly world?: World;
}

/** A drop looks again this often, when others commit between its look and the drop. */
const DROP_ATTEMPTS = 20;

/**
 * Namespaces, and which metadata file of each table is current, are rows of an SQLite database. A commit writes its
 * metadata to a file with a name of its own, then moves the row on condition that it was not moved: one of several
 * writers wins, and commits to several tables are one transaction. Changes are made once however often they are sent,
 * so an answer that was lost is asked for again.
 */
export class DurableCatalog implements Catalog {
  readonly capabilities: CatalogCapabilities = {
    rename: true,
    register: true,
    transactions: true,
    namespaceProperties: true,
    idempotencyKeys: true,
  };
  readonly warehouse: string;
  readonly #store: Store;
  readonly #world: World;
  readonly #files: MetadataFiles;
  readonly #object: ObjectAddress;

  /** @throws IcestreamError INVALID_ARGUMENT for a warehouse that the store does not serve. */
  constructor({ binding, warehouse, store, world = defaultWorld }: DurableCatalogOptions) {
    parseLocation(warehouse);
    this.warehouse = warehouse.replace(/\/+$/, '');
    if (!store.serves(`${this.warehouse}/x`)) {
      throw new IcestreamError('INVALID_ARGUMENT', `the store given does not serve the warehouse ${this.warehouse}`, {
        option: 'warehouse',
      });
    }
    this.#store = store;
    this.#world = world;
    this.#files = new MetadataFiles(store, world);
    this.#object = { binding, name: this.warehouse, world };
  }

  /** With names as text, and tables that can be written to. Nothing is read or written yet. */
  static open(options: DurableCatalogOptions): TableCatalog {
    return new TableCatalog(new DurableCatalog(options), options.world);
  }

  async listNamespaces(parent: Namespace = [], { signal }: CatalogCallOptions = {}): Promise<Namespace[]> {
    const found = await callObject(this.#object, (object) => object.listNamespaces(parent), signal);
    if (found === null) throw noNamespace(parent);
    return found;
  }

  async createNamespace(
    namespace: Namespace,
    properties: Readonly<Record<string, string>> = {},
    { signal }: CatalogCallOptions = {},
  ): Promise<void> {
    checkNames(namespace);
    await this.#change({ kind: 'create-namespace', namespace, properties }, signal);
  }

  async loadNamespace(
    namespace: Namespace,
    { signal }: CatalogCallOptions = {},
  ): Promise<Readonly<Record<string, string>>> {
    const found = await callObject(this.#object, (object) => object.loadNamespace(namespace), signal);
    if (found === null) throw noNamespace(namespace);
    return found;
  }

  async updateNamespace(
    namespace: Namespace,
    changes: NamespaceChanges,
    { signal }: CatalogCallOptions = {},
  ): Promise<NamespaceUpdate> {
    const { update } = await this.#change({ kind: 'update-namespace', namespace, changes }, signal);
    return update ?? { updated: [], removed: [], missing: [] };
  }

  async dropNamespace(namespace: Namespace, { signal }: CatalogCallOptions = {}): Promise<void> {
    await this.#change({ kind: 'drop-namespace', namespace }, signal);
  }

  async listTables(namespace: Namespace, { signal }: CatalogCallOptions = {}): Promise<TableIdentifier[]> {
    const names = await callObject(this.#object, (object) => object.listTables(namespace), signal);
    if (names === null) throw noNamespace(namespace);
    return names.map((name) => ({ namespace, name }));
  }

  async createTable(
    identifier: TableIdentifier,
    request: CreateTableRequest,
    options: CatalogCallOptions = {},
  ): Promise<LoadedTable> {
    const { metadata } = await this.stageTable(identifier, request, options);
    const to = this.#files.newLocation(metadata, null);
    try {
      await this.#files.write(to, metadata, options.signal);
      const swap = { identifier, from: null, to, folder: metadata.location };
      await this.#change({ kind: 'swap', swaps: [swap] }, options.signal);
    } catch (error) {
      // No answer says nothing of what was done; any other error says that no table is there.
      if (error instanceof IcestreamError && error.code !== 'UNAVAILABLE') await this.#files.remove([to]);
      throw error;
    }
    return this.#loaded(identifier, to, metadata);
  }

  async stageTable(
    identifier: TableIdentifier,
    request: CreateTableRequest,
    options: CatalogCallOptions = {},
  ): Promise<LoadedTable> {
    checkNames(namesOf(identifier));
    const uuid = uuidV4(this.#world);
    const { location, ...rest } = request;
    const folder =
      location === undefined ? newFolder(this.warehouse, identifier, uuid) : checkFolder(this.warehouse, location);
    const metadata = newTableMetadata({ ...rest, location: folder, uuid, now: this.#world.now() });
    if ((await this.#look(identifier, options.signal)) !== null) {
      throw refusalError({ kind: 'refused', why: 'table-exists', subject: namesOf(identifier) });
    }
    return { identifier, metadataLocation: null, metadata, store: this.#store };
  }

  async loadTable(identifier: TableIdentifier, { signal }: CatalogCallOptions = {}): Promise<LoadedTable> {
    const { location, metadata } = await this.#current(identifier, signal);
    return this.#loaded(identifier, location, metadata);
  }

  async dropTable(
    identifier: TableIdentifier,
    { purge = false, signal }: CatalogCallOptions & { readonly purge?: boolean } = {},
  ): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      // Without purge, a table whose metadata is gone can be dropped too.
      const { location: from, metadata } = purge
        ? await this.#current(identifier, signal)
        : { location: await this.#pointer(identifier, signal), metadata: null };
      if (metadata !== null) checkPurge(metadata, formatIdentifier(identifier));
      try {
        await this.#change({ kind: 'drop-table', identifier, from }, signal);
      } catch (error) {
        const moved = error instanceof IcestreamError && error.code === 'COMMIT_CONFLICT';
        if (moved && attempt < DROP_ATTEMPTS) continue;
        throw error;
      }
      if (metadata === null) return;
      const options = signal === undefined ? {} : { signal };
      return refuseLeftBehind(await removeTableFiles(this.#store, metadata.location, options));
    }
  }

  async renameTable(from: TableIdentifier, to: TableIdentifier, { signal }: CatalogCallOptions = {}): Promise<void> {
    checkNames(namesOf(to));
    await this.#change({ kind: 'rename-table', from, to }, signal);
  }

  async registerTable(
    identifier: TableIdentifier,
    metadataLocation: string,
    { signal }: CatalogCallOptions = {},
  ): Promise<LoadedTable> {
    checkNames(namesOf(identifier));
    checkFolder(this.warehouse, metadataLocation);
    const metadata = await this.#files.read(metadataLocation, signal).catch((cause: unknown) => {
      if (!(cause instanceof IcestreamError) || cause.code !== 'NOT_FOUND') throw cause;
      throw new IcestreamError('INVALID_ARGUMENT', `there is no metadata file ${metadataLocation}`, {
        file: metadataLocation,
        cause,
      });
    });
    const folder = checkFolder(this.warehouse, metadata.location);
    const swap = { identifier, from: null, to: metadataLocation, folder };
    await this.#change({ kind: 'swap', swaps: [swap] }, signal);
    return this.#loaded(identifier, metadataLocation, metadata);
  }

  async commit(request: CommitRequest, options: CommitSendOptions): Promise<CommitAnswer> {
    const { answer, tables } = await this.#commit([request], options);
    const [table] = tables;
    if (answer.kind !== 'committed' || table === undefined) return answer;
    return { kind: 'committed', table: this.#loaded(request.identifier, table.location, table.metadata) };
  }

  async commitTransaction(requests: readonly CommitRequest[], options: CommitSendOptions): Promise<CommitAnswer> {
    return (await this.#commit(requests, options)).answer;
  }

  #commit(requests: readonly CommitRequest[], options: CommitSendOptions) {
    const place = { object: this.#object, files: this.#files, warehouse: this.warehouse, world: this.#world };
    return commitTables(place, requests, options);
  }

  /** @throws what a refusal is; IcestreamError UNAVAILABLE when nobody can tell whether it was made. */
  async #change(change: Change, signal: AbortSignal | undefined): Promise<ChangeDone> {
    signal?.throwIfAborted();
    const id = uuidV7(this.#world);
    const answer = await callObject(this.#object, (object) => object.change(change, id));
    if (answer.kind === 'refused') throw refusalError(answer);
    return answer;
  }

  /** Where the table's metadata is; null: there is no such table. */
  async #look(identifier: TableIdentifier, signal: AbortSignal | undefined): Promise<string | null> {
    const { tables } = await callObject(this.#object, (object) => object.look({ tables: [identifier] }), signal);
    if (!tables[0]?.hasNamespace) throw noNamespace(identifier.namespace);
    return tables[0].metadataLocation;
  }

  async #pointer(identifier: TableIdentifier, signal: AbortSignal | undefined): Promise<string> {
    const location = await this.#look(identifier, signal);
    if (location === null) throw refusalError({ kind: 'refused', why: 'no-table', subject: namesOf(identifier) });
    return location;
  }

  async #current(identifier: TableIdentifier, signal: AbortSignal | undefined) {
    for (let attempt = 1; ; attempt++) {
      const location = await this.#pointer(identifier, signal);
      try {
        return { location, metadata: await this.#files.read(location, signal) };
      } catch (cause) {
        if (!(cause instanceof IcestreamError) || cause.code !== 'NOT_FOUND') throw cause;
        // Removed between the look and the read: old files may be, at any time.
        if (attempt < 3) continue;
        const table = formatIdentifier(identifier);
        const message = `the metadata file ${location} of the table ${table} is gone; register an earlier one`;
        throw new IcestreamError('INVALID_METADATA', message, { table, file: location, cause });
      }
    }
  }

  #loaded(identifier: TableIdentifier, metadataLocation: string, metadata: TableMetadata): LoadedTable {
    return { identifier, metadataLocation, metadata, store: this.#store };
  }
}

function noNamespace(namespace: Namespace): IcestreamError {
  return refusalError({ kind: 'refused', why: 'no-namespace', subject: namespace });
}
