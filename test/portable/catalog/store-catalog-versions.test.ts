/** What a catalog on a store leaves behind and finds again: versions, hint, tombstones, lost answers. */
import { describe, expect, it } from 'vitest';
import type { CommitAnswer, TableIdentifier } from '../../../src/catalog/catalog.ts';
import { StoreCatalog } from '../../../src/catalog/store/store-catalog.ts';
import { IcestreamError } from '../../../src/errors.ts';
import type { TableUpdate } from '../../../src/spec/updates.ts';
import { MemoryStore } from '../../../src/storage/memory/memory-store.ts';
import type { PutOptions, Store } from '../../../src/storage/store.ts';
import type { Bytes } from '../../../src/util/bytes.ts';
import { concatBytes, utf8 } from '../../../src/util/encoding.ts';
import { ORDERS } from '../../conformance/catalog.ts';

const TABLE: TableIdentifier = { namespace: ['sales', 'eu'], name: 'orders' };
const FOLDER = 'memory://test/lakehouse/sales/eu/orders';
const key = { idempotencyKey: '019a0000-0000-7000-8000-000000000000' };

async function freshCatalog(properties: Record<string, string> = {}) {
  const store = new MemoryStore('test');
  const catalog = openOn(store);
  await catalog.createNamespace(['sales']);
  await catalog.createNamespace(['sales', 'eu']);
  const { metadata } = await catalog.createTable(TABLE, { schema: ORDERS, properties });
  return { store, catalog, metadata };
}

const openOn = (store: Store) => new StoreCatalog({ warehouse: 'memory://test/lakehouse/', store });

const GZIP = { 'write.metadata.compression-codec': 'gzip' };

const changed = (catalog: StoreCatalog, updates: readonly TableUpdate[]): Promise<CommitAnswer> =>
  catalog.commit({ identifier: TABLE, requirements: [], updates }, key);

const set = (catalog: StoreCatalog, value: string): Promise<CommitAnswer> =>
  changed(catalog, [{ action: 'set-properties', updates: { value } }]);

const read = async (store: Store, name: string) =>
  new TextDecoder().decode(await store.read(`${FOLDER}/metadata/${name}`));

/** The store, whose deletions are these. */
function withDelete(store: Store, remove: Store['delete']): Store {
  return replacing(store, 'delete', remove);
}

/** The store, with something that happens before the first listing. */
function withList(store: Store, before: () => Promise<void>): Store {
  let isFirst = true;
  return replacing(store, 'list', async function* (prefix) {
    if (isFirst) {
      isFirst = false;
      await before();
    }
    yield* store.list(prefix);
  });
}

function replacing<K extends keyof Store>(store: Store, name: K, value: Store[K]): Store {
  return new Proxy(store, {
    get: (target, key) => {
      const own: unknown = key === name ? value : Reflect.get(target, key);
      return typeof own === 'function' ? own.bind(target) : own;
    },
  });
}

async function names(store: Store, prefix = `${FOLDER}/`): Promise<string[]> {
  const found: string[] = [];
  for await (const { location } of store.list(prefix)) found.push(location.slice(prefix.length));
  return found;
}

