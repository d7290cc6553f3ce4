/** A catalog whose names live in a Durable Object, and whose tables live in a bucket. */
import type {
  Catalog,
  CatalogCallOptions,
  CatalogCapabilities,
  ChangeOptions,
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
import { type OptionNames, requireBooleans, requireKnownOptions } from '../../util/known-options.ts';
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

const OPTIONS: OptionNames<DurableCatalogOptions> = { binding: true, warehouse: true, store: true, world: true };

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

  /**
   * @throws IcestreamError INVALID_ARGUMENT for a warehouse that the store does not serve; TypeError for an option that
   * there is not.
   */
  constructor(options: DurableCatalogOptions) {
    requireKnownOptions('DurableCatalog.open', options, OPTIONS);
    const { binding, warehouse, store, world = defaultWorld } = options;
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
    options: ChangeOptions = {},
  ): Promise<void> {
    checkNames(namespace);
    await this.#change({ kind: 'create-namespace', namespace, properties }, options);
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
    options: ChangeOptions = {},
  ): Promise<NamespaceUpdate> {
    const { update } = await this.#change({ kind: 'update-namespace', namespace, changes }, options);
    return update ?? { updated: [], removed: [], missing: [] };
  }

  async dropNamespace(namespace: Namespace, options: ChangeOptions = {}): Promise<void> {
    await this.#change({ kind: 'drop-namespace', namespace }, options);
  }

  async listTables(namespace: Namespace, { signal }: CatalogCallOptions = {}): Promise<TableIdentifier[]> {
    const names = await callObject(this.#object, (object) => object.listTables(namespace), signal);
    if (names === null) throw noNamespace(namespace);
    return names.map((name) => ({ namespace, name }));
  }

  async createTable(
    identifier: TableIdentifier,
    request: CreateTableRequest,
    options: ChangeOptions = {},
  ): Promise<LoadedTable> {
    const metadata = this.#newMetadata(identifier, request);
    const { made, location } = await this.#look(identifier, options);
    if (made) return this.loadTable(identifier, options);
    if (location !== null) throw tableExists(identifier);
    const to = this.#files.newLocation(metadata, null);
    let done: ChangeDone;
    try {
      await this.#files.write(to, metadata, options.signal);
      const swap = { identifier, from: null, to, folder: metadata.location };
      done = await this.#change({ kind: 'swap', swaps: [swap] }, options);
    } catch (error) {
      // No answer says nothing of what was done; any other error says that no table is there.
      if (error instanceof IcestreamError && error.code !== 'UNAVAILABLE') await this.#files.remove([to]);
      throw error;
    }
    if (done.to === to) return this.#loaded(identifier, to, metadata);
    await this.#files.remove([to]);
    return this.loadTable(identifier, options);
  }

  async stageTable(
    identifier: TableIdentifier,
    request: CreateTableRequest,
    options: CatalogCallOptions = {},
  ): Promise<LoadedTable> {
    const metadata = this.#newMetadata(identifier, request);
    const { location } = await this.#look(identifier, options);
    if (location !== null) throw tableExists(identifier);
    return { identifier, metadataLocation: null, metadata, store: this.#store };
  }

  async loadTable(identifier: TableIdentifier, options: CatalogCallOptions = {}): Promise<LoadedTable> {
    const { location, metadata } = await this.#current(identifier, options);
    return this.#loaded(identifier, location, metadata);
  }

  async dropTable(
    identifier: TableIdentifier,
    options: ChangeOptions & { readonly purge?: boolean } = {},
  ): Promise<void> {
    const { purge = false } = options;
    requireBooleans({ purge });
    for (let attempt = 1; ; attempt++) {
      const { made, purging, location } = await this.#look(identifier, options);
      if (made) return purging === undefined ? undefined : this.#purge(purging, options);
      // Without purge, a table whose metadata is gone can be dropped too.
      const { location: from, metadata } =
        purge || location === null ? await this.#current(identifier, options) : { location, metadata: null };
      if (metadata !== null) checkPurge(metadata, formatIdentifier(identifier));
      let done: ChangeDone;
      try {
        done = await this.#change({ kind: 'drop-table', identifier, from, purge }, options);
      } catch (error) {
        const moved = error instanceof IcestreamError && error.code === 'COMMIT_CONFLICT';
        if (moved && attempt < DROP_ATTEMPTS) continue;
        throw error;
      }
      return done.purge === undefined ? undefined : this.#purge(done.purge, options);
    }
  }

  /** Removes the files in a dropped table's folder, and then in one that an earlier drop did not come to the end of. */
  async #purge(folder: string, options: CatalogCallOptions): Promise<void> {
    await this.#removeFiles(folder, options);
    await this.#removeFiles(null, options).catch(() => undefined);
  }

  async #removeFiles(folder: string | null, { signal }: CatalogCallOptions): Promise<void> {
    const run = uuidV7(this.#world);
    const purge = await callObject(this.#object, (object) => object.takePurge(run, folder), signal);
    if (purge === null) return;
    const call = signal === undefined ? {} : { signal };
    refuseLeftBehind(await removeTableFiles(this.#store, purge.folder, call));
    // Without it, only the folder is not free yet.
    await callObject(this.#object, (object) => object.endPurge(purge)).catch(() => undefined);
  }

  async renameTable(from: TableIdentifier, to: TableIdentifier, options: ChangeOptions = {}): Promise<void> {
    checkNames(namesOf(to));
    await this.#change({ kind: 'rename-table', from, to }, options);
  }

  async registerTable(
    identifier: TableIdentifier,
    metadataLocation: string,
    options: ChangeOptions = {},
  ): Promise<LoadedTable> {
    checkNames(namesOf(identifier));
    checkFolder(this.warehouse, metadataLocation);
    const metadata = await this.#files.read(metadataLocation, options.signal).catch((cause: unknown) => {
      if (!(cause instanceof IcestreamError) || cause.code !== 'NOT_FOUND') throw cause;
      throw new IcestreamError('INVALID_ARGUMENT', `there is no metadata file ${metadataLocation}`, {
        file: metadataLocation,
        cause,
      });
    });
    const folder = checkFolder(this.warehouse, metadata.location);
    const swap = { identifier, from: null, to: metadataLocation, folder };
    await this.#change({ kind: 'swap', swaps: [swap] }, options);
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

  #newMetadata(identifier: TableIdentifier, { location, ...request }: CreateTableRequest): TableMetadata {
    checkNames(namesOf(identifier));
    const uuid = uuidV4(this.#world);
    const folder =
      location === undefined ? newFolder(this.warehouse, identifier, uuid) : checkFolder(this.warehouse, location);
    return newTableMetadata({ ...request, location: folder, uuid, now: this.#world.now() });
  }

  /** @throws what a refusal is; IcestreamError UNAVAILABLE when nobody can tell whether it was made. */
  async #change(change: Change, { signal, idempotencyKey }: ChangeOptions): Promise<ChangeDone> {
    signal?.throwIfAborted();
    const id = idempotencyKey ?? uuidV7(this.#world);
    const answer = await callObject(this.#object, (object) => object.change(change, id));
    if (answer.kind === 'refused') throw refusalError(answer);
    return answer;
  }

  /**
   * Where the table's metadata is, null: there is no such table; and whether the change with this key was made before.
   * @throws what that was refused with.
   */
  async #look(identifier: TableIdentifier, { signal, idempotencyKey }: ChangeOptions) {
    const request = { tables: [identifier], ...(idempotencyKey === undefined ? {} : { changeId: idempotencyKey }) };
    const { change, tables } = await callObject(this.#object, (object) => object.look(request), signal);
    if (change?.kind === 'refused') throw refusalError(change);
    const made = change !== null;
    if (!made && !tables[0]?.hasNamespace) throw noNamespace(identifier.namespace);
    return { made, purging: change?.purge, location: tables[0]?.metadataLocation ?? null };
  }

  async #current(identifier: TableIdentifier, { signal }: CatalogCallOptions) {
    for (let attempt = 1; ; attempt++) {
      const { location } = await this.#look(identifier, signal === undefined ? {} : { signal });
      if (location === null) throw refusalError({ kind: 'refused', why: 'no-table', subject: namesOf(identifier) });
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

function tableExists(identifier: TableIdentifier): IcestreamError {
  return refusalError({ kind: 'refused', why: 'table-exists', subject: namesOf(identifier) });
}

function noNamespace(namespace: Namespace): IcestreamError {
  return refusalError({ kind: 'refused', why: 'no-namespace', subject: namespace });
}
