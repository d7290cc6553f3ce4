/** A catalog as people use it: names as text, tables that can be written to. */
import type {
  Catalog,
  CatalogCallOptions,
  CreateTableRequest,
  Namespace,
  TableIdentifier,
} from '../catalog/catalog.ts';
import { ensureNamespace } from '../catalog/ensure-namespace.ts';
import { parseIdentifier, parseNamespace } from '../catalog/identifier.ts';
import { fromAny, type SourceInput } from '../source/from-any.ts';
import type { Schema } from '../spec/schema.ts';
import { type OptionNames, requireBooleans, requireKnownOptions } from '../util/known-options.ts';
import { defaultWorld, type World } from '../util/world.ts';
import { checkCreateTable } from '../write/check-options.ts';
import type { NewTableRequest } from '../write/create-append.ts';
import type { WriteOptions, WriteResult } from '../write/write-options.ts';
import { CALL, checkCall } from './call-options.ts';
import { Table } from './table.ts';

/** `sales.orders`, `['sales', 'orders']`, or an identifier. */
export type TableName = string | readonly string[] | TableIdentifier;
/** `sales`, `['sales', 'eu']`. */
export type NamespaceName = string | Namespace;

type DropOptions = CatalogCallOptions & { readonly purge?: boolean };

const DROP: OptionNames<DropOptions> = { ...CALL, purge: true };

/** Errors of all methods: see `Catalog`, and TypeError for an option that there is not, or that cannot be. */
export class TableCatalog {
  /** The catalog's own face, for what is not here. */
  readonly client: Catalog;
  readonly #world: World;

  constructor(client: Catalog, world: World = defaultWorld) {
    this.client = client;
    this.#world = world;
  }

  async listNamespaces(parent?: NamespaceName, options?: CatalogCallOptions): Promise<Namespace[]> {
    return this.client.listNamespaces(
      parent === undefined ? undefined : parseNamespace(parent),
      checkCall('listNamespaces', options),
    );
  }

  async createNamespace(
    namespace: NamespaceName,
    properties?: Readonly<Record<string, string>>,
    options?: CatalogCallOptions,
  ): Promise<void> {
    return this.client.createNamespace(parseNamespace(namespace), properties, checkCall('createNamespace', options));
  }

  async dropNamespace(namespace: NamespaceName, options?: CatalogCallOptions): Promise<void> {
    return this.client.dropNamespace(parseNamespace(namespace), checkCall('dropNamespace', options));
  }

  async listTables(namespace: NamespaceName, options?: CatalogCallOptions): Promise<TableIdentifier[]> {
    return this.client.listTables(parseNamespace(namespace), checkCall('listTables', options));
  }

  async loadTable(name: TableName, options?: CatalogCallOptions): Promise<Table> {
    return this.#table(await this.client.loadTable(parseIdentifier(name), checkCall('loadTable', options)));
  }

  /** Creates an empty table. Field ids in `schema` are only names for its columns: fresh ones are assigned. */
  async createTable(
    name: TableName,
    schema: Schema,
    request: Omit<NewTableRequest, 'schema'> = {},
    options?: CatalogCallOptions,
  ): Promise<Table> {
    checkCreateTable(request);
    checkCall('the call of createTable', options);
    const { partitionSpecOf } = await import('../write/add-files/partition-request.ts');
    const { partitionSpec, createNamespace = false, ...rest } = request;
    const spec = partitionSpec === undefined ? {} : { partitionSpec: partitionSpecOf(partitionSpec, schema) };
    const create: CreateTableRequest = { schema, ...rest, ...spec };
    const identifier = parseIdentifier(name);
    if (createNamespace) await ensureNamespace(this.client, identifier.namespace, options);
    return this.#table(await this.client.createTable(identifier, create, options));
  }

  /**
   * Creates a table from a source and appends all its rows, in one commit: a failure leaves no table.
   * @throws IcestreamError ALREADY_EXISTS, and as `Table.append`.
   */
  async createAndAppend(
    name: TableName,
    source: SourceInput,
    request: NewTableRequest = {},
    options: WriteOptions = {},
  ): Promise<{ readonly table: Table; readonly result: WriteResult }> {
    const target = { catalog: this.client, identifier: parseIdentifier(name), world: this.#world };
    const from = fromAny(source);
    const { createAndAppend } = await import('../write/create-append.ts');
    const { result, table } = await createAndAppend(target, from, request, options);
    return { result, table: this.#table(table) };
  }

  /** `purge`: also its files. */
  async dropTable(name: TableName, options: DropOptions = {}): Promise<void> {
    requireKnownOptions('dropTable', options, DROP);
    requireBooleans({ purge: options.purge });
    await this.client.dropTable(parseIdentifier(name), options);
  }

  async renameTable(from: TableName, to: TableName, options?: CatalogCallOptions): Promise<void> {
    return this.client.renameTable(parseIdentifier(from), parseIdentifier(to), checkCall('renameTable', options));
  }

  async registerTable(name: TableName, metadataLocation: string, options?: CatalogCallOptions): Promise<Table> {
    return this.#table(
      await this.client.registerTable(parseIdentifier(name), metadataLocation, checkCall('registerTable', options)),
    );
  }

  #table(loaded: ConstructorParameters<typeof Table>[1]): Table {
    return new Table(this.client, loaded, this.#world);
  }
}