describe('the versions of a table', () => {
  it('are numbered files and a hint of digits alone', async () => {
    const { store, catalog } = await freshCatalog();
    await set(catalog, 'a');
    await set(catalog, 'b');
    expect(await names(store)).toEqual([
      'metadata/v1.metadata.json',
      'metadata/v2.metadata.json',
      'metadata/v3.metadata.json',
      'metadata/version-hint.text',
    ]);
    expect(await read(store, 'version-hint.text')).toBe('3');
    const { metadata, metadataLocation } = await openOn(store).loadTable(TABLE);
    expect(metadataLocation).toBe(`${FOLDER}/metadata/v3.metadata.json`);
    expect(metadata.properties?.['value']).toBe('b');
    expect(metadata['metadata-log']?.map((entry) => entry['metadata-file'])).toEqual([
      `${FOLDER}/metadata/v1.metadata.json`,
      `${FOLDER}/metadata/v2.metadata.json`,
    ]);
  });

  it.each(['1', '2\n', '99', 'x', '', '-1', '1e3', '9'.repeat(40)])('are found with the hint %j', async (hint) => {
    const { store, catalog } = await freshCatalog();
    await set(catalog, 'a');
    await set(catalog, 'b');
    await store.put(`${FOLDER}/metadata/version-hint.text`, utf8(hint));
    expect((await openOn(store).loadTable(TABLE)).metadata.properties?.['value']).toBe('b');
  });

  it('are found without a hint, and past 9 in numeric order', async () => {
    const { store, catalog } = await freshCatalog();
    for (let i = 2; i <= 11; i++) await set(catalog, String(i));
    await store.delete([`${FOLDER}/metadata/version-hint.text`]);
    expect((await openOn(store).loadTable(TABLE)).metadata.properties?.['value']).toBe('11');
    expect(await set(openOn(store), '12')).toMatchObject({ kind: 'committed' });
    expect(await names(store)).toContain('metadata/v12.metadata.json');
  });

  it('are read where another writer compressed them, and go on uncompressed', async () => {
    for (const name of ['v2.gz.metadata.json', 'v2.metadata.json.gz']) {
      const { store, catalog } = await freshCatalog();
      await set(catalog, 'a');
      const plain = await store.read(`${FOLDER}/metadata/v2.metadata.json`);
      const packed = await gzip(plain);
      await store.delete([`${FOLDER}/metadata/v2.metadata.json`]);
      await store.put(`${FOLDER}/metadata/${name}`, packed);
      const reopened = openOn(store);
      expect((await reopened.loadTable(TABLE)).metadata.properties?.['value']).toBe('a');
      expect(await set(reopened, 'b')).toMatchObject({ kind: 'committed' });
      expect((await openOn(store).loadTable(TABLE)).metadata.properties?.['value']).toBe('b');
    }
  });

  it('are compressed where the version before asks for it, and go back when it no longer does', async () => {
    const { store, catalog } = await freshCatalog(GZIP);
    await set(catalog, 'a');
    await set(catalog, 'b');
    expect(await names(store)).toEqual([
      'metadata/v1.metadata.json',
      'metadata/v2.gz.metadata.json',
      'metadata/v3.gz.metadata.json',
      'metadata/version-hint.text',
    ]);
    expect(await read(store, 'version-hint.text')).toBe('3');
    const packed = await store.read(`${FOLDER}/metadata/v3.gz.metadata.json`);
    expect([...packed.subarray(0, 2)]).toEqual([0x1f, 0x8b]);
    for (const hint of ['1', '2', '3', '']) {
      await store.put(`${FOLDER}/metadata/version-hint.text`, utf8(hint));
      const { metadata, metadataLocation } = await openOn(store).loadTable(TABLE);
      expect(metadata.properties?.['value']).toBe('b');
      expect(metadataLocation).toBe(`${FOLDER}/metadata/v3.gz.metadata.json`);
    }
    await changed(catalog, [{ action: 'remove-properties', removals: Object.keys(GZIP) }]);
    await set(catalog, 'c');
    const left = await names(store);
    expect(left).toContain('metadata/v4.gz.metadata.json');
    expect(left).toContain('metadata/v5.metadata.json');
    await changed(catalog, [{ action: 'set-properties', updates: GZIP }]);
    const late = openOn(store);
    await late.loadTable(TABLE);
    await set(catalog, 'd');
    expect((await late.loadTable(TABLE)).metadata.properties?.['value']).toBe('d');
    expect(await names(store)).toContain('metadata/v7.gz.metadata.json');
  });

  it('have one winner, also where one of two writers turns compression on', async () => {
    const { store, catalog } = await freshCatalog();
    const slow = new FaultyStore(store);
    slow.beforePut = async (location) => {
      if (!location.includes('/v2.')) return;
      slow.beforePut = null;
      await changed(catalog, [{ action: 'set-properties', updates: GZIP }]);
    };
    const late = openOn(slow);
    expect(await set(late, 'a')).toMatchObject({ kind: 'conflict' });
    slow.beforePut = async (location) => {
      if (!location.includes('/v3.')) return;
      slow.beforePut = null;
      await changed(catalog, [{ action: 'remove-properties', removals: Object.keys(GZIP) }]);
    };
    expect(await set(late, 'a')).toMatchObject({ kind: 'conflict' });
    expect(await set(late, 'a')).toMatchObject({ kind: 'committed' });
    expect(await names(store)).toEqual([
      'metadata/v1.metadata.json',
      'metadata/v2.metadata.json',
      'metadata/v3.gz.metadata.json',
      'metadata/v4.metadata.json',
      'metadata/version-hint.text',
    ]);
  });

  it('that are compressed cost as many requests however many went before, and are removed only when asked', async () => {
    const { store } = await freshCatalog({
      ...GZIP,
      'write.metadata.delete-after-commit.enabled': 'true',
      'write.metadata.previous-versions-max': '2',
    });
    const counting = new FaultyStore(store);
    const catalog = openOn(counting);
    const costs: number[] = [];
    for (let i = 0; i < 30; i++) {
      const before = counting.calls;
      await set(catalog, String(i));
      costs.push(counting.calls - before);
    }
    const left = await names(store);
    expect(left).toHaveLength(22);
    expect(left).not.toContain('metadata/v10.gz.metadata.json');
    expect(new Set(costs.slice(2, 18)).size).toBe(1);
    expect((await openOn(store).loadTable(TABLE)).metadata.properties?.['value']).toBe('29');
  });

  it('that are corrupt are named', async () => {
    const { store } = await freshCatalog();
    await store.put(`${FOLDER}/metadata/v2.metadata.json`, utf8('{"format-version": 2'));
    await expect(openOn(store).loadTable(TABLE)).rejects.toMatchObject({
      code: 'INVALID_METADATA',
      place: { file: `${FOLDER}/metadata/v2.metadata.json` },
    });
    await store.put(
      `${FOLDER}/metadata/v2.metadata.json`,
      concatBytes([await gzip(utf8('{}'.repeat(500)))]).slice(0, 20),
    );
    await expect(openOn(store).loadTable(TABLE)).rejects.toMatchObject({ code: 'INVALID_METADATA' });
  });

  it('are logged up to the limit, and removed only when asked', async () => {
    const kept = await freshCatalog({ 'write.metadata.previous-versions-max': '2' });
    for (let i = 0; i < 30; i++) await set(kept.catalog, String(i));
    const { metadata } = await openOn(kept.store).loadTable(TABLE);
    expect(metadata['metadata-log']).toHaveLength(2);
    expect(await names(kept.store)).toHaveLength(32);
    const removed = await freshCatalog({
      'write.metadata.previous-versions-max': '2',
      'write.metadata.delete-after-commit.enabled': 'true',
    });
    for (let i = 0; i < 30; i++) await set(removed.catalog, String(i));
    const left = await names(removed.store);
    expect(left).toHaveLength(22);
    expect(left).not.toContain('metadata/v10.metadata.json');
    expect(left).toContain('metadata/v31.metadata.json');
    expect((await openOn(removed.store).loadTable(TABLE)).metadata.properties?.['value']).toBe('29');
  });

  it('that were removed cannot be committed again by a writer that was asleep', async () => {
    const { store, catalog } = await freshCatalog({ 'write.metadata.delete-after-commit.enabled': 'true' });
    const asleep = new FaultyStore(store);
    const late = openOn(asleep);
    await late.loadTable(TABLE);
    asleep.beforePut = async (location) => {
      if (!location.endsWith('v2.metadata.json')) return;
      asleep.beforePut = null;
      for (let i = 0; i < 110; i++) await set(catalog, String(i));
      await expect(store.stat(location)).resolves.toBeNull();
    };
    expect(await set(late, 'late')).toMatchObject({ kind: 'unknown' });
    expect((await openOn(store).loadTable(TABLE)).metadata.properties?.['value']).toBe('109');
  });
});

