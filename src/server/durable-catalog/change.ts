/** What can be changed in the catalog's database, and how that is answered: plain data, as it goes to the object. */
import type { Namespace, NamespaceChanges, NamespaceUpdate, TableIdentifier } from '../../catalog/catalog.ts';

/** One table's move from one metadata file to the next. */
export interface PointerSwap {
  readonly identifier: TableIdentifier;
  /** The metadata file that must be current; null: there must be no such table. */
  readonly from: string | null;
  /** The next one; the same: nothing changes, but it must be current. */
  readonly to: string;
  /** The table's location: no other table may be in it, nor it in another. */
  readonly folder: string;
}

export type Change =
  | {
      readonly kind: 'create-namespace';
      readonly namespace: Namespace;
      readonly properties: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'update-namespace'; readonly namespace: Namespace; readonly changes: NamespaceChanges }
  | { readonly kind: 'drop-namespace'; readonly namespace: Namespace }
  /** All of them or none. */
  | { readonly kind: 'swap'; readonly swaps: readonly PointerSwap[] }
  | {
      readonly kind: 'drop-table';
      readonly identifier: TableIdentifier;
      /** Only while it is at this metadata file. */
      readonly from: string;
      /** The sender removes the files in its folder then: no table may be there until they are. */
      readonly purge: boolean;
    }
  | { readonly kind: 'rename-table'; readonly from: TableIdentifier; readonly to: TableIdentifier };

export interface ChangeDone {
  readonly kind: 'done';
  /** Of `update-namespace`. */
  readonly update?: NamespaceUpdate;
  /** Of `swap`: the first new metadata file. Another than was sent: an earlier send was applied, not this. */
  readonly to?: string;
  /** Of `drop-table`: the folder whose files are to be removed. */
  readonly purge?: string;
}

export interface ChangeRefusal {
  readonly kind: 'refused';
  /** `moved`: the table is at another metadata file, or gone. `folder-taken`: by the table in `by`; `folder-purged`: by its files. */
  readonly why:
    | 'moved'
    | 'no-table'
    | 'table-exists'
    | 'no-namespace'
    | 'namespace-exists'
    | 'not-empty'
    | 'folder-taken'
    | 'folder-purged';
  /** The name of what is missing, or in the way. */
  readonly subject: readonly string[];
  readonly by?: readonly string[];
}

export type ChangeAnswer = ChangeDone | ChangeRefusal;

/** Ends a change, and undoes what it did. */
export class Refused extends Error {
  readonly refusal: ChangeRefusal;

  constructor(why: ChangeRefusal['why'], subject: readonly string[], by?: readonly string[]) {
    super(why);
    this.refusal = { kind: 'refused', why, subject, ...(by === undefined ? {} : { by }) };
  }
}
