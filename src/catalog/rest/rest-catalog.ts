/** A catalog behind the Iceberg REST protocol (REST OpenAPI, v1). */
import { IcestreamError } from '../../errors.ts';
import type { Store } from '../../storage/store.ts';
import { uuidV7Ms } from '../../util/uuid.ts';
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
} from '../catalog.ts';
import { formatIdentifier, formatNamespace } from '../identifier.ts';
import type { RestAnswer, RestCall } from './client.ts';
import { type CommitVerdict, classifyCommitResponse } from './commit-response.ts';
import { openSession, type RestSession } from './connect.ts';
import { createBody } from './create-body.ts';
import { restError } from './error.ts';
import {
  type LoadResult,
  parseAnswer,
  parseLoadResult,
  readLoadResult,
  readStorageCredentials,
} from './load-result.ts';
import type { RestCatalogOptions } from './options.ts';
import { listPages } from './pages.ts';
import { ENDPOINTS } from './routes.ts';
import { stringMap } from './server-config.ts';
import { tableStorage, vendedBy } from './storage/table-storage.ts';
import { type LoadOptions, TableLoads } from './table-loads.ts';

export type { AccessDelegation, RestCatalogOptions } from './options.ts';

type Delegation = Readonly<Record<string, string>>;

/** How many tables' stores are kept for the answers to commits, which carry no credentials. */
const KEPT_STORES = 64;

export class RestCatalog implements Catalog {
  readonly capabilities: CatalogCapabilities;
  /** For messages. */
  readonly name: string;
  /** Configuration keys the server sent that this client does not let a server set. */
  readonly ignoredConfig: readonly string[];
  readonly #session: RestSession;
  readonly #stores = new Map<string, Store>();
  readonly #loads: TableLoads;

  private constructor(session: RestSession) {
    this.#session = session;
    this.#loads = new TableLoads(session);
    this.name = session.client.options.name;
    this.ignoredConfig = session.config.ignored;
    this.capabilities = {
      rename: this.#offers(ENDPOINTS.rename),
      register: this.#offers(ENDPOINTS.register),
      transactions: this.#offers(ENDPOINTS.transactions),
      namespaceProperties: this.#offers(ENDPOINTS.namespaceProperties),
      idempotencyKeys: session.config.idempotencyKeyLifetimeMs !== null,
    };
  }

  /**
   * Asks the catalog for its configuration.
   * @throws IcestreamError INVALID_ARGUMENT, UNAUTHENTICATED, FORBIDDEN, NOT_FOUND (the warehouse), UNAVAILABLE,
   * INVALID_RESPONSE (not an Iceberg REST catalog).
   */
  static async connect(options: RestCatalogOptions): Promise<RestCatalog> {
    return new RestCatalog(await openSession(options));
  }

  async listNamespaces(parent: Namespace = [], options: CatalogCallOptions = {}): Promise<Namespace[]> {
    const { routes } = this.#session;
    const shown = formatNamespace(parent);
    const pages = listPages((page) =>
      this.#call('GET', routes.namespaces(parent, page), 'list namespaces', shown || null, options),
    );
    const found: Namespace[] = [];
    for await (const body of pages) found.push(...nameLists(body['namespaces'], 'namespaces'));
    // Some servers list all levels below; the contract is one.
    return found.filter((namespace) => namespace.length === parent.length + 1);
  }

  async createNamespace(
    namespace: Namespace,
    properties: Readonly<Record<string, string>> = {},
    options: ChangeOptions = {},
  ): Promise<void> {
    const path = this.#session.routes.createNamespace();
    const body = { namespace, properties };
    await this.#change('POST', path, 'create namespace', formatNamespace(namespace), options, body);
  }