describe('a commit', () => {
  it.each([
    ['is stored, its answer lost', { store: true, code: 'UNAVAILABLE' }, 'committed'],
    ['is stored, and its repetition refused', { store: true, code: 'PRECONDITION_FAILED' }, 'committed'],
    ['is stored, and its repetition forbidden', { store: true, code: 'FORBIDDEN' }, 'committed'],
    ['may be stored later', { store: false, code: 'UNAVAILABLE' }, 'unknown'],
    ['is forbidden', { store: false, code: 'FORBIDDEN' }, 'rejected'],
    ['finds no room', { store: false, code: 'STORAGE_FULL' }, 'rejected'],
    ['meets an error nobody knows', { store: false, code: null }, 'unknown'],
  ] as const)('that %s', async (_, { store: isStored, code }, kind) => {
    const { store } = await freshCatalog();
    const faulty = new FaultyStore(store);
    faulty.beforePut = async (location, bytes) => {
      if (!location.endsWith('v2.metadata.json')) return;
      if (isStored) await store.put(location, bytes);
      throw code === null ? new TypeError('odd') : new IcestreamError(code, 'injected');
    };
    expect(await set(openOn(faulty), 'a')).toMatchObject({ kind });
    const { metadata } = await openOn(store).loadTable(TABLE);
    expect(metadata.properties?.['value'] === 'a').toBe(isStored);
  });

  it('stands though the hint cannot be written', async () => {
    const { store } = await freshCatalog();
    const faulty = new FaultyStore(store);
    faulty.beforePut = async (location) => {
      if (location.endsWith('version-hint.text')) throw new IcestreamError('FORBIDDEN', 'injected');
    };
    expect(await set(openOn(faulty), 'a')).toMatchObject({ kind: 'committed' });
    expect((await openOn(store).loadTable(TABLE)).metadata.properties?.['value']).toBe('a');
  });

  it('cannot move the table', async () => {
    const { catalog } = await freshCatalog();
    const updates = [{ action: 'set-location' as const, location: 'memory://test/elsewhere' }];
    const answer = await catalog.commit({ identifier: TABLE, requirements: [], updates }, key);
    expect(answer).toMatchObject({ kind: 'rejected', status: 400 });
  });

  it('costs the same number of requests however many went before', async () => {
    const { store } = await freshCatalog();
    const counting = new FaultyStore(store);
    const catalog = openOn(counting);
    const costs: number[] = [];
    for (let i = 0; i < 50; i++) {
      const before = counting.calls;
      await set(catalog, String(i));
      costs.push(counting.calls - before);
    }
    expect(new Set(costs.slice(1)).size).toBe(1);
    expect(costs[1]).toBeLessThanOrEqual(4);
  });
});

