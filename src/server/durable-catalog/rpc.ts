/** What a {@link DurableCatalog} asks of its Durable Object, by RPC. */
import type { Namespace, TableIdentifier } from '../../catalog/catalog.ts';
import type { Claim, KeptAnswer } from '../catalog/idempotency-keys.ts';
import type { Change, ChangeAnswer } from './change.ts';
import type { KeyClaim } from './key-rows.ts';
import type { Purge } from './purge-rows.ts';

export interface LookRequest {
  readonly tables: readonly TableIdentifier[];
  /** A change that may have been made before. */
  readonly changeId?: string;
}

/** All of one moment. */
export interface LookAnswer {
  /** What the change was answered; null: it was never made. */
  readonly change: ChangeAnswer | null;
  readonly tables: readonly {
    readonly hasNamespace: boolean;
    /** Null: there is no such table. */
    readonly metadataLocation: string | null;
  }[];
}

export interface CatalogRpc {
  /** Direct children, or the top ones; null: there is no such parent. */
  listNamespaces(parent: Namespace): Namespace[] | null;
  /** Null: there is no such namespace. */
  loadNamespace(namespace: Namespace): Record<string, string> | null;
  /** Null: there is no such namespace. */
  listTables(namespace: Namespace): string[] | null;
  look(request: LookRequest): LookAnswer;
  /** `id` names the change over all its sends: it is made once, and each is answered the same. */
  change(change: Change, id: string): ChangeAnswer;
  /** A dropped table's folder whose files `run` has to remove: `folder`, or one that was given up; null: there is none. */
  takePurge(run: string, folder: string | null): Purge | null;
  /** They are removed. */
  endPurge(purge: Purge): void;
  claimKey(claim: KeyClaim): Claim;
  settleKey(key: string, answer: KeptAnswer): void;
  releaseKey(key: string, outcome: 'not-applied' | 'unknown'): void;
}

/** The object as it is seen from a Worker. */
export type CatalogStub = {
  readonly [Name in keyof CatalogRpc]: (
    ...parameters: Parameters<CatalogRpc[Name]>
  ) => Promise<Awaited<ReturnType<CatalogRpc[Name]>>>;
};

/** What is used of a Worker's binding to the class `CatalogObject`; Cloudflare's `DurableObjectNamespace` fits. */
export interface CatalogObjectBinding {
  // biome-ignore lint/suspicious/noExplicitAny: Cloudflare's own id type need not be installed
  idFromName(name: string): any;
  // biome-ignore lint/suspicious/noExplicitAny: the same, and a stub that is not typed
  get(id: any): any;
}
