/**
 * What every catalog must do; each calls this with a way to open one. Runs wherever vitest runs. Where a real server
 * is known to do otherwise, the difference is data, with its reason, and the suite checks that it still holds.
 */
import { describe, expect, it } from 'vitest';
import type { Catalog, CommitAnswer, LoadedTable, Namespace, TableIdentifier } from '../../src/catalog/catalog.ts';
import { formatIdentifier } from '../../src/catalog/identifier.ts';
import type { Schema } from '../../src/spec/schema.ts';
import type { TableMetadata } from '../../src/spec/table-metadata.ts';
import type { TableUpdate } from '../../src/spec/updates.ts';

/** Known deviations of servers; the value is the reason. */
export interface CatalogDifferences {
  readonly createsTablesInMissingNamespaces?: string;
  readonly acceptsStaleNullRef?: string;
  readonly makesVersion3Version2?: string;
  readonly keepsOnlyCurrentSnapshot?: string;
  readonly refusesDotsInNamespaces?: string;
  readonly listsTablesOfMissingNamespaces?: string;
  readonly refusesConcurrentNamespaceChanges?: string;
}

export interface CatalogUnderTest {
  readonly catalog: Catalog;
  readonly differences?: CatalogDifferences;
}

type Open = () => Promise<CatalogUnderTest>;

export const ORDERS: Schema = {
  type: 'struct',
  fields: [
    { id: 1, name: 'id', required: true, type: 'long' },
    { id: 2, name: 'day', required: false, type: 'date' },
    { id: 3, name: '__proto__', required: false, type: 'string', doc: 'an awkward name' },
    {
      id: 4,
      name: 'items',
      required: false,
      type: {
        type: 'list',
        'element-id': 5,
        'element-required': false,
        element: { type: 'struct', fields: [{ id: 6, name: 'price', required: false, type: 'decimal(9, 2)' }] },
      },
    },
  ],
};

let count = 0;
const started = Date.now();
/** A namespace no other test uses, on servers that outlive the test. */
function freshName(): string {
  count += 1;
  return `ns_${started}_${Math.floor(Math.random() * 1e9)}_${count}`;
}

export function catalogConformance(name: string, open: Open): void {
  describe(`${name}: namespaces`, () => namespaces(open));
  describe(`${name}: tables`, () => tables(open));
  describe(`${name}: commits`, () => commits(open));
}

