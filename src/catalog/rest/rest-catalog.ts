/** A catalog behind the Iceberg REST protocol (REST OpenAPI, v1). */
import { IcestreamError } from '../../errors.ts';
import type { Store } from '../../storage/store.ts';
import { onDemand } from '../../util/on-demand.ts';
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
import { formatIdentifier } from '../identifier.ts';
import type { Administration } from './administration.ts';
import { RestCalls } from './calls.ts';
import type { RestCall } from './client.ts';
import { type CommitVerdict, classifyCommitResponse } from './commit-response.ts';
import { openSession, type RestSession } from './connect.ts';
import { restError } from './error.ts';
import { type LoadResult, parseAnswer, readLoadResult, readStorageCredentials } from './load-result.ts';
import { checkRestOptions, type RestCatalogOptions } from './options.ts';
import { ENDPOINTS } from './routes.ts';
import { tableStorage, vendedBy } from './storage/table-storage.ts';
import { type LoadOptions, TableLoads } from './table-loads.ts';

export type { AccessDelegation, RestCatalogOptions } from './options.ts';

/** How many tables' stores are kept for the answers to commits, which carry no credentials. */
const KEPT_STORES = 64;

export class RestCatalog implements Catalog {
  readonly capabilities: CatalogCapabilities;
  /** For messages. */
  readonly name: string;
  /** Configuration keys the server sent that this client does not let a server set. */
  readonly ignoredConfig: readonly string[];
  readonly #session: RestSession;
  readonly #calls: RestCalls;
  readonly #stores = new Map<string, Store>();
  readonly #loads: TableLoads;

  private constructor(session: RestSession) {
    this.#session = session;
    this.#calls = new RestCalls(session);
    this.#loads = new TableLoads(session);
    this.name = session.client.options.name;
    this.ignoredConfig = session.config.ignored;
    this.capabilities = {
      rename: this.#calls.offers(ENDPOINTS.rename),
      register: this.#calls.offers(ENDPOINTS.register),
      transactions: this.#calls.offers(ENDPOINTS.transactions),
      namespaceProperties: this.#calls.offers(ENDPOINTS.namespaceProperties),
      idempotencyKeys: this.#calls.isIdempotent,
    };
  }

  /**
   * Asks the catalog for its configuration.
   * @throws IcestreamError INVALID_ARGUMENT, UNAUTHENTICATED, FORBIDDEN, NOT_FOUND (the warehouse), UNAVAILABLE,
   * INVALID_RESPONSE (not an Iceberg REST catalog); TypeError for an option that there is not.
   */
  static async connect(options: RestCatalogOptions): Promise<RestCatalog> {
    checkRestOptions(options);
    return new RestCatalog(await openSession(options));
  }

  async listNamespaces(parent: Namespace = [], options: CatalogCallOptions = {}): Promise<Namespace[]> {
    return (await this.#administration()).listNamespaces(parent, options);
  }

  async createNamespace(
    namespace: Namespace,
    properties: Readonly<Record<string, string>> = {},
    options: ChangeOptions = {},
  ): Promise<void> {
    await (await this.#administration()).createNamespace(namespace, properties, options);
  }

  async loadNamespace(
    namespace: Namespace,
    options: CatalogCallOptions = {},
  ): Promise<Readonly<Record<string, string>>> {
    return (await this.#administration()).loadNamespace(namespace, options);
  }

  async updateNamespace(
    namespace: Namespace,
    changes: NamespaceChanges,
    options: ChangeOptions = {},
  ): Promise<NamespaceUpdate> {
    return (await this.#administration()).updateNamespace(namespace, changes, options);
  }

  async dropNamespace(namespace: Namespace, options: ChangeOptions = {}): Promise<void> {
    await (await this.#administration()).dropNamespace(namespace, options);
  }

  async listTables(namespace: Namespace, options: CatalogCallOptions = {}): Promise<TableIdentifier[]> {
    return (await this.#administration()).listTables(namespace, options);
  }

  async createTable(
    identifier: TableIdentifier,
    request: CreateTableRequest,
    options: ChangeOptions = {},
  ): Promise<LoadedTable> {
    const administration = await this.#administration();
    return this.#loaded(identifier, await administration.createTable(identifier, request, false, options));
  }

  async stageTable(
    identifier: TableIdentifier,
    request: CreateTableRequest,
    options: CatalogCallOptions = {},
  ): Promise<LoadedTable> {
    const administration = await this.#administration();
    const staged = this.#loaded(identifier, await administration.createTable(identifier, request, true, options));
    return { ...staged, metadataLocation: null };
  }

  async loadTable(identifier: TableIdentifier, options: LoadOptions = {}): Promise<LoadedTable> {
    return this.#loads.loadTable(identifier, options, (result) => this.#loaded(identifier, result));
  }

  async dropTable(
    identifier: TableIdentifier,
    options: ChangeOptions & { readonly purge?: boolean } = {},
  ): Promise<void> {
    this.#stores.delete(formatIdentifier(identifier));
    await (await this.#administration()).dropTable(identifier, options.purge ?? false, options);
  }

  async renameTable(from: TableIdentifier, to: TableIdentifier, options: ChangeOptions = {}): Promise<void> {
    this.#stores.delete(formatIdentifier(from));
    await (await this.#administration()).renameTable(from, to, options);
  }

  async registerTable(
    identifier: TableIdentifier,
    metadataLocation: string,
    options: ChangeOptions = {},
  ): Promise<LoadedTable> {
    const administration = await this.#administration();
    return this.#loaded(identifier, await administration.registerTable(identifier, metadataLocation, options));
  }

  async commit(request: CommitRequest, options: CommitSendOptions): Promise<CommitAnswer> {
    const { identifier } = request;
    const path = this.#session.routes.table(identifier);
    const verdict = await this.#commit(path, formatIdentifier(identifier), bodyOf(request), options);
    if (verdict.kind !== 'committed') return verdict;
    return { kind: 'committed', table: this.#committed(identifier, verdict.body) };
  }

  async commitTransaction(requests: readonly CommitRequest[], options: CommitSendOptions): Promise<CommitAnswer> {
    this.#calls.require(ENDPOINTS.transactions, 'commit to several tables at once');
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
      const { metadata, metadataLocation } = readLoadResult(body, this.#calls.answerAbout(shown));
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
        const { text } = await this.#calls.call('GET', path, 'renew storage credentials of', shown, {});
        const renewed = readStorageCredentials(
          parseAnswer(text, this.#calls.answerAbout(shown))['storage-credentials'],
        );
        if (renewed.length > 0) return renewed;
      } catch (error) {
        const status = error instanceof IcestreamError ? error.place.status : undefined;
        if (status === undefined || ![400, 404, 405, 406, 501].includes(status)) throw error;
      }
    }
    return vendedBy(await this.#loads.load(identifier), location);
  }

  /** Sent again past its lifetime, a key no longer keeps a commit from being applied twice. */
  #isForgotten(key: string): boolean {
    const { client, config } = this.#session;
    const made = uuidV7Ms(key);
    if (config.idempotencyKeyLifetimeMs === null || made === null) return false;
    return client.options.world.now() - made > config.idempotencyKeyLifetimeMs;
  }

  async #administration(): Promise<Administration> {
    const { Administration } = await onDemand(import('./administration.ts'));
    return new Administration(this.#calls);
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
