/** The Durable Object behind a {@link DurableCatalog}: the names of one warehouse, in its SQLite database. */
import { DurableObject } from 'cloudflare:workers';
import type { Namespace } from '../../catalog/catalog.ts';
import type { Claim, KeptAnswer } from '../catalog/idempotency-keys.ts';
import { answerTo, applyChange } from './apply-change.ts';
import type { Change, ChangeAnswer } from './change.ts';
import { claimKey, type KeyClaim, releaseKey, settleKey } from './key-rows.ts';
import { hasNamespace, listNamespaces, namespaceProperties } from './namespace-rows.ts';
import { createSchema, type ObjectStorage } from './object-storage.ts';
import { endPurge, type Purge, takePurge } from './purge-rows.ts';
import type { CatalogRpc, LookAnswer, LookRequest } from './rpc.ts';
import { listTables, metadataLocation } from './table-rows.ts';

/** Written here, so that who uses it need not have Cloudflare's types. */
interface ObjectState {
  readonly storage: ObjectStorage;
}

interface ObjectBase {
  readonly ctx: ObjectState;
  /** What Cloudflare's types know a Durable Object by; there is no such property. */
  readonly __DURABLE_OBJECT_BRAND: never;
}

const Base = DurableObject as new (state: ObjectState, environment: unknown) => ObjectBase;

/**
 * Export it from the Worker, and name it in wrangler.jsonc:
 *
 *     "durable_objects": { "bindings": [{ "name": "CATALOG", "class_name": "CatalogObject" }] },
 *     "migrations": [{ "tag": "v1", "new_sqlite_classes": ["CatalogObject"] }]
 *
 * Its methods are for {@link DurableCatalog}, by RPC.
 */
export class CatalogObject extends Base implements CatalogRpc {
  constructor(state: ObjectState, environment: unknown) {
    super(state, environment);
    createSchema(state.storage.sql);
  }

  listNamespaces(parent: Namespace): Namespace[] | null {
    return listNamespaces(this.ctx.storage.sql, parent);
  }

  loadNamespace(namespace: Namespace): Record<string, string> | null {
    return namespaceProperties(this.ctx.storage.sql, namespace);
  }

  listTables(namespace: Namespace): string[] | null {
    return listTables(this.ctx.storage.sql, namespace);
  }

  look({ tables, changeId }: LookRequest): LookAnswer {
    const { sql } = this.ctx.storage;
    return {
      change: changeId === undefined ? null : answerTo(sql, changeId),
      tables: tables.map((identifier) => ({
        hasNamespace: hasNamespace(sql, identifier.namespace),
        metadataLocation: metadataLocation(sql, identifier),
      })),
    };
  }

  change(change: Change, id: string): ChangeAnswer {
    return applyChange(this.ctx.storage, change, id, Date.now());
  }

  takePurge(run: string, folder: string | null): Purge | null {
    return takePurge(this.ctx.storage.sql, run, folder, Date.now());
  }

  endPurge(purge: Purge): void {
    endPurge(this.ctx.storage.sql, purge);
  }

  claimKey(claim: KeyClaim): Claim {
    return claimKey(this.ctx.storage, claim);
  }

  settleKey(key: string, answer: KeptAnswer): void {
    settleKey(this.ctx.storage.sql, key, answer);
  }

  releaseKey(key: string, outcome: 'not-applied' | 'unknown'): void {
    releaseKey(this.ctx.storage.sql, key, outcome);
  }
}
