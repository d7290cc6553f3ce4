/** Operations of a REST catalog beside loading tables and committing to them; imported with the first of them. */
import { IcestreamError } from '../../errors.ts';
import { requireBooleans } from '../../util/known-options.ts';
import type {
  CatalogCallOptions,
  ChangeOptions,
  CreateTableRequest,
  Namespace,
  NamespaceChanges,
  NamespaceUpdate,
  TableIdentifier,
} from '../catalog.ts';
import { formatIdentifier, formatNamespace } from '../identifier.ts';
import type { RestCalls } from './calls.ts';
import { createBody } from './create-body.ts';
import { type LoadResult, parseAnswer, parseLoadResult } from './load-result.ts';
import { listPages } from './pages.ts';
import { ENDPOINTS } from './routes.ts';
import { stringMap } from './server-config.ts';

export class Administration {
  readonly #calls: RestCalls;

  constructor(calls: RestCalls) {
    this.#calls = calls;
  }

  async listNamespaces(parent: Namespace, options: CatalogCallOptions): Promise<Namespace[]> {
    const { routes } = this.#calls.session;
    const shown = formatNamespace(parent);
    const pages = listPages((page) =>
      this.#calls.call('GET', routes.namespaces(parent, page), 'list namespaces', shown || null, options),
    );
    const found: Namespace[] = [];
    for await (const body of pages) found.push(...nameLists(body['namespaces'], 'namespaces'));
    // Some servers list all levels below; the contract is one.
    return found.filter((namespace) => namespace.length === parent.length + 1);
  }

  async createNamespace(
    namespace: Namespace,
    properties: Readonly<Record<string, string>>,
    options: ChangeOptions,
  ): Promise<void> {
    const path = this.#calls.session.routes.createNamespace();
    const body = { namespace, properties };
    await this.#calls.change('POST', path, 'create namespace', formatNamespace(namespace), options, body);
  }

  async loadNamespace(namespace: Namespace, options: CatalogCallOptions): Promise<Readonly<Record<string, string>>> {
    const shown = formatNamespace(namespace);
    const path = this.#calls.session.routes.namespace(namespace);
    const { text } = await this.#calls.call('GET', path, 'load namespace', shown, options);
    const answer = parseAnswer(text, this.#calls.answerAbout(shown));
    return Object.fromEntries(stringMap(answer['properties'], 'properties'));
  }

  async updateNamespace(
    namespace: Namespace,
    { updates = {}, removals = [] }: NamespaceChanges,
    options: ChangeOptions,
  ): Promise<NamespaceUpdate> {
    this.#calls.require(ENDPOINTS.namespaceProperties, 'change properties of namespaces');
    const shown = formatNamespace(namespace);
    const path = `${this.#calls.session.routes.namespace(namespace)}/properties`;
    const body = { updates, removals };
    const { text } = await this.#calls.change('POST', path, 'change namespace', shown, options, body);
    const answer = parseAnswer(text, this.#calls.answerAbout(shown));
    const keys = (name: string) => (Array.isArray(answer[name]) ? answer[name].map(String) : []);
    return { updated: keys('updated'), removed: keys('removed'), missing: keys('missing') };
  }

  async dropNamespace(namespace: Namespace, options: ChangeOptions): Promise<void> {
    const path = this.#calls.session.routes.namespace(namespace);
    await this.#calls.change('DELETE', path, 'drop namespace', formatNamespace(namespace), options);
  }

  async listTables(namespace: Namespace, options: CatalogCallOptions): Promise<TableIdentifier[]> {
    const { routes } = this.#calls.session;
    const shown = formatNamespace(namespace);
    const pages = listPages((page) =>
      this.#calls.call('GET', routes.tablesPage(namespace, page), 'list tables of', shown, options),
    );
    const found: TableIdentifier[] = [];
    for await (const body of pages) found.push(...identifiers(body['identifiers']));
    return found;
  }

  async createTable(
    identifier: TableIdentifier,
    request: CreateTableRequest,
    staged: boolean,
    options: ChangeOptions,
  ): Promise<LoadResult> {
    const { routes, delegation } = this.#calls.session;
    const body = createBody(identifier.name, request, staged);
    const shown = formatIdentifier(identifier);
    const path = routes.tables(identifier.namespace);
    const operation = staged ? 'stage table' : 'create table';
    const { text } = await this.#calls.change('POST', path, operation, shown, options, body, delegation);
    return parseLoadResult(text, this.#calls.answerAbout(shown));
  }

  async dropTable(identifier: TableIdentifier, purge: boolean, options: ChangeOptions): Promise<void> {
    requireBooleans({ purge });
    const path = `${this.#calls.session.routes.table(identifier)}?purgeRequested=${purge}`;
    await this.#calls.change('DELETE', path, 'drop table', formatIdentifier(identifier), options);
  }

  async renameTable(from: TableIdentifier, to: TableIdentifier, options: ChangeOptions): Promise<void> {
    this.#calls.require(ENDPOINTS.rename, 'rename tables');
    const path = this.#calls.session.routes.rename();
    const body = { source: from, destination: to };
    await this.#calls.change('POST', path, 'rename table', formatIdentifier(from), options, body);
  }

  async registerTable(
    identifier: TableIdentifier,
    metadataLocation: string,
    options: ChangeOptions,
  ): Promise<LoadResult> {
    this.#calls.require(ENDPOINTS.register, 'register tables');
    const path = this.#calls.session.routes.register(identifier.namespace);
    const body = { name: identifier.name, 'metadata-location': metadataLocation };
    const shown = formatIdentifier(identifier);
    const { text } = await this.#calls.change('POST', path, 'register table', shown, options, body);
    return parseLoadResult(text, this.#calls.answerAbout(shown));
  }
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
