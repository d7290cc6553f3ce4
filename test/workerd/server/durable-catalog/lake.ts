/** Catalogs in Durable Objects, each with a warehouse of its own, and what is left in it. */
import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import type { Catalog, CommitRequest, TableIdentifier } from 'icestream';
import { type CatalogObjectBinding, DurableCatalog } from 'icestream/server/durable-catalog';
import { R2Store } from 'icestream/storage/r2';
import type { CatalogStub } from '../../../../src/server/durable-catalog/rpc.ts';
import type { TableUpdate } from '../../../../src/spec/updates.ts';
import type { Store } from '../../../../src/storage/store.ts';
import { uuidV7 } from '../../../../src/util/uuid.ts';
import { defaultWorld } from '../../../../src/util/world.ts';

export const store = new R2Store({ binding: env.BUCKET, bucket: 'lake' });
export const schema = { type: 'struct', fields: [{ id: 1, name: 'id', required: true, type: 'long' }] } as const;
let count = 0;

export interface Lake {
  readonly warehouse: string;
  readonly catalog: DurableCatalog;
  readonly stub: CatalogStub;
  /** The same catalog with another way to its object. */
  by(binding: CatalogObjectBinding, files?: Store): DurableCatalog;
  /** The metadata files that are stored, in order. */
  files(): Promise<string[]>;
}

/** With the namespace `ns`. */
export async function newLake(): Promise<Lake> {
  count += 1;
  const warehouse = `s3://lake/warehouse-${crypto.randomUUID()}-${count}`;
  const by: Lake['by'] = (binding, files = store) => new DurableCatalog({ binding, warehouse, store: files });
  const catalog = by(env.CATALOG);
  await catalog.createNamespace(['ns']);
  return {
    warehouse,
    catalog,
    stub: env.CATALOG.get(env.CATALOG.idFromName(warehouse)),
    by,
    async files() {
      const found: string[] = [];
      for await (const { location } of store.list(`${warehouse}/`)) found.push(location);
      return found;
    },
  };
}

export const tableOf = (name: string): TableIdentifier => ({ namespace: ['ns'], name });
export const newKey = () => ({ idempotencyKey: uuidV7(defaultWorld) });

/** A commit that sets a property to another value, if the table has had no schema change. */
export function setProperty(name: string, key: string, value: string): CommitRequest {
  const updates: TableUpdate[] = [{ action: 'set-properties', updates: { [key]: value } }];
  return {
    identifier: tableOf(name),
    requirements: [{ type: 'assert-current-schema-id', 'current-schema-id': 0 }],
    updates,
  };
}

export async function propertiesOf(catalog: Catalog, name: string) {
  return (await catalog.loadTable(tableOf(name))).metadata.properties ?? {};
}

/** A binding of which calls named `method` go through `fault`, which may call on or fail. */
export function faulty(
  method: keyof CatalogStub,
  fault: (call: () => Promise<unknown>) => Promise<unknown>,
): CatalogObjectBinding {
  return {
    idFromName: (name) => env.CATALOG.idFromName(name),
    get(id) {
      const stub = env.CATALOG.get(id);
      return new Proxy(stub, {
        get: (_, name) =>
          name === method
            ? (...parameters: unknown[]) => fault(() => stub[method](...parameters))
            : (...parameters: unknown[]) => stub[name as keyof CatalogStub](...parameters),
      });
    },
  };
}

interface ObjectState {
  readonly storage: { readonly sql: { exec: (query: string, ...bindings: unknown[]) => unknown } };
  abort(reason: string): void;
}

/** Runs where the warehouse's object runs. */
export function inObject(stub: CatalogStub, run: (state: ObjectState) => void): Promise<void> {
  return runInDurableObject(stub, (_, state) => run(state));
}
