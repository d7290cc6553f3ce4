/** Loading tables from a REST catalog, asking only whether they changed where they were loaded before. */
import type { CatalogCallOptions, LoadedTable, TableIdentifier } from '../catalog.ts';
import { formatIdentifier } from '../identifier.ts';
import type { RestAnswer, RestCall } from './client.ts';
import type { RestSession } from './connect.ts';
import { type LoadResult, parseLoadResult } from './load-result.ts';
import { TableCache } from './table-cache.ts';

export type LoadOptions = CatalogCallOptions & { readonly allSnapshots?: boolean };

export class TableLoads {
  readonly #session: RestSession;
  readonly #cache = new TableCache();

  constructor(session: RestSession) {
    this.#session = session;
  }

  /** `open` makes the table of a new answer; a table that has not changed is the same object as before. */
  async loadTable(
    identifier: TableIdentifier,
    options: LoadOptions,
    open: (result: LoadResult) => LoadedTable,
  ): Promise<LoadedTable> {
    const call = this.#call(identifier, options);
    const known = this.#cache.get(call.path);
    const asked = known === null ? null : await this.#ifChanged(call, known.etag);
    if (known !== null && asked?.status === 304) return known.table;
    const { text, headers } = asked ?? (await this.#session.client.call(call));
    const table = open(this.#parse(text, identifier));
    this.#cache.set(call.path, headers.get('etag'), text.length, table);
    return table;
  }

  /** What the catalog answers now, with new credentials. */
  async load(identifier: TableIdentifier): Promise<LoadResult> {
    const { text } = await this.#session.client.call(this.#call(identifier, {}));
    return this.#parse(text, identifier);
  }

  /** One send. Null: it had no use, so the table is to be loaded as if it were not known. */
  async #ifChanged(call: RestCall, etag: string): Promise<RestAnswer | null> {
    const headers = { ...call.headers, 'if-none-match': etag };
    const exchange = await this.#session.client.exchange({ ...call, headers });
    call.signal?.throwIfAborted();
    return exchange.kind === 'answer' && [200, 304].includes(exchange.status) ? exchange : null;
  }

  #call(identifier: TableIdentifier, { allSnapshots, signal }: LoadOptions): RestCall {
    const { routes, delegation, snapshots } = this.#session;
    const query = allSnapshots ? '?snapshots=all' : snapshots === 'refs' ? '?snapshots=refs' : '';
    return {
      method: 'GET',
      path: routes.table(identifier) + query,
      operation: 'load table',
      subject: formatIdentifier(identifier),
      headers: delegation,
      ...(signal === undefined ? {} : { signal }),
    };
  }

  #parse(text: string, identifier: TableIdentifier): LoadResult {
    const { name } = this.#session.client.options;
    return parseLoadResult(text, `the answer of catalog ${name} about ${formatIdentifier(identifier)}`);
  }
}