function namespaces(open: Open): void {
  it('are created, listed, nested and dropped', async () => {
    const { catalog } = await open();
    const top = freshName();
    await catalog.createNamespace([top], { owner: 'test' });
    await catalog.createNamespace([top, 'inner']);
    await catalog.createNamespace([top, 'other one']);
    expect(await catalog.listNamespaces()).toContainEqual([top]);
    expect(sorted(await catalog.listNamespaces([top]))).toEqual([
      [top, 'inner'],
      [top, 'other one'],
    ]);
    expect(await catalog.listNamespaces([top, 'inner'])).toEqual([]);
    await catalog.dropNamespace([top, 'inner']);
    await catalog.dropNamespace([top, 'other one']);
    await catalog.dropNamespace([top]);
    expect(await catalog.listNamespaces()).not.toContainEqual([top]);
  });

  it('have properties, which change where the catalog can do that', async () => {
    const { catalog, differences } = await open();
    const namespace = [freshName()];
    await expect(catalog.loadNamespace(namespace)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await catalog.createNamespace(namespace, { owner: 'test', purpose: 'y' });
    expect(await catalog.loadNamespace(namespace)).toMatchObject({ owner: 'test', purpose: 'y' });
    const changes = { updates: { owner: 'you', more: '1' }, removals: ['purpose'] };
    if (!catalog.capabilities.namespaceProperties) {
      await expect(catalog.updateNamespace(namespace, changes)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
      return;
    }
    const done = await catalog.updateNamespace(namespace, changes);
    expect([[...done.updated].sort(), done.removed]).toEqual([['more', 'owner'], ['purpose']]);
    const after = await catalog.loadNamespace(namespace);
    expect(after).toMatchObject({ owner: 'you', more: '1' });
    expect(after).not.toHaveProperty('purpose');
    if (differences?.refusesConcurrentNamespaceChanges !== undefined) return;
    const several = ['a', 'b', 'c'].map((key) => catalog.updateNamespace(namespace, { updates: { [key]: key } }));
    await Promise.all(several);
    expect(await catalog.loadNamespace(namespace)).toMatchObject({ a: 'a', b: 'b', c: 'c' });
  });

  it('refuse to be created twice, dropped when missing, or dropped with a table in them', async () => {
    const { catalog, differences } = await open();
    const namespace = [freshName()];
    await expect(catalog.dropNamespace(namespace)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await catalog.createNamespace(namespace);
    await expect(catalog.createNamespace(namespace)).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    await catalog.createTable({ namespace, name: 't' }, { schema: ORDERS });
    await expect(catalog.dropNamespace(namespace)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await catalog.dropTable({ namespace, name: 't' });
    await catalog.dropNamespace(namespace);
    const tablesOfNone = catalog.listTables(namespace);
    if (differences?.listsTablesOfMissingNamespaces !== undefined) {
      expect(await tablesOfNone, differences.listsTablesOfMissingNamespaces).toEqual([]);
    } else {
      await expect(tablesOfNone).rejects.toMatchObject({ code: 'NOT_FOUND' });
    }
  });

  it('carry dots, spaces and letters of any script in their names', async () => {
    const { catalog, differences } = await open();
    const parts = differences?.refusesDotsInNamespaces === undefined ? ['a.b', 'naïve 日本'] : ['naïve 日本'];
    const top = freshName();
    let namespace: Namespace = [top];
    await catalog.createNamespace(namespace);
    for (const part of parts) {
      namespace = [...namespace, part];
      await catalog.createNamespace(namespace);
    }
    const identifier = { namespace, name: 'täble 1+1' };
    await catalog.createTable(identifier, { schema: ORDERS });
    expect(await catalog.listTables(namespace)).toEqual([identifier]);
    expect((await catalog.loadTable(identifier)).identifier).toEqual(identifier);
    expect(await catalog.listNamespaces([top])).toEqual([[top, parts[0]]]);
  });
}

function tables(open: Open): void {
  it('are created with schema, partitioning, order and properties, and load the same', async () => {
    const { catalog } = await open();
    const identifier = await freshTable(catalog);
    const created = await catalog.createTable(identifier, {
      schema: ORDERS,
      partitionSpec: { fields: [{ 'source-id': 2, transform: 'month', name: 'day_month' }] },
      sortOrder: { fields: [{ 'source-id': 1, transform: 'identity', direction: 'asc', 'null-order': 'nulls-last' }] },
      properties: { owner: 'test', 'write.metadata.previous-versions-max': '7' },
    });
    expect(created.metadataLocation).not.toBeNull();
    const { metadata, metadataLocation, store } = await catalog.loadTable(identifier);
    expect(metadataLocation).toBe(created.metadataLocation);
    expect(store.serves(`${metadata.location}/data/x`)).toBe(true);
    expect(metadata['format-version']).toBe(2);
    expect(metadata['table-uuid']).toBe(created.metadata['table-uuid']);
    expect(metadata['current-snapshot-id'] ?? null).toBeNull();
    expect(metadata.properties).toMatchObject({ owner: 'test', 'write.metadata.previous-versions-max': '7' });
    const schema = currentSchema(metadata);
    expect(
      schema.fields.map(({ name, type, required }) => [name, typeof type === 'string' ? type : type.type, required]),
    ).toEqual([
      ['id', 'long', true],
      ['day', 'date', false],
      ['__proto__', 'string', false],
      ['items', 'list', false],
    ]);
    const spec = metadata['partition-specs'].find((item) => item['spec-id'] === metadata['default-spec-id']);
    expect(spec?.fields).toEqual([
      expect.objectContaining({ 'source-id': schema.fields[1]?.id, transform: 'month', 'field-id': 1000 }),
    ]);
    const order = metadata['sort-orders'].find((item) => item['order-id'] === metadata['default-sort-order-id']);
    expect(order?.fields).toHaveLength(1);
  });

  it('get fresh field ids when the request has none', async () => {
    const { catalog } = await open();
    const fields = ['a', 'b', 'c'].map((name) => ({ id: 0, name, required: false, type: 'int' as const }));
    const { metadata } = await catalog.createTable(await freshTable(catalog), { schema: { type: 'struct', fields } });
    const ids = currentSchema(metadata).fields.map(({ id }) => id);
    expect(new Set(ids).size).toBe(3);
    expect(Math.max(...ids)).toBe(metadata['last-column-id']);
  });

  it('are created with format version 3 when it is asked for', async () => {
    const { catalog, differences } = await open();
    const properties = { 'format-version': '3' };
    const { metadata } = await catalog.createTable(await freshTable(catalog), { schema: ORDERS, properties });
    if (differences?.makesVersion3Version2 !== undefined) {
      expect(metadata['format-version'], differences.makesVersion3Version2).toBe(2);
    } else {
      expect(metadata['format-version']).toBe(3);
      expect(metadata['next-row-id']).toBe(0n);
    }
  });

  it('are not created twice, not loaded when missing, and need their namespace', async () => {
    const { catalog, differences } = await open();
    const identifier = await freshTable(catalog);
    const missing = expect.objectContaining({ code: 'NOT_FOUND', message: expect.stringContaining(identifier.name) });
    await expect(catalog.loadTable(identifier)).rejects.toEqual(missing);
    await expect(catalog.dropTable(identifier)).rejects.toEqual(missing);
    await catalog.createTable(identifier, { schema: ORDERS });
    await expect(catalog.createTable(identifier, { schema: ORDERS })).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    const elsewhere = catalog.createTable({ namespace: [freshName()], name: 't' }, { schema: ORDERS });
    if (differences?.createsTablesInMissingNamespaces !== undefined) {
      await expect(elsewhere, differences.createsTablesInMissingNamespaces).resolves.toBeDefined();
    } else {
      await expect(elsewhere).rejects.toMatchObject({ code: 'NOT_FOUND' });
    }
  });

  it('are listed until they are dropped, and can be created anew', async () => {
    const { catalog } = await open();
    const namespace = [freshName()];
    await catalog.createNamespace(namespace);
    const one = { namespace, name: 'one' };
    const two = { namespace, name: 'two' };
    const first = await catalog.createTable(one, { schema: ORDERS });
    await catalog.createTable(two, { schema: ORDERS });
    expect((await catalog.listTables(namespace)).map(formatIdentifier).sort()).toEqual(
      [one, two].map(formatIdentifier),
    );
    await catalog.dropTable(one);
    expect(await catalog.listTables(namespace)).toEqual([two]);
    await expect(catalog.loadTable(one)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const again = await catalog.createTable(one, { schema: ORDERS });
    expect(again.metadata['table-uuid']).not.toBe(first.metadata['table-uuid']);
    expect((await catalog.loadTable(one)).metadata['table-uuid']).toBe(again.metadata['table-uuid']);
  });

  it('are not dropped when the purge is neither true nor false', async () => {
    const { catalog } = await open();
    const identifier = await freshTable(catalog);
    await catalog.createTable(identifier, { schema: ORDERS });
    const dropped = catalog.dropTable(identifier, { purge: 'false' as unknown as boolean });
    await expect(dropped).rejects.toThrow(new TypeError('purge must be true or false, not "false"'));
    expect((await catalog.loadTable(identifier)).identifier).toEqual(identifier);
  });

  it('are purged', async () => {
    const { catalog } = await open();
    const identifier = await freshTable(catalog);
    await catalog.createTable(identifier, { schema: ORDERS });
    await catalog.dropTable(identifier, { purge: true });
    await expect(catalog.loadTable(identifier)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await catalog.createTable(identifier, { schema: ORDERS });
    expect(await catalog.loadTable(identifier)).toBeDefined();
  });

  it('are renamed and registered where the catalog can', async () => {
    const { catalog } = await open();
    const identifier = await freshTable(catalog);
    const other = { ...identifier, name: 'other' };
    const { metadata } = await catalog.createTable(identifier, { schema: ORDERS });
    if (!catalog.capabilities.rename) {
      await expect(catalog.renameTable(identifier, other)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    } else {
      await catalog.renameTable(identifier, other);
      await expect(catalog.loadTable(identifier)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      expect((await catalog.loadTable(other)).metadata['table-uuid']).toBe(metadata['table-uuid']);
      await catalog.createTable(identifier, { schema: ORDERS });
      await expect(catalog.renameTable(identifier, other)).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    }
    if (!catalog.capabilities.register) {
      await expect(catalog.registerTable(other, 'x')).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    } else {
      const { metadataLocation } = await catalog.loadTable(other);
      await catalog.dropTable(other);
      const registered = await catalog.registerTable({ ...other, name: 'registered' }, metadataLocation ?? '');
      expect(registered.metadata['table-uuid']).toBe(metadata['table-uuid']);
      expect((await catalog.loadTable(registered.identifier)).metadata['table-uuid']).toBe(metadata['table-uuid']);
    }
  });
}

function commits(open: Open): void {
  it('create a staged table, which does not exist before', async () => {
    const { catalog } = await open();
    const identifier = await freshTable(catalog);
    const staged = await catalog.stageTable(identifier, { schema: ORDERS, properties: { owner: 'test' } });
    expect(staged.metadataLocation).toBeNull();
    await expect(catalog.loadTable(identifier)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const updates = [...createUpdates(staged.metadata), ...appendUpdates(staged.metadata, 4_611_686_018_427_387_905n)];
    const request = { identifier, requirements: [{ type: 'assert-create' as const }], updates };
    expect(await catalog.commit(request, key())).toMatchObject({ kind: 'committed' });
    const { metadata } = await catalog.loadTable(identifier);
    expect(metadata['table-uuid']).toBe(staged.metadata['table-uuid']);
    expect(metadata['current-snapshot-id']).toBe(4_611_686_018_427_387_905n);
    expect(await catalog.commit(request, key())).toMatchObject({ kind: 'conflict' });
    await expect(catalog.stageTable(identifier, { schema: ORDERS })).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
  });

  it('move a ref when their requirements hold, with 64-bit ids exact', async () => {
    const { catalog, differences } = await open();
    const { table, append } = await appendable(catalog);
    expect(await append(null, 8_656_952_484_400_131_533n)).toMatchObject({ kind: 'committed' });
    expect(await append(8_656_952_484_400_131_533n, 77n)).toMatchObject({ kind: 'committed' });
    const { metadata } = await catalog.loadTable(table.identifier, { allSnapshots: true });
    expect(metadata['current-snapshot-id']).toBe(77n);
    expect(metadata['last-sequence-number']).toBe(2n);
    const ids = (metadata.snapshots ?? []).map((snapshot) => snapshot['snapshot-id']);
    if (differences?.keepsOnlyCurrentSnapshot !== undefined) {
      expect(ids, differences.keepsOnlyCurrentSnapshot).toEqual([77n]);
    } else {
      expect(ids).toEqual([8_656_952_484_400_131_533n, 77n]);
    }
  });

  it('are refused as conflicts when the table moved', async () => {
    const { catalog, differences } = await open();
    const { table, append } = await appendable(catalog);
    expect(await append(null, 11n)).toMatchObject({ kind: 'committed' });
    expect(await append(12_345n, 12n)).toMatchObject({ kind: 'conflict' });
    const { identifier } = table;
    const updates: TableUpdate[] = [{ action: 'set-properties', updates: { a: 'b' } }];
    const uuid = '00000000-0000-4000-8000-000000000000';
    const wrongUuid = { identifier, requirements: [{ type: 'assert-table-uuid' as const, uuid }], updates };
    expect(await catalog.commit(wrongUuid, key())).toMatchObject({ kind: 'conflict' });
    const { metadata } = await catalog.loadTable(identifier);
    expect(metadata['current-snapshot-id']).toBe(11n);
    expect(metadata.properties?.['a']).toBeUndefined();
    const stale = await append(null, 13n);
    if (differences?.acceptsStaleNullRef !== undefined) {
      expect(stale, differences.acceptsStaleNullRef).toMatchObject({ kind: 'committed' });
    } else {
      expect(stale).toMatchObject({ kind: 'conflict' });
    }
  });

  it('have one winner when several are sent at once', async () => {
    const { catalog, differences } = await open();
    if (differences?.acceptsStaleNullRef !== undefined) return;
    const { table, append } = await appendable(catalog);
    const ids = [101n, 102n, 103n, 104n, 105n, 106n];
    const answers = await Promise.all(ids.map((id) => append(null, id)));
    const winners = ids.filter((_, index) => answers[index]?.kind === 'committed');
    expect(answers.map(({ kind }) => kind).sort()).toEqual(['committed', ...Array(5).fill('conflict')]);
    expect((await catalog.loadTable(table.identifier)).metadata['current-snapshot-id']).toBe(winners[0]);
  });

  it('are rejected for a missing table', async () => {
    const { catalog } = await open();
    const identifier = await freshTable(catalog);
    const updates: TableUpdate[] = [{ action: 'set-properties', updates: { a: 'b' } }];
    const requirements = [{ type: 'assert-table-uuid' as const, uuid: '00000000-0000-4000-8000-000000000000' }];
    const answer = await catalog.commit({ identifier, requirements, updates }, key());
    expect(answer).toMatchObject({ kind: 'rejected', status: 404 });
  });

  it('to several tables are one, where the catalog can', async () => {
    const { catalog } = await open();
    const { namespace } = await freshTable(catalog);
    const [one, two] = [
      { namespace, name: 'one' },
      { namespace, name: 'two' },
    ];
    const uuids: string[] = [];
    for (const identifier of [one, two]) {
      uuids.push((await catalog.createTable(identifier, { schema: ORDERS })).metadata['table-uuid']);
    }
    const commitBoth = (value: string, [first = '', second = '']: readonly string[]) => {
      const updates: TableUpdate[] = [{ action: 'set-properties', updates: { both: value } }];
      const change = (identifier: TableIdentifier, uuid: string) => ({
        identifier,
        requirements: [{ type: 'assert-table-uuid' as const, uuid }],
        updates,
      });
      return catalog.commitTransaction([change(one, first), change(two, second)], key());
    };
    if (!catalog.capabilities.transactions) {
      await expect(commitBoth('1', uuids)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
      return;
    }
    const both = async () => {
      const tables = await Promise.all([one, two].map((identifier) => catalog.loadTable(identifier)));
      return tables.map(({ metadata }) => metadata.properties?.['both']);
    };
    expect(await commitBoth('1', uuids)).toEqual({ kind: 'committed', table: null });
    expect(await both()).toEqual(['1', '1']);
    const wrong = [uuids[0] ?? '', '00000000-0000-4000-8000-000000000000'];
    expect(await commitBoth('2', wrong)).toMatchObject({ kind: 'conflict' });
    expect(await both()).toEqual(['1', '1']);
  });

  it('of several writers that try again all arrive', async () => {
    const { catalog, differences } = await open();
    const { table } = await appendable(catalog);
    const { identifier } = table;
    const write = async (id: bigint): Promise<void> => {
      for (;;) {
        const { metadata } = await catalog.loadTable(identifier);
        const expected = metadata['current-snapshot-id'] ?? null;
        const requirement = { type: 'assert-ref-snapshot-id' as const, ref: 'main', 'snapshot-id': expected };
        const updates = appendUpdates(metadata, id);
        const answer = await catalog.commit({ identifier, requirements: [requirement], updates }, key());
        if (answer.kind === 'committed') return;
        expect(answer.kind).toBe('conflict');
      }
    };
    // The first is alone: not every server refuses two first ones.
    await write(1n);
    const writers = [100n, 200n, 300n].map(async (base) => {
      for (let i = 0n; i < 5n; i++) await write(base + i);
    });
    await Promise.all(writers);
    const { metadata } = await catalog.loadTable(identifier, { allSnapshots: true });
    expect(metadata['last-sequence-number']).toBe(16n);
    if (differences?.keepsOnlyCurrentSnapshot === undefined) expect(metadata.snapshots).toHaveLength(16);
  });

  it('are not sent when the signal has fired', async () => {
    const { catalog } = await open();
    const { table } = await appendable(catalog);
    const signal = AbortSignal.abort(new Error('stop'));
    const updates: TableUpdate[] = [{ action: 'set-properties', updates: { a: 'b' } }];
    const request = { identifier: table.identifier, requirements: [], updates };
    await expect(catalog.commit(request, { ...key(), signal })).rejects.toThrow('stop');
    expect((await catalog.loadTable(table.identifier)).metadata.properties?.['a']).toBeUndefined();
  });

  it('set and remove properties', async () => {
    const { catalog } = await open();
    const { identifier } = (await appendable(catalog)).table;
    const commit = (update: TableUpdate) => catalog.commit({ identifier, requirements: [], updates: [update] }, key());
    expect(await commit({ action: 'set-properties', updates: { a: '1', b: '2' } })).toMatchObject({
      kind: 'committed',
    });
    expect(await commit({ action: 'remove-properties', removals: ['a'] })).toMatchObject({ kind: 'committed' });
    const { metadata } = await catalog.loadTable(identifier);
    expect(metadata.properties).toMatchObject({ b: '2' });
    expect(metadata.properties).not.toHaveProperty('a');
  });
}

async function freshTable(catalog: Catalog): Promise<TableIdentifier> {
  const namespace = [freshName()];
  await catalog.createNamespace(namespace);
  return { namespace, name: 'orders' };
}

/** A new table, and a function that commits a snapshot on main, given what main must be at. */
async function appendable(catalog: Catalog) {
  const table = await catalog.createTable(await freshTable(catalog), { schema: ORDERS });
  const append = async (expected: bigint | null, id: bigint): Promise<CommitAnswer> => {
    const current = await catalog.loadTable(table.identifier);
    return catalog.commit(
      {
        identifier: table.identifier,
        requirements: [
          { type: 'assert-table-uuid', uuid: table.metadata['table-uuid'] },
          { type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': expected },
        ],
        updates: appendUpdates(current.metadata, id),
      },
      key(),
    );
  };
  return { table, append } satisfies { table: LoadedTable; append: unknown };
}

/** An empty snapshot on top of main. Its manifest list does not exist, which no catalog looks at. */
function appendUpdates(metadata: TableMetadata, id: bigint): TableUpdate[] {
  const parent = metadata['current-snapshot-id'] ?? null;
  return [
    {
      action: 'add-snapshot',
      snapshot: {
        'snapshot-id': id,
        ...(parent === null ? {} : { 'parent-snapshot-id': parent }),
        'sequence-number': metadata['last-sequence-number'] + 1n,
        'timestamp-ms': BigInt(Math.max(Date.now(), Number(metadata['last-updated-ms']))),
        'manifest-list': `${metadata.location}/metadata/snap-${id}.avro`,
        summary: { operation: 'append' },
        'schema-id': metadata['current-schema-id'],
      },
    },
    { action: 'set-snapshot-ref', 'ref-name': 'main', type: 'branch', 'snapshot-id': id },
  ];
}

/** The updates that make a staged table. */
function createUpdates(metadata: TableMetadata): TableUpdate[] {
  const spec = metadata['partition-specs'][0];
  const order = metadata['sort-orders'][0];
  if (spec === undefined || order === undefined) throw new Error('a staged table has a spec and an order');
  return [
    { action: 'assign-uuid', uuid: metadata['table-uuid'] },
    { action: 'upgrade-format-version', 'format-version': metadata['format-version'] },
    { action: 'add-schema', schema: currentSchema(metadata), 'last-column-id': metadata['last-column-id'] },
    { action: 'set-current-schema', 'schema-id': -1 },
    { action: 'add-spec', spec },
    { action: 'set-default-spec', 'spec-id': -1 },
    { action: 'add-sort-order', 'sort-order': order },
    { action: 'set-default-sort-order', 'sort-order-id': -1 },
    { action: 'set-location', location: metadata.location },
    { action: 'set-properties', updates: metadata.properties ?? {} },
  ];
}

function currentSchema(metadata: TableMetadata): Schema {
  const schema = metadata.schemas.find((item) => item['schema-id'] === metadata['current-schema-id']);
  if (schema === undefined) throw new Error('a table has a current schema');
  return schema;
}

/** A new idempotency key (UUIDv7). */
function key() {
  const time = Date.now().toString(16).padStart(12, '0');
  const random = crypto.randomUUID();
  return { idempotencyKey: `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(15)}` };
}

function sorted(list: readonly Namespace[]): Namespace[] {
  return [...list].sort((a, b) => a.join('.').localeCompare(b.join('.')));
}