  async loadNamespace(
    namespace: Namespace,
    options: CatalogCallOptions = {},
  ): Promise<Readonly<Record<string, string>>> {
    const shown = formatNamespace(namespace);
    const path = this.#session.routes.namespace(namespace);
    const { text } = await this.#call('GET', path, 'load namespace', shown, options);
    return Object.fromEntries(stringMap(parseAnswer(text, this.#what(shown))['properties'], 'properties'));
  }

  async updateNamespace(
    namespace: Namespace,
    { updates = {}, removals = [] }: NamespaceChanges,
    options: ChangeOptions = {},
  ): Promise<NamespaceUpdate> {
    this.#require(this.capabilities.namespaceProperties, 'change properties of namespaces');
    const shown = formatNamespace(namespace);
    const path = `${this.#session.routes.namespace(namespace)}/properties`;
    const body = { updates, removals };
    const { text } = await this.#change('POST', path, 'change namespace', shown, options, body);
    const answer = parseAnswer(text, this.#what(shown));
    const keys = (name: string) => (Array.isArray(answer[name]) ? answer[name].map(String) : []);
    return { updated: keys('updated'), removed: keys('removed'), missing: keys('missing') };
  }

  async dropNamespace(namespace: Namespace, options: ChangeOptions = {}): Promise<void> {
    const path = this.#session.routes.namespace(namespace);
    await this.#change('DELETE', path, 'drop namespace', formatNamespace(namespace), options);
  }

  async listTables(namespace: Namespace, options: CatalogCallOptions = {}): Promise<TableIdentifier[]> {
    const { routes } = this.#session;
    const shown = formatNamespace(namespace);
    const pages = listPages((page) =>
      this.#call('GET', routes.tablesPage(namespace, page), 'list tables of', shown, options),
    );
    const found: TableIdentifier[] = [];
    for await (const body of pages) found.push(...identifiers(body['identifiers']));
    return found;
  }

  async createTable(
    identifier: TableIdentifier,
    request: CreateTableRequest,
    options: ChangeOptions = {},
  ): Promise<LoadedTable> {
    return this.#create(identifier, request, false, options);
  }

  async stageTable(
    identifier: TableIdentifier,
    request: CreateTableRequest,
    options: CatalogCallOptions = {},
  ): Promise<LoadedTable> {
    const staged = await this.#create(identifier, request, true, options);
    return { ...staged, metadataLocation: null };
  }

  async loadTable(identifier: TableIdentifier, options: LoadOptions = {}): Promise<LoadedTable> {
    return this.#loads.loadTable(identifier, options, (result) => this.#loaded(identifier, result));
  }

  async dropTable(
    identifier: TableIdentifier,
    options: ChangeOptions & { readonly purge?: boolean } = {},
  ): Promise<void> {
    const path = `${this.#session.routes.table(identifier)}?purgeRequested=${options.purge ?? false}`;
    const shown = formatIdentifier(identifier);
    this.#stores.delete(shown);
    await this.#change('DELETE', path, 'drop table', shown, options);
  }

  async renameTable(from: TableIdentifier, to: TableIdentifier, options: ChangeOptions = {}): Promise<void> {
    this.#require(this.capabilities.rename, 'rename tables');
    const path = this.#session.routes.rename();
    const shown = formatIdentifier(from);
    this.#stores.delete(shown);
    await this.#change('POST', path, 'rename table', shown, options, { source: from, destination: to });
  }

  async registerTable(
    identifier: TableIdentifier,
    metadataLocation: string,
    options: ChangeOptions = {},
  ): Promise<LoadedTable> {
    this.#require(this.capabilities.register, 'register tables');
    const path = this.#session.routes.register(identifier.namespace);
    const body = { name: identifier.name, 'metadata-location': metadataLocation };
    const shown = formatIdentifier(identifier);
    const { text } = await this.#change('POST', path, 'register table', shown, options, body);
    return this.#loaded(identifier, parseLoadResult(text, this.#what(shown)));
  }

  async commit(request: CommitRequest, options: CommitSendOptions): Promise<CommitAnswer> {
    const { identifier } = request;
    const path = this.#session.routes.table(identifier);
    const verdict = await this.#commit(path, formatIdentifier(identifier), bodyOf(request), options);
    if (verdict.kind !== 'committed') return verdict;
    return { kind: 'committed', table: this.#committed(identifier, verdict.body) };
  }

  async commitTransaction(requests: readonly CommitRequest[], options: CommitSendOptions): Promise<CommitAnswer> {
    this.#require(this.capabilities.transactions, 'commit to several tables at once');
    const path = this.#session.routes.transactions();
    const shown = requests.map(({ identifier }) => formatIdentifier(identifier)).join(', ');
    const verdict = await this.#commit(path, shown, { 'table-changes': requests.map(bodyOf) }, options);
    return verdict.kind === 'committed' ? { kind: 'committed', table: null } : verdict;
  }

  async #commit(path: string, shown: string, body: object, options: CommitSendOptions): Promise<CommitVerdict> {
    const { client } = this.#session;
    const call: RestCall = {
      method: 'POST',
      path,
      body,
      headers: this.capabilities.idempotencyKeys ? { 'idempotency-key': options.idempotencyKey } : {},
      operation: 'commit to',
      subject: shown,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    };
    options.signal?.throwIfAborted();
    if (this.#isForgotten(options.idempotencyKey)) {
      const message = `catalog ${this.name}: the idempotency key of the commit to ${shown} is older than the catalog remembers`;
      return { kind: 'unknown', message };
    }
    let exchange: Awaited<ReturnType<typeof client.exchange>>;
    try {
      exchange = await client.exchange(call);
    } catch (cause) {
      options.signal?.throwIfAborted();
      return notSent(cause);
    }
    const response =
      exchange.kind === 'answer' ? { ...exchange, retryAfter: exchange.headers.get('retry-after') } : exchange;
    const verdict = classifyCommitResponse(response, client.options.world.now());
    if (verdict.kind === 'committed' || verdict.kind === 'throttled') return verdict;
    const message = `catalog ${this.name}: commit to ${shown}: ${client.options.secrets.scrub(verdict.message)}`;
    if (verdict.kind !== 'rejected') return { ...verdict, message };
    const cause = restError(exchange, { ...client.options, ...call });
    return { ...verdict, message, cause };
  }

  async #create(
    identifier: TableIdentifier,
    request: CreateTableRequest,
    staged: boolean,
    options: ChangeOptions,
  ): Promise<LoadedTable> {
    const { routes, delegation } = this.#session;
    const body = createBody(identifier.name, request, staged);
    const shown = formatIdentifier(identifier);
    const path = routes.tables(identifier.namespace);
    const operation = staged ? 'stage table' : 'create table';
    const { text } = await this.#change('POST', path, operation, shown, options, body, delegation);
    return this.#loaded(identifier, parseLoadResult(text, this.#what(shown)));
  }

  #loaded(identifier: TableIdentifier, result: LoadResult): LoadedTable {
    const shown = formatIdentifier(identifier);
    const { storage, routes } = this.#session;
    const renew = () => this.#renewCredentials(identifier, result.metadata.location);
    const store = tableStorage({ shown, result, renew, signPath: routes.sign(identifier) }, storage);
    this.#stores.delete(shown);
    this.#stores.set(shown, store);
    const oldest = this.#stores.keys().next().value;
    if (this.#stores.size > KEPT_STORES && oldest !== undefined) this.#stores.delete(oldest);
    return { identifier, metadataLocation: result.metadataLocation, metadata: result.metadata, store };
  }

  /** Null where the table's store is not known any more, or the answer had no body: it is loaded again then. */
  #committed(identifier: TableIdentifier, body: Readonly<Record<string, unknown>> | null): LoadedTable | null {
    const shown = formatIdentifier(identifier);
    const store = this.#stores.get(shown);
    if (store === undefined || body === null) return null;
    try {
      const { metadata, metadataLocation } = readLoadResult(body, this.#what(shown));
      return { identifier, metadataLocation, metadata, store };
    } catch {
      // The commit stands, whatever its answer looks like.
      return null;
    }
  }

  /** New credentials from their own endpoint, or, where a catalog has none, with the table. */
  async #renewCredentials(identifier: TableIdentifier, location: string) {
    const { routes, config } = this.#session;
    const shown = formatIdentifier(identifier);
    if (config.endpoints === null || config.endpoints.has(ENDPOINTS.credentials)) {
      try {
        const path = routes.credentials(identifier);
        const { text } = await this.#call('GET', path, 'renew storage credentials of', shown, {});
        const renewed = readStorageCredentials(parseAnswer(text, this.#what(shown))['storage-credentials']);
        if (renewed.length > 0) return renewed;
      } catch (error) {
        const status = error instanceof IcestreamError ? error.place.status : undefined;
        if (status === undefined || ![400, 404, 405, 406, 501].includes(status)) throw error;
      }
    }
    return vendedBy(await this.#loads.load(identifier), location);
  }

  #call(
    method: RestCall['method'],
    path: string,
    operation: string,
    subject: string | null,
    { signal }: CatalogCallOptions,
    headers: Delegation = {},
  ): Promise<RestAnswer> {
    const { client } = this.#session;
    return client.call({ method, path, operation, subject, headers, ...(signal === undefined ? {} : { signal }) });
  }

  /** A call that changes something: it is repeated only where the catalog remembers idempotency keys. */
  #change(
    method: RestCall['method'],
    path: string,
    operation: string,
    subject: string,
    { signal, idempotencyKey }: ChangeOptions,
    body?: unknown,
    headers: Delegation = {},
  ): Promise<RestAnswer> {
    const { client, newKey } = this.#session;
    const repeatable = this.capabilities.idempotencyKeys;
    return client.call({
      method,
      path,
      operation,
      subject,
      repeatable,
      headers: repeatable ? { ...headers, 'idempotency-key': idempotencyKey ?? newKey() } : headers,
      ...(body === undefined ? {} : { body }),
      ...(signal === undefined ? {} : { signal }),
    });
  }

  /** Sent again past its lifetime, a key no longer keeps a commit from being applied twice. */
  #isForgotten(key: string): boolean {
    const { client, config } = this.#session;
    const made = uuidV7Ms(key);
    if (config.idempotencyKeyLifetimeMs === null || made === null) return false;
    return client.options.world.now() - made > config.idempotencyKeyLifetimeMs;
  }

  #offers(endpoint: string): boolean {
    const { endpoints } = this.#session.config;
    return endpoints === null || endpoints.has(endpoint);
  }

  #require(offered: boolean, what: string): void {
    if (!offered) throw new IcestreamError('UNSUPPORTED', `catalog ${this.name} does not ${what}`);
  }

