/** A catalog app over a catalog on a memory store, and ways to call it without a network. */
import type { Catalog } from '../../src/catalog/catalog.ts';
import { RestCatalog, type RestCatalogOptions } from '../../src/catalog/rest/rest-catalog.ts';
import { StoreCatalog } from '../../src/catalog/store/store-catalog.ts';
import { catalogApp } from '../../src/server/catalog/app.ts';
import { anyone } from '../../src/server/catalog/authenticate.ts';
import type { CatalogAppOptions } from '../../src/server/catalog/options.ts';
import { MemoryStore } from '../../src/storage/memory/memory-store.ts';
import { parseJson, stringifyJson } from '../../src/util/json.ts';
import { defaultWorld } from '../../src/util/world.ts';
import { checkedFetch } from './rest-catalog-answers.ts';

export interface Sent {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: JSON, as it came
  readonly body: any;
  readonly text: string;
  readonly headers: Headers;
}

/** `faults`: methods that stand in for those of the catalog behind the app. */
export function servedCatalog(
  options: Partial<CatalogAppOptions> = {},
  faults: (backend: Catalog) => Partial<Catalog> = () => ({}),
) {
  const store = new MemoryStore('test');
  const backend: Catalog = new StoreCatalog({ warehouse: 'memory://test/lakehouse', store });
  const app = catalogApp({
    catalog: withFaults(backend, faults(backend)),
    authenticate: anyone,
    onError: () => {},
    ...options,
  });
  const fetch = checkedFetch((request) => app.fetch(request));
  const world = { ...defaultWorld, fetch };
  return {
    store,
    backend,
    app,
    fetch,
    connect: (more: Partial<RestCatalogOptions> = {}) =>
      RestCatalog.connect({ uri: 'http://localhost', world, stores: [store], ...more }),
    /** `path` after `/v1`; `body` is JSON, or text as it is. */
    async send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Sent> {
      const text = body === undefined || typeof body === 'string' ? (body ?? null) : stringifyJson(body);
      const type: Record<string, string> = text === null ? {} : { 'content-type': 'application/json' };
      const response = await fetch(requestOf(method, path, text, { ...type, ...headers }));
      const answered = await response.text();
      const { status } = response;
      return { status, text: answered, body: answered === '' ? null : parseJson(answered), headers: response.headers };
    },
  };
}

/** Browsers keep pages from setting `Origin` and its like in a request, but not in headers of their own. */
export function requestOf(method: string, path: string, body: string | null, headers: Record<string, string>): Request {
  const request = new Request(`http://localhost/v1${path}`, { method, body });
  Object.defineProperty(request, 'headers', { value: new Headers(headers) });
  return request;
}

function withFaults(backend: Catalog, faults: Partial<Catalog>): Catalog {
  return new Proxy(backend, {
    get(target, name) {
      const stand: unknown = Reflect.get(faults, name);
      if (stand !== undefined) return stand;
      const own: unknown = Reflect.get(target, name);
      return typeof own === 'function' ? own.bind(target) : own;
    },
  });
}

/** What creates the table `t`: two columns. */
export const CREATE_T = {
  name: 't',
  schema: {
    type: 'struct',
    fields: [
      { id: 1, name: 'id', required: true, type: 'long' },
      { id: 2, name: 'name', required: false, type: 'string' },
    ],
  },
};

/** A commit that adds an empty snapshot to `main`, which must be at `expected`. */
export function appendOf(snapshotId: bigint, expected: bigint | null, sequenceNumber: bigint) {
  return {
    requirements: [{ type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': expected }],
    updates: [
      {
        action: 'add-snapshot',
        snapshot: {
          'snapshot-id': snapshotId,
          ...(expected === null ? {} : { 'parent-snapshot-id': expected }),
          'sequence-number': sequenceNumber,
          'timestamp-ms': Date.now(),
          'manifest-list': `memory://test/lakehouse/ns/t/metadata/snap-${snapshotId}.avro`,
          summary: { operation: 'append' },
          'schema-id': 0,
        },
      },
      { action: 'set-snapshot-ref', 'ref-name': 'main', type: 'branch', 'snapshot-id': snapshotId },
    ],
  };
}