describe('a dropped table', () => {
  it('leaves a tombstone, and its numbers go on', async () => {
    const { store, catalog, metadata } = await freshCatalog();
    await set(catalog, 'a');
    await catalog.dropTable(TABLE);
    expect(await read(store, 'v3.metadata.json')).toMatch(/^\{"icestream-dropped-at-ms":\d+\}$/);
    await expect(openOn(store).loadTable(TABLE)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await set(openOn(store), 'b')).toMatchObject({ kind: 'rejected', status: 404 });
    const again = await openOn(store).createTable(TABLE, { schema: ORDERS });
    expect(again.metadataLocation).toBe(`${FOLDER}/metadata/v4.metadata.json`);
    expect(again.metadata['table-uuid']).not.toBe(metadata['table-uuid']);
    expect(again.metadata['metadata-log']).toEqual([]);
  });

  it('takes the next version from a commit under way', async () => {
    const { store, catalog } = await freshCatalog();
    const slow = new FaultyStore(store);
    slow.beforePut = async (location) => {
      if (!location.endsWith('v2.metadata.json')) return;
      slow.beforePut = null;
      await catalog.dropTable(TABLE);
    };
    expect(await set(openOn(slow), 'a')).toMatchObject({ kind: 'conflict' });
    await expect(openOn(store).loadTable(TABLE)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('whose versions are compressed is gone and can be made again, with or without its hint', async () => {
    for (const purge of [false, true]) {
      for (const commits of [0, 1]) {
        const { store, catalog } = await freshCatalog(GZIP);
        if (commits > 0) await set(catalog, 'a');
        await catalog.dropTable(TABLE, { purge });
        for (const hint of ['1', String(commits + 2), '']) {
          await store.put(`${FOLDER}/metadata/version-hint.text`, utf8(hint));
          await expect(openOn(store).loadTable(TABLE)).rejects.toMatchObject({ code: 'NOT_FOUND' });
          const staged = await openOn(store).stageTable(TABLE, { schema: ORDERS });
          expect(staged.metadataLocation).toBeNull();
        }
        const again = await openOn(store).createTable(TABLE, { schema: ORDERS });
        expect(again.metadataLocation).toBe(`${FOLDER}/metadata/v${commits + 3}.metadata.json`);
        expect((await openOn(store).listTables(TABLE.namespace)).map(({ name }) => name)).toEqual(['orders']);
      }
    }
  });

  it('is purged of its files, its names stay taken, and its neighbours stay', async () => {
    const { store, catalog } = await freshCatalog();
    await set(catalog, 'a');
    await store.put(`${FOLDER}/data/a.parquet`, utf8('x'));
    await store.put(`${FOLDER}/metadata/m.avro`, utf8('x'));
    await store.put(`${FOLDER}2/data/a.parquet`, utf8('x'));
    await catalog.dropTable(TABLE, { purge: true });
    expect(await names(store)).toEqual([
      'metadata/v1.metadata.json',
      'metadata/v2.metadata.json',
      'metadata/v3.metadata.json',
      'metadata/version-hint.text',
    ]);
    expect(await read(store, 'v1.metadata.json')).toMatch(/dropped/);
    expect(await store.stat(`${FOLDER}2/data/a.parquet`)).not.toBeNull();
  });

  describe('with its files, by who does not come to the end,', () => {
    /** The table is dropped; one of its data files is there. */
    async function cutOff() {
      const { store, catalog } = await freshCatalog();
      await store.put(`${FOLDER}/data/a.parquet`, utf8('x'));
      const deaf = withDelete(store, () => Promise.reject(new Error('the process is gone')));
      await expect(openOn(deaf).dropTable(TABLE, { purge: true })).rejects.toThrow('the process is gone');
      expect(await catalog.listTables(TABLE.namespace)).toEqual([]);
      expect(await names(store, `${FOLDER}/data/`)).toEqual(['a.parquet']);
      return { store, catalog };
    }

    it('keeps its folder until the next drop has removed them', async () => {
      const { store } = await cutOff();
      const next = openOn(store);
      await expect(next.loadTable(TABLE)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      const refused = { code: 'INVALID_ARGUMENT', message: expect.stringContaining('being removed') };
      await expect(next.createTable(TABLE, { schema: ORDERS })).rejects.toMatchObject(refused);
      await expect(next.stageTable(TABLE, { schema: ORDERS })).rejects.toMatchObject(refused);
      const created = { identifier: TABLE, requirements: [{ type: 'assert-create' }], updates: [] } as const;
      expect(await next.commit(created, key)).toMatchObject({ kind: 'rejected', status: 400, cause: refused });

      await next.dropTable(TABLE, { purge: true });
      expect(await names(store, `${FOLDER}/data/`)).toEqual([]);
      await expect(next.dropTable(TABLE, { purge: true })).rejects.toMatchObject({ code: 'NOT_FOUND' });
      const again = await openOn(store).createTable(TABLE, { schema: ORDERS });
      expect(again.metadataLocation).toBe(`${FOLDER}/metadata/v3.metadata.json`);
    });

    it('leaves them where the next drop does', async () => {
      const { store, catalog } = await cutOff();
      await catalog.dropTable(TABLE);
      expect(await names(store, `${FOLDER}/data/`)).toEqual(['a.parquet']);
      await expect(catalog.dropTable(TABLE, { purge: true })).rejects.toMatchObject({ code: 'NOT_FOUND' });
      await openOn(store).createTable(TABLE, { schema: ORDERS });
    });

    it('or comes too late, removes no file of a table that came after', async () => {
      const { store, catalog } = await freshCatalog();
      await store.put(`${FOLDER}/data/a.parquet`, utf8('x'));
      const slow = openOn(
        withList(store, async () => {
          await catalog.dropTable(TABLE, { purge: true });
          await catalog.createTable(TABLE, { schema: ORDERS });
          await store.put(`${FOLDER}/data/b.parquet`, utf8('x'));
        }),
      );
      await slow.dropTable(TABLE, { purge: true });
      expect(await names(store, `${FOLDER}/data/`)).toEqual(['b.parquet']);
      expect((await openOn(store).loadTable(TABLE)).metadataLocation).toBe(`${FOLDER}/metadata/v3.metadata.json`);
    });
  });

  // Java: whatever is not true, in any letter case, is false.
  it.each(['false', 'FALSE', 'False', 'no', ''])(
    'is not purged when its files may belong to others: %j',
    async (gc) => {
      const { store, catalog } = await freshCatalog({ 'gc.enabled': gc });
      await expect(catalog.dropTable(TABLE, { purge: true })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
      expect(await openOn(store).loadTable(TABLE)).toBeDefined();
      await catalog.dropTable(TABLE);
    },
  );
});

describe('names', () => {
  it.each(['', '.', '..', 'a/b', 'a\\b', 'a%2Fb', 'a?b', 'a#b', 'a\nb', ' a', 'a.', '\ud800', 'x'.repeat(201)])(
    'that mean different things to different engines are refused: %j',
    async (name) => {
      const { catalog } = await freshCatalog();
      const refused = { code: 'INVALID_ARGUMENT' };
      await expect(catalog.createNamespace([name])).rejects.toMatchObject(refused);
      await expect(catalog.loadTable({ namespace: ['sales'], name })).rejects.toMatchObject(refused);
    },
  );

  it('of the catalog itself are refused', async () => {
    const { catalog } = await freshCatalog();
    await expect(catalog.createNamespace(['_icestream'])).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('of a table and a namespace do not share a folder', async () => {
    const { catalog } = await freshCatalog();
    const exists = { code: 'ALREADY_EXISTS' };
    await expect(catalog.createNamespace([...TABLE.namespace, TABLE.name])).rejects.toMatchObject(exists);
    const asTable = { namespace: ['sales'], name: 'eu' };
    await expect(catalog.createTable(asTable, { schema: ORDERS })).rejects.toMatchObject(exists);
  });
});

it('a namespace is gone with the markers of tables that never came to be', async () => {
  const { catalog } = await freshCatalog();
  await catalog.dropTable(TABLE);
  const identifier = { ...TABLE, name: 'never' };
  const requirements = [{ type: 'assert-create' as const }];
  const updates = [{ action: 'set-properties' as const, updates: {} }];
  expect(await catalog.commit({ identifier, requirements, updates }, key)).toMatchObject({ kind: 'rejected' });
  expect(await catalog.listTables(TABLE.namespace)).toEqual([]);
  await catalog.dropNamespace(TABLE.namespace);
  expect(await catalog.listNamespaces(['sales'])).toEqual([]);
  const missing = await catalog.commit({ identifier, requirements, updates }, key);
  expect(missing).toMatchObject({ kind: 'rejected', status: 404 });
});

it('a store that cannot create on condition is refused', () => {
  const store = new FaultyStore(new MemoryStore('test'));
  Object.assign(store, { capabilities: { ...store.capabilities, conditionalCreate: false } });
  expect(() => openOn(store)).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
  expect(() => new StoreCatalog({ warehouse: 's3://b/w', store: new MemoryStore('test') })).toThrow(
    expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
  );
});

/** A store of which puts can be delayed or made to fail; counts calls. */
class FaultyStore implements Store {
  readonly capabilities: Store['capabilities'];
  calls = 0;
  beforePut: ((location: string, bytes: Bytes) => Promise<void>) | null = null;
  readonly #inner: Store;

  constructor(inner: Store) {
    this.#inner = inner;
    this.capabilities = inner.capabilities;
  }

  serves(location: string) {
    return this.#inner.serves(location);
  }

  read(...args: Parameters<Store['read']>) {
    this.calls += 1;
    return this.#inner.read(...args);
  }

  stream(...args: Parameters<Store['stream']>) {
    this.calls += 1;
    return this.#inner.stream(...args);
  }

  stat(...args: Parameters<Store['stat']>) {
    this.calls += 1;
    return this.#inner.stat(...args);
  }

  async put(location: string, bytes: Bytes, options?: PutOptions) {
    this.calls += 1;
    await this.beforePut?.(location, bytes);
    return this.#inner.put(location, bytes, options);
  }

  openUpload(...args: Parameters<Store['openUpload']>) {
    return this.#inner.openUpload(...args);
  }

  delete(...args: Parameters<Store['delete']>) {
    this.calls += 1;
    return this.#inner.delete(...args);
  }

  list(...args: Parameters<Store['list']>) {
    this.calls += 1;
    return this.#inner.list(...args);
  }
}

async function gzip(bytes: Bytes): Promise<Bytes> {
  const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}
