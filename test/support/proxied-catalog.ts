/** A catalog proxy before a catalog app, and what it sends there. */
import { Hono } from 'hono';
import type { CatalogAppOptions } from '../../src/server/catalog/options.ts';
import { catalogProxyApp } from '../../src/server/catalog-proxy/app.ts';
import type { CatalogProxyOptions, CatalogUpstream } from '../../src/server/catalog-proxy/options.ts';
import { defaultWorld, type World } from '../../src/util/world.ts';
import { type Sent, servedCatalog } from './served-catalog.ts';

export const UPSTREAM = 'https://catalog.example/iceberg';

export interface ProxiedOptions extends Partial<CatalogProxyOptions> {
  readonly upstream?: Partial<CatalogUpstream>;
  readonly catalog?: Partial<CatalogAppOptions>;
  /** Answers in place of the catalog. */
  readonly fetch?: World['fetch'];
}

/** The proxy is at `/catalogs`, its upstream `main` at {@link UPSTREAM}. */
export function proxiedCatalog({ upstream, catalog, fetch, ...options }: ProxiedOptions = {}) {
  const served = servedCatalog(catalog);
  const behind = new Hono().route('/iceberg', served.app);
  const seen: Request[] = [];
  const faults: unknown[] = [];
  const world = {
    ...defaultWorld,
    ...options.world,
    fetch: async (request: Request) => {
      seen.push(request);
      return fetch === undefined ? behind.fetch(request) : fetch(request);
    },
  };
  const proxy = catalogProxyApp({
    upstreams: { main: { uri: UPSTREAM, ...upstream } },
    onError: (error) => faults.push(error),
    ...options,
    world,
  });
  const app = new Hono().route('/catalogs', proxy);
  return {
    ...served,
    /** What the upstream was sent. */
    seen,
    faults,
    proxy: async (request: Request) => app.fetch(request),
    connect: (more: Parameters<typeof served.connect>[0] = {}) =>
      served.connect({
        uri: 'http://localhost/catalogs/main',
        world: { ...defaultWorld, fetch: async (request) => app.fetch(request) },
        ...more,
      }),
    /** `path` as a client writes it, dots and all. */
    async send(method: string, path: string, headers: Record<string, string> = {}, body?: BodyInit): Promise<Sent> {
      const request = new Request('http://localhost/', {
        method,
        ...(body && { body, duplex: 'half' }),
      } as RequestInit);
      // Browsers keep pages from setting some headers, and URLs lose their dot segments when they are parsed.
      Object.defineProperty(request, 'headers', { value: new Headers(headers) });
      Object.defineProperty(request, 'url', { value: `http://localhost${path}` });
      const response = await app.fetch(request);
      const text = await response.text();
      const isJson = /^application\/json/.test(response.headers.get('content-type') ?? '') && text !== '';
      return { status: response.status, text, body: isJson ? JSON.parse(text) : null, headers: response.headers };
    },
  };
}