  #what(shown: string): string {
    return `the answer of catalog ${this.name} about ${shown}`;
  }
}

/** REST OpenAPI: CommitTableRequest. */
function bodyOf({ identifier, requirements, updates }: CommitRequest) {
  return { identifier, requirements, updates };
}

/** No request was answered: credentials could not be had, or nothing could be sent. */
function notSent(cause: unknown): CommitVerdict {
  const message = cause instanceof Error ? cause.message : String(cause);
  if (cause instanceof IcestreamError && cause.retryable) return { kind: 'throttled', retryAfterMs: null };
  if (cause instanceof IcestreamError && cause.code === 'UNAUTHENTICATED') return { kind: 'unauthenticated', message };
  return { kind: 'rejected', status: 400, message, cause };
}

function nameLists(value: unknown, what: string): Namespace[] {
  if (!Array.isArray(value)) throw new IcestreamError('INVALID_RESPONSE', `the catalog's list of ${what} is not one`);
  return value.filter(
    (item): item is string[] => Array.isArray(item) && item.every((part) => typeof part === 'string'),
  );
}

function identifiers(value: unknown): TableIdentifier[] {
  if (!Array.isArray(value)) throw new IcestreamError('INVALID_RESPONSE', `the catalog's list of tables is not one`);
  return value.map((item) => ({ namespace: item?.namespace ?? [], name: String(item?.name) }));
}
