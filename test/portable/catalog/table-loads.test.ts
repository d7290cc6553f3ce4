/** Loading a table again: only what changed comes over the wire, and credentials in a kept answer stay good. */
import { describe, expect, it } from 'vitest';
import { RestCatalog } from '../../../src/catalog/rest/rest-catalog.ts';
import type { S3Access } from '../../../src/catalog/rest/storage/table-storage.ts';
import { newTableMetadata } from '../../../src/spec/table-metadata-new.ts';
import { MemoryStore } from '../../../src/storage/memory/memory-store.ts';
import { stringifyJson } from '../../../src/util/json.ts';
import { defaultWorld } from '../../../src/util/world.ts';
import { ORDERS } from '../../conformance/catalog.ts';

const identifier = { namespace: ['a'], name: 't' };

/** A server with one table, whose ETag is the number of its version. */
class Server {
  version = 1;
  /** Characters of a property that makes the answer longer. */
  padding = 0;
  /** Statuses that the next conditional questions are answered with. */
  readonly faults: number[] = [];
  etag: ((path: string) => string) | null = (path) => `W/"${this.version}${path.includes('refs') ? 'r' : ''}"`;
  config: Record<string, string> = {};
  nowMs = 1_000_000;
  readonly asked: { readonly path: string; readonly etag: string | null; readonly status: number }[] = [];
  readonly opened: S3Access[] = [];

  async catalog(snapshots: 'all' | 'refs' = 'all'): Promise<RestCatalog> {
    const world = {
      ...defaultWorld,
      now: () => this.nowMs,
      sleep: (ms: number) => (ms >= 60_000 ? new Promise<void>(() => undefined) : Promise.resolve()),
      fetch: async (request: Request) => this.#answer(request),
    };
    return RestCatalog.connect({
      uri: 'https://catalog.example.com',
      world,
      snapshots,
      openS3: (access) => {
        this.opened.push(access);
        return new MemoryStore('bucket');
      },
    });
  }

  #answer(request: Request): Response {
    const url = new URL(request.url);
    if (url.pathname.endsWith('/config')) return new Response('{"defaults":{},"overrides":{}}');
    const path = url.pathname + url.search;
    const etag = request.headers.get('if-none-match');
    const response = this.#table(path, etag);
    this.asked.push({ path, etag, status: response.status });
    return response;
  }

  #table(path: string, etag: string | null): Response {
    if (path.endsWith('/credentials')) {
      const prefix = 's3://bucket';
      return new Response(stringifyJson({ 'storage-credentials': [{ prefix, config: this.config }] }));
    }
    const fault = etag === null ? undefined : this.faults.shift();
    if (fault !== undefined) return new Response('', { status: fault });
    const own = this.etag?.(path) ?? null;
    if (own !== null && etag === own) return new Response(null, { status: 304 });
    const properties = { version: String(this.version), padding: 'x'.repeat(this.padding) };
    const location = 's3://bucket/t';
    const metadata = newTableMetadata({ schema: ORDERS, location, properties, uuid: crypto.randomUUID(), now: 1 });
    const body = stringifyJson({ 'metadata-location': 's3://bucket/m', metadata, config: this.config });
    return new Response(body, own === null ? {} : { headers: { etag: own } });
  }

  statuses(): number[] {
    return this.asked.map(({ status }) => status);
  }
}

describe('a table that was loaded before', () => {
  it('is asked for with its ETag, and is the same table while it has not changed', async () => {
    const server = new Server();
    const catalog = await server.catalog();
    const first = await catalog.loadTable(identifier);
    expect(await catalog.loadTable(identifier)).toBe(first);
    server.version = 2;
    const changed = await catalog.loadTable(identifier);
    expect(changed.metadata.properties?.['version']).toBe('2');
    expect(await catalog.loadTable(identifier)).toBe(changed);
    expect(server.asked.map(({ etag }) => etag)).toEqual([null, 'W/"1"', 'W/"1"', 'W/"2"']);
    expect(server.statuses()).toEqual([200, 304, 200, 304]);
  });

  it('with other snapshots is another answer', async () => {
    const server = new Server();
    const catalog = await server.catalog('refs');
    for (const allSnapshots of [false, true, false, true]) await catalog.loadTable(identifier, { allSnapshots });
    expect(server.asked.map(({ etag }) => etag)).toEqual([null, null, 'W/"1r"', 'W/"1"']);
    expect(server.statuses()).toEqual([200, 200, 304, 304]);
  });

  it.each([412, 500, 503, 429])('is loaded as ever when the question gets status %i', async (status) => {
    const server = new Server();
    const catalog = await server.catalog();
    await catalog.loadTable(identifier);
    server.faults.push(status);
    server.version = 2;
    expect((await catalog.loadTable(identifier)).metadata.properties?.['version']).toBe('2');
    expect(server.asked.map(({ etag }) => etag)).toEqual([null, 'W/"1"', null]);
  });

  it('is not asked about when it had no ETag or was very long, and the oldest are forgotten', async () => {
    const without = new Server();
    without.etag = null;
    const long = new Server();
    long.padding = 3 << 20;
    for (const server of [without, long]) {
      const catalog = await server.catalog();
      await catalog.loadTable(identifier);
      await catalog.loadTable(identifier);
      expect(server.asked.map(({ etag }) => etag)).toEqual([null, null]);
    }
    const many = new Server();
    many.padding = 900_000;
    const catalog = await many.catalog();
    for (const name of ['one', 'two', 'three', 'one', 'three']) {
      await catalog.loadTable({ ...identifier, name });
    }
    expect(many.statuses()).toEqual([200, 200, 200, 200, 304]);
  });

  it('renews the credentials of its answer before they expire', async () => {
    const server = new Server();
    const minute = 60_000;
    const keys = (name: string) => ({
      's3.access-key-id': name,
      's3.secret-access-key': `${name}-secret`,
      's3.session-token-expires-at-ms': String(server.nowMs + 60 * minute),
    });
    server.config = keys('first');
    const catalog = await server.catalog();
    await catalog.loadTable(identifier);
    const provider = server.opened[0]?.credentials;
    expect(await provider?.()).toMatchObject({ accessKeyId: 'first' });
    server.nowMs += 58 * minute;
    server.config = keys('second');
    await catalog.loadTable(identifier);
    expect(server.opened).toHaveLength(1);
    expect(await provider?.()).toMatchObject({ accessKeyId: 'second' });
    expect(server.statuses()).toEqual([200, 304, 200]);
  });
});
